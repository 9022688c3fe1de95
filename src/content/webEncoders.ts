/**
 * The encoders of runtimes with `CompressionStream`: gzip and deflate.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { Encoder, Encoders } from "./Encoders.js"

/** Those of this runtime, if it has any. */
export const webEncoders = (): Encoders | undefined =>
  typeof CompressionStream === "undefined" ? undefined : { codings: ["gzip", "deflate"], open }

const open = (coding: string): Encoder => {
  // The web's "deflate" is what HTTP means by it: with the zlib wrapper (RFC 9110 §8.4.1.2).
  const { readable, writable } = new CompressionStream(coding === "gzip" ? "gzip" : "deflate")
  const writer = writable.getWriter()
  const reader: ReadableStreamDefaultReader<Uint8Array> = readable.getReader()
  let output: Array<Uint8Array> = []
  const take = () => {
    const taken = output
    output = []
    return taken
  }
  // Read all the time: what is not read holds up what is written.
  const read = collect(reader, (bytes) => output.push(bytes))
  read.catch(ignored)
  return {
    push: (bytes) => Effect.tryPromise({ try: () => writer.write(own(bytes)).then(take), catch: (cause) => cause }),
    end: Effect.tryPromise({
      try: () =>
        writer
          .close()
          .then(() => read)
          .then(take),
      catch: (cause) => cause
    }),
    close: () => {
      writer.abort().catch(ignored)
      reader.cancel().catch(ignored)
    }
  }
}

const ignored = () => undefined

/** Its type wants bytes that are not shared between threads. */
const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  bytes.buffer instanceof ArrayBuffer
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : Uint8Array.from(bytes)

const collect = async (
  reader: ReadableStreamDefaultReader<Uint8Array>,
  onBytes: (bytes: Uint8Array) => void
): Promise<void> => {
  for (let next = await reader.read(); !next.done; next = await reader.read()) onBytes(next.value)
}
