/**
 * Several requests as one: all of their answers, or the first.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import type * as HttpxError from "../HttpxError.js"
import type { Response } from "../Response.js"
import type { Block } from "./Block.js"
import type { BlockClient } from "./BlockClient.js"
import { type ParallelOptions, settingsOf } from "./BlockOptions.js"
import { type AnyRequestInput, contextOf, type InputContext, type InputFailure, requestOf } from "./Input.js"
import { openAround } from "./open.js"
import { PendingRecord } from "./PendingRecord.js"
import { sendWork, type Work } from "./Work.js"

/**
 * Requests in a list, or by name.
 *
 * @since 0.1.0
 * @category models
 */
export type RequestInputs = ReadonlyArray<AnyRequestInput> | Readonly<Record<string, AnyRequestInput>>

/**
 * What one of several requests can fail with.
 *
 * @since 0.1.0
 * @category models
 */
export type GatherFailure<T extends RequestInputs> =
  HttpxError.HttpxError | HttpxError.RequestCancelled | InputFailure<T[keyof T]>

/**
 * @since 0.1.0
 * @category options
 */
export interface AllOptions extends ParallelOptions {
  /**
   * `"default"` fails with the first failure, and ends all other requests; `"either"` waits for all, and gives failures as
   * values. Default: `"default"`.
   */
  readonly mode?: "default" | "either" | undefined
}

/**
 * All answers, each at the place of its request.
 *
 * @since 0.1.0
 * @category models
 */
export interface All<R = never> {
  <const T extends RequestInputs>(
    requests: T,
    options: AllOptions & { readonly mode: "either" }
  ): Effect.Effect<
    {
      -readonly [K in keyof T]: Either.Either<
        Response,
        HttpxError.HttpxError | HttpxError.RequestCancelled | InputFailure<T[K]>
      >
    },
    never,
    R | InputContext<T[keyof T]>
  >
  <const T extends RequestInputs>(
    requests: T,
    options?: (AllOptions & { readonly mode?: "default" | undefined }) | undefined
  ): Effect.Effect<{ -readonly [K in keyof T]: Response }, GatherFailure<T>, R | InputContext<T[keyof T]>>
}

/**
 * The answer of the first request that has one; all others are ended then.
 *
 * @since 0.1.0
 * @category models
 */
export interface Race<R = never> {
  <const T extends RequestInputs>(
    requests: T,
    options?: ParallelOptions | undefined
  ): Effect.Effect<Response, GatherFailure<T> | HttpxError.NoPendingResponses, R | InputContext<T[keyof T]>>
}

/** A record of a list, and its place there. */
class PlacedRecord extends PendingRecord {
  constructor(
    block: Block,
    request: PendingRecord["request"],
    work: Work,
    readonly place: number
  ) {
    super(block, request, work)
  }
}

/** A complete record of a list: there are no others in its block. */
interface Placed {
  readonly place: number
  readonly exit: Exit.Exit<Response, unknown>
}

const placed = (record: PendingRecord): Exit.Exit<Placed> => {
  const { exit, place } = record as PlacedRecord
  return Exit.succeed({ place, exit: exit as Exit.Exit<Response, unknown> })
}

/** A block with all of the requests submitted, and how to take the next that is complete. */
const submitted = <A, E>(
  client: BlockClient,
  inputs: ReadonlyArray<AnyRequestInput>,
  options: ParallelOptions | undefined,
  use: (next: Effect.Effect<Placed, HttpxError.NoPendingResponses>) => Effect.Effect<A, E>
): Effect.Effect<A, unknown, unknown> =>
  Effect.flatMap(contextOf<AnyRequestInput>(), (context) =>
    openAround(settingsOf(options, client.connections), (block) =>
      Effect.withFiberRuntime<A, E>((fiber) => {
        const work = sendWork(client)
        for (const [place, input] of inputs.entries()) {
          const request = requestOf(client.build, input, context)
          block.submit(new PlacedRecord(block, request, work, place), "normal", fiber)
        }
        return use(block.results.next(placed))
      })
    )
  )

// What each request is answered with and can fail with is for the types above to say, which know them one by one.

export const all =
  (client: BlockClient): All =>
  (requests: RequestInputs, options?: AllOptions) =>
    submitted(client, Object.values(requests), options, (next) =>
      options?.mode === "either" ? eitherAnswers(next, requests) : allAnswers(next, requests)
    ) as Effect.Effect<never, never, never>

export const race =
  (client: BlockClient): Race =>
  (requests: RequestInputs, options?: ParallelOptions) =>
    submitted(client, Object.values(requests), options, (next) => firstAnswer(next, Cause.empty)) as Effect.Effect<
      never,
      never,
      never
    >

const allAnswers = (
  next: Effect.Effect<Placed, HttpxError.NoPendingResponses>,
  requests: RequestInputs
): Effect.Effect<unknown, unknown> => {
  const answers: Array<Response> = []
  const answer = Effect.flatMap(next, ({ exit, place }) =>
    Effect.map(exit, (response) => {
      answers[place] = response
    })
  )
  return Effect.map(times(Object.keys(requests).length, answer), () => shapedAs(requests, answers))
}

const eitherAnswers = (
  next: Effect.Effect<Placed, HttpxError.NoPendingResponses>,
  requests: RequestInputs
): Effect.Effect<unknown, unknown> => {
  const answers: Array<Either.Either<Response, unknown>> = []
  const answer = Effect.flatMap(next, ({ exit, place }) =>
    Effect.map(Effect.either(exit), (either) => {
      answers[place] = either
    })
  )
  return Effect.map(times(Object.keys(requests).length, answer), () => shapedAs(requests, answers))
}

/** When all have failed, with all of their failures, the first one first. */
const firstAnswer = (
  next: Effect.Effect<Placed, HttpxError.NoPendingResponses>,
  failures: Cause.Cause<unknown>
): Effect.Effect<Response, unknown> =>
  Effect.matchEffect(next, {
    onFailure: (none) => (Cause.isEmpty(failures) ? Effect.fail(none) : Effect.failCause(failures)),
    onSuccess: ({ exit }): Effect.Effect<Response, unknown> =>
      Exit.isSuccess(exit)
        ? exit
        : firstAnswer(next, Cause.isEmpty(failures) ? exit.cause : Cause.parallel(failures, exit.cause))
  })

const times = <E>(count: number, body: Effect.Effect<void, E>): Effect.Effect<void, E> =>
  Effect.suspend(() => {
    let left = count
    return Effect.whileLoop({ while: () => left-- > 0, body: () => body, step: () => undefined })
  })

const shapedAs = <A>(requests: RequestInputs, answers: ReadonlyArray<A>): unknown =>
  Array.isArray(requests)
    ? answers
    : Object.fromEntries(Object.keys(requests).map((name, place) => [name, answers[place]]))
