/** The yardstick over HTTP/2: one session of node:http2, and of each stream what its events say. No promises. */
import { connect } from "node:http2"
import type { Open } from "./client.js"

export const open: Open = async ({ ca }) => {
  if (ca === undefined) throw new Error("this client is for HTTP/2 with TLS")
  let close = () => {}
  return {
    loops: async (url, concurrency, gate) => {
      const { origin, pathname } = new URL(url)
      const session = connect(origin, { ca })
      close = () => session.close()
      const get = (done: (text: string) => void, failed: (error: Error) => void) => {
        let text = ""
        const stream = session.request({ ":path": pathname })
        stream.on("response", (headers) => {
          if (headers[":status"] !== 200) failed(new Error(`status ${headers[":status"]}`))
        })
        stream.on("data", (chunk: Buffer) => (text += chunk.toString()))
        stream.on("end", () => done(text))
        stream.on("error", failed)
      }
      await Promise.all(
        Array.from(
          { length: concurrency },
          () =>
            new Promise<void>((resolve, reject) => {
              const next = () => {
                if (gate.closed) resolve()
                else get(complete, reject)
              }
              const complete = (text: string) => {
                gate.complete(text)
                next()
              }
              next()
            })
        )
      )
    },
    close: async () => close()
  }
}
