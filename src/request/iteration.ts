/**
 * An iterable, async or not, as a stream of bytes.
 *
 * An iterator that is its own iterable, as a generator is, flows once, and so does most of what is async, as a Readable of
 * Node. It is marked when it begins to, as a `ReadableStream` is by its lock: run a second time, it would look like a body
 * that is empty. Iterators are marked, too: an iterable may give the same one each time.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import { Broken, Spent } from "./ContentSource.js"
import { isDone, pieces } from "./pieces.js"

type AnyIterable = Iterable<unknown> | AsyncIterable<unknown>

const taken = Symbol.for("effect-httpx/Request/taken")

/** Whether it has begun to flow before, and cannot a second time. */
export const isTaken = (iterable: unknown): boolean => Predicate.hasProperty(iterable, taken)

export const fromIterable = (iterable: AnyIterable): Stream.Stream<Uint8Array, Broken | Spent> =>
  Stream.unwrapScoped(
    Effect.map(
      Effect.acquireRelease(begun(iterable), (iteration) => Effect.sync(() => iteration.leave())),
      (iteration) => pieces(iteration.next)
    )
  )

const begun = (iterable: AnyIterable): Effect.Effect<Iteration, Broken | Spent> =>
  Effect.suspend((): Effect.Effect<Iteration, Broken | Spent> => {
    if (isTaken(iterable)) return Effect.fail(new Spent())
    return Effect.flatMap(Effect.try({ try: () => iteratorOf(iterable), catch: broken }), (iterator) => {
      if (isTaken(iterator)) return Effect.fail(new Spent())
      mark(iterator)
      if (Symbol.asyncIterator in iterable) mark(iterable)
      return Effect.succeed(new Iteration(iterator))
    })
  })

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>

const iteratorOf = (iterable: AnyIterable): AnyIterator =>
  Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]()

const mark = (flowing: AnyIterable | AnyIterator): boolean => Reflect.defineProperty(flowing, taken, { value: true })

const broken = (cause: unknown): Broken => new Broken("the body's iterable threw", cause)

class Iteration {
  /** Whether it has come to its end by itself, or has thrown: then there is nothing to be returned. */
  private over = false

  constructor(private readonly iterator: AnyIterator) {}

  readonly next: Effect.Effect<unknown, Broken> = Effect.suspend(() => {
    try {
      const result = this.iterator.next()
      return Predicate.isPromiseLike(result)
        ? Effect.map(settled(result), this.seen)
        : Effect.succeed(this.seen(result))
    } catch (cause) {
      return Effect.fail(broken(cause))
    }
  }).pipe(Effect.tapError(() => Effect.sync(() => (this.over = true))))

  /** Ends what has not ended, and does not wait for it: a generator that waits for something cannot be ended before. */
  leave(): void {
    if (this.over) return
    try {
      const returned = this.iterator.return?.()
      // What it throws now nobody is there to be told.
      if (Predicate.isPromiseLike(returned)) returned.then(undefined, () => undefined)
    } catch {
      return
    }
  }

  private readonly seen = (result: unknown): unknown => {
    if (isDone(result)) this.over = true
    return result
  }
}

const settled = (result: PromiseLike<unknown>): Effect.Effect<unknown, Broken> =>
  Effect.tryPromise({ try: () => result, catch: broken })
