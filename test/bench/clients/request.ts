/**
 * `undici.request`, the fastest promise API among the peers. A fan-out is `Promise.all`, with the mode `p-limit` under that
 * limit, and with the mode `race` a `Promise.race` over those that remain, again and again: the next answer of promises.
 */
import pLimit from "p-limit"
import { Agent } from "undici"
import { type Gate, promiseLoops, type Open } from "./client.js"
import { pieces } from "./pieces.js"
import { Readable } from "node:stream"

export const open: Open = async ({ connections, mode }) => {
  const agent = new Agent({ connections })
  const send = (url: string) => {
    const { origin, pathname } = new URL(url)
    return agent.request({ origin, path: pathname, method: "GET" })
  }
  const get = async (url: string) => (await send(url)).body.text()

  const all = async (url: string, requests: number, gate: Gate) => {
    const texts = await Promise.all(Array.from({ length: requests }, () => get(url)))
    for (const text of texts) gate.complete(text)
  }
  const limited = async (url: string, requests: number, gate: Gate) => {
    const limit = pLimit(connections)
    const texts = await Promise.all(Array.from({ length: requests }, () => limit(get, url)))
    for (const text of texts) gate.complete(text)
  }
  const race = async (url: string, requests: number, gate: Gate) => {
    const remaining = new Map<number, Promise<readonly [number, string]>>()
    const tell = (i: number) => async (text: string) => [i, text] as const
    for (let i = 0; i < requests; i++) remaining.set(i, get(url).then(tell(i)))
    while (remaining.size > 0) {
      const [i, text] = await Promise.race(remaining.values())
      remaining.delete(i)
      gate.complete(text)
    }
  }

  return {
    loops: promiseLoops(get),
    download: async (url) => {
      const { body } = await send(url)
      let bytes = 0
      for await (const chunk of body) bytes += (chunk as Buffer).length
      return bytes
    },
    upload: async (url, bytes) => {
      const { origin, pathname } = new URL(url)
      const { body } = await agent.request({
        origin,
        path: pathname,
        method: "PUT",
        headers: { "content-length": String(bytes) },
        body: Readable.from(pieces(bytes))
      })
      return body.text()
    },
    fanOut: mode === "p-limit" ? limited : mode === "race" ? race : all,
    leave: async (url, requests) => {
      const controller = new AbortController()
      const { origin, pathname } = new URL(url)
      const one = async () => {
        const { body } = await agent.request({ origin, path: pathname, method: "GET", signal: controller.signal })
        await body.text()
      }
      const running = Promise.allSettled(Array.from({ length: requests }, one))
      return async () => {
        controller.abort()
        await running
      }
    },
    close: () => agent.close()
  }
}
