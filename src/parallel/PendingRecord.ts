/**
 * A request in a parallel block: what its handle is, and what the block keeps of it.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as FiberRefs from "effect/FiberRefs"
import * as HttpxError from "../HttpxError.js"
import type { Request } from "../Request.js"
import type { Fifo, Link } from "../transport/Fifo.js"
import type { Block } from "./Block.js"

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

  /** The references of the fiber that submitted it. */
  refs: FiberRefs.FiberRefs | undefined = undefined
  /** The fiber that runs it, or holds what it opened. */
  fiber: Fiber.RuntimeFiber<unknown, unknown> | undefined = undefined
  /** How many have asked for it by its handle, or were given it. */
  claims = 0
  /** Its place in the order of completion. */
  order = 0
  /** Whether the fiber that runs it has been told to stop. */
  cancelled = false
  private known: Exit.Exit<unknown, unknown> | undefined = undefined
  private abandoned: string | undefined = undefined
  private waiters: Set<(exit: Exit.Exit<unknown, unknown>) => void> | undefined = undefined

  constructor(
    private readonly block: Block,
    readonly request: Request<unknown> | undefined,
    /** What to run for it. One function serves many records: what waits is to be small. */
    readonly run: (record: PendingRecord) => Effect.Effect<unknown, unknown>
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
    return Effect.flatten(this.block.result(this))
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
    this.refs = undefined
    const { waiters } = this
    this.waiters = undefined
    if (waiters === undefined || this.exit === undefined) return
    for (const resume of waiters) resume(this.exit)
  }
}
