/** `undici.request`, the fastest promise API among the peers. */
import { Agent } from "undici"
import { promiseLoops, type Open } from "./client.js"

export const open: Open = async ({ connections }) => {
  const agent = new Agent({ connections })
  const send = (url: string) => {
    const { origin, pathname } = new URL(url)
    return agent.request({ origin, path: pathname, method: "GET" })
  }
  const get = async (url: string) => (await send(url)).body.text()
  return {
    loops: promiseLoops(get),
    download: async (url) => {
      const { body } = await send(url)
      let bytes = 0
      for await (const chunk of body) bytes += (chunk as Buffer).length
      return bytes
    },
    fanOut: async (url, requests, gate) => {
      const texts = await Promise.all(Array.from({ length: requests }, () => get(url)))
      for (const text of texts) gate.complete(text)
    },
    close: () => agent.close()
  }
}
