/**
 * The machinery of a parallel block: records that wait in a queue, at most `concurrency` fibers that run them, and a
 * queue of what is complete.
 *
 * A pending is a record, not a fiber: ten times smaller, and cancelled by leaving a queue. A fiber takes one record after
 * the other, until one is cancelled while it runs; each step costs the same, however many are pending.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpxError from "../HttpxError.js"
import { Fifo, type Link } from "../transport/Fifo.js"
import { adopt, Inheritance } from "./Inheritance.js"
import type { PendingRecord } from "./PendingRecord.js"

/** Someone who waits for the next outcome. */
class Taker implements Link<Taker> {
  next: Taker | undefined = undefined
  previous: Taker | undefined = undefined
  queue: Fifo<Taker> | undefined = undefined
  given: PendingRecord | undefined = undefined

  constructor(readonly resume: (exit: Exit.Exit<PendingRecord, HttpxError.NoPendingResponses>) => void) {}
}

export class Block {
  private readonly queued = new Fifo<PendingRecord>()
  private readonly completed = new Fifo<PendingRecord>()
  private readonly takers = new Fifo<Taker>()
  private readonly running = new Set<PendingRecord>()
  private readonly fibers = new Set<Fiber.RuntimeFiber<unknown, unknown>>()
  /** How to wake the fibers that have nothing to do. */
  private readonly parked: Array<() => void> = []
  private readonly inheritance = new Inheritance()
  private hired = 0
  private unclaimed = 0
  private completions = 0
  private closed = false

  constructor(private readonly concurrency: number) {}

  /** Submitted, not claimed, not cancelled. */
  get pendingCount(): number {
    return this.unclaimed
  }

  /** Takes a record in. It runs with the references of the fiber that submits it. */
  submit(record: PendingRecord, submitter: Fiber.RuntimeFiber<unknown, unknown>): void {
    if (record.claims === 0) this.unclaimed++
    if (this.closed) return this.abandon(record, "the parallel block had been left")
    record.refs = this.inheritance.of(submitter)
    this.queued.push(record)
    this.staff()
  }

  /** The result of a record. Claims it when called; gives the claim back when interrupted. */
  result(record: PendingRecord): Effect.Effect<Exit.Exit<unknown, unknown>> {
    return Effect.suspend(() => {
      if (record.exit === undefined) return this.awaitResult(record)
      this.claim(record)
      return Effect.succeed(record.exit)
    })
  }

  /** The next complete record that nobody has claimed, in the order of completion. */
  readonly nextRecord: Effect.Effect<PendingRecord, HttpxError.NoPendingResponses> = Effect.suspend(
    () => this.takeNext() ?? this.awaitNext
  )

  /** Takes a record out, ends it if it runs, and waits until what it held is released. */
  cancel(record: PendingRecord): Effect.Effect<void> {
    return Effect.withFiberRuntime((self) => {
      const { fiber } = record
      if (!record.isKnown || record.claims === 0) this.abandon(record, "the request was cancelled")
      if (fiber === undefined) return Effect.void
      record.cancelled = true
      fiber.unsafeInterruptAsFork(self.id())
      return Effect.asVoid(Fiber.await(fiber))
    })
  }

  /** A record has its result. It may go on running, to hold what it opened. */
  complete(record: PendingRecord, exit: Exit.Exit<unknown, unknown>): void {
    if (record.isKnown) return
    const itself = Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)
    record.order = this.completions++
    if (itself) record.abandon("the request interrupted itself")
    else record.settle(exit)
    if (record.claims === 0 && !this.handOver(record)) this.completed.push(record)
  }

  /** Cancels what waits and what runs, and waits for the latter. */
  readonly close: Effect.Effect<void> = Effect.withFiberRuntime((self) => {
    this.closed = true
    for (let record = this.queued.first; record !== undefined; record = this.queued.first) {
      this.abandon(record, "the parallel block was left")
    }
    for (const record of this.running) {
      if (!record.isKnown) this.abandon(record, "the parallel block was left")
    }
    // What was forked may leave its own block, and would wait for itself.
    const others = [...this.fibers].filter((fiber) => fiber !== self)
    return Effect.zipRight(Fiber.interruptAll(others), this.logUnseen)
  })

  // ── who runs

  /** Sees to it that someone takes what is queued. */
  private staff(): void {
    if (this.queued.size === 0 || this.closed) return
    const wake = this.parked.pop()
    if (wake !== undefined) return wake()
    if (this.hired >= this.concurrency) return
    this.hired++
    // A root, not a child of who happens to submit: it takes over the references of each record that it runs.
    Effect.runFork(this.worker, { immediate: false })
  }

  /** Can be interrupted while a record runs, and while there is none; between the two it keeps the books. */
  private readonly worker: Effect.Effect<void> = Effect.uninterruptible(
    Effect.withFiberRuntime((fiber) => {
      this.fibers.add(fiber)
      fiber.addObserver(() => this.fibers.delete(fiber))
      return this.work(fiber)
    })
  )

  /** Runs one record, then the next. Built where it is run, because each step of an effect has its price. */
  private work(fiber: Fiber.RuntimeFiber<unknown, unknown>): Effect.Effect<void> {
    if (this.closed) return Effect.void
    const record = this.queued.first
    if (record?.refs === undefined) return Effect.flatMap(this.park, () => this.work(fiber))
    this.queued.remove(record)
    this.running.add(record)
    record.fiber = fiber
    const adopted = adopt(fiber, record.refs)
    const run = Effect.matchCauseEffect(Effect.interruptible(record.run(record)), {
      onFailure: (cause) => this.ran(fiber, record, Exit.failCause(cause)),
      onSuccess: (value) => this.ran(fiber, record, Exit.succeed(value))
    })
    return adopted === undefined ? run : Effect.zipRight(adopted, run)
  }

  /** A record has been run to its end. */
  private ran(
    fiber: Fiber.RuntimeFiber<unknown, unknown>,
    record: PendingRecord,
    exit: Exit.Exit<unknown, unknown>
  ): Effect.Effect<void> {
    this.running.delete(record)
    record.fiber = undefined
    this.complete(record, exit)
    if (!isSpent(record, exit)) return this.work(fiber)
    this.hired--
    this.staff()
    return Effect.void
  }

  private readonly park: Effect.Effect<void> = Effect.interruptible(
    Effect.async<void>((resume) => {
      this.parked.push(() => resume(Exit.void))
    })
  )

  // ── who is given what

  private awaitResult(record: PendingRecord): Effect.Effect<Exit.Exit<unknown, unknown>> {
    let waiter: ((exit: Exit.Exit<unknown, unknown>) => void) | undefined
    return onFailure(
      Effect.async<Exit.Exit<unknown, unknown>>((resume) => {
        waiter = (exit) => resume(Exit.succeed(exit))
        this.claim(record)
        // It may have come since it was looked for.
        if (record.exit === undefined) record.wait(waiter)
        else waiter(record.exit)
      }),
      () => {
        if (waiter === undefined) return
        record.stopWaiting(waiter)
        this.unclaim(record)
      }
    )
  }

  private readonly awaitNext: Effect.Effect<PendingRecord, HttpxError.NoPendingResponses> = Effect.suspend(() => {
    let taker: Taker | undefined
    return onFailure(
      Effect.async<PendingRecord, HttpxError.NoPendingResponses>((resume) => {
        // It may have come since it was looked for, or have become impossible.
        const exit = this.takeNext()
        taker = new Taker(resume)
        if (exit === undefined) return this.takers.push(taker)
        if (Exit.isSuccess(exit)) taker.given = exit.value
        resume(exit)
      }),
      () => {
        if (taker === undefined) return
        this.takers.remove(taker)
        if (taker.given !== undefined) this.unclaim(taker.given)
      }
    )
  })

  /** The next record if there is one, or that there can be none; nothing if it is still to come. */
  private takeNext(): Exit.Exit<PendingRecord, HttpxError.NoPendingResponses> | undefined {
    const record = this.completed.first
    if (record === undefined) return this.unclaimed === 0 ? Exit.fail(nothingPending()) : undefined
    this.claim(record)
    return Exit.succeed(record)
  }

  private claim(record: PendingRecord): void {
    if (record.claims++ > 0) return
    this.unclaimed--
    this.completed.remove(record)
    this.dismissTakers()
  }

  private unclaim(record: PendingRecord): void {
    if (--record.claims > 0) return
    this.unclaimed++
    if (record.isKnown && !this.handOver(record)) this.putBack(record)
  }

  /** Gives a complete record to who has waited longest, if anybody waits. */
  private handOver(record: PendingRecord): boolean {
    const taker = this.takers.first
    if (taker === undefined) return false
    this.takers.remove(taker)
    taker.given = record
    taker.resume(Exit.succeed(record))
    this.claim(record)
    return true
  }

  /** Puts a record at its place in the order of completion. Only who is interrupted as the answer comes needs this. */
  private putBack(record: PendingRecord): void {
    const earlier: Array<PendingRecord> = []
    for (let first = this.completed.first; first !== undefined; first = this.completed.first) {
      if (first.order > record.order) break
      this.completed.remove(first)
      earlier.push(first)
    }
    this.completed.unshift(record)
    for (const one of earlier.reverse()) this.completed.unshift(one)
  }

  /** Ends a record without a result, for its handle and for `nextResponse`. */
  private abandon(record: PendingRecord, why: string): void {
    this.queued.remove(record)
    this.completed.remove(record)
    record.abandon(why)
    if (record.claims++ > 0) return
    this.unclaimed--
    this.dismissTakers()
  }

  /** Nobody waits for what cannot come. */
  private dismissTakers(): void {
    if (this.unclaimed > 0) return
    for (let taker = this.takers.first; taker !== undefined; taker = this.takers.first) {
      this.takers.remove(taker)
      taker.resume(Exit.fail(nothingPending()))
    }
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

/**
 * Whether the fiber that ran a record is not to run another: an interruption meant for the record may still reach it, or
 * the record was any effect at all, which can have left children and more behind.
 */
const isSpent = (record: PendingRecord, exit: Exit.Exit<unknown, unknown>): boolean =>
  record.cancelled || record.request === undefined || (Exit.isFailure(exit) && Cause.isInterrupted(exit.cause))

/** Runs an effect interruptibly, and something synchronous when it does not succeed: no canceller, which costs more. */
const onFailure = <A, E>(effect: Effect.Effect<A, E>, undo: () => void): Effect.Effect<A, E> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.catchAllCause(restore(effect), (cause) => {
      undo()
      return Effect.failCause(cause)
    })
  )

const nothingPending = (): HttpxError.NoPendingResponses =>
  new HttpxError.NoPendingResponses({
    message: "no response is pending: every request was claimed, cancelled or given out"
  })
