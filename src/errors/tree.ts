/**
 * The leaves of the tree that `HttpxError` shows, and what each of them carries.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type { Response } from "../Response.js"

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
