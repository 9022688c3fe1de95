/**
 * Every failure of this library, as one tree of tagged errors. A network, a server or a caller's input never causes a
 * defect; it causes one of these, and the type of each operation names those that it can fail with.
 *
 * ```
 * HttpxError                       what a call can fail with
 * ├─ InvalidRequest                nothing was sent: the request itself cannot be sent
 * │  ├─ InvalidUrl                 the URL or its params make no URL
 * │  ├─ UnsupportedProtocol        the URL's scheme is neither http nor https
 * │  └─ LocalProtocolError         a method, field or body that HTTP cannot carry
 * ├─ ConnectFailure                nothing was sent: there is no connection
 * │  ├─ PoolTimeout                none became free for longer than allowed
 * │  ├─ DnsError                   the host has no address
 * │  ├─ AddressRefused             the host's addresses are not allowed
 * │  ├─ ConnectError               refused, unreachable, reset while connecting
 * │  ├─ ProxyError                 the proxy did not open the way
 * │  ├─ ConnectTimeout             connecting took longer than allowed
 * │  └─ TlsError                   certificate or handshake
 * ├─ SendFailure
 * │  ├─ WriteError                 the connection broke while the request was being sent
 * │  └─ WriteTimeout               the server took no byte of the request for longer than allowed
 * ├─ ReadFailure                   also what reading a response's body can fail with
 * │  ├─ ReadError                  the connection broke before the answer was complete
 * │  ├─ ReadTimeout                no byte arrived for longer than allowed
 * │  ├─ TotalTimeout               the whole call took longer than its `timeout`
 * │  ├─ RemoteProtocolError        the server sent something that is not HTTP, or not allowed
 * │  ├─ DecodingError              a content coding or JSON text that cannot be decoded
 * │  ├─ BodyTooLarge               the body is larger than `maxBodySize`
 * │  ├─ StreamConsumed             a body that can be read once is wanted a second time
 * │  └─ StreamClosed               the response was closed before it was read
 * └─ PolicyFailure                 an answer came, and cannot be acted upon
 *    ├─ TooManyRedirects           the answers went on redirecting
 *    ├─ RedirectRefused            a redirect that may not be followed, or leads nowhere
 *    ├─ AuthError                  credentials that could not be had, or a challenge that cannot be met
 *    └─ HookError                  a hook of the client failed
 *
 * beside the tree, from the one operation that has it:
 *    BodyError<E>                  the caller's own body stream failed, with its error `E`
 *    StatusError                   `response.raiseForStatus` on a status that is not 2xx
 *    InvalidLine                   a line of `response.ndjson` that is not what it should be
 *    PaginationError               a page leads to where `Pagination` may not go
 *    NoPendingResponses            `parallel.nextResponse` with nothing left to wait for
 *    RequestCancelled              `pending.getResponse` after `pending.cancel` or after the block was left
 *    UnobservedFailures            `client.parallel.use` with requests that failed and that nobody looked at
 * ```
 *
 * Retry on `delivery`, never on a message: `"unsent"` requests reached nobody, `"unknown"` ones may have been acted
 * upon, `"answered"` ones were.
 *
 * @example
 * ```ts
 * import { Client } from "effect-httpx"
 * import { Effect } from "effect"
 *
 * const page = Client.get("https://www.example.com/").pipe(
 *   Effect.flatMap((response) => response.text),
 *   Effect.catchTag("ConnectTimeout", "ConnectError", () => Effect.succeed("offline"))
 * )
 * ```
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Option from "effect/Option"
import type { ParseError } from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import type { Response } from "./Response.js"
import type { CapturedBody } from "./response/CapturedBody.js"
import type { ProblemDetails } from "./response/ProblemDetails.js"

/**
 * How far the request is known to have got: it reached nobody, it may have been acted upon, it was answered.
 *
 * @since 0.1.0
 * @category models
 */
export type Delivery = "unsent" | "unknown" | "answered"

/**
 * What was being done when the failure came: making the request, waiting for a connection's turn, opening one (finding
 * the address, connecting, asking the proxy, securing), sending, waiting for the answer's head, or reading its body.
 *
 * @since 0.1.0
 * @category models
 */
export type Phase = "prepare" | "queue" | "dns" | "connect" | "proxy" | "tls" | "send" | "wait" | "read"

/**
 * The request that failed, safe to print: no user, password, query value or fragment is in the URL.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestSummary {
  readonly method: string
  /** Redacted. */
  readonly url: string
  /** The `tag` given with the request, if any. */
  readonly tag?: unknown
}

/**
 * What every leaf of the tree carries.
 *
 * @since 0.1.0
 * @category models
 */
export interface Details {
  readonly request: RequestSummary
  readonly phase: Phase
  readonly delivery: Delivery
  /** Milliseconds from the start of the call to the failure. */
  readonly elapsed: number
  /** One sentence: what happened to which request, and what to do where that is known. */
  readonly message: string
  /** The error underneath, if there is one. */
  readonly cause?: unknown
}

/**
 * The URL, together with its base and its params, makes no URL.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidUrl extends Data.TaggedError("InvalidUrl")<Details> {}

/**
 * The URL's scheme is neither `http` nor `https`.
 *
 * @since 0.1.0
 * @category errors
 */
export class UnsupportedProtocol extends Data.TaggedError("UnsupportedProtocol")<Details> {}

/**
 * The request holds something that HTTP cannot carry: a method that is no token, a field with a line break, a body that
 * does not match its Content-Length, JSON of a value that has none.
 *
 * @since 0.1.0
 * @category errors
 */
export class LocalProtocolError extends Data.TaggedError("LocalProtocolError")<Details> {}

/**
 * No connection became free, and no other could be opened, for longer than `timeout.pool`. Connecting itself is not
 * counted, nor is the wait at a parallel block's own gate.
 *
 * @since 0.1.0
 * @category errors
 */
export class PoolTimeout extends Data.TaggedError("PoolTimeout")<Details & { readonly limit: number }> {}

/**
 * The host's name could not be resolved.
 *
 * @since 0.1.0
 * @category errors
 */
export class DnsError extends Data.TaggedError("DnsError")<Details> {}

/**
 * The host has only addresses that the transport's `allowAddress` does not let it connect to.
 *
 * @since 0.1.0
 * @category errors
 */
export class AddressRefused extends Data.TaggedError("AddressRefused")<Details & { readonly address: string }> {}

/**
 * The proxy did not open the way: it refused, wants other credentials (`status` 407), or broke its protocol. Also when
 * the proxy's own URL, given or from the environment, is none.
 *
 * @since 0.1.0
 * @category errors
 */
export class ProxyError extends Data.TaggedError("ProxyError")<
  Details & {
    /** The proxy's answer to CONNECT, where it gave one. */
    readonly status: number | undefined
  }
> {}

/**
 * No connection could be opened: refused, unreachable, or reset at once.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConnectError extends Data.TaggedError("ConnectError")<Details> {}

/**
 * Opening the connection (name, TCP, proxy and TLS together) took longer than `timeout.connect`; `phase` says where it
 * was.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConnectTimeout extends Data.TaggedError("ConnectTimeout")<Details & { readonly limit: number }> {}

/**
 * The TLS handshake failed, most often because the server's certificate is not trusted for its name.
 *
 * @since 0.1.0
 * @category errors
 */
export class TlsError extends Data.TaggedError("TlsError")<Details & { readonly code: string | undefined }> {}

/**
 * The connection broke while the request was being sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class WriteError extends Data.TaggedError("WriteError")<Details> {}

/**
 * The server took no byte of the request's body for longer than `timeout.write`.
 *
 * @since 0.1.0
 * @category errors
 */
export class WriteTimeout extends Data.TaggedError("WriteTimeout")<Details & { readonly limit: number }> {}

/**
 * The connection broke before the answer was complete.
 *
 * @since 0.1.0
 * @category errors
 */
export class ReadError extends Data.TaggedError("ReadError")<Details> {}

/**
 * No byte arrived for longer than `timeout.read`.
 *
 * @since 0.1.0
 * @category errors
 */
export class ReadTimeout extends Data.TaggedError("ReadTimeout")<Details & { readonly limit: number }> {}

/**
 * The whole call, its body included, took longer than its `timeout`.
 *
 * @since 0.1.0
 * @category errors
 */
export class TotalTimeout extends Data.TaggedError("TotalTimeout")<Details & { readonly limit: number }> {}

/**
 * What the server sent is not HTTP, or breaks a rule that protects its reader (RFC 9112).
 *
 * @since 0.1.0
 * @category errors
 */
export class RemoteProtocolError extends Data.TaggedError("RemoteProtocolError")<
  Details & {
    /** The rule that was broken, e.g. `CONFLICTING_CONTENT_LENGTH`. */
    readonly code: string
  }
> {}

/**
 * The body arrived, but could not be decoded: a truncated or corrupt content coding, or text that is not JSON.
 *
 * @since 0.1.0
 * @category errors
 */
export class DecodingError extends Data.TaggedError("DecodingError")<Details> {}

/**
 * The body, decoded, has more bytes than may be taken into memory: see `maxBodySize`. What had not arrived is not fetched.
 *
 * @since 0.1.0
 * @category errors
 */
export class BodyTooLarge extends Data.TaggedError("BodyTooLarge")<
  Details & {
    /** Bytes. */
    readonly limit: number
  }
> {}

/**
 * A body that can be read only once is wanted again (HTTPX: `StreamConsumed`).
 *
 * @since 0.1.0
 * @category errors
 */
export class StreamConsumed extends Data.TaggedError("StreamConsumed")<Details> {}

/**
 * The response was closed before its body was read (HTTPX: `StreamClosed`).
 *
 * @since 0.1.0
 * @category errors
 */
export class StreamClosed extends Data.TaggedError("StreamClosed")<Details> {}

/**
 * A request was redirected more often than allowed; the answers on the way are in `history`, the first one first.
 *
 * @since 0.1.0
 * @category errors
 */
export class TooManyRedirects extends Data.TaggedError("TooManyRedirects")<
  Details & { readonly limit: number; readonly history: ReadonlyArray<Response> }
> {}

/**
 * An answer redirects to where the client may not go (from https to http, what a policy refuses), or to no place that
 * can be requested. The answer is attached.
 *
 * @since 0.1.0
 * @category errors
 */
export class RedirectRefused extends Data.TaggedError("RedirectRefused")<
  Details & {
    readonly response: Response
    /** Where it redirects to, redacted. */
    readonly location: string
  }
> {}

/**
 * Credentials could not be had (a token endpoint, a file, the caller's own effect failed), or the server asks for them in
 * a way that cannot be met.
 *
 * @since 0.1.0
 * @category errors
 */
export class AuthError extends Data.TaggedError("AuthError")<Details> {}

/**
 * A hook of the client failed; its error is the `cause`.
 *
 * @since 0.1.0
 * @category errors
 */
export class HookError extends Data.TaggedError("HookError")<Details> {}

/**
 * The caller's own body stream failed while it was being sent; `error` is its error, with its type.
 *
 * @since 0.1.0
 * @category errors
 */
export class BodyError<out E = unknown> extends Data.TaggedError("BodyError")<Details & { readonly error: unknown }> {
  declare readonly error: E
  constructor(details: Details & { readonly error: E }) {
    super(details)
  }
}

/**
 * `response.raiseForStatus` met a status that is not 2xx. The response is attached; its body can be read as if nobody had
 * looked at it.
 *
 * What was captured of the body is asked for by name: printing or logging the error never shows it.
 *
 * @since 0.1.0
 * @category errors
 */
export class StatusError<out A = never> extends Data.TaggedError("StatusError")<
  Details & { readonly status: number; readonly response: Response }
> {
  readonly #body: CapturedBody
  readonly #error: Option.Option<A>

  constructor({
    body,
    error,
    ...details
  }: Details & {
    readonly status: number
    readonly response: Response
    readonly body: CapturedBody
    readonly error: Option.Option<A>
  }) {
    super(details)
    this.#body = body
    this.#error = error
  }

  /** The beginning of the body, decoded: 64 KiB unless another limit was given. */
  get body(): CapturedBody {
    return this.#body
  }

  /** What the schema of `raiseForStatusWith` made of the body; none if it is something else. */
  get error(): Option.Option<A> {
    return this.#error
  }

  /** The body as a problem document, if it is one: of type `application/problem+json` and a JSON object (RFC 9457). */
  get problem(): Option.Option<ProblemDetails> {
    return this.#body.problem
  }
}

/**
 * A line of `response.ndjson` is not JSON, or not what its schema says. Neither the message nor anything else that is
 * printed has the line in it.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidLine extends Data.TaggedError("InvalidLine")<
  Details & {
    /** The number of the line, from 1 on, blank ones counted. */
    readonly line: number
  }
> {
  readonly #parseError: Option.Option<ParseError>

  constructor({ parseError, ...details }: Details & { readonly line: number; readonly parseError?: ParseError }) {
    super(details)
    this.#parseError = Option.fromNullable(parseError)
  }

  /** What the schema has to say, which shows values of the line; none if the line is not even JSON. */
  get parseError(): Option.Option<ParseError> {
    return this.#parseError
  }
}

/**
 * A page names a next one that is not asked for: on another origin, one that there was already, or one too many. The page
 * that names it is attached.
 *
 * @since 0.1.0
 * @category errors
 */
export class PaginationError extends Data.TaggedError("PaginationError")<
  Details & {
    readonly reason: "OtherOrigin" | "Loop" | "TooManyPages"
    readonly response: Response
    /** The URL of the next page, redacted. */
    readonly next: string
  }
> {}

/**
 * `parallel.nextResponse` when nothing is pending, or when the last pending was claimed or cancelled by another.
 *
 * @since 0.1.0
 * @category errors
 */
export class NoPendingResponses extends Data.TaggedError("NoPendingResponses")<{ readonly message: string }> {}

/**
 * The answer of a request that was cancelled, or that a parallel block left behind, is asked for.
 *
 * @since 0.1.0
 * @category errors
 */
export class RequestCancelled extends Data.TaggedError("RequestCancelled")<{
  readonly request: RequestSummary | undefined
  readonly message: string
}> {}

/**
 * A failure of a parallel block's request that nobody looked at.
 *
 * @since 0.1.0
 * @category models
 */
export type UnobservedFailure = HttpxError | BodyError<unknown> | RequestCancelled

/**
 * A parallel block of `client.parallel.use` with `onUnobserved: "fail"` came to its end, and some of its requests had
 * failed without anybody looking: all of those failures, in the order of completion.
 *
 * @since 0.1.0
 * @category errors
 */
export class UnobservedFailures extends Data.TaggedError("UnobservedFailures")<{
  readonly failures: ReadonlyArray<UnobservedFailure>
  readonly message: string
}> {}

/**
 * Nothing was sent, because the request itself cannot be.
 *
 * @since 0.1.0
 * @category unions
 */
export type InvalidRequest = InvalidUrl | UnsupportedProtocol | LocalProtocolError

/**
 * Nothing was sent, because there is no connection.
 *
 * @since 0.1.0
 * @category unions
 */
export type ConnectFailure =
  PoolTimeout | DnsError | AddressRefused | ConnectError | ProxyError | ConnectTimeout | TlsError

/**
 * The request may have been sent in part.
 *
 * @since 0.1.0
 * @category unions
 */
export type SendFailure = WriteError | WriteTimeout

/**
 * The answer, or its body, did not arrive whole.
 *
 * @since 0.1.0
 * @category unions
 */
export type ReadFailure =
  | ReadError
  | ReadTimeout
  | TotalTimeout
  | RemoteProtocolError
  | DecodingError
  | BodyTooLarge
  | StreamConsumed
  | StreamClosed

/**
 * An answer came that a policy of the client cannot act upon, or a policy could not do its part.
 *
 * @since 0.1.0
 * @category unions
 */
export type PolicyFailure = TooManyRedirects | RedirectRefused | AuthError | HookError

/**
 * What a call can fail with. A call whose body is a `Stream` that can fail has `BodyError<E>` beside it.
 *
 * @since 0.1.0
 * @category unions
 */
export type HttpxError = InvalidRequest | ConnectFailure | SendFailure | ReadFailure | PolicyFailure

const tags: ReadonlySet<string> = new Set([
  "InvalidUrl",
  "UnsupportedProtocol",
  "LocalProtocolError",
  "PoolTimeout",
  "DnsError",
  "AddressRefused",
  "ConnectError",
  "ProxyError",
  "ConnectTimeout",
  "TlsError",
  "WriteError",
  "WriteTimeout",
  "ReadError",
  "ReadTimeout",
  "TotalTimeout",
  "RemoteProtocolError",
  "DecodingError",
  "BodyTooLarge",
  "StreamConsumed",
  "StreamClosed",
  "TooManyRedirects",
  "RedirectRefused",
  "AuthError",
  "HookError"
] satisfies ReadonlyArray<HttpxError["_tag"]>)

/**
 * Whether a value is a leaf of the tree that a call can fail with.
 *
 * @since 0.1.0
 * @category guards
 */
export const isHttpxError = (u: unknown): u is HttpxError =>
  u instanceof Error && Predicate.hasProperty(u, "_tag") && typeof u._tag === "string" && tags.has(u._tag)
