/**
 * What can be wrong with cookies that are given, asked for, or kept in a file.
 */
import * as Data from "effect/Data"

/**
 * A cookie, a URL or a file of cookies that is given to a jar and cannot be used. The message shows no value.
 *
 * - `InvalidUrl`: the URL names no host.
 * - `InvalidCookie`: a name, value, domain or path that no cookie can have.
 * - `Refused`: the host may not set this cookie (RFC 6265bis §5.7): another's domain, a public suffix, Secure without
 *   https, a name prefix whose conditions are not met.
 * - `InvalidFile`: a cookies.txt or a JSON jar that is none.
 * - `InvalidValue`: the value of a cookie does not match the schema that it is read with.
 *
 * @since 0.1.0
 * @category errors
 */
export class CookieError extends Data.TaggedError("CookieError")<{
  readonly reason: "InvalidUrl" | "InvalidCookie" | "Refused" | "InvalidFile" | "InvalidValue"
  readonly message: string
}> {}

/**
 * Several cookies have the name that is asked for: say which one by `url`, `domain` or `path`.
 *
 * @since 0.1.0
 * @category errors
 */
export class CookieConflict extends Data.TaggedError("CookieConflict")<{
  readonly name: string
  /** Where those are that have it. */
  readonly places: ReadonlyArray<{ readonly domain: string; readonly path: string }>
  readonly message: string
}> {}
