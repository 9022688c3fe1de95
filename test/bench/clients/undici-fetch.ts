/** `fetch` of undici, which decodes what is compressed. */
import { Agent, fetch } from "undici"
import { promiseLoops, type Open } from "./client.js"

export const open: Open = async ({ connections }) => {
  const dispatcher = new Agent({ connections })
  return {
    loops: promiseLoops(async (url) => (await fetch(url, { dispatcher })).text()),
    close: () => dispatcher.close()
  }
}
