/**
 * A block as its users see it: the verbs that submit, and the ways to take answers.
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as HttpxError from "../HttpxError.js"
import type { AnyFailure, BodySubmit, MethodSubmit, Outcome, Parallel } from "../Parallel.js"
import { verbs } from "../protocol/verbs.js"
import type * as Request from "../Request.js"
import { inContext } from "../Request.js"
import type { Response } from "../Response.js"
import type { Block } from "./Block.js"
import type { BlockClient } from "./BlockClient.js"
import { type Pending, PendingRecord } from "./PendingRecord.js"
import type { Priority } from "./Turns.js"
import { forkWork, sendWork, streamWork, type Work } from "./Work.js"

export const parallelOf = (client: BlockClient, block: Block): Parallel => {
  const taken = takes(block)
  const withPriority = (priority: Priority): Parallel => ({
    ...submits(client, block, priority),
    ...taken,
    withPriority
  })
  return withPriority("normal")
}

type Submits = Pick<Parallel, keyof ReturnType<typeof verbs> | "request" | "send" | "stream" | "fork">
type Takes = Omit<Parallel, keyof Submits | "withPriority">

const submits = (client: BlockClient, block: Block, priority: Priority): Submits => {
  const submit = <A, E>(request: Request.Request<unknown> | undefined, work: Work): Effect.Effect<Pending<A, E>> =>
    Effect.withFiberRuntime((fiber) => {
      const record = new PendingRecord(block, request, work)
      // What was forked is had by its handle alone.
      if (request === undefined) record.claims = 1
      block.submit(record, priority, fiber)
      return Effect.succeed(typed<A, E>(record))
    })

  const sending = sendWork(client)
  const streaming = streamWork(client, block)
  const send: Parallel["send"] = (request) => submit(request, sending)

  const request: MethodSubmit = (method, url, options) =>
    inContext(options, (options) => send(client.build(method, url, options)))

  const stream: MethodSubmit = (method, url, options) =>
    inContext(options, (options) => submit(client.build(method, url, options), streaming))

  const fork: Parallel["fork"] = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.contextWithEffect((context: Context.Context<R>) =>
      submit<A, E>(undefined, forkWork(Effect.provide(effect, context)))
    )

  const verb =
    (method: string): BodySubmit =>
    (url, options) =>
      request(method, url, options)

  return { ...verbs(verb), request, send, stream, fork }
}

const takes = (block: Block): Takes => {
  const { results } = block
  const failures = new WeakMap<object, Pending<Response, AnyFailure>>()

  const nextOutcome = results.next((record) => Exit.succeed<Outcome>({ pending: typed(record), exit: exitOf(record) }))
  const nextResponse = results.next((record) => {
    const exit = exitOf(record)
    if (Exit.isFailure(exit)) for (const error of Cause.failures(exit.cause)) failures.set(error, typed(record))
    return exit
  })

  return {
    nextResponse,
    nextOutcome,
    nextResponseOption: Effect.matchEffect(nextResponse, {
      onFailure: (error) => (isNonePending(error) ? Effect.succeedNone : Effect.fail(error)),
      onSuccess: Effect.succeedSome
    }),
    hasPendingResponses: Effect.sync(() => results.pendingCount > 0),
    pendingCount: Effect.sync(() => results.pendingCount),
    responses: untilNonePending<Response, AnyFailure>(nextResponse),
    outcomes: untilNonePending<Outcome, never>(nextOutcome),
    pendingOf: (error) => Option.fromNullable(failures.get(error))
  }
}

/** Those that are taken as the next are complete records of requests, and those alone. */
const exitOf = (record: PendingRecord): Exit.Exit<Response, AnyFailure> =>
  record.exit as Exit.Exit<Response, AnyFailure>

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
