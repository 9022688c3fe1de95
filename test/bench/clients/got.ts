/** got with a keep-alive agent and otherwise its defaults. */
import { Agent } from "node:http"
import { got } from "got"
import { promiseLoops, type Open } from "./client.js"

export const open: Open = async ({ connections }) => {
  const http = new Agent({ keepAlive: true, maxSockets: connections })
  const client = got.extend({ agent: { http } })
  return {
    loops: promiseLoops((url) => client.get(url).text()),
    close: async () => http.destroy()
  }
}
