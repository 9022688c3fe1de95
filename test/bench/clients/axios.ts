/** axios with a keep-alive agent, its own parsing of JSON switched off: every row yields a text. */
import { Agent } from "node:http"
import { create } from "axios"
import { promiseLoops, type Open } from "./client.js"

export const open: Open = async ({ connections }) => {
  const httpAgent = new Agent({ keepAlive: true, maxSockets: connections })
  const client = create({ httpAgent, responseType: "text", transformResponse: [(data: unknown) => data] })
  return {
    loops: promiseLoops(async (url) => (await client.get<string>(url)).data),
    close: async () => httpAgent.destroy()
  }
}
