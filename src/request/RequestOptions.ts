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
import type { TimeoutInput } from "./Timeouts.js"

/**
 * What is sent after the head. Bytes can be sent again, and so can a stream, by running it again, unless it was made from
 * something that flows once.
 *
 * @since 0.1.0
 * @category models
 */
export type Body<E> =
  | { readonly _tag: "Empty" }
  | { readonly _tag: "Bytes"; readonly bytes: Uint8Array }
  | { readonly _tag: "Stream"; readonly stream: Stream.Stream<Uint8Array, E> }

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
  /** Fields of this request; a name given here replaces the client's fields of that name. Default: none. */
  readonly headers?: FieldsInput | undefined
  /**
   * Cookies of this request alone, beside those of a Cookie field and of the client's jar, before which they count. `null` or
   * `false`: the jar is left out, nothing of it is sent and nothing of the answer is kept. Default: the client's jar.
   */
  readonly cookies?: CookiesInput | null | false | undefined
  /** Appended to the URL's own query, which stays as written. Default: none. */
  readonly params?: ParamsInput | undefined
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
  | { readonly json?: undefined; readonly form?: undefined; readonly content?: undefined }
  | {
      /** Serialized by `JSON.stringify` and sent as `application/json`. */
      readonly json: unknown
      readonly form?: undefined
      readonly content?: undefined
    }
  | {
      /** Sent as `application/x-www-form-urlencoded`. */
      readonly form: ParamsInput
      readonly json?: undefined
      readonly content?: undefined
    }
  | {
      /**
       * Text (as UTF-8) or bytes, sent with their length, or a stream, sent in chunks unless the headers give its
       * `content-length`. No `content-type` is added.
       */
      readonly content: string | Uint8Array | Stream.Stream<Uint8Array, E, R>
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
