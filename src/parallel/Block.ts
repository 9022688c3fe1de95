/**
 * The machinery of a parallel block: records that wait in a queue, at most `concurrency` fibers that run them, and a
 * queue of what is complete.
 *
 * A pending is a record, not a fiber: ten times smaller, and cancelled by leaving a queue. The fibers live as long as the
 * block and take one record after the other; each step costs the same, however many are pending.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as FiberRefs from "effect/FiberRefs"
import * as HttpxError from "../HttpxError.js"
import { Fifo } from "../transport/Fifo.js"
import type { PendingRecord } from "./PendingRecord.js"

/** Someone who waits for the next outcome. */
interface Taker {
  readonly resume: (exit: Exit.Exit<PendingRecord, HttpxError.NoPendingResponses>) => void
  given: PendingRecord | undefined
}

export class Block {
  private readonly queued = new Fifo<PendingRecord>()
  private readonly completed = new Fifo<PendingRecord>()
  private readonly takers = new Set<Taker>()
  private readonly running = new Set<PendingRecord>()
  private readonly fibers = new Set<Fiber.RuntimeFiber<unknown, unknown>>()
  /** How to wake the fibers that have nothing to do. */
  private readonly parked: Array<() => void> = []
  private hired = 0
  private unclaimed = 0
  private closed = false

  constructor(private readonly concurrency: number) {}

  /** Submitted, not claimed, not cancelled. */
  get pendingCount(): number {
    return this.unclaimed
  }

  /** Takes a record in. It runs with the references of the fiber that submits it. */
  submit(record: PendingRecord): Effect.Effect<void> {
    return Effect.withFiberRuntime((fiber) => {
      if (record.claims === 0) this.unclaimed++
      if (this.closed) {
        this.abandon(record, "the parallel block had been left")
        return Effect.void
      }
      record.refs = fiber.getFiberRefs()
      this.queued.push(record)
      return this.staff
    })
  }

  /** The result of a record. Claims it when called; gives the claim back when interrupted. */
  result(record: PendingRecord): Effect.Effect<Exit.Exit<unknown, unknown>> {
    return Effect.suspend(() => {
      this.claim(record)
      if (record.exit !== undefined) return Effect.succeed(record.exit)
      let waiter: ((exit: Exit.Exit<unknown, unknown>) => void) | undefined
      return onFailure(
        Effect.async<Exit.Exit<unknown, unknown>>((resume) => {
          waiter = (exit) => resume(Exit.succeed(exit))
          record.wait(waiter)
        }),
        () => {
          if (waiter !== undefined) record.stopWaiting(waiter)
          this.unclaim(record)
        }
      )
    })
  }

  /** The next complete record that nobody has claimed, in the order of completion. */
  readonly nextRecord: Effect.Effect<PendingRecord, HttpxError.NoPendingResponses> = Effect.suspend(() => {
    const record = this.completed.first
    if (record !== undefined) {
      this.claim(record)
      return Effect.succeed(record)
    }
    return this.unclaimed === 0 ? Effect.fail(nothingPending()) : this.awaitNext
  })

  /** Takes a record out, ends it if it runs, and waits until what it held is released. */
  cancel(record: PendingRecord): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { fiber } = record
      if (record.exit === undefined || record.claims === 0) this.abandon(record, "the request was cancelled")
      if (fiber === undefined) return Effect.void
      return Effect.zipRight(
        Fiber.interrupt(fiber),
        Effect.suspend(() => this.staff)
      )
    })
  }

  /** A record has its result. It may go on running, to hold what it opened. */
  complete(record: PendingRecord, exit: Exit.Exit<unknown, unknown>): void {
    if (record.exit !== undefined) return
    const itself = Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)
    record.settle(itself ? cancelled(record, "the request interrupted itself") : exit)
    if (record.claims === 0) this.offer(record)
  }

  /** Cancels what waits and what runs, and waits for the latter. */
  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    this.closed = true
    for (let record = this.queued.first; record !== undefined; record = this.queued.first) {
      this.abandon(record, "the parallel block was left")
    }
    for (const record of this.running) {
      if (record.exit === undefined) this.abandon(record, "the parallel block was left")
    }
    return Effect.zipRight(Fiber.interruptAll(this.fibers), this.logUnseen)
  })

  // ── who runs

  /** Sees to it that someone takes what is queued. */
  private get staff(): Effect.Effect<void> {
    if (this.queued.size === 0 || this.closed) return Effect.void
    const wake = this.parked.pop()
    if (wake !== undefined) {
      wake()
      return Effect.void
    }
    if (this.hired >= this.concurrency) return Effect.void
    this.hired++
    return Effect.asVoid(Effect.forkDaemon(Effect.interruptible(this.worker)))
  }

  private readonly worker: Effect.Effect<void> = Effect.withFiberRuntime((fiber) => {
    this.fibers.add(fiber)
    fiber.addObserver(() => {
      this.fibers.delete(fiber)
      this.hired--
    })
    return this.work(fiber, undefined)
  })

  /** Runs one record, then the next; `refs` are the references that the fiber has. */
  private work(
    fiber: Fiber.RuntimeFiber<unknown, unknown>,
    refs: FiberRefs.FiberRefs | undefined
  ): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.closed) return Effect.void
      const record = this.queued.first
      if (record?.effect === undefined) return Effect.zipRight(this.park, this.work(fiber, refs))
      this.queued.remove(record)
      this.running.add(record)
      record.fiber = fiber
      const next = record.refs
      const run = Effect.flatMap(Effect.exit(record.effect), (exit) => {
        this.running.delete(record)
        record.fiber = undefined
        this.complete(record, exit)
        // What was forked may have set references; a request sets none.
        return this.work(fiber, record.request === undefined ? undefined : next)
      })
      return next === undefined || next === refs ? run : Effect.zipRight(Effect.setFiberRefs(next), run)
    })
  }

  private readonly park: Effect.Effect<void> = Effect.async<void>((resume) => {
    this.parked.push(() => resume(Exit.void))
  })

  // ── who is given what

  private readonly awaitNext: Effect.Effect<PendingRecord, HttpxError.NoPendingResponses> = Effect.suspend(() => {
    let taker: Taker | undefined
    return onFailure(
      Effect.async<PendingRecord, HttpxError.NoPendingResponses>((resume) => {
        taker = { resume, given: undefined }
        this.takers.add(taker)
      }),
      () => {
        if (taker === undefined) return
        this.takers.delete(taker)
        if (taker.given !== undefined) this.unclaim(taker.given)
      }
    )
  })

  private claim(record: PendingRecord): void {
    if (record.claims++ > 0) return
    this.unclaimed--
    this.completed.remove(record)
    this.dismissTakers()
  }

  private unclaim(record: PendingRecord): void {
    if (--record.claims > 0) return
    this.unclaimed++
    if (record.exit !== undefined) this.offer(record, true)
  }

  /** Gives a complete record to who has waited longest, or keeps it; one that was given back comes first again. */
  private offer(record: PendingRecord, back = false): void {
    const [taker] = this.takers
    if (taker === undefined) {
      if (back) this.completed.unshift(record)
      else this.completed.push(record)
      return
    }
    this.takers.delete(taker)
    taker.given = record
    taker.resume(Exit.succeed(record))
    this.claim(record)
  }

  /** Ends a record without a result, for its handle and for `nextResponse`. */
  private abandon(record: PendingRecord, why: string): void {
    this.queued.remove(record)
    this.completed.remove(record)
    record.settle(cancelled(record, why))
    if (record.claims++ > 0) return
    this.unclaimed--
    this.dismissTakers()
  }

  /** Nobody waits for what cannot come. */
  private dismissTakers(): void {
    if (this.unclaimed > 0) return
    const waiting = [...this.takers]
    this.takers.clear()
    for (const taker of waiting) taker.resume(Exit.fail(nothingPending()))
  }

  private get logUnseen(): Effect.Effect<void> {
    let failed = 0
    for (let record = this.completed.first; record !== undefined; record = record.next) {
      if (record.exit !== undefined && Exit.isFailure(record.exit)) failed++
    }
    return failed === 0
      ? Effect.void
      : Effect.logDebug(`${failed} failed requests of a parallel block were never looked at`)
  }
}

/** Runs an effect interruptibly, and something synchronous when it does not succeed: no canceller, which costs more. */
const onFailure = <A, E>(effect: Effect.Effect<A, E>, undo: () => void): Effect.Effect<A, E> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.catchAllCause(restore(effect), (cause) => {
      undo()
      return Effect.failCause(cause)
    })
  )

const cancelled = (record: PendingRecord, message: string): Exit.Exit<never, HttpxError.RequestCancelled> =>
  Exit.fail(new HttpxError.RequestCancelled({ request: record.request?.summary, message }))

const nothingPending = (): HttpxError.NoPendingResponses =>
  new HttpxError.NoPendingResponses({
    message: "no response is pending: every request was claimed, cancelled or given out"
  })
