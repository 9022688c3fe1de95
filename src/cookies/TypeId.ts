/**
 * What a jar is known by, without all that it is made of.
 */
import * as Predicate from "effect/Predicate"
import type { CookieJar } from "./CookieJar.js"

/**
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: unique symbol = Symbol.for("effect-httpx/CookieJar")

/**
 * Whether a value is a jar.
 *
 * @since 0.1.0
 * @category guards
 */
export const isCookieJar = (u: unknown): u is CookieJar => Predicate.hasProperty(u, TypeId)
