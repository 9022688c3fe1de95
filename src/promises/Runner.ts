/**
 * Effects as promises: what they reject with is the error itself, and what runs is known, so that it can be ended.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import type * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as HttpxError from "../HttpxError.js"

/** A value that is open, and how to let go of it; that waits until all of it is released. */
export interface Held<A> {
  readonly value: A
  readonly release: () => Promise<void>
}

/** Runs effects until it is closed. */
export class Runner<R> {
  private readonly running = new Set<Fiber.RuntimeFiber<unknown, unknown>>()
  private closing: Promise<void> | undefined = undefined

  constructor(private readonly runtime: ManagedRuntime.ManagedRuntime<R, unknown>) {}

  /** The result of an effect. An abort rejects too when what the effect held is released. */
  run<A, E>(effect: Effect.Effect<A, E, R>, signal?: AbortSignal): Promise<A> {
    return promised(() => this.fork(effect), signal)
  }

  /**
   * What an effect opens. It is closed when it is let go, by an abort, or with the runner; not when it has ended itself, for
   * a response whose body has come can still be read.
   */
  hold<A, E>(
    open: Effect.Effect<A, E, R | Scope.Scope>,
    ended: (value: A) => Effect.Effect<void>,
    signal?: AbortSignal
  ): Promise<Held<A>> {
    return new Promise((resolve, reject) => {
      const life = Effect.withFiberRuntime<void, E, R>((fiber) => {
        const release = () => Effect.runPromise(Effect.asVoid(Fiber.interrupt(fiber)))
        return holding(open, (value) => {
          resolve({ value, release })
          return ended(value)
        })
      })
      // Once it is open, who holds it learns of its end by using it.
      this.run(life, signal).catch(reject)
    })
  }

  /** Ends what runs, then the runtime; waits until all of that is released. */
  close(): Promise<void> {
    const ending = Effect.suspend(() => Fiber.interruptAll([...this.running]))
    return (this.closing ??= Effect.runPromise(Effect.zipRight(ending, this.runtime.disposeEffect)))
  }

  private fork<A, E>(effect: Effect.Effect<A, E, R>): Fiber.RuntimeFiber<A, unknown> {
    if (this.closing !== undefined) throw closed()
    const fiber = this.runtime.runFork(effect)
    this.running.add(fiber)
    fiber.addObserver(() => this.running.delete(fiber))
    return fiber
  }
}

const holding = <A, E, R>(
  open: Effect.Effect<A, E, R | Scope.Scope>,
  use: (value: A) => Effect.Effect<void>
): Effect.Effect<void, E, R> =>
  Effect.flatMap(Scope.make(), (scope) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.onError(
        Effect.flatMap(restore(Scope.extend(open, scope)), (value) => restore(use(value))),
        () => Scope.close(scope, Exit.void)
      )
    )
  )

/** The result of an effect that needs nothing. */
export const settled = <A, E>(effect: Effect.Effect<A, E>, signal?: AbortSignal): Promise<A> =>
  promised(() => Effect.runFork(effect), signal)

/** The elements of a stream, as they are asked for. Leaving the loop ends the stream. */
export async function* elements<A, E>(stream: Stream.Stream<A, E>): AsyncGenerator<A, void, void> {
  const scope = await settled(Scope.make())
  try {
    const pull = await settled(Scope.extend(Stream.toPull(stream), scope))
    for (;;) {
      const chunk = await settled(
        Effect.matchEffect(pull, {
          onFailure: (end) => (Option.isNone(end) ? Effect.succeedNone : Effect.fail(end.value)),
          onSuccess: Effect.succeedSome
        })
      )
      if (Option.isNone(chunk)) return
      yield* chunk.value
    }
  } finally {
    await settled(Scope.close(scope, Exit.void))
  }
}

const promised = <A, E>(fork: () => Fiber.RuntimeFiber<A, E>, signal: AbortSignal | undefined): Promise<A> =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const fiber = fork()
    const abort = () => fiber.unsafeInterruptAsFork(FiberId.none)
    signal?.addEventListener("abort", abort, { once: true })
    fiber.addObserver((exit) => {
      signal?.removeEventListener("abort", abort)
      if (Exit.isSuccess(exit)) resolve(exit.value)
      else reject(thrown(exit.cause, signal))
    })
  })

/** What an effect failed with, or the defect; after an abort its reason, as with `fetch`. */
const thrown = (cause: Cause.Cause<unknown>, signal: AbortSignal | undefined): unknown => {
  if (!Cause.isInterruptedOnly(cause)) return Cause.squash(cause)
  return signal?.aborted === true ? signal.reason : closed()
}

const closed = (): HttpxError.RequestCancelled =>
  new HttpxError.RequestCancelled({ request: undefined, message: "the client was closed" })
