/** Runs the HTTP/1.1 response parser over bytes and writes down what it said, for the http1-* tests. */
import { portableByteStrings, type ByteStrings } from "../../src/protocol/http1/Latin1.js"
import {
  ResponseParser,
  type ParserLimits,
  type ResponseHead,
  type ResponseSink
} from "../../src/protocol/http1/ResponseParser.js"

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

export const bufferByteStrings: ByteStrings = {
  indexOf: (bytes, ascii, from) => asBuffer(bytes).indexOf(ascii, from, "latin1"),
  latin1: (bytes, start, end) => asBuffer(bytes).toString("latin1", start, end)
}

/** Everything that came out of one message; adjacent data is one, and text. */
export type RecordedHead = Pick<ResponseHead, "minor" | "status" | "reasonPhrase" | "fields">

export interface Recording {
  readonly informational: ReadonlyArray<RecordedHead>
  readonly head: RecordedHead | undefined
  readonly body: string
  readonly trailers: ReadonlyArray<string> | undefined
  readonly upgraded: boolean
  readonly keepAlive: boolean
  readonly violation: string | undefined
  readonly message: string | undefined
  /** The bytes that were not used. */
  readonly rest: string
}

export interface RecordOptions {
  readonly method?: string
  /** Where the bytes are cut; `"each"` is after every byte. */
  readonly cuts?: ReadonlyArray<number> | "each"
  /** Whether the peer closes after the bytes; it does. */
  readonly close?: boolean
  readonly strings?: ByteStrings
  readonly limits?: Partial<ParserLimits>
  /** A parser that has been used before; then `strings` and `limits` are its own. */
  readonly parser?: ResponseParser
}

export const latin1 = (text: string): Buffer => Buffer.from(text, "latin1")

/** The bytes, cut there. */
export const pieces = (bytes: Buffer, cuts: ReadonlyArray<number> | "each"): Array<Buffer> => {
  const at = cuts === "each" ? Array.from(bytes, (_, index) => index) : cuts.map((cut) => cut % (bytes.length + 1))
  const sorted = [0, ...at.sort((a, b) => a - b), bytes.length]
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end))
}

/** What a test compares of a head. */
const plain = ({ fields, minor, reasonPhrase, status }: ResponseHead): RecordedHead => ({
  minor,
  status,
  reasonPhrase,
  fields
})

export const record = (input: string | Buffer, options: RecordOptions = {}): Recording => {
  const { close = true, cuts = [], limits, method = "GET", strings = bufferByteStrings } = options
  const informational: Array<ResponseHead> = []
  let head: ResponseHead | undefined
  let body = ""
  let trailers: ReadonlyArray<string> | undefined
  const sink: ResponseSink = {
    onInformational: (each) => informational.push(each),
    onHead: (each) => (head = each),
    onData: (bytes) => {
      if (bytes.length === 0) throw new Error("empty data")
      body += Buffer.from(bytes).toString("latin1")
    },
    onEnd: (each) => (trailers = each)
  }
  const parser = options.parser ?? new ResponseParser(strings, limits)
  parser.begin(sink, method)
  const bytes = Buffer.isBuffer(input) ? input : latin1(input)
  let used = 0
  for (const piece of pieces(bytes, cuts)) {
    // What was pushed may be overwritten afterwards: the parser has to have copied what it needs.
    const lent = Uint8Array.from(piece)
    const taken = parser.push(lent)
    lent.fill(0x58)
    if (taken >= 0) used += taken
    if (taken < piece.length) break
  }
  if (close) parser.finish()
  return {
    informational: informational.map(plain),
    head: head === undefined ? undefined : plain(head),
    body,
    trailers,
    upgraded: parser.upgraded,
    keepAlive: parser.keepAlive,
    violation: parser.violation?.code,
    message: parser.violation?.message,
    rest: parser.violation === undefined ? bytes.toString("latin1", used) : ""
  }
}

export { portableByteStrings }
