/**
 * Many requests in flight, in a block: submit them, then take each answer by its handle (`getResponse`), or whichever
 * comes next (`nextResponse`).
 *
 * When to use: `client.parallel()` when the order of answers does not matter, when some are to be dropped, or when there
 * are many; `Parallel.make()` is one with a client of its own. `client.parallel.over` for inputs of any length, `client.all`
 * and `client.race` for a few. Plain calls under `Effect.all` share the same connections.
 *
 * What to know: submitting never fails and never waits; errors come out of `getResponse` and `nextResponse` alone. An
 * answer is read to its end before it is given out, except those of `parallel.stream`. Leaving the block's scope cancels
 * what still runs, and waits until its connections are released.
 *
 * Gotchas: `getResponse` claims its answer when it is called, so that `nextResponse` does not give it out too. One
 * failure cancels nothing else. Interrupting who waits does not cancel the request; `pending.cancel` does. A response of
 * `parallel.stream` keeps its place among the `concurrency` until it is closed.
 *
 * @example
 * ```ts
 * import { Client } from "effect-httpx"
 * import { Effect } from "effect"
 *
 * const both = Effect.scoped(
 *   Effect.gen(function* () {
 *     const parallel = yield* Client.parallel({ concurrency: 64 })
 *     const one = yield* parallel.get("https://www.example.com/1")
 *     yield* parallel.get("https://www.example.com/2")
 *     const responseOne = yield* one.getResponse
 *     const other = yield* parallel.nextResponse
 *     return [responseOne.status, other.status]
 *   })
 * )
 * ```
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as Client from "./Client.js"
import type * as HttpxError from "./HttpxError.js"
import type { FailingOptions, ParallelOptions } from "./parallel/BlockOptions.js"
import type { AnyRequestInput, InputContext } from "./parallel/Input.js"
import type { OverOutcome } from "./parallel/Intake.js"
import type { OverFailure, OverOptions } from "./parallel/over.js"
import type { Pending } from "./parallel/PendingRecord.js"
import type { Priority } from "./parallel/Turns.js"
import type * as Request from "./Request.js"
import type { Response } from "./Response.js"

export type { FailingOptions, ParallelOptions, Rate } from "./parallel/BlockOptions.js"
export type { All, AllOptions, GatherFailure, Race, RequestInputs } from "./parallel/gather.js"
export type { AnyRequestInput, InputContext, InputFailure, RequestInput } from "./parallel/Input.js"
export type { OverOutcome } from "./parallel/Intake.js"
export type { OverFailure, OverOptions } from "./parallel/over.js"
export type { Pending } from "./parallel/PendingRecord.js"
export type { Priority } from "./parallel/Turns.js"

/**
 * A request of a block with its result.
 *
 * @since 0.1.0
 * @category models
 */
export interface Outcome {
  readonly pending: Pending<Response, AnyFailure>
  readonly exit: Exit.Exit<Response, AnyFailure>
}

/**
 * What a request in a block can fail with, seen by one who does not know which request it was.
 *
 * @since 0.1.0
 * @category models
 */
export type AnyFailure = HttpxError.HttpxError | HttpxError.BodyError<unknown> | HttpxError.RequestCancelled

/**
 * Submits a request without a body.
 *
 * @since 0.1.0
 * @category models
 */
export interface Submit {
  (
    url: string | URL,
    options?: Request.CallOptions | undefined
  ): Effect.Effect<Pending<Response, HttpxError.HttpxError>>
}

/**
 * Submits a request that may have a body.
 *
 * @since 0.1.0
 * @category models
 */
export interface BodySubmit {
  <E = never, R = never>(
    url: string | URL,
    options?: Request.RequestOptions<E, R> | undefined
  ): Effect.Effect<Pending<Response, HttpxError.HttpxError | Request.BodyFailure<E>>, never, R>
}

/**
 * Submits a request of any method.
 *
 * @since 0.1.0
 * @category models
 */
export interface MethodSubmit {
  <E = never, R = never>(
    method: string,
    url: string | URL,
    options?: Request.RequestOptions<E, R> | undefined
  ): Effect.Effect<Pending<Response, HttpxError.HttpxError | Request.BodyFailure<E>>, never, R>
}

/**
 * A block of requests that run at once.
 *
 * @since 0.1.0
 * @category models
 */
export interface Parallel {
  readonly get: Submit
  readonly head: Submit
  readonly options: Submit
  readonly post: BodySubmit
  readonly put: BodySubmit
  readonly patch: BodySubmit
  readonly del: BodySubmit
  readonly request: MethodSubmit
  /** Submits a request as it is. */
  readonly send: <E>(request: Request.Request<E>) => Effect.Effect<Pending<Response, HttpxError.HttpxError | E>>
  /** Submits a request whose answer is given out at its head, open; the block closes it at the latest. */
  readonly stream: MethodSubmit
  /** Runs any effect among the requests, under the same `concurrency`. Its result is had by its handle alone. */
  readonly fork: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<Pending<A, E>, never, R>
  /** The same block, for submissions whose turn comes before or after that of all others that wait; they stay `"normal"`. */
  readonly withPriority: (priority: Priority) => Parallel
  /** The next answer in the order of completion that nobody has claimed; fails with that request's error. */
  readonly nextResponse: Effect.Effect<Response, AnyFailure | HttpxError.NoPendingResponses>
  /** The same, with nothing where `nextResponse` fails with `NoPendingResponses`. */
  readonly nextResponseOption: Effect.Effect<Option.Option<Response>, AnyFailure>
  /** The same with the handle of the request, and the failure as a value. */
  readonly nextOutcome: Effect.Effect<Outcome, HttpxError.NoPendingResponses>
  /** Whether there are requests that nobody has claimed or cancelled, finished or not: then `nextResponse` will complete. */
  readonly hasPendingResponses: Effect.Effect<boolean>
  /** How many they are. */
  readonly pendingCount: Effect.Effect<number>
  /** All answers in the order of completion, until none is pending; ends with the first failure. */
  readonly responses: Stream.Stream<Response, AnyFailure>
  /** All outcomes in the order of completion, until none is pending; never fails. */
  readonly outcomes: Stream.Stream<Outcome>
  /** The handle of the request that an error of `nextResponse` or `responses` came from. */
  readonly pendingOf: (error: AnyFailure) => Option.Option<Pending<Response, AnyFailure>>
}

/**
 * How a client opens blocks.
 *
 * @since 0.1.0
 * @category models
 */
export interface Opening<R = never> {
  /** Opens a block; leaving its scope cancels what still runs, and waits for it. */
  (options?: ParallelOptions | undefined): Effect.Effect<Parallel, never, Scope.Scope | R>
  /**
   * A block around an effect: left as that ends, its failure passed on unchanged. With `onUnobserved: "fail"`, an effect
   * that succeeded fails with `UnobservedFailures` if requests had failed and nobody had looked.
   */
  readonly use: {
    <A, E, R2>(
      f: (parallel: Parallel) => Effect.Effect<A, E, R2>,
      options: FailingOptions
    ): Effect.Effect<A, E | HttpxError.UnobservedFailures, R | R2>
    <A, E, R2>(
      f: (parallel: Parallel) => Effect.Effect<A, E, R2>,
      options?: ParallelOptions | undefined
    ): Effect.Effect<A, E, R | R2>
  }
  /**
   * Requests made lazily from an input of any length, infinite too, and their outcomes in the order of completion, or with
   * `ordered` in that of the input. The input is asked for more only as there is room: a slow reader slows it, and memory
   * does not grow with its length. The stream fails with what the input failed with, after all outcomes; leaving it ends
   * what runs.
   */
  readonly over: {
    <A, I extends AnyRequestInput>(
      input: Iterable<A>,
      f: (item: A, index: number) => I,
      options?: OverOptions | undefined
    ): Stream.Stream<OverOutcome<A, OverFailure<I>>, never, R | InputContext<I>>
    <A, E, R2, I extends AnyRequestInput>(
      input: Stream.Stream<A, E, R2>,
      f: (item: A, index: number) => I,
      options?: OverOptions | undefined
    ): Stream.Stream<OverOutcome<A, OverFailure<I>>, E, R | R2 | InputContext<I>>
  }
}

/**
 * A block with a client of its own, for a program that has no other use for one. With `Transport.layer()` built in the same
 * scope before, leaving the scope ends the requests first, then the transport.
 *
 * @example
 * ```ts
 * import { FetchHttpClient } from "@effect/platform"
 * import { Parallel } from "effect-httpx"
 * import { Effect, Stream } from "effect"
 *
 * const statuses = Stream.unwrapScoped(
 *   Effect.gen(function* () {
 *     const parallel = yield* Parallel.make({ baseUrl: "https://www.example.com", concurrency: 16 })
 *     for (let page = 1; page <= 100; page++) yield* parallel.get("/list", { params: { page } })
 *     return Stream.map(parallel.responses, ({ status }) => status)
 *   })
 * ).pipe(Stream.provideLayer(FetchHttpClient.layer))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <R = never>(
  options?: (Client.ClientOptions<R> & ParallelOptions) | undefined
): Effect.Effect<Parallel, never, HttpClient.HttpClient | Scope.Scope | R> =>
  Effect.flatMap(Client.make<R>(options), (client) => client.parallel(options))
