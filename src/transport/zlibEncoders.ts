/**
 * The content encoders of Node: gzip, deflate, br, and zstd where it is there. They work in the thread pool.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { Transform } from "node:stream"
import * as zlib from "node:zlib"
import type { Encoder, Encoders } from "../content/Encoders.js"

// Node has zstd from 22.15 and 23.8; its type declarations have it later still.
interface ZlibWithZstd {
  readonly createZstdCompress: () => Transform
}
const hasZstd = (module: object): module is ZlibWithZstd => "createZstdCompress" in module

// Its default is the best that it can do, which takes a hundred times as long for a few percent.
const brotli = () => zlib.createBrotliCompress({ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } })

const streams: ReadonlyMap<string, () => Transform> = new Map([
  ["gzip", () => zlib.createGzip()],
  ["deflate", () => zlib.createDeflate()],
  ["br", brotli],
  ...(hasZstd(zlib) ? [["zstd", zlib.createZstdCompress] as const] : [])
])

/**
 * @since 0.1.0
 * @category encoders
 */
export const nodeEncoders: Encoders = {
  codings: [...streams.keys()],
  open: (coding) => new ZlibEncoder((streams.get(coding) ?? zlib.createGzip)())
}

class ZlibEncoder implements Encoder {
  private output: Array<Uint8Array> = []

  constructor(private readonly stream: Transform) {
    stream.on("data", (bytes: Uint8Array) => this.output.push(bytes))
    // Told by the callback of what was being done.
    stream.on("error", () => undefined)
  }

  readonly push = (bytes: Uint8Array): Effect.Effect<ReadonlyArray<Uint8Array>, unknown> =>
    Effect.async((resume) => {
      this.stream.write(bytes, (error) => resume(this.after(error)))
    })

  readonly end: Effect.Effect<ReadonlyArray<Uint8Array>, unknown> = Effect.async((resume) => {
    this.stream.once("error", (error) => resume(this.after(error)))
    this.stream.once("end", () => resume(this.after(undefined)))
    this.stream.end()
  })

  readonly close = (): void => {
    this.stream.destroy()
  }

  private after(error: Error | null | undefined): Effect.Effect<ReadonlyArray<Uint8Array>, unknown> {
    if (error !== undefined && error !== null) return Effect.fail(error)
    const { output } = this
    this.output = []
    return Effect.succeed(output)
  }
}
