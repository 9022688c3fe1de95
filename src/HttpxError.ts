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
import * as Predicate from "effect/Predicate"
import type {
  AddressRefused,
  AuthError,
  BodyTooLarge,
  ConnectError,
  ConnectTimeout,
  DecodingError,
  DnsError,
  HookError,
  InvalidUrl,
  LocalProtocolError,
  PoolTimeout,
  ProxyError,
  ReadError,
  ReadTimeout,
  RedirectRefused,
  RemoteProtocolError,
  StreamClosed,
  StreamConsumed,
  TlsError,
  TooManyRedirects,
  TotalTimeout,
  UnsupportedProtocol,
  WriteError,
  WriteTimeout
} from "./errors/tree.js"

export * from "./errors/beside.js"
export * from "./errors/tree.js"

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
