/** What holds for a response whatever its bytes are, and needs no oracle. */
import { ResponseParser, type ResponseSink } from "../../src/protocol/http1/ResponseParser.js"
import { SectionBuffer } from "../../src/protocol/http1/SectionBuffer.js"
import {
  bufferByteStrings,
  latin1,
  pieces,
  portableByteStrings,
  record,
  type Recording,
  type RecordOptions
} from "../support/http1-recorder.js"
import type { HostileResponse } from "../support/http1-mutations.js"

/** Something that should not be. */
export interface Problem {
  /** The same for every case of its sort: what a case is shrunk by. */
  readonly sort: string
  readonly says: string
}

const tight = { headBytes: 60, chunkLineBytes: 6, informational: 1 }

/** Lets most heads in, so that what comes after them is bounded too. */
const roomy = { headBytes: 200, chunkLineBytes: 6, informational: 1 }

/** Of a closed head the message tells the bytes that were kept, which the cuts may change. */
const compared = (recording: Recording): string => JSON.stringify({ ...recording, message: "" })

const differs = (sort: string, expected: Recording, found: Recording): Problem | undefined => {
  const [a, b] = [compared(expected), compared(found)]
  return a === b ? undefined : { sort, says: `${a} became ${b}` }
}

/** The first thing wrong with what the parser makes of these bytes; `before` is what it may have read before. */
export const brokenInvariant = (
  { cuts, method, text }: HostileResponse,
  whole: Recording,
  before: string
): Problem | undefined => {
  const read = (options: RecordOptions): Recording => record(text, { method, ...options })
  const open = read({ close: false })
  const used = new ResponseParser(bufferByteStrings)
  record(before, { parser: used, cuts, close: cuts.length % 2 === 0 })
  return (
    wronglyEnded(whole) ??
    differs("split", whole, read({ cuts })) ??
    differs("single bytes", whole, read({ cuts: "each" })) ??
    differs("split, open", open, read({ cuts, close: false })) ??
    differs("portable", whole, read({ cuts, strings: portableByteStrings })) ??
    differs("split, tight limits", read({ limits: tight }), read({ limits: tight, cuts: "each" })) ??
    differs("split, roomy limits", read({ limits: roomy }), read({ limits: roomy, cuts: "each" })) ??
    differs("reused parser", whole, read({ parser: used })) ??
    unbounded(text, method) ??
    unboundedSection(latin1(text), cuts)
  )
}

/** After a close there is an end, an upgrade or a violation that can be shown: one of them. */
const wronglyEnded = ({ head, keepAlive, message, trailers, upgraded, violation }: Recording): Problem | undefined => {
  const ends = [trailers !== undefined, upgraded, violation !== undefined].filter(Boolean).length
  if (ends !== 1) return { sort: "ends", says: `the message ended in ${ends} ways` }
  if (violation === undefined && head === undefined) return { sort: "no head", says: "a message without a head" }
  if (keepAlive && trailers === undefined) return { sort: "kept", says: "a connection is kept after no message" }
  if (message === undefined || /^[\x20-\x7e…]{10,200}$/.test(message)) return undefined
  return { sort: "message", says: `the violation says ${JSON.stringify(message)}` }
}

/** Bytes that are taken and of which nothing comes out are kept, or are line ends and chunk sizes: they have limits. */
const unbounded = (text: string, method: string): Problem | undefined => {
  let silent = 0
  const heard = (): void => void (silent = 0)
  const sink: ResponseSink = { onInformational: heard, onHead: heard, onData: heard, onEnd: heard }
  const parser = new ResponseParser(bufferByteStrings, roomy)
  parser.begin(sink, method)
  // A chunk's line ends, the empty lines before a head, and the byte that is one too many.
  const most = roomy.headBytes + roomy.chunkLineBytes + 16
  for (const byte of latin1(text)) {
    silent++
    if (parser.push(Uint8Array.of(byte)) !== 1) return undefined
    if (silent > most) return { sort: "unbounded", says: `${silent} bytes were taken in silence` }
  }
  return undefined
}

const unboundedSection = (bytes: Buffer, cuts: ReadonlyArray<number>): Problem | undefined => {
  const limit = 1200
  const section = new SectionBuffer(bufferByteStrings, limit)
  for (const piece of pieces(bytes, cuts)) {
    const end = section.take(piece, 0)
    const kept = section.bytes === piece ? 0 : section.bytes.length
    if (section.held > limit || kept > 2 * limit) {
      return { sort: "section", says: `a section of at most ${limit} bytes holds ${section.held} in ${kept}` }
    }
    if (end !== -1) return undefined
  }
  return undefined
}
