/** What every measured client offers. Each file beside this one exports `open`; only one is loaded into a process. */

/** Length of the JSON that the server answers with; every buffered response is checked against it. */
export const jsonLength = 225

export interface OpenOptions {
  readonly connections: number
  /** Leave the default tracer of Effect on. */
  readonly traced: boolean
  /** The authority of the server's certificate, if it is to be spoken to over one HTTP/2 connection with TLS. */
  readonly ca: string | undefined
}

export interface OpenClient {
  readonly loops?: Loops
  /** Read a large body and return its length. */
  readonly download?: (url: string) => Promise<number>
  /** Submit `requests` GETs, at most `connections` of them on the wire, and take every text. */
  readonly fanOut?: (url: string, requests: number, gate: Gate) => Promise<void>
  /** Do so many times what has no server. */
  readonly repeat?: (times: number) => Promise<void>
  readonly close: () => Promise<void>
}

/** Run `concurrency` endless loops, each awaiting one buffered text at a time, until the gate is closed. */
export type Loops = (url: string, concurrency: number, gate: Gate) => Promise<void>

export type Open = (options: OpenOptions) => Promise<OpenClient>

/** Counts responses; closed when the measurement is over. */
export class Gate {
  completed = 0
  closed = false

  complete(text: string): void {
    if (text.length !== jsonLength) throw new Error(`expected ${jsonLength} characters, got ${text.length}`)
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
