/**
 * Cookies that were kept in a file: what goes into one, and what of one is a cookie.
 */
import * as Effect from "effect/Effect"
import { cookieProblem, type Rules } from "./admission.js"
import { Cookie } from "./Cookie.js"
import { CookieError } from "./errors.js"
import { canonicalDomain, isPublicSuffix } from "./Grammar.js"

/**
 * What of a jar is written to a file.
 *
 * @since 0.1.0
 * @category options
 */
export interface ExportOptions {
  /** Whether session cookies too, which have no time to end at. Default: true. */
  readonly session?: boolean | undefined
}

/** Those that are written. */
export const kept = (cookies: ReadonlyArray<Cookie>, { session = true }: ExportOptions = {}): ReadonlyArray<Cookie> =>
  session ? cookies : cookies.filter(({ expires }) => expires !== undefined)

/** What a file says of a cookie. */
export type KeptCookie = Omit<Pick<Cookie, keyof Cookie>, "toJSON" | "toString" | symbol>

/** Whether a file's cookie is one; a text is why not. */
export const keptCookie = (rules: Rules, fields: KeptCookie): Cookie | string => {
  const { hostOnly, name, path, value } = fields
  const problem = cookieProblem(name, value)
  if (problem !== undefined) return problem
  const domain = canonicalDomain(rules.grammar, fields.domain)
  if (domain === undefined || !/^[^\x00-\x20\x7f;/]+$/.test(domain))
    return `the cookie ${JSON.stringify(name)} has no domain`
  if (!/^\/[^\x00-\x1f\x7f;]*$/.test(path))
    return `the path of the cookie ${JSON.stringify(name)} does not begin with /`
  // What a server could not have set, a file must not smuggle in.
  if (!hostOnly && rules.rejectPublicSuffixes && isPublicSuffix(rules.grammar, domain)) {
    return `the cookie ${JSON.stringify(name)} is for everybody below ${domain}`
  }
  return new Cookie({ ...fields, domain })
}

/** A file that cannot be read. */
export const badFile = (what: string): Effect.Effect<never, CookieError> =>
  Effect.fail(new CookieError({ reason: "InvalidFile", message: what }))
