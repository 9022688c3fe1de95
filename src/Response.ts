/**
 * A response: its head, and a body that is read to its end, streamed once, or closed.
 *
 * What to know: a response from `client.get` and its siblings is already read, its connection is free, and every reader
 * (`read`, `text`, `json`, `stream`, `lines`) answers from memory as often as wanted. One from `client.stream` is open:
 *
 * - `read`, `text`, `json`… take the rest into memory; from then on it is as above.
 * - `stream` (decoded) and `raw` (as on the wire) flow once; a second time fails `StreamConsumed`.
 * - `close` ends it early and aborts what still flows; reading after that fails `StreamClosed`. Leaving the scope closes.
 *
 * Gotchas: a connection that is lost before the end fails; it never ends a stream early. Interrupting one reader of
 * `read` leaves the bytes for the next; interrupting a running `stream` closes the response. Printing a response reads
 * nothing.
 *
 * @example
 * ```ts
 * import { Client } from "effect-httpx"
 * import { Effect, Stream } from "effect"
 *
 * const size = Effect.scoped(
 *   Effect.gen(function* () {
 *     const response = yield* Client.stream("GET", "https://www.example.com/big")
 *     return yield* Stream.runFold(response.stream, 0, (total, chunk) => total + chunk.length)
 *   })
 * )
 * ```
 *
 * @since 0.1.0
 */
import type * as Cookies from "@effect/platform/Cookies"
import type * as Headers from "@effect/platform/Headers"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as UrlParams from "@effect/platform/UrlParams"
import type { Clock } from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { collect, pullOf, streamOf } from "./content/bytes.js"
import { decodeText, textDecoder } from "./content/charset.js"
import { type Decoders, decodingPlan } from "./content/ContentEncoding.js"
import { lineSplitter } from "./content/lines.js"
import type { Call } from "./Exchange.js"
import * as HttpxError from "./HttpxError.js"
import { fieldsOf } from "./protocol/Fields.js"
import { redactField, redactUrl } from "./protocol/redaction.js"
import type { Request } from "./Request.js"
import { type NextRequest, noHistory, noNextRequest } from "./response/NextRequest.js"
import type { ConnectionInfo, ConnectTimings } from "./response/ConnectionInfo.js"
import { closed, consumed, notDecoded, parseJson, statusError, tooManyCodings } from "./response/failures.js"
import { headersOf, pairsOf, type ResponseInit } from "./response/ResponseInit.js"
import type { Source } from "./response/Source.js"
import { type Timings, timingsOf } from "./response/Timings.js"
import type { Upgraded } from "./response/Upgraded.js"
import { fromSetCookies } from "./transport/platform/platformCookies.js"

export type { ConnectionInfo, ConnectTimings } from "./response/ConnectionInfo.js"
export type { Timings } from "./response/Timings.js"
export type { NextRequest } from "./response/NextRequest.js"
export type { Informational } from "./response/Informational.js"
export type { Upgraded } from "./response/Upgraded.js"
export { initOf, type ResponseInit } from "./response/ResponseInit.js"
export type { Source } from "./response/Source.js"

/**
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: unique symbol = Symbol.for("effect-httpx/Response")

// What can still be held in memory as one piece.
const maxInMemory = 0x7fffffff
// Above this, decoding at once would hold up the event loop for longer than a task should take.
const decodeAtOnce = 100 * 1024

const nothing = new Uint8Array(0)
const noFields: ReadonlyArray<string> = []

const identity = { _tag: "Identity" } as const

/**
 * A response. See the module's documentation for how its body can be read.
 *
 * @since 0.1.0
 * @category models
 */
export class Response implements HttpIncomingMessage.HttpIncomingMessage<HttpxError.ReadFailure> {
  readonly [TypeId]: typeof TypeId = TypeId
  readonly [HttpIncomingMessage.TypeId]: HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId

  /** The request that this answers, as it was sent, without its body: an answer may live longer than that should. */
  readonly request: Request<unknown>
  private state: "unread" | "reading" | "streamed" | "closed" = "unread"
  private headerRecord: Headers.Headers | undefined = undefined
  // Once the body is in memory, the response keeps that and no more: not what carried it, nor the run it was part of.
  private content: Uint8Array | undefined = undefined
  private received = 0
  private endedAfter: number | undefined = undefined
  private trailerFields: ReadonlyArray<string> = noFields
  private source: Source | undefined
  private call: Call | undefined
  private readonly answeredAfter: number
  private earlier: ReadonlyArray<Response> = noHistory
  private next: NextRequest = noNextRequest

  /** For transports: what answers a request, its body still to be read from `source`. */
  constructor(
    request: Request<unknown>,
    private readonly init: ResponseInit,
    source: Source,
    private readonly decoders: Decoders | undefined,
    private readonly carried: ConnectionInfo | undefined,
    /** Milliseconds from the start of the call until a connection took the request, where that is known. */
    private readonly carriedAfter?: number | undefined,
    /** What opening that connection took, if it was opened for this request. */
    private readonly opening?: ConnectTimings | undefined
  ) {
    this.request = request.sent
    this.call = request.call
    this.source = source
    this.answeredAfter = request.call?.elapsed ?? 0
  }

  /** The status code, 200 to 999. */
  get status(): number {
    return this.init.status
  }

  /** The reason phrase as sent; empty if there was none. */
  get reasonPhrase(): string {
    return this.init.reasonPhrase
  }

  /** `HTTP/2`, `HTTP/1.1` or `HTTP/1.0`; empty where the transport cannot tell (fetch and other foreign ones). */
  get httpVersion(): string {
    return this.init.httpVersion
  }

  /** The URL that answered. */
  get url(): string {
    return this.request.url
  }

  /** The fields by lower-case name, repeated ones joined with `, `. For cookies use `cookies`, for all the rest `rawHeaders`. */
  get headers(): Headers.Headers {
    return (this.headerRecord ??= headersOf(this.init.fields))
  }

  /** The fields as they came: order, case and duplicates. */
  get rawHeaders(): ReadonlyArray<readonly [name: string, value: string]> {
    return pairsOf(this.init.fields)
  }

  /** The cookies that this response sets. */
  get cookies(): Cookies.Cookies {
    return fromSetCookies(this.setCookies)
  }

  /** @internal The values of its Set-Cookie fields. */
  get setCookies(): ReadonlyArray<string> {
    return fieldsOf(this.init.fields, "set-cookie")
  }

  /** The fields after the body, as they came; none before its end, and none from transports that cannot tell. */
  get trailers(): ReadonlyArray<readonly [name: string, value: string]> {
    return pairsOf(this.source?.trailers ?? this.trailerFields)
  }

  /** The connection that it came by: protocol, addresses, proxy, TLS, and how long opening it took. */
  get connection(): Option.Option<ConnectionInfo> {
    return Option.fromNullable(this.carried)
  }

  /** The address that answered, where the transport can tell. */
  get remoteAddress(): Option.Option<string> {
    return Option.fromNullable(this.carried?.remoteAddress)
  }

  /** The sending side of a connection that is no longer HTTP: after 101, or a 2xx to CONNECT. `raw` is the receiving one. */
  get upgraded(): Option.Option<Upgraded> {
    return Option.fromNullable(this.source?.upgraded)
  }

  /** Milliseconds from the start of the call to the end of the body; while that is open, until now. */
  get elapsed(): number {
    return this.endedAfter ?? this.source?.endedAfter ?? this.call?.elapsed ?? 0
  }

  /** Where that time went: waiting for a connection, opening it, waiting for the head, receiving the body. */
  get timings(): Timings {
    const { answeredAfter, carriedAfter, opening } = this
    const endedAfter = this.endedAfter ?? this.source?.endedAfter
    return timingsOf({ carriedAfter, answeredAfter, endedAfter, opening })
  }

  /** The answers that redirected to this one, the first one first. A short body of theirs is in memory, any other closed. */
  get history(): ReadonlyArray<Response> {
    return this.earlier
  }

  /**
   * The request that this answer redirects to, if it was not followed; for `client.send`. Fails with `RedirectRefused` where
   * that is no place to go, and with `StreamConsumed` if it needs a body again that flows once.
   */
  get nextRequest(): NextRequest {
    return this.next
  }

  /** @internal Takes its place in a chain of redirects. */
  follows(history: ReadonlyArray<Response>, next: NextRequest): void {
    this.earlier = history
    this.next = next
  }

  /** Whether nothing of the response is open any more: its body has arrived whole, failed, or was closed. */
  get isClosed(): boolean {
    return this.source === undefined || this.source.endedAfter !== undefined
  }

  /** How many bytes of the body have arrived, before decoding. */
  get numBytesDownloaded(): number {
    return this.source?.received ?? this.received
  }

  /** The whole body, decoded. */
  get read(): Effect.Effect<Uint8Array, HttpxError.ReadFailure> {
    return this.content === undefined ? Effect.map(this.bytes, () => this.own) : Effect.sync(() => this.own)
  }

  /** The whole body as text: by a byte order mark, else by the charset of Content-Type, else as UTF-8. Never fails on bad bytes. */
  get text(): Effect.Effect<string, HttpxError.ReadFailure> {
    const { content } = this
    if (content !== undefined) return Effect.sync(() => decodeText(content, this.init.contentType))
    return Effect.map(this.bytes, (bytes) => decodeText(bytes, this.init.contentType))
  }

  /** The whole body as JSON; `DecodingError` if it is not. For types, `HttpIncomingMessage.schemaBodyJson(schema)(response)`. */
  get json(): Effect.Effect<unknown, HttpxError.ReadFailure> {
    return Effect.flatMap(this.bytes, (bytes) => parseJson(this, bytes))
  }

  /** The whole body as an ArrayBuffer of its own. */
  get arrayBuffer(): Effect.Effect<ArrayBuffer, HttpxError.ReadFailure> {
    return Effect.map(this.bytes, (bytes) => new Uint8Array(bytes).buffer)
  }

  /** The whole body as form fields. */
  get urlParamsBody(): Effect.Effect<UrlParams.UrlParams, HttpxError.ReadFailure> {
    return Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text)))
  }

  /** The body, decoded, as it arrives; the connection waits while nobody pulls. Its finalizer closes the response. */
  get stream(): Stream.Stream<Uint8Array, HttpxError.ReadFailure> {
    return Stream.suspend(() => this.openStream(true))
  }

  /** The body as it is on the wire, content codings and all. */
  get raw(): Stream.Stream<Uint8Array, HttpxError.ReadFailure> {
    return Stream.suspend(() => this.openStream(false))
  }

  /** The body as lines of text, ended by CR, LF or CRLF and nothing else, without their ends. */
  get lines(): Stream.Stream<string, HttpxError.ReadFailure> {
    return Stream.suspend(() => {
      const decoder = textDecoder(this.init.contentType)
      const splitter = lineSplitter()
      const split = Stream.mapConcat(this.stream, (bytes) => splitter.write(decoder.write(bytes)))
      const rest = Stream.suspend(() => Stream.fromIterable([...splitter.write(decoder.end()), ...splitter.end()]))
      return Stream.concat(split, rest)
    })
  }

  /** This response, or `StatusError` if its status is not 2xx. The body stays readable. */
  get raiseForStatus(): Effect.Effect<this, HttpxError.StatusError> {
    return Effect.suspend(() => (this.status >= 200 && this.status < 300 ? Effect.succeed(this) : statusError(this)))
  }

  /**
   * Ends the response: a body that has not arrived whole is aborted. A short rest of it is read for at most 100 ms first, so
   * that the connection can be kept. Idempotent; what is in memory can still be read.
   */
  get close(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.source === undefined) return Effect.void
      if (this.state !== "streamed") this.state = "closed"
      return this.source.abort
    })
  }

  /** @internal The clock of the call, while it runs. */
  get clock(): Clock | undefined {
    return this.call?.clock
  }

  /** @internal Calls back when nothing of the response is open any more; at once if that is so already. */
  onOver(watcher: () => void): void {
    if (this.source === undefined) watcher()
    else this.source.onOver(watcher)
  }

  /** Waits until nothing of the response is open any more. */
  get awaitClosed(): Effect.Effect<void> {
    return Effect.async<void>((resume) => this.onOver(() => resume(Effect.void)))
  }

  /** The head, redacted; never the body. */
  toJSON(): unknown {
    return {
      _id: "effect-httpx/Response",
      status: this.status,
      reasonPhrase: this.reasonPhrase,
      httpVersion: this.httpVersion,
      url: redactUrl(this.url),
      headers: this.rawHeaders.map(([name, value]) => [name, redactField(name, value)]),
      body: this.content === undefined ? this.state : `${this.content.length} bytes`
    }
  }

  toString(): string {
    return Inspectable.format(this.toJSON())
  }

  [Inspectable.NodeInspectSymbol](): unknown {
    return this.toJSON()
  }

  /** The whole body, in memory that it may share with other small ones. */
  private get bytes(): Effect.Effect<Uint8Array, HttpxError.ReadFailure> {
    return this.content === undefined ? Effect.suspend(() => this.readAll()) : Effect.succeed(this.content)
  }

  /** The whole body in memory of its own: what is given away shows nothing of others through its `buffer`. */
  private get own(): Uint8Array {
    const content = this.content ?? nothing
    if (content.byteLength === content.buffer.byteLength) return content
    return (this.content = new Uint8Array(content))
  }

  /** @internal Reads what needs neither waiting nor decoding; whether the body is read then. */
  readNow(): boolean {
    const whole = this.source?.whole
    if (whole === undefined || this.state !== "unread" || this.plan._tag !== "Identity") return false
    this.keep(whole)
    return true
  }

  private readAll(): Effect.Effect<Uint8Array, HttpxError.ReadFailure> {
    if (this.content !== undefined || this.source === undefined) return Effect.succeed(this.content ?? nothing)
    if (this.state === "streamed") return consumed(this)
    if (this.state === "closed") return closed(this)
    this.state = "reading"
    const { whole } = this.source
    return whole === undefined
      ? Effect.flatMap(this.source.collect, (bytes) => this.decodeWhole(bytes))
      : this.decodeWhole(whole)
  }

  private decodeWhole(bytes: Uint8Array): Effect.Effect<Uint8Array, HttpxError.ReadFailure> {
    const plan = this.plan
    if (plan._tag === "Identity" || this.decoders === undefined) return Effect.succeed(this.keep(bytes))
    if (plan._tag === "TooMany") return tooManyCodings(this, plan.count)
    if (bytes.length <= decodeAtOnce) {
      const decoded = this.decoders.decodeAll(plan.codings, bytes, maxInMemory)
      return "_tag" in decoded ? notDecoded(this, decoded) : Effect.succeed(this.keep(decoded))
    }
    const decoding = this.decoders.decodePull(plan.codings, pullOf(bytes), maxInMemory)
    return collect(decoding.pull).pipe(
      Effect.catchAll((failure) => notDecoded(this, failure)),
      Effect.map((decoded) => this.keep(decoded)),
      Effect.ensuring(Effect.sync(decoding.close))
    )
  }

  /** The whole body is known; what carried it is let go. */
  private keep(content: Uint8Array): Uint8Array {
    this.content = content
    if (this.source !== undefined) {
      this.received = this.source.received
      this.endedAfter = this.source.endedAfter
      this.trailerFields = this.source.trailers
      this.source = undefined
      this.call = undefined
    }
    return content
  }

  private openStream(decoded: boolean): Stream.Stream<Uint8Array, HttpxError.ReadFailure> {
    if (this.source === undefined || this.state === "reading") {
      return decoded ? nonEmpty(Stream.fromEffect(this.read)) : Stream.fromEffect(consumed(this))
    }
    if (this.state === "streamed") return Stream.fromEffect(consumed(this))
    if (this.state === "closed") return Stream.fromEffect(closed(this))
    this.state = "streamed"
    const plan = decoded ? this.plan : identity
    if (plan._tag === "Identity" || this.decoders === undefined) return streamOf(this.source.pull, this.close)
    if (plan._tag === "TooMany") return streamOf(tooManyCodings(this, plan.count), this.close)
    const decoding = this.decoders.decodePull(plan.codings, this.source.pull, Number.MAX_SAFE_INTEGER)
    const pull = Effect.catchTag(decoding.pull, "DecodingFailure", (failure) => notDecoded(this, failure))
    return streamOf(pull, Effect.andThen(this.close, Effect.sync(decoding.close)))
  }

  private get plan() {
    if (this.decoders === undefined) return identity
    const header = this.init.contentEncoding
    return header === undefined ? identity : decodingPlan(header, new Set(this.decoders.codings))
  }
}

/**
 * Whether a value is a response of ours.
 *
 * @since 0.1.0
 * @category guards
 */
export const isResponse = (u: unknown): u is Response => typeof u === "object" && u !== null && TypeId in u

const nonEmpty = <E>(stream: Stream.Stream<Uint8Array, E>): Stream.Stream<Uint8Array, E> =>
  Stream.filter(stream, (bytes) => bytes.length > 0)
