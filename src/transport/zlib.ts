/**
 * The content decoders of Node.
 *
 * What the data of a coding looks like is a coroutine (`Framing`) that asks for bytes and for runs of an engine;
 * `decodeAll` drives it with the engines that block, `decodePull` with those of the thread pool.
 *
 * @since 0.1.0
 */
import { constants } from "node:buffer"
import type { Decoders, DecodingFailure, Pull } from "../content/ContentEncoding.js"
import { isSyncRun, outputSize } from "./decoding/Engine.js"
import { failureOf, Flaw, tooLarge } from "./decoding/Flaw.js"
import { type Framing, nodeFramings } from "./decoding/framings.js"
import { Input } from "./decoding/Input.js"
import { pushedFraming, type PushDecoder } from "./decoding/PushDecoder.js"
import { Stage, stagePull } from "./decoding/Stage.js"

const decodeWhole = (framing: Framing, bytes: Uint8Array, maxBytes: number): Uint8Array => {
  const input = new Input(bytes, true)
  const outputs: Array<Uint8Array> = []
  let produced = 0
  for (const want of framing(input)) {
    if (want === "input") continue
    const result = want.engine.sync(input.rest, {
      info: true,
      chunkSize: outputSize,
      maxOutputLength: Math.min(Math.max(maxBytes - produced, 1), constants.MAX_LENGTH)
    })
    if (!isSyncRun(result)) throw new Flaw("cannot be decoded: this runtime does not tell where they end")
    input.skip(result.engine.bytesWritten)
    produced += result.buffer.length
    if (produced > maxBytes) throw tooLarge(maxBytes)
    want.onOutput?.(result.buffer)
    outputs.push(result.buffer)
  }
  const [first] = outputs
  return first !== undefined && outputs.length === 1 ? first : Buffer.concat(outputs)
}

// eslint-disable-next-line require-yield
const unknown: Framing = function* () {
  throw new Flaw("cannot be decoded by this runtime")
}

const decodersOf = (framings: ReadonlyMap<string, Framing>): Decoders => ({
  codings: [...framings.keys()],

  decodeAll: (codings, bytes, maxBytes) => {
    let decoded = bytes
    for (const coding of codings) {
      try {
        decoded = decodeWhole(framings.get(coding) ?? unknown, decoded, maxBytes)
      } catch (cause) {
        return failureOf(coding, maxBytes, cause)
      }
    }
    return decoded
  },

  decodePull: <E>(codings: ReadonlyArray<string>, source: Pull<E>, maxBytes: number) => {
    const stages = codings.map((coding) => new Stage(coding, framings.get(coding) ?? unknown, maxBytes))
    const pull = stages.reduce<Pull<E | DecodingFailure>>((below, stage) => stagePull(stage, below), source)
    // @effect-diagnostics-next-line missingEffectError:off -- the first stage pulls from the source, whose error is E
    return { pull, close: () => stages.forEach((stage) => stage.close()) }
  }
})

/**
 * What Node's zlib decodes: gzip, deflate, br, and zstd where it is there.
 *
 * @since 0.1.0
 * @category decoders
 */
export const nodeDecoders: Decoders = decodersOf(nodeFramings)

/**
 * The same, with decoders of other codings, or others for the same.
 *
 * @since 0.1.0
 * @category decoders
 */
export const decodersWith = (others: Readonly<Record<string, PushDecoder>> | undefined): Decoders => {
  if (others === undefined) return nodeDecoders
  const framings = new Map(nodeFramings)
  for (const [coding, decoder] of Object.entries(others))
    framings.set(coding.toLowerCase(), pushedFraming(coding.toLowerCase(), decoder))
  return decodersOf(framings)
}
