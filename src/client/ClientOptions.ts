/**
 * What every call of a client has, unless it says otherwise.
 *
 * @since 0.1.0
 */
import type { CookieJar } from "../cookies/CookieJar.js"
import type { Auth } from "../policy/auth/Auth.js"
import type { HooksOptions } from "../policy/Hooks.js"
import type { FollowRedirects } from "../policy/RedirectsOptions.js"
import type { FieldsInput } from "../protocol/Fields.js"
import type { ParamsInput } from "../protocol/params.js"
import type * as Request from "../Request.js"

/**
 * `R` is what effects among the options need.
 *
 * @since 0.1.0
 * @category options
 */
export interface ClientOptions<out R = never> extends Request.ReadingOptions {
  /**
   * The credentials of every request that has none of its own: no `auth`, and not the field that they would set. They come
   * before a user in a URL, and go to every host that the client is asked to call, though not along with redirects to
   * another. One that fails makes the call fail with `AuthError`. Default: none.
   */
  readonly auth?: Auth<unknown, R> | undefined
  /** What relative URLs are put under, path included: with `https://host/v1`, `/users` is `https://host/v1/users`. Default: none. */
  readonly baseUrl?: string | URL | undefined
  /** The jar whose cookies are sent, and that keeps those that arrive. Default: none, nothing is kept. */
  readonly cookies?: CookieJar | undefined
  /**
   * Fields of every request; a request's own field of the same name replaces them. `null` removes one of
   * `defaultHeaders`. Default: none beside those.
   */
  readonly headers?: FieldsInput | undefined
  /** Parameters of every request, before its own. Default: none. */
  readonly params?: ParamsInput | undefined
  /** The longest that a whole call may take, or that each phase may. Default: no limit in total, the transport's for phases. */
  readonly timeout?: Request.TimeoutInput | undefined
  /** Whether and how redirects are followed; see `Redirects`. Default: at most 20, and none from https to http. */
  readonly followRedirects?: FollowRedirects | undefined
  /** Makes the text of `json` of every request. Default: `JSON.stringify`. */
  readonly stringify?: Request.Stringify | undefined
  /**
   * Compresses the bodies of requests, e.g. `"gzip"` or `{ coding: "br", threshold: 4096 }` in bytes. Only for servers
   * that are known to take it. Default: not at all.
   */
  readonly compress?: Request.ContentCoding | Request.CompressOptions | undefined
  /** Effects around every message. One that fails makes the call fail with `HookError`. Default: none. */
  readonly hooks?: HooksOptions<R> | undefined
}
