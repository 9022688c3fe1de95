/**
 * What tough-cookie knows better than anybody would write again: the grammar of Set-Cookie with its dates (RFC 6265bis
 * §5.1.1, §5.6), the list of public suffixes, and the JSON form of a jar. It is loaded when the first jar is made.
 */
import * as Effect from "effect/Effect"
import type * as ToughCookie from "tough-cookie"

export type Grammar = Pick<typeof ToughCookie, "canonicalDomain" | "Cookie" | "CookieJar" | "getPublicSuffix">

export const loadGrammar: Effect.Effect<Grammar> = Effect.promise(() => import("tough-cookie"))

/** Whether everybody can have a name below this one: `com`, `co.uk`, `github.io`, and what has no dot in it. */
export const isPublicSuffix = (grammar: Grammar, domain: string): boolean =>
  // Of the names for tests and networks of one's own (RFC 6761), it would make an exception to the rules of the list.
  grammar.getPublicSuffix(domain, { allowSpecialUseDomain: false, ignoreError: true }) === undefined

/** The form in which domains are compared, or `undefined` for what cannot be a host's name. */
export const canonicalDomain = (grammar: Grammar, written: string): string | undefined => {
  try {
    return grammar.canonicalDomain(written)
  } catch {
    // Not ASCII, and no internationalized name either.
    return undefined
  }
}
