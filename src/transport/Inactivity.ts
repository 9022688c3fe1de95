/**
 * Notices that nothing has happened for some time. Activity is one number written; the timer underneath is re-armed only
 * when it fires, for what is left, so that a busy connection never touches it.
 */
import type * as Clock from "effect/Clock"
import { now, startTimer } from "./Timer.js"

export class Inactivity {
  private last = 0
  private limit = 0
  private watching = false
  private stopTimer: (() => void) | undefined = undefined

  constructor(
    private readonly clock: Clock.Clock | undefined,
    private readonly onInactive: (limit: number) => void
  ) {}

  /** Watches from now on; without a limit, nothing is watched. */
  watch(limit: number | undefined): void {
    if (limit === undefined) return this.rest()
    // A timer for a longer limit than this one would come too late.
    if (limit < this.limit) this.clear()
    this.watching = true
    this.limit = limit
    this.last = now(this.clock)
    if (this.stopTimer === undefined) this.arm(limit)
  }

  /** Something happened. */
  touch(): void {
    this.last = now(this.clock)
  }

  /** Stops watching, and leaves the timer for the next time. */
  rest(): void {
    this.watching = false
  }

  /** Ends the timer. */
  clear(): void {
    this.watching = false
    this.stopTimer?.()
    this.stopTimer = undefined
  }

  private arm(ms: number): void {
    this.stopTimer = startTimer(this.clock, ms, () => this.onTimer())
  }

  private onTimer(): void {
    this.stopTimer = undefined
    if (!this.watching) return
    const left = this.last + this.limit - now(this.clock)
    if (left > 0) return this.arm(left)
    this.watching = false
    this.onInactive(this.limit)
  }
}
