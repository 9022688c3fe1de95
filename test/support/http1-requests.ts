/** Requests, well formed and hostile, and what node:http's server reads of them, for the http1-* tests and the fuzz run. */
import { FastCheck as fc } from "effect"
import * as http from "node:http"
import { Duplex } from "node:stream"
import { Fields } from "../../src/protocol/Fields.js"
import {
  chunkHead,
  lastChunk,
  serializeRequest,
  type BodyFraming,
  type RequestViolation
} from "../../src/protocol/http1/RequestSerializer.js"
import { latin1 } from "./http1-recorder.js"

export interface RequestCase {
  readonly method: string
  readonly target: string
  readonly authority: string
  readonly fields: ReadonlyArray<readonly [name: string, value: string]>
  /** Latin1. */
  readonly pieces: ReadonlyArray<string>
  readonly framing: "none" | "length" | "chunked" | "given length" | "given chunked"
}

/** A request as its receiver sees it. */
export interface ReadBack {
  readonly method: string | undefined
  readonly target: string | undefined
  readonly fields: ReadonlyArray<string>
  readonly body: string
}

const text = (characters: string, constraints: fc.ArrayConstraints): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...characters), constraints).map((each) => each.join(""))

const characters = (from: number, to: number): string =>
  String.fromCharCode(...Array.from({ length: to - from + 1 }, (_, index) => from + index))

const framing: fc.Arbitrary<RequestCase["framing"]> = fc.constantFrom(
  "none",
  "length",
  "chunked",
  "given length",
  "given chunked"
)
const pieces = fc.array(text(characters(0, 255), { minLength: 1, maxLength: 20 }), { maxLength: 4 })

/** Requests that a server has to read back as they are. */
export const wellFormedRequest: fc.Arbitrary<RequestCase> = fc.record({
  method: fc.constantFrom(...http.METHODS.filter((each) => each !== "CONNECT")),
  target: text(characters(0x21, 0x7e), { maxLength: 20 }).map((path) => `/${path}`),
  authority: fc.constant("h:1"),
  fields: fc.array(
    fc.tuple(
      text("!#$%&'*+-.^_`|~0129azAZ", { maxLength: 10 }).map((rest) => `X-${rest}`),
      text(`\t${characters(0x20, 0x7e)}\x80\xa0\xff`, { maxLength: 20 })
    ),
    { maxLength: 5 }
  ),
  pieces,
  framing
})

const smuggled = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
const forged = fc.constantFrom(
  "\r\n",
  "\n",
  "\r",
  "\0",
  "\x0b",
  "\x7f",
  "\u010a",
  "\u560d\u560a",
  "\ud83d",
  " ",
  "\t",
  ":",
  ` HTTP/1.1\r\nHost: h\r\n\r\n${smuggled}`,
  `\r\n\r\n${smuggled}`,
  "\r\nTransfer-Encoding: chunked",
  "\r\nContent-Length: 0\r\n",
  "\n ",
  "\r\n\t"
)

/** A usual text, or one with something forged in it. */
const tampered = (...usual: readonly [string, ...Array<string>]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...usual) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(...usual), forged, fc.nat(40))
        .map(([each, insert, at]) => each.slice(0, at) + insert + each.slice(at))
    }
  )

const hostileName = tampered(
  "A",
  "Host",
  "host",
  "Content-Length",
  "content-length",
  "Transfer-Encoding",
  "transfer-encoding",
  "Content_Length",
  "Connection",
  "Trailer",
  "X-Long-Name",
  ""
)
const hostileValue = tampered(
  "b",
  "h",
  "",
  "0",
  "5",
  "05",
  "5, 5",
  "+5",
  "chunked",
  "Chunked",
  "gzip, chunked",
  "identity",
  "close",
  "\xe9"
)

/** Requests of a caller who is not to be trusted. */
export const hostileRequest: fc.Arbitrary<RequestCase> = fc.record({
  method: tampered("GET", "POST", "HEAD", "PUT", "OPTIONS", "get", "PRI", ""),
  target: tampered("/", "/a?b=c", "*", "http://h/p", "h:443", "//", "/#", ""),
  authority: tampered("h", "h:1", "[::1]:80", "user@h", ""),
  fields: fc.array(fc.tuple(hostileName, hostileValue), { maxLength: 4 }),
  pieces: fc.oneof(pieces, fc.constantFrom([smuggled], [`0\r\n\r\n${smuggled}`], ["12345"], ["\r\n", smuggled])),
  framing
})

/** What goes on the wire, and what the receiver has to see. */
export interface WrittenRequest {
  readonly wire: Buffer
  readonly expected: ReadBack
}

const none: BodyFraming = { _tag: "None" }

export const writeRequest = (request: RequestCase): WrittenRequest | RequestViolation => {
  const { authority, framing, method, pieces, target } = request
  const content = framing === "none" ? "" : pieces.join("")
  const body: BodyFraming =
    framing === "none"
      ? none
      : framing.endsWith("length")
        ? { _tag: "Length", length: content.length }
        : { _tag: "Chunked" }
  const fields = Fields.from([...request.fields, ...givenFields(framing, content.length)])
  const serialized = serializeRequest(method, target, authority, fields, body)
  if ("code" in serialized) return serialized
  const { chunked, contentLength, head } = serialized
  // The length that a caller gives for a body of unknown length is counted by who sends it, not by the serializer.
  const sent = chunked || contentLength === undefined ? content : content.slice(0, contentLength).padEnd(contentLength)
  const inChunks = pieces.map((piece) => `${chunkHead(piece.length)}${piece}\r\n`).join("") + lastChunk
  return {
    wire: latin1(head + (chunked ? inChunks : sent)),
    expected: { method, target, fields: expectedFields(request, chunked, contentLength), body: sent }
  }
}

const givenFields = (framing: RequestCase["framing"], length: number): RequestCase["fields"] =>
  framing === "given length"
    ? [["content-length", String(length)]]
    : framing === "given chunked"
      ? [["transfer-encoding", "chunked"]]
      : []

/** The fields that the caller gave, those that give a framing once, and the ones that are added. */
const expectedFields = (
  { authority, fields, framing, pieces }: RequestCase,
  chunked: boolean,
  contentLength: number | undefined
): ReadonlyArray<string> => {
  const given = [...fields, ...givenFields(framing, pieces.join("").length)]
  const named = (lower: string): RequestCase["fields"] => given.filter(([name]) => name.toLowerCase() === lower)
  const once = named("content-length").length > 1
  const kept = once ? given.filter(([name]) => name.toLowerCase() !== "content-length") : given
  const framed = !once && (named("content-length").length > 0 || named("transfer-encoding").length > 0)
  const added = chunked
    ? [["Transfer-Encoding", "chunked"]]
    : contentLength === undefined
      ? []
      : [["Content-Length", String(contentLength)]]
  return [
    ...(named("host").length > 0 ? [] : [["Host", authority]]),
    ...kept.map(([name, value]) => [name, value.replace(/^[\t ]+|[\t ]+$/g, "")]),
    ...(framed ? [] : added)
  ].flat()
}

/** A connection to a server, in memory, that brings these bytes and then ends. */
class Bringing extends Duplex {
  private readonly bytes: Buffer
  constructor(bytes: Buffer) {
    super()
    this.bytes = bytes
  }
  override _read(): void {
    this.push(this.bytes)
    this.push(null)
  }
  override _write(_chunk: unknown, _encoding: string, written: () => void): void {
    written()
  }
  readonly setTimeout = (): this => this
}

/** Every request that node:http's server reads of these bytes, and why it read no further. */
export interface ServerReading {
  readonly requests: ReadonlyArray<ReadBack>
  readonly refused: string | undefined
}

export const readByServer = (wire: Buffer): Promise<ServerReading> =>
  new Promise((resolve) => {
    const requests: Array<ReadBack> = []
    let refused: string | undefined
    const server = http.createServer({ insecureHTTPParser: false }, (request, response) => {
      const chunks: Array<Buffer> = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      request.on("end", () => {
        const body = Buffer.concat(chunks).toString("latin1")
        requests.push({ method: request.method, target: request.url, fields: request.rawHeaders, body })
        response.end()
      })
    })
    server.on("clientError", (error, socket) => {
      refused = `${"code" in error ? String(error.code) : ""} ${error.message}`
      socket.destroy()
    })
    const connection = new Bringing(wire)
    connection.on("error", () => undefined)
    connection.on("close", () => resolve({ requests, refused }))
    server.emit("connection", connection)
  })
