/**
 * Who is given which result: what is complete and unclaimed, in the order of completion, and who waits for the next.
 *
 * A record is claimed by who asks for it by its handle, from that moment on, or by who is given it as the next. Each step
 * costs the same, however many are pending.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpxError from "../HttpxError.js"
import { Fifo, type Link } from "../transport/Fifo.js"
import type { PendingRecord } from "./PendingRecord.js"
import { Wakes } from "./Wakes.js"

// As many in flight are worth waking who waits for several of them at once.
const crowd = 8

/** Makes of a complete record what its taker wants of it. */
export type Taking<A, E> = (record: PendingRecord) => Exit.Exit<A, E>

/** Someone who waits for the next outcome, whatever is made of it. */
abstract class Waiting implements Link<Waiting> {
  next: Waiting | undefined = undefined
  previous: Waiting | undefined = undefined
  queue: Fifo<Waiting> | undefined = undefined
  /** What was given. */
  record: PendingRecord | undefined = undefined

  abstract give(record: PendingRecord): void
  abstract dismiss(): void
}

class Taker<A, E> extends Waiting {
  /** What was made of it. */
  exit: Exit.Exit<A, E> | undefined = undefined

  constructor(
    private readonly taking: Taking<A, E>,
    private readonly resume: (exit: Exit.Exit<A, E | HttpxError.NoPendingResponses>) => void,
    private readonly wake: (resume: () => void) => void
  ) {
    super()
  }

  override give(record: PendingRecord): void {
    this.record = record
    const exit = this.taking(record)
    this.exit = exit
    this.wake(() => this.resume(exit))
  }

  override dismiss(): void {
    this.resume(nothingPending())
  }
}

export class Results {
  private readonly completed = new Fifo<PendingRecord>()
  private readonly takers = new Fifo<Waiting>()
  private readonly wakes = new Wakes()
  private unclaimed = 0
  private completions = 0

  /** `inFlight` is how many run, and so may have an answer any moment. */
  constructor(private readonly inFlight: () => number) {}

  /** Submitted, not claimed, not cancelled. */
  get pendingCount(): number {
    return this.unclaimed
  }

  /** As if one more were pending, until the returned function is called: who waits then waits for what may be submitted. */
  hold(): () => void {
    this.unclaimed++
    return () => {
      this.unclaimed--
      this.dismissTakers()
    }
  }

  /** One more is pending, unless its claim is taken already. */
  expect(record: PendingRecord): void {
    if (record.claims === 0) this.unclaimed++
  }

  /** A record has its result. */
  complete(record: PendingRecord, exit: Exit.Exit<unknown, unknown>): void {
    record.order = this.completions++
    record.settle(exit)
    this.offer(record)
  }

  /** Ends a record without a result, for its handle and for whoever takes what comes next. */
  abandon(record: PendingRecord, why: string): void {
    record.queue?.remove(record)
    record.abandon(why)
    if (record.claims++ > 0) return
    this.unclaimed--
    this.dismissTakers()
  }

  /** The same for one that ended itself: that is for somebody to know. */
  fallen(record: PendingRecord, why: string): void {
    record.order = this.completions++
    record.abandon(why)
    this.offer(record)
  }

  /** The result of a record. Claims it when called; gives the claim back when interrupted. */
  of(record: PendingRecord): Effect.Effect<unknown, unknown> {
    return Effect.suspend(() => {
      if (record.exit === undefined) return this.awaitResult(record)
      this.claim(record)
      return record.exit
    })
  }

  /** The same without waiting: claims it if it is known. */
  poll(record: PendingRecord): Exit.Exit<unknown, unknown> | undefined {
    if (record.exit !== undefined) this.claim(record)
    return record.exit
  }

  /** The next complete record that nobody has claimed, in the order of completion. */
  next<A, E>(taking: Taking<A, E>): Effect.Effect<A, E | HttpxError.NoPendingResponses> {
    const awaitNext = this.awaitNext(taking)
    return Effect.suspend(() => {
      const record = this.takeNow()
      if (record !== undefined) return taking(record)
      return this.unclaimed === 0 ? nothingPending() : awaitNext
    })
  }

  /** The same without waiting. */
  takeNow(): PendingRecord | undefined {
    const record = this.completed.first
    if (record !== undefined) this.claim(record)
    return record
  }

  /** The failures that nobody has taken. */
  get unobserved(): ReadonlyArray<PendingRecord> {
    const failed: Array<PendingRecord> = []
    for (let record = this.completed.first; record !== undefined; record = record.next) {
      if (record.exit !== undefined && Exit.isFailure(record.exit)) failed.push(record)
    }
    return failed
  }

  private awaitResult(record: PendingRecord): Effect.Effect<unknown, unknown> {
    let waiter: ((exit: Exit.Exit<unknown, unknown>) => void) | undefined
    const known = Effect.async<unknown, unknown>((resume) => {
      waiter = (exit) => this.wake(() => resume(exit))
      this.claim(record)
      // It may have come since it was looked for.
      if (record.exit === undefined) record.wait(waiter)
      else waiter(record.exit)
    })
    const undo = () => {
      if (waiter === undefined) return
      record.stopWaiting(waiter)
      this.unclaim(record)
    }
    return orUndo(known, () => record.exit, undo)
  }

  private awaitNext<A, E>(taking: Taking<A, E>): Effect.Effect<A, E | HttpxError.NoPendingResponses> {
    return Effect.suspend(() => {
      let taker: Taker<A, E> | undefined
      const given = Effect.async<A, E | HttpxError.NoPendingResponses>((resume) => {
        taker = new Taker(taking, resume, this.wake)
        // It may have come since it was looked for, or have become impossible.
        const record = this.takeNow()
        if (record !== undefined) taker.give(record)
        else if (this.unclaimed === 0) taker.dismiss()
        else this.takers.push(taker)
      })
      const undo = () => {
        if (taker === undefined) return
        this.takers.remove(taker)
        if (taker.record !== undefined) this.unclaim(taker.record)
      }
      return orUndo(given, () => taker?.exit, undo)
    })
  }

  /** Few answers are near if few are under way: who waits is not kept waiting. */
  private readonly wake = (resume: () => void): void => this.wakes.wake(resume, this.inFlight() >= crowd)

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

  private offer(record: PendingRecord): void {
    if (record.claims === 0 && !this.handOver(record)) this.completed.push(record)
  }

  /** Gives a complete record to who has waited longest, if anybody waits. */
  private handOver(record: PendingRecord): boolean {
    const taker = this.takers.first
    if (taker === undefined) return false
    this.takers.remove(taker)
    taker.give(record)
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

  /** Nobody waits for what cannot come. */
  private dismissTakers(): void {
    if (this.unclaimed > 0) return
    for (let taker = this.takers.first; taker !== undefined; taker = this.takers.first) {
      this.takers.remove(taker)
      taker.dismiss()
    }
  }
}

/**
 * Waits interruptibly, and runs `undo` when an interruption took the place of what was given. No canceller, which costs
 * more. What was given may be a failure, known by its cause: that is no reason to undo.
 */
const orUndo = <A, E>(
  waiting: Effect.Effect<A, E>,
  given: () => Exit.Exit<unknown, unknown> | undefined,
  undo: () => void
): Effect.Effect<A, E> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.catchAllCause(restore(waiting), (cause) => {
      const exit = given()
      if (exit === undefined || Exit.isSuccess(exit) || exit.cause !== cause) undo()
      return Effect.failCause(cause)
    })
  )

const nothingPending = (): Exit.Exit<never, HttpxError.NoPendingResponses> =>
  Exit.fail(
    new HttpxError.NoPendingResponses({
      message: "no response is pending: every request was claimed, cancelled or given out"
    })
  )
