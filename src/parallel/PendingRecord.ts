/**
 * A request in a parallel block: what its handle is, and what the block keeps of it.
 */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as FiberRefs from "effect/FiberRefs"
import type * as HttpxError from "../HttpxError.js"
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
  exit: Exit.Exit<unknown, unknown> | undefined = undefined
  private readonly waiters = new Set<(exit: Exit.Exit<unknown, unknown>) => void>()

  constructor(
    private readonly block: Block,
    readonly request: Request<unknown> | undefined,
    /** What is run; dropped when it has been. */
    public effect: Effect.Effect<unknown, unknown> | undefined
  ) {}

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
    this.waiters.add(resume)
  }

  stopWaiting(resume: (exit: Exit.Exit<unknown, unknown>) => void): void {
    this.waiters.delete(resume)
  }

  /** Its result is known. */
  settle(exit: Exit.Exit<unknown, unknown>): void {
    this.exit = exit
    this.effect = undefined
    this.refs = undefined
    for (const resume of this.waiters) resume(exit)
    this.waiters.clear()
  }
}
