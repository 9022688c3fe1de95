/**
 * From a Set-Cookie text to a cookie, or why it is not one for this host (RFC 6265bis §5.6, §5.7).
 */
import { nameProblem, valueProblem } from "../protocol/cookieField.js"
import { defaultPath, domainMatches, isSecure, pathOf } from "../protocol/cookieScope.js"
import type { Target } from "../protocol/target.js"
import { Cookie, type SameSite } from "./Cookie.js"
import { canonicalDomain, type Grammar, isPublicSuffix } from "./Grammar.js"

/** What a cookie is before it is known where it belongs. */
export interface Proposal {
  readonly name: string
  readonly value: string
  /** Empty or `undefined`: the host alone. */
  readonly domain: string | undefined
  /** `undefined`: the folder of what was requested. */
  readonly path: string | undefined
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: SameSite | undefined
  /** Milliseconds since 1970. */
  readonly expires: number | undefined
}

export interface Rules {
  readonly grammar: Grammar
  readonly rejectPublicSuffixes: boolean
}

/** §5.5: no cookie lives longer than 400 days. */
const longest = 400 * 24 * 60 * 60 * 1000
/** §5.6: of name and value together, in bytes. */
const largestPair = 4096
const largestAttribute = 1024

/** Reads a Set-Cookie text; a text is why it is none. */
export const parseSetCookie = ({ grammar }: Rules, text: string, now: number): Proposal | string => {
  // §5.6 step 1 lets tabs pass; no cookies.txt could hold them, and curl refuses them too.
  if (/[\x00-\x1f\x7f]/.test(text)) return "it has a control character in it"
  const parsed = grammar.Cookie.parse(withoutLongAttributes(text))
  if (parsed === undefined) return "it has no name"
  const { domain, expires, httpOnly, key, maxAge, path, sameSite, secure, value } = parsed
  const problem = cookieProblem(key, value)
  if (problem !== undefined) return problem
  const asked =
    maxAge !== null ? now + secondsOf(maxAge) * 1000 : expires instanceof Date ? expires.getTime() : undefined
  return {
    name: key,
    value,
    domain: domain ?? undefined,
    path: path ?? undefined,
    secure,
    httpOnly,
    sameSite: sameSiteOf(sameSite),
    expires: asked === undefined ? undefined : Math.min(asked, now + longest)
  }
}

/** §5.6.2: zero and less is at once. What is too large for a number is written out. */
const secondsOf = (maxAge: number | "Infinity" | "-Infinity"): number => Math.max(0, Number(maxAge))

export const sameSiteOf = (text: string | undefined): SameSite | undefined =>
  text === "strict" || text === "lax" || text === "none" ? text : undefined

const withoutLongAttributes = (text: string): string =>
  text.length <= largestAttribute
    ? text
    : text
        .split(";")
        .filter((part, i) => i === 0 || part.length - part.indexOf("=") - 1 <= largestAttribute)
        .join(";")

/** Why there is no cookie of this name with this value, whoever sets it. */
export const cookieProblem = (name: string, value: string): string | undefined => {
  const problem = nameProblem(name) ?? valueProblem(name, value)
  if (problem !== undefined || name.length + value.length <= largestPair) return problem
  return `name and value of the cookie ${JSON.stringify(name)} have more than ${largestPair} bytes together`
}

/** The cookie that a host sets by a proposal; a text is why it may not. */
export const admit = (rules: Rules, proposal: Proposal, target: Target, now: number): Cookie | string => {
  const { expires, httpOnly, name, sameSite, secure, value } = proposal
  const domain = domainFor(rules, proposal.domain, target.hostname)
  if (domain === undefined) return `${target.hostname} may not set cookies for that domain`
  const path = proposal.path ?? defaultPath(pathOf(target))
  if (secure && !isSecure(target)) return "a secure cookie can be set over https only"
  const hostOnly = domain === ""
  const place = { domain: hostOnly ? target.hostname : domain, hostOnly, path }
  const cookie = new Cookie({ name, value, ...place, secure, httpOnly, sameSite, expires, createdAt: now })
  return prefixProblem(cookie, proposal.path !== undefined) ?? cookie
}

/** The domain that a host may set cookies for: `""` is the host alone, `undefined` is none (§5.7 steps 9 to 11). */
const domainFor = (rules: Rules, written: string | undefined, host: string): string | undefined => {
  if (written === undefined || written === "") return ""
  const domain = canonicalDomain(rules.grammar, written)
  if (domain === undefined || !domainMatches(host, domain)) return undefined
  if (rules.rejectPublicSuffixes && isPublicSuffix(rules.grammar, domain)) return domain === host ? "" : undefined
  return domain
}

/** §4.1.3: what a name promises, in any case of its letters. */
const prefixProblem = ({ hostOnly, name, path, secure }: Cookie, pathGiven: boolean): string | undefined => {
  if (/^__secure-/i.test(name) && !secure) return "the prefix __Secure- is for secure cookies"
  if (/^__host-/i.test(name) && !(secure && hostOnly && pathGiven && path === "/")) {
    return "the prefix __Host- is for secure cookies without a domain whose path is given as /"
  }
  return undefined
}
