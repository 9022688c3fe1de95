/**
 * Requests made lazily from an input of any length, and their outcomes as a stream.
 *
 * The input is asked for more only while fewer outcomes than allowed are under way or wait to be taken: a slow reader
 * slows the input, and what is kept does not grow with its length.
 */
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as HttpxError from "../HttpxError.js"
import type { BlockClient } from "./BlockClient.js"
import { type BlockSettings, type ParallelOptions, settingsOf } from "./BlockOptions.js"
import { type AnyRequestInput, contextOf, type InputContext, type InputFailure, requestOf } from "./Input.js"
import { Intake, type OverOutcome } from "./Intake.js"
import { openScoped } from "./open.js"
import { sendWork } from "./Work.js"

/**
 * @since 0.1.0
 * @category options
 */
export interface OverOptions extends ParallelOptions {
  /** Outcomes in the order of the input instead of that of completion. Default: false. */
  readonly ordered?: boolean | undefined
  /**
   * How many requests may wait to run, and outcomes to be taken, beside those that run: what a reader who is not always
   * there loses no time by. Default: as many as `concurrency`, at most 1024.
   */
  readonly buffer?: number | undefined
}

/** What `over` can fail to get an answer with. */
export type OverFailure<I> = HttpxError.HttpxError | HttpxError.RequestCancelled | InputFailure<I>

/** The outcomes of what was made from an input of `A`. */
export type Outcomes<A, E, R, I> = Stream.Stream<OverOutcome<A, OverFailure<I>>, E, R | InputContext<I>>

type Input<A, E, R> = Iterable<A> | Stream.Stream<A, E, R>

// Two classes of failure end a stream: that of the input, and `None` when there is no more.
type Pull<A, E> = Effect.Effect<Chunk.Chunk<A>, Option.Option<E>>

export const over = <A, E, R, I extends AnyRequestInput>(
  client: BlockClient,
  input: Input<A, E, R>,
  f: (item: A, index: number) => I,
  options: OverOptions | undefined
): Outcomes<A, E, R, I> =>
  Stream.unwrapScoped(
    Effect.flatMap(contextOf<I>(), (context) => {
      const settings = settingsOf(options, client.connections)
      const make = (item: A, index: number) => requestOf(client.build, f(item, index), context)
      return opened<A, E, R, OverFailure<I>>(client, input, make, settings, options)
    })
  )

const opened = <A, E, R, F>(
  client: BlockClient,
  input: Input<A, E, R>,
  make: (item: A, index: number) => ReturnType<typeof requestOf>,
  settings: BlockSettings,
  { buffer = Math.min(1024, settings.concurrency), ordered = false }: OverOptions = {}
): Effect.Effect<Stream.Stream<OverOutcome<A, F>, E>, never, R | Scope.Scope> =>
  Effect.gen(function* () {
    const block = yield* openScoped(settings)
    const limit = Math.max(1, settings.concurrency + Math.max(0, buffer))
    const intake = new Intake<A, F>(block, make, sendWork(client), limit, ordered)
    const more = isStream(input)
      ? yield* fromStream(input, intake, block.results.hold())
      : yield* fromIterable(input, intake)
    const next = Effect.catchAll(intake.next, () => more.end)
    return Stream.repeatEffectChunkOption(pull(intake, more.fill, next))
  })

/** Everything that is there, or the first that comes. */
const pull = <A, E, F>(
  intake: Intake<A, F>,
  fill: (reader: Fiber.RuntimeFiber<unknown, unknown>) => void,
  next: Effect.Effect<OverOutcome<A, F>, Option.Option<E>>
): Pull<OverOutcome<A, F>, E> =>
  Effect.withFiberRuntime((reader) => {
    fill(reader)
    const there: Array<OverOutcome<A, F>> = []
    for (let one = intake.nextNow(); one !== undefined; one = intake.nextNow()) there.push(one)
    if (there.length === 0) return Effect.map(next, Chunk.of)
    fill(reader)
    return Effect.succeed(Chunk.unsafeFromArray(there))
  })

/** Where an input comes from: how to go on with it, and how it ends when nothing is pending any more. */
interface More<E> {
  readonly fill: (reader: Fiber.RuntimeFiber<unknown, unknown>) => void
  readonly end: Effect.Effect<never, Option.Option<E>>
}

const noMore = Effect.fail(Option.none())

/** Taken in by who reads the outcomes. */
const fromIterable = <A, F>(input: Iterable<A>, intake: Intake<A, F>): Effect.Effect<More<never>, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => ({ iterator: input[Symbol.iterator](), ended: false })),
      (state) => Effect.sync(() => (state.ended ? undefined : state.iterator.return?.()))
    ),
    (state) => ({
      fill: (reader) => {
        while (!state.ended && intake.hasRoom(0)) {
          const { done, value } = state.iterator.next()
          if (done === true) state.ended = true
          else intake.submit(value, reader)
        }
      },
      end: noMore
    })
  )

/** Taken in by a fiber of its own, which waits while there is no room. What it fails with comes after all outcomes. */
const fromStream = <A, E, R, F>(
  input: Stream.Stream<A, E, R>,
  intake: Intake<A, F>,
  release: () => void
): Effect.Effect<More<E>, never, R | Scope.Scope> => {
  let wake: (() => void) | undefined
  let failed: Cause.Cause<E> | undefined
  const room = Effect.async<void>((resume) => {
    if (intake.hasRoom(1)) resume(Effect.void)
    else wake = () => resume(Effect.void)
  })
  const take = (item: A): Effect.Effect<void> =>
    Effect.suspend(() => (intake.hasRoom(1) ? submit(item) : Effect.zipRight(room, take(item))))
  const submit = (item: A) =>
    Effect.withFiberRuntime<void>((fiber) => {
      intake.submit(item, fiber)
      return Effect.void
    })
  return Stream.runForEach(input, take).pipe(
    Effect.catchAllCause((cause) => Effect.sync(() => (failed = cause))),
    Effect.ensuring(Effect.sync(release)),
    Effect.forkScoped,
    Effect.as({
      fill: () => {
        const waiting = wake
        wake = undefined
        waiting?.()
      },
      end: Effect.suspend(() => (failed === undefined ? noMore : Effect.failCause(Cause.map(failed, Option.some))))
    })
  )
}

const isStream = <A, E, R>(input: Input<A, E, R>): input is Stream.Stream<A, E, R> =>
  Predicate.hasProperty(input, Stream.StreamTypeId)
