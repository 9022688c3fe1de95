/**
 * Jars of cookies, by the rules of RFC 6265bis: given to a client, a jar keeps what servers set and sends it back where it
 * belongs.
 *
 * When to use: to stay logged in over several requests, or runs of a program (`makePersisted`), or to take over the
 * session of a browser (`importNetscape`). A client has no jar unless it is given one: one client often serves many users.
 * Give each user a jar and a client; clients over one `Transport` share its connections.
 *
 * What to know: the Cookie field is made when a request is sent, hops of redirects included, and what an answer sets is in
 * the jar before anybody sees that answer. A Set-Cookie that is not allowed is ignored and never fails a request; `set`
 * fails with `CookieError`. The request's own cookies, in a Cookie field or its `cookies` option, stay and count before
 * those of the jar with the same name. `cookies: null` leaves the jar out of one call. Time is that of Effect's `Clock`.
 *
 * What a client without pages makes of rules for browsers:
 *
 * - SameSite is kept and exported, but every request counts as one of the same site. HttpOnly hides nothing.
 * - Secure cookies are sent and taken over https, and with the machine itself (`localhost`, `*.localhost`, `127.0.0.0/8`,
 *   `::1`), as in Chrome and Firefox.
 * - Cookies for public suffixes are refused, `__Host-` and `__Secure-` must keep their promises, no cookie lives longer
 *   than 400 days or has more than 4096 bytes. Cookies without a name are ignored, as are those with control characters
 *   in them.
 *
 * Gotchas: a session cookie ends with the jar, and a persisted jar does not end with the program; `session: false` leaves
 * them out of it. Over another `HttpClient` than ours, of several cookies with one name in one answer the last counts,
 * because that is all it tells. `withJar` belongs under `HttpClient.followRedirects`, not above: the answers on the way
 * are seen only there. A jar in `Client.layerConfig` is written `Config.succeed(jar)`.
 *
 * @example
 * ```ts
 * import { Client, Cookies } from "effect-httpx"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const jar = yield* Cookies.make()
 *   const client = yield* Client.make({ baseUrl: "https://shop.example.com", cookies: jar })
 *   yield* client.post("/login", { form: { user: "ada", password: "lovelace" } })
 *   const basket = yield* client.get("/basket", { cookies: { currency: "EUR" } })
 *   return [yield* basket.json, yield* jar.get("session")]
 * })
 * ```
 *
 * @since 0.1.0
 */
import type { PlatformError } from "@effect/platform/Error"
import type * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import type { KeyValueStore } from "@effect/platform/KeyValueStore"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { CookieJar } from "./cookies/CookieJar.js"
import type { CookieError } from "./cookies/errors.js"
import { type CookiesOptions, makeJar } from "./cookies/make.js"
import * as persisted from "./cookies/persisted.js"
import * as policy from "./policy/Cookies.js"
import { withPolicy } from "./transport/platform/withPolicy.js"

export type { Cookie, SameSite } from "./cookies/Cookie.js"
export type { CookieInput } from "./cookies/CookieInput.js"
export type { CookieFilter, CookieJar } from "./cookies/CookieJar.js"
export { CookieConflict, CookieError } from "./cookies/errors.js"
export type { ExportOptions } from "./cookies/kept.js"
export type { CookiesOptions } from "./cookies/make.js"
export type { PersistedOptions } from "./cookies/persisted.js"
export { isCookieJar, TypeId } from "./cookies/TypeId.js"

/**
 * The tag of an application's one jar.
 *
 * @since 0.1.0
 * @category tags
 */
export class Cookies extends Context.Tag("effect-httpx/Cookies")<Cookies, CookieJar>() {}

/**
 * An empty jar in memory. The first one loads tough-cookie.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: CookiesOptions = {}): Effect.Effect<CookieJar> => makeJar(options)

/**
 * The same as a service.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: CookiesOptions | undefined): Layer.Layer<Cookies> =>
  Layer.effect(Cookies, make(options))

/**
 * A jar that is kept in the `KeyValueStore` of the context: read now, and written a second after it has changed, by its
 * `save`, and when the scope ends. What cannot be written after a change or at the end is logged; `save` fails with it. A
 * kept jar that cannot be read fails with `CookieError`.
 *
 * Two programs with one jar overwrite each other's: the last one to write counts.
 *
 * @example
 * ```ts
 * import { KeyValueStore } from "@effect/platform"
 * import { NodeContext } from "@effect/platform-node"
 * import { Client, Cookies } from "effect-httpx"
 * import { Transport } from "effect-httpx/node"
 * import { Effect, Layer } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const jar = yield* Cookies.Cookies
 *   const client = yield* Client.make({ cookies: jar })
 *   return yield* client.get("https://shop.example.com/basket")
 * }).pipe(
 *   Effect.provide(Cookies.layerPersisted()),
 *   Effect.provide(Layer.mergeAll(Transport.layer(), KeyValueStore.layerFileSystem("./state"))),
 *   Effect.provide(NodeContext.layer)
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const makePersisted = (
  options?: persisted.PersistedOptions | undefined
): Effect.Effect<CookieJar, CookieError | PlatformError, KeyValueStore | Scope.Scope> =>
  persisted.makePersisted(options)

/**
 * The same as a service.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerPersisted = (
  options?: persisted.PersistedOptions | undefined
): Layer.Layer<Cookies, CookieError | PlatformError, KeyValueStore> => Layer.scoped(Cookies, makePersisted(options))

/**
 * A jar for any `HttpClient` of `@effect/platform`, ours or another.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withJar = (
  jar: CookieJar
): (<E, R>(client: HttpClient.HttpClient.With<E, R>) => HttpClient.HttpClient.With<E | HttpClientError, R>) =>
  withPolicy(policy.withJar(jar))
