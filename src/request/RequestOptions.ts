/**
 * What a request is made from.
 */
import type * as Stream from "effect/Stream"
import type * as HttpxError from "../HttpxError.js"
import type { Auth } from "../policy/auth/Auth.js"
import type { FollowRedirects } from "../policy/RedirectsOptions.js"
import type { FieldsInput } from "../protocol/Fields.js"
import type { ParamsInput } from "../protocol/params.js"
import type { Informational } from "../response/Informational.js"
import type { CookiesInput } from "./cookies.js"
import type { ReadingOptions } from "./ReadingOptions.js"
import type { CompressOptions, ContentCoding } from "./compression.js"
import type { ContentInput } from "./content.js"
import type { Stringify } from "./json.js"
import type { Once } from "./Once.js"
import type { TimeoutInput } from "./Timeouts.js"

/**
 * What is sent after the head. Bytes can be sent again; whether a stream can, it says.
 *
 * @since 0.1.0
 * @category models
 */
export type Body<E> = EmptyBody | BytesBody | StreamBody<E>

/**
 * @since 0.1.0
 * @category models
 */
export interface EmptyBody {
  readonly _tag: "Empty"
}

/**
 * @since 0.1.0
 * @category models
 */
export interface BytesBody {
  readonly _tag: "Bytes"
  readonly bytes: Uint8Array
}

/**
 * @since 0.1.0
 * @category models
 */
export interface StreamBody<out E> {
  readonly _tag: "Stream"
  readonly stream: Stream.Stream<Uint8Array, E | HttpxError.LocalProtocolError | HttpxError.StreamConsumed>
  /** Whether running the stream a second time gives the same bytes. */
  readonly isRepeatable: boolean
  /** In bytes; sent in chunks where it is not known. */
  readonly length: number | undefined
  /** @internal Of what flows once: whether it has. */
  readonly once: Once | undefined
}

/**
 * The options of any request.
 *
 * @since 0.1.0
 * @category models
 */
export interface CallOptions extends ReadingOptions {
  /**
   * The credentials of this request, instead of the client's; an Authorization field of the request and a user in its URL
   * give way to them. `null`: none but those two. What an auth fails with is the cause of an `AuthError`. Default: the client's, unless
   * the request has the field that they would set.
   */
  readonly auth?: Auth<unknown> | null | undefined
  /**
   * Fields of this request; a name given here replaces the client's fields of that name, and one given as `null` removes
   * them. Default: none.
   */
  readonly headers?: FieldsInput | undefined
  /**
   * Cookies of this request alone, beside those of a Cookie field and of the client's jar, before which they count. `null` or
   * `false`: the jar is left out, nothing of it is sent and nothing of the answer is kept. Default: the client's jar.
   */
  readonly cookies?: CookiesInput | null | false | undefined
  /**
   * Appended to the URL's own query, which stays as written, after those of the client; `null` is none of the client's
   * either. Default: none.
   */
  readonly params?: ParamsInput | null | undefined
  /**
   * The longest that the whole call may take, its body included, or that each phase may: `{ connect, read, write, pool,
   * total }`. `Infinity` is no limit. Default: the client's, then the transport's.
   */
  readonly timeout?: TimeoutInput | undefined
  /** Whether and how redirects are followed; see `Redirects`. Default: as the client does. */
  readonly followRedirects?: FollowRedirects | undefined
  /**
   * The request target as sent, for what a URL cannot say: `*` for OPTIONS, `host:port` for CONNECT. The URL says where the
   * connection goes. Default: the URL's path and query.
   */
  readonly target?: string | undefined
  /** Is told of each 1xx answer, e.g. 103 Early Hints, when it comes. Default: they are not looked at. */
  readonly onInformational?: ((informational: Informational) => void) | undefined
  /**
   * Compresses the body, if it is large enough and has no `content-encoding` yet; `null` does not, whatever the client
   * says. A coding that the transport does not have is a `LocalProtocolError`. Default: the client's, then not at all.
   */
  readonly compress?: ContentCoding | CompressOptions | null | undefined
  /** Makes the text of `json`. Default: the client's, then `JSON.stringify`. */
  readonly stringify?: Stringify | undefined
  /** Any value to know the request by; it comes back on pendings and in errors. Default: none. */
  readonly tag?: unknown
}

/**
 * The body of a request: at most one of the three. Giving two does not type-check.
 *
 * @since 0.1.0
 * @category models
 */
export type BodyOptions<E = never, R = never> =
  | {
      readonly json?: undefined
      readonly form?: undefined
      readonly content?: undefined
      readonly contentLength?: undefined
    }
  | {
      /**
       * Serialized by `stringify` and sent as `application/json`, unless the headers have another type.
       * `Request.jsonOf(schema)(value)` is encoded by the schema before.
       */
      readonly json: unknown
      readonly form?: undefined
      readonly content?: undefined
      readonly contentLength?: undefined
    }
  | {
      /** A record, pairs or `URLSearchParams`, sent as `application/x-www-form-urlencoded`. */
      readonly form: ParamsInput
      readonly json?: undefined
      readonly content?: undefined
      readonly contentLength?: undefined
    }
  | {
      /**
       * Text (as UTF-8), bytes and a `Blob` are sent with their length, and can be sent again. A `Stream`, a
       * `ReadableStream` and an iterable are sent in chunks unless their length is given, and once: a redirect or a
       * challenge that asks for them again fails with `StreamConsumed`. A function that gives one of these can be sent
       * again. No `content-type` is added, but for that of a `Blob`.
       */
      readonly content: ContentInput<E, R>
      /** Of content that does not know it itself, in bytes; then it is not sent in chunks. Default: not known. */
      readonly contentLength?: number | undefined
      readonly json?: undefined
      readonly form?: undefined
    }

/**
 * The options of a request that may have a body.
 *
 * @since 0.1.0
 * @category models
 */
export type RequestOptions<E = never, R = never> = CallOptions & BodyOptions<E, R>

/**
 * What a request whose body stream fails with `E` can fail with on that account: nothing, if the stream cannot fail.
 *
 * @since 0.1.0
 * @category models
 */
export type BodyFailure<E> = [E] extends [never] ? never : HttpxError.BodyError<E>
