/**
 * Jars in memory.
 */
import type { PlatformError } from "@effect/platform/Error"
import * as Effect from "effect/Effect"
import { CookieJar } from "./CookieJar.js"
import { CookieStore } from "./CookieStore.js"
import { loadGrammar } from "./Grammar.js"

/**
 * @since 0.1.0
 * @category options
 */
export interface CookiesOptions {
  /**
   * Whether a host may not set cookies for all names below `com`, `co.uk` or `github.io`. False is for networks of one's
   * own, where hosts share a domain that has no dot in it. Default: true.
   */
  readonly rejectPublicSuffixes?: boolean | undefined
  /** How many cookies one domain may have; those not used for longest make room, secure ones last. Default: 180. */
  readonly maxPerDomain?: number | undefined
  /** How many cookies there may be in all. Default: 3000. */
  readonly maxCookies?: number | undefined
}

/** A jar, and what its `save` does. */
export const makeJar = (
  { maxCookies = 3000, maxPerDomain = 180, rejectPublicSuffixes = true }: CookiesOptions,
  save?: Effect.Effect<void, PlatformError>
): Effect.Effect<CookieJar> =>
  Effect.map(loadGrammar, (grammar) => {
    const store = new CookieStore({ perDomain: maxPerDomain, total: maxCookies })
    return new CookieJar(store, { grammar, rejectPublicSuffixes }, save)
  })
