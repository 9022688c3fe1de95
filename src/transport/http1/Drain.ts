/**
 * The rest of an answer that nobody wants: it is read and thrown away, if it is short and comes at once, so that the
 * connection can serve the next exchange.
 *
 * Whoever closed the response waits for that, so it is bounded in bytes and in time. The time is the machine's, whatever
 * clock the caller has: one that stands still must not hold up who closes.
 */
import { startTimer } from "../Timer.js"

/** How many bytes may be thrown away. */
export const mostDrained = 64 * 1024

/** How many milliseconds whoever closes a response may be held up. */
export const longestDrain = 100

/** How many milliseconds an upgraded connection that has ended may take for what was written before; nobody waits. */
export const longestFlush = 1_000

export class Drain {
  private left = mostDrained
  private readonly stopTimer: () => void

  constructor(
    ms: number,
    /** Is called when the connection is free again, or its socket closed. */
    readonly released: () => void,
    onTime: () => void
  ) {
    this.stopTimer = startTimer(undefined, ms, onTime)
  }

  /** So many bytes have come; whether there may be more. */
  take(count: number): boolean {
    this.left -= count
    return this.left >= 0
  }

  stop(): void {
    this.stopTimer()
  }
}
