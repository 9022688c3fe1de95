/**
 * Many requests in flight, in a block: submit them, then take each answer by its handle (`getResponse`), or whichever
 * comes next (`nextResponse`).
 *
 * When to use: `client.parallel()` when the order of answers does not matter, when some are to be dropped, or when there
 * are many. Plain calls under `Effect.all` share the same connections and are as fast.
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
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as HttpxError from "./HttpxError.js"
import { Block } from "./parallel/Block.js"
import { type Pending, PendingRecord } from "./parallel/PendingRecord.js"
import { inContext } from "./Request.js"
import type * as Request from "./Request.js"
import { verbs } from "./protocol/verbs.js"
import type { Response } from "./Response.js"

export type { Pending } from "./parallel/PendingRecord.js"

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
 * @since 0.1.0
 * @category options
 */
export interface ParallelOptions {
  /** How many run at once; the rest wait, first come first served. Default: as many as the transport has connections. */
  readonly concurrency?: number | undefined
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
  /** The next answer in the order of completion that nobody has claimed; fails with that request's error. */
  readonly nextResponse: Effect.Effect<Response, AnyFailure | HttpxError.NoPendingResponses>
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

/** What a block needs of its client. */
export interface ParallelClient {
  readonly build: <E>(
    method: string,
    url: string | URL,
    options: Request.RequestOptions<E> | undefined
  ) => Request.Request<Request.BodyFailure<E>>
  readonly send: <E>(request: Request.Request<E>) => Effect.Effect<Response, HttpxError.HttpxError | E>
  /** Gives the response at its head to `hold`, and runs that where only what it makes interruptible can be interrupted. */
  readonly open: <E>(
    request: Request.Request<E>,
    hold: (response: Response) => Effect.Effect<Response>
  ) => Effect.Effect<Response, HttpxError.HttpxError | E>
  readonly connections: number
}

/** @internal Opens a block over a client. */
export const make = (
  client: ParallelClient,
  options: ParallelOptions | undefined
): Effect.Effect<Parallel, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new Block(Math.max(1, options?.concurrency ?? client.connections))),
      (block) => block.close
    ),
    (block) => parallelOf(client, block)
  )

const parallelOf = (client: ParallelClient, block: Block): Parallel => {
  const submit = <A, E>(
    request: Request.Request<unknown> | undefined,
    run: (record: PendingRecord) => Effect.Effect<unknown, unknown>
  ): Effect.Effect<Pending<A, E>> =>
    Effect.withFiberRuntime((fiber) => {
      const record = new PendingRecord(block, request, run)
      // What was forked is had by its handle alone.
      if (request === undefined) record.claims = 1
      block.submit(record, fiber)
      return Effect.succeed(typed<A, E>(record))
    })

  const runSend = ({ request }: PendingRecord) => (request === undefined ? Effect.void : client.send(request))
  const runStream = (record: PendingRecord) =>
    record.request === undefined
      ? Effect.void
      : client.open(record.request, (response) => held(block, record, response))

  const send: Parallel["send"] = (request) => submit(request, runSend)

  const request: MethodSubmit = (method, url, options) =>
    inContext(options, (options) => send(client.build(method, url, options)))

  const stream: MethodSubmit = (method, url, options) =>
    inContext(options, (options) => submit(client.build(method, url, options), runStream))

  const fork: Parallel["fork"] = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.contextWithEffect((context: Context.Context<R>) => {
      const provided = Effect.provide(effect, context)
      return submit<A, E>(undefined, () => provided)
    })

  const failures = new WeakMap<object, Pending<Response, AnyFailure>>()
  const outcome = (record: PendingRecord): Outcome => {
    // `nextRecord` gives out complete records of requests, and those alone.
    const exit = record.exit as Exit.Exit<Response, AnyFailure>
    return { pending: typed(record), exit }
  }
  const nextOutcome = Effect.map(block.nextRecord, outcome)
  const nextResponse = Effect.flatMap(block.nextRecord, (record) => {
    const { exit, pending } = outcome(record)
    if (Exit.isFailure(exit)) {
      for (const error of Cause.failures(exit.cause)) failures.set(error, pending)
    }
    return exit
  })
  const verb =
    (method: string): BodySubmit =>
    (url, options) =>
      request(method, url, options)

  return {
    ...verbs(verb),
    request,
    send,
    stream,
    fork,
    nextResponse,
    nextOutcome,
    hasPendingResponses: Effect.sync(() => block.pendingCount > 0),
    pendingCount: Effect.sync(() => block.pendingCount),
    responses: untilNonePending<Response, AnyFailure>(nextResponse),
    outcomes: untilNonePending<Outcome, never>(nextOutcome),
    pendingOf: (error) => Option.fromNullable(failures.get(error))
  }
}

/** Gives a response out at its head, and stays with it until it is closed. */
const held = (block: Block, record: PendingRecord, response: Response): Effect.Effect<Response> => {
  block.complete(record, Exit.succeed(response))
  return Effect.as(
    Effect.onInterrupt(Effect.interruptible(response.awaitClosed), () => response.close),
    response
  )
}

/** A block keeps records of all kinds in one queue; here the handle gets back the types of what it was made for. */
const typed = <A, E>(record: PendingRecord): Pending<A, E> => {
  const pending: Pending<unknown, unknown> = record
  return pending as Pending<A, E>
}

const untilNonePending = <A, E>(next: Effect.Effect<A, E | HttpxError.NoPendingResponses>) =>
  Stream.repeatEffectOption(
    Effect.mapError(next, (error) =>
      isNonePending(error) ? Option.none() : Option.some(error as Exclude<E, HttpxError.NoPendingResponses>)
    )
  )

const isNonePending = (error: unknown): error is HttpxError.NoPendingResponses =>
  error instanceof HttpxError.NoPendingResponses
