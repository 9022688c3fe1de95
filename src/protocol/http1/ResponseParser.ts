/**
 * The HTTP/1.1 response parser: bytes in, events out, no I/O (RFC 9112).
 *
 * Strict where leniency lets one party read a message that another did not see (lengths, chunk sizes, bare CR, NUL),
 * lenient where the RFC asks a user agent to be (folded fields, white space, a missing reason, a lone LF as line end).
 * Any split of the same bytes gives the same events. Nothing throws: a violation ends the parse, and says why.
 *
 * @since 0.1.0
 */
import { CR, LF } from "./ascii.js"
import { ChunkedDecoder } from "./Chunked.js"
import { FieldSection, splitFields } from "./FieldSection.js"
import { isBodyless, isPersistent, responseFraming, type ResponseFraming } from "./Framing.js"
import type { ByteStrings } from "./Latin1.js"
import { SectionBuffer, TOO_LARGE } from "./SectionBuffer.js"
import { openingLength, openingViolation, parseStatusLine } from "./StatusLine.js"
import { violation, type ParseViolation } from "./Violation.js"

export type { ByteStrings } from "./Latin1.js"
export type { ParseViolation } from "./Violation.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface ResponseHead {
  /** The version is HTTP/1.`minor`. */
  readonly minor: number
  /** E.g. `HTTP/1.1`. */
  readonly httpVersion: string
  /** 100 to 999. */
  readonly status: number
  /** Empty when there is none. */
  readonly reasonPhrase: string
  /** Flat, `[name, value, name, value, …]`: order, case and repetitions as on the wire, latin1. */
  readonly fields: ReadonlyArray<string>
  /** Of the two fields that reading the body needs, without splitting the others. */
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
}

class Head implements ResponseHead {
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  private readonly lines: string
  private split: ReadonlyArray<string> | undefined = undefined

  constructor(
    readonly minor: number,
    readonly status: number,
    readonly reasonPhrase: string,
    section: FieldSection
  ) {
    this.contentType = section.contentType
    this.contentEncoding = section.contentEncoding
    this.lines = section.lines
  }

  get fields(): ReadonlyArray<string> {
    return (this.split ??= splitFields(this.lines))
  }

  /** E.g. `HTTP/1.1`. */
  get httpVersion(): string {
    return `HTTP/1.${this.minor}`
  }
}

/**
 * Receives what the parser finds. It may call `release`, and `begin` from `onEnd`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ResponseSink {
  /** A 1xx other than 101. */
  onInformational(head: ResponseHead): void
  onHead(head: ResponseHead): void
  /** A view into the bytes that were pushed, never empty. */
  onData(bytes: Uint8Array): void
  /** Flat, as the fields of a head. */
  onEnd(trailers: ReadonlyArray<string>): void
}

/**
 * @since 0.1.0
 * @category models
 */
export interface ParserLimits {
  /** Of a head, and of a trailer section: 65536 by default. */
  readonly headBytes: number
  /** Of a chunk size with its extensions: 4096 by default. */
  readonly chunkLineBytes: number
  /** How many 1xx may come before the answer: 32 by default. */
  readonly informational: number
}

const defaultLimits: ParserLimits = { headBytes: 65536, chunkLineBytes: 4096, informational: 32 }

// RFC 9112 §2.2 wants at least one skipped; what some servers send after a body is one or two.
const maxEmptyLines = 4

type Phase = "idle" | "before head" | "head" | "length" | "chunked" | "until close" | "done" | "upgraded" | "failed"

const noBody: ResponseFraming = { _tag: "None" }
const noTrailers: ReadonlyArray<string> = []
const ignore = (): void => undefined
/** The sink while there is no message. */
const nobody: ResponseSink = { onInformational: ignore, onHead: ignore, onData: ignore, onEnd: ignore }

/**
 * The parser of one connection, one message at a time.
 *
 * @since 0.1.0
 */
export class ResponseParser {
  private readonly limits: ParserLimits
  private readonly section: SectionBuffer
  private readonly fields = new FieldSection()
  private readonly chunks: ChunkedDecoder

  private phase: Phase = "idle"
  private sink = nobody
  private method = ""
  /** Counts messages: a sink that begins the next one from `onEnd` does not make us read on. */
  private message = 0
  private hasStarted = false
  private persists = false
  private found: ParseViolation | undefined = undefined
  private emptyLines = 0
  private afterCr = false
  private informational = 0
  private length = 0
  private remaining = 0

  constructor(bytes: ByteStrings, limits?: Partial<ParserLimits>) {
    this.limits = { ...defaultLimits, ...limits }
    this.section = new SectionBuffer(bytes, this.limits.headBytes)
    this.chunks = new ChunkedDecoder(this.section, this.fields, this.limits.chunkLineBytes)
  }

  /** Why the bytes are no response. */
  get violation(): ParseViolation | undefined {
    return this.found
  }

  /** Whether a byte of the present message has been seen; empty lines before it are not of it. */
  get started(): boolean {
    return this.hasStarted
  }

  /** Whether the present message is complete. */
  get done(): boolean {
    return this.phase === "done"
  }

  /** Whether the connection is no longer HTTP: 101, or 2xx to CONNECT. */
  get upgraded(): boolean {
    return this.phase === "upgraded"
  }

  /** After `done`: whether the connection may be used again. */
  get keepAlive(): boolean {
    return this.phase === "done" && this.persists
  }

  /**
   * How many bytes of the body are still to come, at least; `Infinity` when there is no telling, or when the connection
   * cannot be used after it.
   */
  get leastToCome(): number {
    if (!this.persists) return Infinity
    return this.phase === "length" ? this.remaining : 0
  }

  /** The next message answers a request of this method, and goes to this sink. */
  begin(sink: ResponseSink, method: string): void {
    this.release()
    this.sink = sink
    this.method = method
    this.message++
    this.hasStarted = false
    this.persists = false
    this.found = undefined
    this.informational = 0
    this.beforeHead()
  }

  /** Drops the references to the sink, the bytes and the fields; a message that was not complete is given up. */
  release(): void {
    this.sink = nobody
    this.section.clear()
    this.fields.clear()
    this.chunks.stop()
    if (this.phase !== "done" && this.phase !== "upgraded" && this.phase !== "failed") this.phase = "idle"
  }

  /**
   * Feeds bytes. Gives how many were used: all of them, unless the message ended inside or the connection was upgraded;
   * or -1 on a violation.
   */
  push(bytes: Uint8Array): number {
    const message = this.message
    let at = 0
    while (at < bytes.length && this.message === message) {
      switch (this.phase) {
        case "before head":
          at = this.skipEmptyLines(bytes, at)
          break
        case "head":
          at = this.readHead(bytes, at)
          break
        case "length":
          at = this.readLength(bytes, at)
          break
        case "chunked":
          at = this.readChunks(bytes, at)
          break
        case "until close":
          this.sink.onData(at === 0 ? bytes : bytes.subarray(at))
          return bytes.length
        case "failed":
          return -1
        default:
          return at
      }
    }
    return at
  }

  /** The peer sends no more. Ends a body that had no other end; false, with `violation` set, when something is missing. */
  finish(): boolean {
    switch (this.phase) {
      case "until close":
        this.end(0, noTrailers)
        return true
      case "before head": {
        const after = this.informational > 0 ? `, after ${this.informational} informational ones` : ""
        this.fail("CLOSED_BEFORE_HEAD", `the connection was closed before a response${after}`)
        return false
      }
      case "head":
        this.fail("CLOSED_IN_HEAD", `the connection was closed after ${this.section.held} bytes of a head`)
        return false
      case "length": {
        const received = this.length - this.remaining
        this.fail("CLOSED_IN_BODY", `the connection was closed after ${received} of ${this.length} bytes of the body`)
        return false
      }
      case "chunked":
        this.fail(
          "CLOSED_IN_BODY",
          `the connection was closed after ${this.chunks.received} bytes of a chunked body, before its last chunk`
        )
        return false
      case "failed":
        return false
      default:
        return true
    }
  }

  /** The connection broke: like `finish`, but a body that ends with its connection has not ended by that. */
  breakOff(): void {
    if (this.phase !== "until close") this.finish()
  }

  private beforeHead(): void {
    this.phase = "before head"
    this.emptyLines = 0
    this.afterCr = false
  }

  private skipEmptyLines(bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at]
      if (byte === LF) {
        this.afterCr = false
        if (++this.emptyLines > maxEmptyLines) {
          return this.fail("TOO_MANY_EMPTY_LINES", "there are too many empty lines where a response should begin")
        }
      } else if (this.afterCr) {
        return this.fail("BARE_CR", "there is a CR without LF where a response should begin")
      } else if (byte === CR) {
        this.afterCr = true
      } else {
        this.phase = "head"
        this.hasStarted = true
        return at
      }
    }
    return bytes.length
  }

  private readHead(bytes: Uint8Array, at: number): number {
    const { section } = this
    const before = section.held
    const end = section.take(bytes, at)
    if (end < 0) {
      // A peer that does not speak HTTP may be waiting for us: it is found out by its first bytes.
      const opening = before < openingLength ? openingViolation(section.opening(openingLength)) : undefined
      if (opening !== undefined) return this.refuse(opening)
      if (end === TOO_LARGE) return this.fail("HEAD_TOO_LARGE", `the head is over ${this.limits.headBytes} bytes`)
      return bytes.length
    }
    const { text } = section
    const line = parseStatusLine(text)
    if ("code" in line) return this.refuse(line)
    const read = this.fields.read(section, line.end, "crlf-or-lf")
    section.clear()
    if (read < 0) return this.refuse(this.fields.violation)
    const { minor, status, reasonPhrase } = line
    return this.headRead(new Head(minor, status, reasonPhrase, this.fields), end - (text.length - read))
  }

  /** Decides what follows a head; `at` is the offset after it. */
  private headRead(head: ResponseHead, at: number): number {
    const { minor, status } = head
    // RFC 9110 §9.3.6: after a 2xx to CONNECT comes the tunnel, whatever Content-Length and Transfer-Encoding say.
    if (status === 101 || (this.method === "CONNECT" && status >= 200 && status < 300)) {
      this.phase = "upgraded"
      this.sink.onHead(head)
      return at
    }
    if (status < 200) {
      if (++this.informational > this.limits.informational) {
        const { informational } = this.limits
        return this.fail("TOO_MANY_INFORMATIONAL", `there are over ${informational} informational responses`)
      }
      this.beforeHead()
      this.sink.onInformational(head)
      return at
    }
    const bodyless = isBodyless(this.method, status)
    const framing = responseFraming(minor, this.fields)
    if ("code" in framing) {
      // RFC 9112 §6.3 item 1: nothing of it matters without a body. But a peer that contradicts itself is not asked again.
      if (!bodyless) return this.refuse(framing)
      this.beginBody(noBody)
    } else {
      this.persists = (bodyless || framing._tag !== "UntilClose") && isPersistent(minor, this.fields.connection)
      this.beginBody(bodyless ? noBody : framing)
    }
    this.sink.onHead(head)
    return this.lengthReached() ? this.end(at, noTrailers) : at
  }

  private beginBody(framing: ResponseFraming): void {
    if (framing._tag === "Chunked") {
      this.phase = "chunked"
      this.chunks.start()
    } else if (framing._tag === "UntilClose") {
      this.phase = "until close"
    } else {
      this.phase = "length"
      this.length = this.remaining = framing._tag === "Length" ? framing.length : 0
    }
  }

  private readLength(bytes: Uint8Array, at: number): number {
    const end = Math.min(bytes.length, at + this.remaining)
    this.remaining -= end - at
    this.sink.onData(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end))
    return this.lengthReached() ? this.end(end, noTrailers) : end
  }

  /** False after a sink has called `release`, too. */
  private lengthReached(): boolean {
    return this.phase === "length" && this.remaining === 0
  }

  private readChunks(bytes: Uint8Array, at: number): number {
    const used = this.chunks.decode(bytes, at, this.sink)
    if (used < 0) return this.refuse(this.chunks.violation)
    return this.phase === "chunked" && this.chunks.ended ? this.end(used, this.chunks.trailers) : used
  }

  private end(at: number, trailers: ReadonlyArray<string>): number {
    this.phase = "done"
    this.sink.onEnd(trailers)
    return at
  }

  private fail(code: ParseViolation["code"], message: string): -1 {
    return this.refuse(violation(code, message))
  }

  private refuse(found: ParseViolation | undefined): -1 {
    this.phase = "failed"
    this.found = found
    return -1
  }
}
