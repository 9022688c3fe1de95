/**
 * Notices streams on which nothing has happened for some time: one timer for all streams of a connection. Activity is one
 * number written; the timer is re-armed only when it fires, for what is left.
 */
import type { Clock } from "effect/Clock"
import { now, startTimer } from "../Timer.js"

/** What can be too quiet. */
export interface Quietable {
  /** Milliseconds without activity that are too many; `Infinity` while it is not watched. Owned by `Quiet`. */
  quietLimit: number
  /** When something happened last, by the clock. Owned by `Quiet`. */
  activeAt: number
  readonly onQuiet: (limit: number) => void
}

export class Quiet {
  private stopTimer: (() => void) | undefined = undefined
  /** When the timer fires, by the clock. */
  private due = Infinity

  constructor(
    private readonly clock: Clock | undefined,
    private readonly streams: Iterable<Quietable>
  ) {}

  /** Watches a stream from now on; without a limit, it is not watched. */
  watch(stream: Quietable, limit: number | undefined): void {
    if (limit === undefined) return this.rest(stream)
    stream.quietLimit = limit
    stream.activeAt = now(this.clock)
    // A timer for a longer limit than this one would come too late.
    if (stream.activeAt + limit < this.due) this.arm(stream.activeAt, limit)
  }

  /** Something happened on a stream. */
  touch(stream: Quietable): void {
    stream.activeAt = now(this.clock)
  }

  /** Stops watching a stream, and leaves the timer for the others. */
  rest(stream: Quietable): void {
    stream.quietLimit = Infinity
  }

  /** Ends the timer. */
  clear(): void {
    this.stopTimer?.()
    this.stopTimer = undefined
    this.due = Infinity
  }

  private arm(from: number, ms: number): void {
    this.stopTimer?.()
    this.due = from + ms
    this.stopTimer = startTimer(this.clock, ms, () => this.onTimer())
  }

  private onTimer(): void {
    this.stopTimer = undefined
    this.due = Infinity
    const at = now(this.clock)
    let left = Infinity
    for (const stream of [...this.streams]) {
      const remains = stream.activeAt + stream.quietLimit - at
      // One that is told may take others with it.
      if (remains > 0) left = Math.min(left, remains)
      else if (stream.quietLimit < Infinity) stream.onQuiet(stream.quietLimit)
    }
    if (left < Infinity && at + left < this.due) this.arm(at, left)
  }
}
