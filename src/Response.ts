/**
 * A response: its head, and a body that is read to its end, streamed once, or closed.
 *
 * What to know: a response from `client.get` and its siblings is already read, its connection is free, and every reader
 * (`read`, `text`, `json`, `formData`, `stream`, `lines`…) answers from memory as often as wanted. One from `client.stream`
 * is open:
 *
 * - `read`, `text`, `json`… take the rest into memory, up to `maxBodySize`; from then on it is as above.
 * - `stream` (decoded), `raw` (as on the wire), and what is made of them, `textStream`, `lines` and `ndjson`, flow once; a
 *   second time fails `StreamConsumed`.
 * - `close` ends it early and aborts what still flows; reading after that fails `StreamClosed`. Leaving the scope closes.
 *
 * Gotchas: a connection that is lost before the end fails; it never ends a stream early. Interrupting one reader of
 * `read` leaves the bytes for the next; interrupting a running `stream` closes the response. Printing a response reads
 * nothing, and no error shows anything of a body: `raiseForStatus` has it in `error.body`, for those who ask.
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
import type * as Stream from "effect/Stream"
import type * as Schema from "effect/Schema"
import { decodeText } from "./content/charset.js"
import type { ContentDisposition } from "./content/ContentDisposition.js"
import type { Decoders } from "./content/ContentEncoding.js"
import { type MediaType, mediaTypeOf } from "./content/MediaType.js"
import type * as HttpxError from "./HttpxError.js"
import { fieldOf, fieldsOf } from "./protocol/Fields.js"
import { type Links, parseLinks } from "./protocol/linkHeader.js"
import { redactField, redactUrl } from "./protocol/redaction.js"
import type { Request } from "./Request.js"
import { type NextRequest, noHistory, noNextRequest } from "./response/NextRequest.js"
import type { CapturedBody } from "./response/CapturedBody.js"
import type { ConnectionInfo, ConnectTimings } from "./response/ConnectionInfo.js"
import { jsonOf, tooLongForText } from "./response/failures.js"
import { dispositionOf, formDataOf } from "./response/parsed.js"
import { ResponseBody } from "./response/ResponseBody.js"
import { headersOf, pairsOf, type ResponseInit } from "./response/ResponseInit.js"
import type { Source } from "./response/Source.js"
import { type CaptureOptions, describedError, statusError } from "./response/status.js"
import { jsonLinesOf, linesOf, textOf, valuesOf } from "./response/texts.js"
import { type Timings, timingsOf } from "./response/Timings.js"
import type { Upgraded } from "./response/Upgraded.js"
import { fromSetCookies } from "./transport/platform/platformCookies.js"

export type { ContentDisposition } from "./content/ContentDisposition.js"
export type { DefaultEncoding } from "./content/charset.js"
export type { MediaType } from "./content/MediaType.js"
export type { Link, Links } from "./protocol/linkHeader.js"
export type { CapturedBody } from "./response/CapturedBody.js"
export { ProblemDetails } from "./response/ProblemDetails.js"
export type { CaptureOptions } from "./response/status.js"
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

// The longest string that V8 makes, in characters.
const longestText = 0x1fffffe8

// RFC 9110 §15.4: what has a Location that is meant to be followed.
const redirecting: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * A response. See the module's documentation for how its body can be read.
 *
 * @since 0.1.0
 * @category models
 */
export class Response extends ResponseBody implements HttpIncomingMessage.HttpIncomingMessage<HttpxError.ReadFailure> {
  readonly [TypeId]: typeof TypeId = TypeId
  readonly [HttpIncomingMessage.TypeId]: HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId

  private headerRecord: Headers.Headers | undefined = undefined
  private readonly answeredAfter: number
  private earlier: ReadonlyArray<Response> = noHistory
  private next: NextRequest = noNextRequest

  /** For transports: what answers a request, its body still to be read from `source`. */
  constructor(
    request: Request<unknown>,
    init: ResponseInit,
    source: Source,
    decoders: Decoders | undefined,
    private readonly carried: ConnectionInfo | undefined,
    /** Milliseconds from the start of the call until a connection took the request, where that is known. */
    private readonly carriedAfter?: number | undefined,
    /** What opening that connection took, if it was opened for this request. */
    private readonly opening?: ConnectTimings | undefined
  ) {
    super(request, init, source, decoders)
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
    return pairsOf(this.trailerSection)
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

  /** Where that time went: waiting for a connection, opening it, waiting for the head, receiving the body. */
  get timings(): Timings {
    const { answeredAfter, carriedAfter, opening } = this
    const endedAfter = this.endedAfter ?? this.source?.endedAfter
    return timingsOf({ carriedAfter, answeredAfter, endedAfter, opening })
  }

  /**
   * The answers of the call before this one, the first one first: those that redirected, and those that an auth went on
   * from. A short body of theirs is in memory, any other closed.
   */
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

  /** @internal Takes its place in a chain of answers. */
  follows(history: ReadonlyArray<Response>, next: NextRequest): void {
    this.earlier = history
    this.next = next
  }

  /** Whether the status is 1xx. Only 101 is ever that of a response: see `onInformational` for the others. */
  get isInformational(): boolean {
    return this.status < 200
  }

  /** Whether the status is 2xx. */
  get isSuccess(): boolean {
    return this.status >= 200 && this.status < 300
  }

  /** Whether the status is 3xx: 304 is too, though it leads nowhere. */
  get isRedirect(): boolean {
    return this.status >= 300 && this.status < 400
  }

  /** Whether the status is 301, 302, 303, 307 or 308, and there is a Location. */
  get hasRedirectLocation(): boolean {
    return redirecting.has(this.status) && fieldOf(this.init.fields, "location") !== undefined
  }

  /** Whether the status is 4xx. */
  get isClientError(): boolean {
    return this.status >= 400 && this.status < 500
  }

  /** Whether the status is 5xx. */
  get isServerError(): boolean {
    return this.status >= 500 && this.status < 600
  }

  /** Whether the status is 4xx or 5xx. */
  get isError(): boolean {
    return this.isClientError || this.isServerError
  }

  /** The links of the Link fields (RFC 8288), their targets resolved against `url`. */
  get links(): Links {
    return parseLinks(fieldOf(this.init.fields, "link"), this.url)
  }

  /** What Content-Type says, if it is a media type. */
  get contentType(): Option.Option<MediaType> {
    return Option.fromNullable(mediaTypeOf(this.init.contentType))
  }

  /**
   * What Content-Disposition says (RFC 6266): whether to show the body or to save it, and as what. Its file name is made safe:
   * see `ContentDisposition`. An effect because the parser is loaded when it is first asked for.
   */
  get contentDisposition(): Effect.Effect<Option.Option<ContentDisposition>> {
    return dispositionOf(fieldOf(this.init.fields, "content-disposition"))
  }

  /**
   * The whole body as text: by a byte order mark, else by the charset of Content-Type, else by `defaultEncoding`, else as
   * UTF-8. Never fails on bad bytes.
   */
  get text(): Effect.Effect<string, HttpxError.ReadFailure> {
    const { content } = this
    if (content !== undefined && content.length <= longestText) return Effect.sync(() => this.decodeText(content))
    return Effect.flatMap(this.textual, (bytes) => Effect.succeed(this.decodeText(bytes)))
  }

  /** The whole body as JSON; `DecodingError` if it is not. For types, `HttpIncomingMessage.schemaBodyJson(schema)(response)`. */
  get json(): Effect.Effect<unknown, HttpxError.ReadFailure> {
    return Effect.flatMap(this.textual, (bytes) => jsonOf(this, bytes, this.init.contentType))
  }

  /** The whole body as an ArrayBuffer of its own. */
  get arrayBuffer(): Effect.Effect<ArrayBuffer, HttpxError.ReadFailure> {
    return Effect.map(this.bytes, (bytes) => new Uint8Array(bytes).buffer)
  }

  /** The whole body as form fields. */
  get urlParamsBody(): Effect.Effect<UrlParams.UrlParams, HttpxError.ReadFailure> {
    return Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text)))
  }

  /** The whole body as form data, multipart or urlencoded, its files in memory; `DecodingError` if it is not. */
  get formData(): Effect.Effect<FormData, HttpxError.ReadFailure> {
    return Effect.flatMap(this.arrayBuffer, (body) => formDataOf(this, body, this.init.contentType))
  }

  /** The body as text, as it arrives: no character is cut in two, and no piece is empty. */
  get textStream(): Stream.Stream<string, HttpxError.ReadFailure> {
    return textOf(this.stream, this.init.contentType, this.reading.defaultEncoding)
  }

  /** The body as lines of text, ended by CR, LF or CRLF and nothing else, without their ends. */
  get lines(): Stream.Stream<string, HttpxError.ReadFailure> {
    return linesOf(this.textStream, this, this.reading.maxBodySize)
  }

  /**
   * The body as JSON, one value a line (NDJSON, JSON Lines), blank lines left out; with a schema, as what that says. A line
   * that is something else ends the stream with `InvalidLine`.
   */
  ndjson(): Stream.Stream<unknown, HttpxError.ReadFailure | HttpxError.InvalidLine>
  ndjson<A, I, R>(schema: Schema.Schema<A, I, R>): Stream.Stream<A, HttpxError.ReadFailure | HttpxError.InvalidLine, R>
  ndjson<A, I, R>(schema?: Schema.Schema<A, I, R>) {
    // @effect-diagnostics-next-line missingEffectContext:off -- without a schema, there is nothing that R could belong to
    return schema === undefined ? jsonLinesOf(this.lines, this) : valuesOf(this.lines, this, schema)
  }

  /**
   * This response, or `StatusError` if its status is not 2xx: 304 and 101 are not either. The body stays as readable as it
   * was. The error has its beginning, up to 64 KiB; of a body that still flows, what comes within a second.
   */
  get raiseForStatus(): Effect.Effect<this, HttpxError.StatusError> {
    return Effect.suspend(() => (this.isSuccess ? Effect.succeed(this) : statusError(this, this.captureBy({}))))
  }

  /**
   * The same, its `error` being what a schema makes of the JSON that the body is: a server's own description of what went
   * wrong. A body that is something else leaves `error` empty.
   */
  raiseForStatusWith<A, I, R>(
    schema: Schema.Schema<A, I, R>,
    options: CaptureOptions = {}
  ): Effect.Effect<this, HttpxError.StatusError<A>, R> {
    return Effect.suspend(() =>
      this.isSuccess ? Effect.succeed(this) : describedError(this, this.captureBy(options), schema)
    )
  }

  /** @internal The clock of the call, while it runs. */
  get clock(): Clock | undefined {
    return this.call?.clock
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

  override toString(): string {
    return Inspectable.format(this.toJSON())
  }

  [Inspectable.NodeInspectSymbol](): unknown {
    return this.toJSON()
  }

  private decodeText(bytes: Uint8Array): string {
    return decodeText(bytes, this.init.contentType, this.reading.defaultEncoding)
  }

  /** The whole body, if it can be a text. */
  private get textual(): Effect.Effect<Uint8Array, HttpxError.ReadFailure> {
    return Effect.flatMap(this.bytes, (bytes) =>
      bytes.length <= longestText ? Effect.succeed(bytes) : tooLongForText(this, bytes.length, longestText)
    )
  }

  private captureBy({ bodyLimit = 65_536, bodyTimeout = 1_000 }: CaptureOptions): Effect.Effect<CapturedBody> {
    return this.capture(bodyLimit, bodyTimeout)
  }
}

/**
 * Whether a value is a response of ours.
 *
 * @since 0.1.0
 * @category guards
 */
export const isResponse = (u: unknown): u is Response => typeof u === "object" && u !== null && TypeId in u
