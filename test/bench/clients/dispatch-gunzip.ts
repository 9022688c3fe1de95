/** undici's `dispatch` with a handler that yields the text of a compressed body, decoded at once. No promises. */
import { Agent, type Dispatcher } from "undici"
import { gunzipSync } from "node:zlib"
import type { Gate, Open } from "./client.js"

export const open: Open = async ({ connections }) => {
  const agent = new Agent({ connections })
  const loop = (request: Dispatcher.DispatchOptions, gate: Gate) =>
    new Promise<void>((resolve, reject) => {
      const next = () => {
        if (gate.closed) resolve()
        else agent.dispatch(request, new GunzipHandler(gate, next, reject))
      }
      next()
    })
  return {
    loops: async (url, concurrency, gate) => {
      const { origin, pathname } = new URL(url)
      const headers = { "accept-encoding": "gzip" }
      const request = { origin, path: pathname, method: "GET", headers } as const
      await Promise.all(Array.from({ length: concurrency }, () => loop(request, gate)))
    },
    close: () => agent.close()
  }
}

class GunzipHandler implements Dispatcher.DispatchHandler {
  private readonly chunks: Array<Buffer> = []

  constructor(
    private readonly gate: Gate,
    private readonly done: () => void,
    private readonly failed: (error: Error) => void
  ) {}

  onConnect(): void {}

  onHeaders(): boolean {
    return true
  }

  onData(chunk: Buffer): boolean {
    this.chunks.push(chunk)
    return true
  }

  onComplete(): void {
    this.gate.complete(gunzipSync(Buffer.concat(this.chunks)).toString())
    this.done()
  }

  onError(error: Error): void {
    this.failed(error)
  }
}
