/**
 * The fibers of a parallel block. Each runs one record after the other, until one of them may have left something behind
 * in it; those that have nothing to do are kept for the next.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { adopt } from "./Inheritance.js"
import type { PendingRecord } from "./PendingRecord.js"

/** Is told how a record ended. It may give the worker its next record before it returns. */
export type OnRan = (record: PendingRecord, exit: Exit.Exit<unknown, unknown>) => void

/** A fiber, and what it is to run. */
export class Worker {
  fiber: Fiber.RuntimeFiber<unknown, unknown> | undefined = undefined
  /** Told to stop: an interruption meant for one record must not reach the next. */
  cancelled = false
  record: PendingRecord | undefined = undefined
  effect: Effect.Effect<unknown, unknown> | undefined = undefined
  private wake: (() => void) | undefined = undefined

  /** Has an effect run for a record. */
  give(record: PendingRecord, effect: Effect.Effect<unknown, unknown>): void {
    record.worker = this
    this.record = record
    this.effect = effect
    const { wake } = this
    this.wake = undefined
    wake?.()
  }

  /** Waits until there is something to do. */
  readonly idle: Effect.Effect<void> = Effect.async<void>((resume) => {
    if (this.effect === undefined) this.wake = () => resume(Exit.void)
    else resume(Exit.void)
  })
}

export class Workers {
  private readonly all = new Set<Worker>()
  private readonly idle: Array<Worker> = []

  constructor(private readonly onRan: OnRan) {}

  /** Runs an effect for a record, with the references that the record has inherited. */
  run(record: PendingRecord, effect: Effect.Effect<unknown, unknown>): void {
    const idle = this.idle.pop()
    if (idle !== undefined) return idle.give(record, effect)
    const worker = new Worker()
    this.all.add(worker)
    worker.give(record, effect)
    // A root, not a child of who happens to submit: it takes over the references of each record that it runs.
    Effect.runFork(this.life(worker), { immediate: false })
  }

  /** Ends what a record is run by, and waits until what that held is released. */
  cancel(worker: Worker, self: Fiber.RuntimeFiber<unknown, unknown>): Effect.Effect<void> {
    const { fiber } = worker
    worker.cancelled = true
    // One that has not begun will see that.
    if (fiber === undefined) return Effect.void
    fiber.unsafeInterruptAsFork(self.id())
    return Effect.asVoid(Fiber.await(fiber))
  }

  /** Ends all but who asks for it, which may be what one of them runs, and waits for that. */
  close(self: Fiber.RuntimeFiber<unknown, unknown>): Effect.Effect<void> {
    const fibers: Array<Fiber.RuntimeFiber<unknown, unknown>> = []
    for (const worker of this.all) {
      worker.cancelled = true
      if (worker.fiber !== undefined && worker.fiber !== self) fibers.push(worker.fiber)
    }
    return Effect.asVoid(Fiber.interruptAll(fibers))
  }

  /** Can be interrupted while a record runs, and while there is none; between the two it keeps the books. */
  private life(worker: Worker): Effect.Effect<void> {
    return Effect.uninterruptible(
      Effect.withFiberRuntime((fiber) => {
        worker.fiber = fiber
        fiber.addObserver(() => this.ended(worker, fiber))
        return this.work(worker, fiber)
      })
    )
  }

  /** Runs one record, then the next. Built where it is run, because each step of an effect has its price. */
  private work(worker: Worker, fiber: Fiber.RuntimeFiber<unknown, unknown>): Effect.Effect<void> {
    const { effect, record } = worker
    if (effect === undefined || record === undefined) {
      return worker.cancelled
        ? Effect.void
        : Effect.flatMap(Effect.interruptible(worker.idle), () => this.work(worker, fiber))
    }
    worker.effect = undefined
    const inherited = record.inherited
    const adopted = inherited === undefined ? undefined : adopt(fiber, inherited.refs)
    const run = Effect.matchCauseEffect(worker.cancelled ? Effect.interrupt : Effect.interruptible(effect), {
      onFailure: (cause) => this.ran(worker, fiber, record, Exit.failCause(cause)),
      onSuccess: (value) => this.ran(worker, fiber, record, Exit.succeed(value))
    })
    return adopted === undefined ? run : Effect.zipRight(adopted, run)
  }

  /** A worker that was interrupted as it woke up has not run what it was given. */
  private ended(worker: Worker, fiber: Fiber.RuntimeFiber<unknown, unknown>): void {
    this.all.delete(worker)
    const { record } = worker
    if (record === undefined) return
    worker.record = undefined
    record.worker = undefined
    this.onRan(record, Exit.interrupt(fiber.id()))
  }

  /** A record has been run to its end. */
  private ran(
    worker: Worker,
    fiber: Fiber.RuntimeFiber<unknown, unknown>,
    record: PendingRecord,
    exit: Exit.Exit<unknown, unknown>
  ): Effect.Effect<void> {
    record.worker = undefined
    worker.record = undefined
    if (isSpent(worker, record, exit)) {
      this.onRan(record, exit)
      return Effect.void
    }
    this.idle.push(worker)
    this.onRan(record, exit)
    return this.work(worker, fiber)
  }
}

/**
 * Whether the fiber that ran a record is not to run another: an interruption meant for the record may still reach it, or
 * the record was any effect at all, which can have left children and more behind.
 */
const isSpent = (worker: Worker, record: PendingRecord, exit: Exit.Exit<unknown, unknown>): boolean =>
  worker.cancelled || record.request === undefined || (Exit.isFailure(exit) && Cause.isInterrupted(exit.cause))
