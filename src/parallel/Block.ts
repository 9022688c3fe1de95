/**
 * The machinery of a parallel block: records that wait for their turn, what runs them, and their results.
 *
 * A pending is a record, not a fiber: ten times smaller, and cancelled by leaving a queue. Where nothing in the way of a
 * request needs a fiber it is run by callbacks alone; otherwise by one of the block's fibers.
 */
import * as Cause from "effect/Cause"
import type { Clock } from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { asRest, Call, type Start } from "../Exchange.js"
import type { Request } from "../Request.js"
import type { Response } from "../Response.js"
import { startTimer } from "../transport/Timer.js"
import type { BlockSettings } from "./BlockOptions.js"
import { overdue, refused } from "./failures.js"
import { Inheritance } from "./Inheritance.js"
import type { PendingRecord } from "./PendingRecord.js"
import { Results } from "./Results.js"
import { type Priority, Turns } from "./Turns.js"
import { reportUnobserved } from "./unobserved.js"
import { Workers } from "./Workers.js"

export class Block {
  readonly results = new Results(() => this.running.size)
  private readonly turns: Turns
  private readonly workers = new Workers((record, exit) => this.ran(record, exit))
  private readonly running = new Set<PendingRecord>()
  /** What was cancelled and has not let go yet. */
  private readonly ending = new Set<Fiber.RuntimeFiber<void>>()
  private readonly inheritance = new Inheritance()
  private readonly stopDeadline: (() => void) | undefined
  private closed = false
  private late = false
  private starting = false
  /** Whether those whose turn it is are about to be started. */
  private soon = false

  constructor(
    readonly settings: BlockSettings,
    clock: Clock | undefined
  ) {
    this.turns = new Turns(settings, clock, () => this.startNext())
    const { deadline } = settings
    this.stopDeadline = deadline === undefined ? undefined : startTimer(clock, deadline, () => this.onDeadline())
  }

  /** Takes a record in. It runs with the references of the fiber that submits it. */
  submit(record: PendingRecord, priority: Priority, submitter: Fiber.RuntimeFiber<unknown, unknown>): void {
    this.results.expect(record)
    if (this.closed) return this.results.abandon(record, "the parallel block had been left")
    if (this.settings.problem !== undefined) return this.complete(record, refused(record, this.settings.problem))
    if (this.late) return this.complete(record, this.overdue(record, "unsent"))
    record.inherited = this.inheritance.of(submitter)
    this.turns.push(record, priority)
    this.startNext()
  }

  /** Takes a record out, ends it if it runs, and waits until what it held is released. */
  cancel(record: PendingRecord): Effect.Effect<void> {
    return Effect.withFiberRuntime((self) => {
      if (!record.isKnown || record.claims === 0) this.results.abandon(record, "the request was cancelled")
      return this.stop(record, self)
    })
  }

  /** A record has its result. It may go on running, to hold what it opened. */
  complete(record: PendingRecord, exit: Exit.Exit<unknown, unknown>): void {
    if (record.isKnown) return
    const itself = Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)
    if (itself) this.results.fallen(record, "the request interrupted itself")
    else this.results.complete(record, exit)
  }

  /** Cancels what waits and what runs, and waits for the latter. */
  readonly close: Effect.Effect<void> = Effect.withFiberRuntime((self) => {
    this.closed = true
    this.stopDeadline?.()
    this.turns.close()
    for (const record of this.turns.drain()) this.results.abandon(record, "the parallel block was left")
    for (const record of [...this.running]) {
      if (!record.isKnown) this.results.abandon(record, "the parallel block was left")
      // Those with fibers are ended together, below.
      if (record.call !== undefined) this.endCall(record, record.call)
    }
    const calls = Effect.suspend(() => Fiber.awaitAll(this.ending))
    return this.workers
      .close(self)
      .pipe(Effect.zipRight(calls), Effect.zipRight(reportUnobserved(this.results.unobserved, this.settings)))
  })

  /** Starts those whose turn it is. One that has ended before its start returns does not start the next from there. */
  private startNext(): void {
    if (this.starting || this.closed) return
    this.starting = true
    for (let record = this.turns.next(); record !== undefined; record = this.turns.next()) this.start(record)
    this.starting = false
  }

  private start(record: PendingRecord): void {
    const { inherited, request, work } = record
    this.running.add(record)
    const canStart = request !== undefined && request.body._tag !== "Stream" && inherited?.traced === false
    if (canStart && work.start !== undefined) this.call(record, request, inherited.clock, work.start)
    else this.workers.run(record, work.effect(record))
  }

  // ── without a fiber

  private call(record: PendingRecord, request: Request<unknown>, clock: Clock | undefined, start: Start): void {
    const call = new Call(clock, true, false)
    record.call = call
    try {
      start(request.as(call), call, (answer) => this.answered(record, call, answer))
    } catch (defect) {
      if (record.call === call) this.called(record, Exit.die(defect))
    }
  }

  private answered(record: PendingRecord, call: Call, answer: Effect.Effect<Response, unknown>): void {
    // It may have been cancelled meanwhile.
    if (record.call !== call) return
    if (!isExit(answer)) this.goOn(record, call, answer)
    else if (Exit.isFailure(answer) || answer.value.readNow()) this.called(record, answer)
    else answer.value.onOver(() => this.arrived(record, call, answer))
  }

  /** The body is there, or will never be. */
  private arrived(record: PendingRecord, call: Call, answer: Exit.Success<Response, unknown>): void {
    if (record.call !== call) return
    if (answer.value.readNow()) this.called(record, answer)
    else this.goOn(record, call, answer)
  }

  /** What is more to do with an answer needs a fiber. */
  private goOn(record: PendingRecord, call: Call, answer: Effect.Effect<Response, unknown>): void {
    record.call = undefined
    record.rest = call
    this.workers.run(record, asRest(call, answer))
  }

  /** A call has ended. Its connection is free when who calls back here is done: the next one is not to miss it. */
  private called(record: PendingRecord, exit: Exit.Exit<unknown, unknown>): void {
    record.call = undefined
    this.complete(record, exit)
    this.running.delete(record)
    this.turns.done(record)
    if (this.starting || this.soon) return
    this.soon = true
    queueMicrotask(() => {
      this.soon = false
      this.startNext()
    })
  }

  /** Ends a call, and leaves its place when it has let go. Goes on whatever becomes of who asked for it. */
  private endCall(record: PendingRecord, call: Call): Fiber.RuntimeFiber<void> {
    record.call = undefined
    const ending = Effect.runFork(call.release)
    this.ending.add(ending)
    ending.addObserver(() => {
      this.ending.delete(ending)
      this.leave(record)
    })
    return ending
  }

  // ── either way

  private stop(record: PendingRecord, self: Fiber.RuntimeFiber<unknown, unknown>): Effect.Effect<void> {
    if (record.call !== undefined) return Effect.asVoid(Fiber.await(this.endCall(record, record.call)))
    return record.worker === undefined ? Effect.void : this.workers.cancel(record.worker, self)
  }

  /** A record has been run to its end. */
  private ran(record: PendingRecord, exit: Exit.Exit<unknown, unknown>): void {
    this.complete(record, exit)
    const { rest } = record
    record.rest = undefined
    // Cancelled before its fiber had begun, the rest of a call has ended nothing.
    if (rest?.isOpen === true) this.endCall(record, rest)
    else this.leave(record)
  }

  private leave(record: PendingRecord): void {
    this.running.delete(record)
    this.turns.done(record)
    this.startNext()
  }

  private onDeadline(): void {
    this.late = true
    for (const record of this.turns.drain()) this.complete(record, this.overdue(record, "unsent"))
    for (const record of [...this.running]) {
      // An answer that is held open stays so.
      if (record.isKnown) continue
      this.complete(record, this.overdue(record, "unknown"))
      Effect.runFork(Effect.withFiberRuntime((self) => this.stop(record, self)))
    }
  }

  private overdue(record: PendingRecord, delivery: "unsent" | "unknown"): Exit.Exit<never, unknown> {
    return Exit.fail(overdue(record.request, this.settings.deadline ?? 0, delivery))
  }
}

const isExit = (answer: Effect.Effect<Response, unknown>): answer is Exit.Exit<Response, unknown> => Exit.isExit(answer)
