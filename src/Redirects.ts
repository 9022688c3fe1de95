/**
 * Redirects: which are followed, how often, and what does not travel along.
 *
 * When to use: a `Client` follows redirects by itself, at most 20. `followRedirects`, of a client or of a call, changes
 * that: `false` gives the answer that redirects, a policy decides on each redirect, options set the limit and more. For an
 * `HttpClient` of the platform there is `Redirects.follow`.
 *
 * What to know:
 *
 * - 301 makes GET of POST, 302 and 303 of everything but HEAD, and the body goes with all fields that describe it; 307 and
 *   308 send method and body again. A body that flows once, needed again, fails with `StreamConsumed` before anything is sent.
 * - To another origin (scheme, host or port) goes no Authorization, no cookie that the caller wrote and no field of the list
 *   `sensitiveFields`, nor does it come back with a later hop. From http to https on the same host, on default ports, they
 *   do go along.
 * - From https to http fails with `RedirectRefused`, unless `allowDowngrade` is set. So does what is no place to go: a broken
 *   Location, another scheme, several Locations. While redirects are not followed, a Location is not looked at.
 * - `response.history` has the answers on the way, `response.nextRequest` the request that was not followed, to be sent by
 *   `client.send`. It obeys the same rules.
 * - `timeout` (in total) and all other options of a call hold for the whole chain.
 *
 * Gotchas: `false` from a policy is no failure; the call succeeds with the answer that redirects. The ready-made policies
 * refuse instead, so that no such answer is taken for the one that was wanted; `(hop) => sameOrigin(hop) === true` stops.
 * `FetchHttpClient` follows by itself, before anything here is asked, and tells nothing of it: provide its `RequestInit` with
 * `redirect: "manual"` (not in browsers, which give no answer then).
 *
 * @example
 * ```ts
 * import { Client, Redirects } from "effect-httpx"
 * import { Effect, Option } from "effect"
 *
 * // Anywhere within the same origin, and once to another.
 * const client = Client.make({
 *   followRedirects: { policy: Redirects.or(Redirects.sameOrigin, Redirects.limited(1)), sensitiveFields: ["x-token"] }
 * })
 *
 * // Step by step.
 * const whereTo = Effect.gen(function* () {
 *   const response = yield* Client.get("https://www.example.com/", { followRedirects: false })
 *   const next = yield* response.nextRequest
 *   return Option.map(next, (request) => request.url)
 * })
 * ```
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import type { RedirectPolicy } from "./policy/RedirectPolicy.js"
import { redirects } from "./policy/Redirects.js"
import type { RedirectsOptions } from "./policy/RedirectsOptions.js"
import { withPolicy } from "./transport/platform/withPolicy.js"

export { and, type Decision, type Hop, limited, or, type RedirectPolicy, sameOrigin } from "./policy/RedirectPolicy.js"
export type { FollowRedirects, RedirectsOptions } from "./policy/RedirectsOptions.js"

/**
 * Makes any `HttpClient` of the platform follow redirects, by a policy or by options; all of them without either, at most
 * 20. What cannot be followed is a `RequestError` of it, with the leaf of `HttpxError` as its `cause`.
 *
 * @since 0.1.0
 * @category platform
 */
export const follow: (
  given?: RedirectPolicy | RedirectsOptions | undefined
) => <E, R>(client: HttpClient.HttpClient.With<E, R>) => HttpClient.HttpClient.With<E | HttpClientError, R> = (given) =>
  withPolicy(redirects(given ?? true))
