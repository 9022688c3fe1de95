/**
 * Effects of yours around every message: logging, measuring, a field of a signature, a look at each answer's head.
 *
 * When to use: `hooks` of a client's options; `onRequest` and `onResponse` for any `HttpClient` of @effect/platform. For
 * what decides about the call (another attempt, another answer), write a policy: see `Exchange`.
 *
 * What to know: hooks stand next to the wire. A request hook sees each hop of a redirect and each answer to a challenge,
 * with the fields that go out, and may give another request to be sent in its place: one made by `withHeaders`, or one of
 * its own, which is sent as it is, with the call's timeouts where it gives none. A response hook runs when the head has
 * come, before the body is read and before a redirect, a cookie or a challenge in it is acted upon. It may read the body;
 * `read`, `text` and `json` leave that for the next reader.
 *
 * A hook of a client's options that fails makes the call fail with `HookError`, whose `cause` is its error; a response is
 * closed first. Hooks of `onRequest` and `onResponse` fail with their own errors, which are in the client's type. A hook
 * that throws is a defect of the call either way, and leaves nothing open. Hooks have to end within the call's total
 * timeout.
 *
 * Gotchas: the call waits for its hooks; fork what may take long. With hooks, requests of a parallel block run in fibers,
 * which costs more each. Trace fields of the platform (`traceparent`) are added after the hooks. A request that cannot be
 * sent at all is seen by no hook.
 *
 * @example
 * ```ts
 * import { Client } from "effect-httpx"
 * import { Clock, Effect } from "effect"
 *
 * const layer = Client.layer({
 *   hooks: {
 *     request: (request) =>
 *       Effect.map(Clock.currentTimeMillis, (now) => request.withHeaders(request.headers.set("x-sent-at", String(now)))),
 *     // `summary` is what may be printed: no password and no query value is in it.
 *     response: ({ request, status }) => Effect.logDebug(`${request.summary.method} ${request.summary.url}: ${status}`)
 *   }
 * })
 * ```
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import { hooks, type RequestHook, type ResponseHook } from "./policy/Hooks.js"
import { withPolicy } from "./transport/platform/withPolicy.js"

export type { HooksOptions, RequestHook, ResponseHook } from "./policy/Hooks.js"

/**
 * A client of the platform that runs an effect before each request that it sends. What the effect fails with, and what it
 * needs, is in the type of the client.
 *
 * @example
 * ```ts
 * import { HttpClient } from "@effect/platform"
 * import { Hooks } from "effect-httpx"
 * import { Effect } from "effect"
 *
 * const logged = Effect.map(
 *   HttpClient.HttpClient,
 *   Hooks.onRequest(({ summary }) => Effect.logDebug(`${summary.method} ${summary.url}`))
 * )
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const onRequest = <E, R>(hook: RequestHook<E, R>): Hooked<E, R> =>
  withPolicy<E, R>(hooks({ request: [hook], response: [], failure: asItIs }))

/**
 * A client of the platform that runs an effect for each answer, when its head has come. What the effect fails with, and
 * what it needs, is in the type of the client.
 *
 * @since 0.1.0
 * @category combinators
 */
export const onResponse = <E, R>(hook: ResponseHook<E, R>): Hooked<E, R> =>
  withPolicy<E, R>(hooks({ request: [], response: [hook], failure: asItIs }))

/**
 * Adds to a client of the platform what can fail with `E` and needs `R`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Hooked<E, R> {
  <E2, R2>(client: HttpClient.HttpClient.With<E2, R2>): HttpClient.HttpClient.With<E2 | E | HttpClientError, R2 | R>
}

const asItIs = (error: unknown): unknown => error
