/**
 * The yardstick: undici's `dispatch` with the smallest handler that yields the text. No promises. Over HTTP/2 it sends
 * one request at a time, unless `pipelining` allows more. With the mode `lazy` a fan-out makes its requests on the way.
 */
import { Agent, type Dispatcher } from "undici"
import { type Gate, type Open, urls } from "./client.js"

export const open: Open = async ({ ca, connections, mode }) => {
  const http2 = { allowH2: true, connections: 1, pipelining: 100, connect: { ca } }
  const agent = new Agent(ca === undefined ? { connections } : http2)

  /** Runs one request after another until `next` has none. */
  const loop = (next: () => Dispatcher.DispatchOptions | undefined, gate: Gate) =>
    new Promise<void>((resolve, reject) => {
      const goOn = () => {
        const request = next()
        if (request === undefined) resolve()
        else agent.dispatch(request, new TextHandler(gate, goOn, reject))
      }
      goOn()
    })

  const loops = async (count: number, next: () => Dispatcher.DispatchOptions | undefined, gate: Gate) => {
    await Promise.all(Array.from({ length: count }, () => loop(next, gate)))
  }

  return {
    loops: (url, concurrency, gate) => {
      const request = toRequest(url)
      return loops(concurrency, () => (gate.closed ? undefined : request), gate)
    },
    download: (url) =>
      new Promise((resolve, reject) => {
        agent.dispatch(toRequest(url), new CountHandler(resolve, reject))
      }),
    fanOut: (url, requests, gate) => {
      if (mode === "lazy") {
        const source = urls(url, requests)
        const next = () => {
          const { done, value } = source.next()
          return done === true ? undefined : toRequest(value)
        }
        return loops(connections, next, gate)
      }
      return new Promise((resolve, reject) => {
        const request = toRequest(url)
        let left = requests
        const done = () => {
          if (--left === 0) resolve()
        }
        for (let i = 0; i < requests; i++) agent.dispatch(request, new TextHandler(gate, done, reject))
      })
    },
    close: () => agent.close()
  }
}

const toRequest = (url: string): Dispatcher.DispatchOptions => {
  const { origin, pathname } = new URL(url)
  return { origin, path: pathname, method: "GET" }
}

class TextHandler implements Dispatcher.DispatchHandler {
  private text = ""

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
    this.text += chunk.toString()
    return true
  }

  onComplete(): void {
    this.gate.complete(this.text)
    this.done()
  }

  onError(error: Error): void {
    this.failed(error)
  }
}

class CountHandler implements Dispatcher.DispatchHandler {
  private bytes = 0

  constructor(
    private readonly done: (bytes: number) => void,
    private readonly failed: (error: Error) => void
  ) {}

  onConnect(): void {}

  onHeaders(): boolean {
    return true
  }

  onData(chunk: Buffer): boolean {
    this.bytes += chunk.length
    return true
  }

  onComplete(): void {
    this.done(this.bytes)
  }

  onError(error: Error): void {
    this.failed(error)
  }
}
