/** What every measured client offers. Each file beside this one exports `open`; only one is loaded into a process. */

/** Length of the JSON that the server answers with; every buffered response is checked against its length. */
export const jsonLength = 225

/** Length of the JSON that the server compresses, before it does. */
export const gzipLength = 10_240

export interface OpenOptions {
  readonly connections: number
  /** Give the program a tracer that records every span; otherwise tracing is off. */
  readonly traced: boolean
  /** The authority of the server's certificate, if it is to be spoken to over one HTTP/2 connection with TLS. */
  readonly ca: string | undefined
  /** Which of its ways a client is to go, where its file knows several. */
  readonly mode: string | undefined
}

export interface OpenClient {
  readonly loops?: Loops
  /** Read a large body and return its length. */
  readonly download?: (url: string) => Promise<number>
  /** Send so many bytes as a stream and return the text that the server answers: how many came. */
  readonly upload?: (url: string, bytes: number) => Promise<string>
  /** Submit `requests` GETs, at most `connections` of them on the wire, and take every text. */
  readonly fanOut?: (url: string, requests: number, gate: Gate) => Promise<void>
  /** Submit `requests` GETs, and return what leaves them unanswered. */
  readonly leave?: (url: string, requests: number) => Promise<() => Promise<void>>
  /** Do a thing so many times. */
  readonly repeat?: (times: number, url: string) => Promise<void>
  /** Do what a process can do once. */
  readonly once?: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Run `concurrency` endless loops, each awaiting one buffered text at a time, until the gate is closed. */
export type Loops = (url: string, concurrency: number, gate: Gate) => Promise<void>

export type Open = (options: OpenOptions) => Promise<OpenClient>

/** Counts responses; closed when the measurement is over. */
export class Gate {
  completed = 0
  closed = false

  constructor(private readonly length: number) {}

  complete(text: string): void {
    if (text.length !== this.length) throw new Error(`expected ${this.length} characters, got ${text.length}`)
    this.completed++
  }
}

/** Loops of a client whose requests are promises. */
export const promiseLoops =
  (get: (url: string) => Promise<string>): Loops =>
  async (url, concurrency, gate) => {
    const loop = async () => {
      while (!gate.closed) gate.complete(await get(url))
    }
    await Promise.all(Array.from({ length: concurrency }, loop))
  }

/** The same URL for each of so many requests, made when it is asked for. */
export function* urls(url: string, requests: number): Generator<string> {
  for (let i = 0; i < requests; i++) yield url
}
