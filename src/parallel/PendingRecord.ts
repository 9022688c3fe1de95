/**
 * A request in a parallel block: what its handle is, and what the block keeps of it.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Call } from "../Exchange.js"
import * as HttpxError from "../HttpxError.js"
import type { Request } from "../Request.js"
import type { Fifo, Link } from "../transport/Fifo.js"
import type { Block } from "./Block.js"
import type { Inherited } from "./Inheritance.js"
import type { OriginTurns } from "./Turns.js"
import type { Work } from "./Work.js"
import type { Worker } from "./Workers.js"

/**
 * The handle of something submitted to a parallel block.
 *
 * @since 0.1.0
 * @category models
 */
export interface Pending<out A, out E> {
  /**
   * Its result, waiting for it if need be; the same as often as it is asked for. Asking claims it: `nextResponse` will
   * not give it out. Interrupting who waits gives the claim back and leaves the request running.
   */
  readonly getResponse: Effect.Effect<A, E | HttpxError.RequestCancelled>
  /** Ends it and waits until what it held is released; then `getResponse` fails with `RequestCancelled`. */
  readonly cancel: Effect.Effect<void>
  /** The request; `undefined` for what was forked. */
  readonly request: Request<unknown> | undefined
  /** The tag that was given with the request. */
  readonly tag: unknown
}

export class PendingRecord implements Pending<unknown, unknown>, Link<PendingRecord> {
  // ── its place among those that wait to run, or among those that are complete
  next: PendingRecord | undefined = undefined
  previous: PendingRecord | undefined = undefined
  queue: Fifo<PendingRecord> | undefined = undefined

  /** What it has from the fiber that submitted it. */
  inherited: Inherited | undefined = undefined
  /** The call that runs it, if it is run without a fiber. */
  call: Call | undefined = undefined
  /** The same call, once a fiber is to run the rest of it. */
  rest: Call | undefined = undefined
  /** The fiber that runs it, or holds what it opened. */
  worker: Worker | undefined = undefined
  /** The origin where it has a place, if those are counted. */
  origin: OriginTurns | undefined = undefined
  /** How many have asked for it by its handle, or were given it. */
  claims = 0
  /** Its place in the order of completion. */
  order = 0
  private known: Exit.Exit<unknown, unknown> | undefined = undefined
  private abandoned: string | undefined = undefined
  private waiters: Set<(exit: Exit.Exit<unknown, unknown>) => void> | undefined = undefined

  constructor(
    private readonly block: Block,
    readonly request: Request<unknown> | undefined,
    /** How it is run. One value serves many records: what waits is to be small. */
    readonly work: Work
  ) {}

  /** Its result, once that is known. The error of one that was abandoned is made when somebody asks. */
  get exit(): Exit.Exit<unknown, unknown> | undefined {
    if (this.known === undefined && this.abandoned !== undefined) {
      const details = { request: this.request?.summary, message: this.abandoned }
      this.known = Exit.fail(new HttpxError.RequestCancelled(details))
    }
    return this.known
  }

  get isKnown(): boolean {
    return this.known !== undefined || this.abandoned !== undefined
  }

  get tag(): unknown {
    return this.request?.tag
  }

  get getResponse(): Effect.Effect<unknown, unknown> {
    return this.block.results.of(this)
  }

  get cancel(): Effect.Effect<void> {
    return this.block.cancel(this)
  }

  wait(resume: (exit: Exit.Exit<unknown, unknown>) => void): void {
    ;(this.waiters ??= new Set()).add(resume)
  }

  stopWaiting(resume: (exit: Exit.Exit<unknown, unknown>) => void): void {
    this.waiters?.delete(resume)
  }

  /** Its result is known. */
  settle(exit: Exit.Exit<unknown, unknown>): void {
    this.known = exit
    this.tell()
  }

  /** It is not to have a result, even if it had one already. */
  abandon(why: string): void {
    this.known = undefined
    this.abandoned = why
    this.tell()
  }

  private tell(): void {
    this.inherited = undefined
    const { waiters } = this
    this.waiters = undefined
    if (waiters === undefined || this.exit === undefined) return
    for (const resume of waiters) resume(this.exit)
  }
}
