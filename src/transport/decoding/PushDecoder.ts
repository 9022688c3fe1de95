/**
 * Decoders of codings that the runtime does not have, from other libraries: what they must look like, and as engines.
 *
 * @since 0.1.0
 */
import type { Decompressor, Engine, SyncOptions } from "./Engine.js"
import { atLeast, type Framing } from "./framings.js"
import { ZstdFrames } from "./ZstdFrames.js"

/**
 * Makes a decoder for one body, which gives its output to a function as it is pushed input: fzstd's is
 * `(output) => new Decompress(output)`. What it gives is not used again by it. It throws if the data are corrupt, and, when
 * `final` is pushed, if they are not complete. It is run by this thread, in small steps.
 *
 * @since 0.1.0
 * @category models
 */
export type PushDecoder = (output: (bytes: Uint8Array) => void) => {
  readonly push: (bytes: Uint8Array, final?: boolean) => unknown
}

const nothing = new Uint8Array(0)

// A step of a decoder gives all of its output at once: that of a bomb's step should still be small.
const most = 256

/** The data are all that there is of the body, and the decoder knows what they look like. */
export const pushedFraming = (coding: string, decoder: PushDecoder): Framing => {
  const engine = engineOf(coding === "zstd" ? guarded(decoder) : decoder)
  return function* (input) {
    yield* atLeast(input, 1)
    if (input.left > 0) yield { engine }
  }
}

/** RFC 9659 §3: no frame needs a window of more than 8 MB. A decoder in JavaScript may believe what a frame asks for. */
const guarded =
  (decoder: PushDecoder): PushDecoder =>
  (output) => {
    const decoding = decoder(output)
    const frames = new ZstdFrames()
    return {
      push: (bytes, final) => {
        frames.look(bytes)
        decoding.push(bytes, final)
      }
    }
  }

const engineOf = (decoder: PushDecoder): Engine => ({
  most,
  sync: (bytes, options) => decodeAtOnce(decoder, bytes, options),
  stream: () => new PushedStream(decoder)
})

const decodeAtOnce = (decoder: PushDecoder, bytes: Uint8Array, { maxOutputLength }: SyncOptions) => {
  const outputs: Array<Uint8Array> = []
  let produced = 0
  const decoding = decoder((output) => {
    produced += output.length
    outputs.push(output)
  })
  for (let at = 0; at < bytes.length; at += most) {
    decoding.push(bytes.subarray(at, at + most), false)
    // As zlib says it.
    if (produced > maxOutputLength)
      throw Object.assign(new RangeError("too much output"), { code: "ERR_BUFFER_TOO_LARGE" })
  }
  decoding.push(nothing, true)
  return { buffer: Buffer.concat(outputs), engine: { bytesWritten: bytes.length } }
}

/** One run of such a decoder, in the form of a stream. */
class PushedStream implements Decompressor {
  bytesWritten = 0
  readonly #decoding: ReturnType<PushDecoder>
  readonly #listeners = new Map<string, (error?: unknown) => void>()
  #outputs: Array<Uint8Array> = []
  #ended = false

  constructor(decoder: PushDecoder) {
    this.#decoding = decoder((output) => {
      if (output.length > 0) this.#outputs.push(output)
    })
  }

  on(event: string, listener: (error?: unknown) => void): void {
    this.#listeners.set(event, listener)
  }

  read(): Uint8Array | null {
    const output = this.#outputs.shift() ?? null
    if (output === null && this.#ended) this.#tell("end")
    return output
  }

  write(bytes: Uint8Array, done: () => void): void {
    if (!this.#push(bytes, false)) return
    this.bytesWritten += bytes.length
    done()
  }

  end(): void {
    if (!this.#push(nothing, true)) return
    this.#ended = true
    this.#tell("readable")
  }

  destroy(): void {
    this.#outputs = []
  }

  #push(bytes: Uint8Array, final: boolean): boolean {
    try {
      this.#decoding.push(bytes, final)
      return true
    } catch (cause) {
      this.#tell("error", cause)
      return false
    }
  }

  #tell(event: string, error?: unknown): void {
    this.#listeners.get(event)?.(error)
  }
}
