/**
 * Cookies as a program gives them to a jar.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { cookieProblem, type Proposal } from "./admission.js"
import type { SameSite } from "./Cookie.js"

/**
 * A cookie to be set, as a record.
 *
 * @since 0.1.0
 * @category options
 */
export interface CookieInput {
  /** Visible ASCII other than `"`, `,`, `;` and `=`. */
  readonly name: string
  /** As it is to be sent; nothing is encoded. */
  readonly value: string | Redacted.Redacted<string>
  /** Also for the subdomains of this one, which the URL's host must be or be below. Default: the URL's host alone. */
  readonly domain?: string | undefined
  /** Default: `/`. */
  readonly path?: string | undefined
  /** Send it over https only. Default: false. */
  readonly secure?: boolean | undefined
  /** Default: false. */
  readonly httpOnly?: boolean | undefined
  /** Kept, not acted upon. Default: none. */
  readonly sameSite?: SameSite | undefined
  /** How long it lives; zero removes it. Default: as long as the jar, or until `expires`. */
  readonly maxAge?: Duration.DurationInput | undefined
  /** When it ends, if `maxAge` is not given: a date, or milliseconds since 1970. Default: with the jar. */
  readonly expires?: Date | number | undefined
}

/** What a record proposes; a text is what is wrong with it. */
export const proposalOf = (input: CookieInput, now: number): Proposal | string => {
  if (typeof input !== "object" || input === null) return "a cookie is a record, or the text of a Set-Cookie field"
  const { domain, httpOnly = false, name, path = "/", sameSite, secure = false } = input
  const value = Redacted.isRedacted(input.value) ? Redacted.value(input.value) : input.value
  const problem = cookieProblem(name, value)
  if (problem !== undefined) return problem
  if (!/^\/[^\x00-\x1f\x7f;]*$/.test(path))
    return `the path of the cookie ${JSON.stringify(name)} does not begin with /`
  const expires = expiryOf(input, now)
  if (typeof expires === "string") return expires
  return { name, value, domain, path, secure, httpOnly, sameSite, expires }
}

const expiryOf = ({ expires, maxAge, name }: CookieInput, now: number): number | undefined | string => {
  if (maxAge !== undefined) {
    const duration = Duration.decodeUnknown(maxAge)
    if (Option.isNone(duration)) return `the maxAge of the cookie ${JSON.stringify(name)} is not a duration`
    const ms = Duration.toMillis(duration.value)
    return ms === Infinity ? undefined : now + ms
  }
  if (expires === undefined) return undefined
  const at = Number(expires)
  return Number.isNaN(at) ? `${JSON.stringify(name)} expires at what is no date` : at
}
