/**
 * A limit to how many may begin within any span of some length: the times of the last ones are kept, and one more may
 * begin when the oldest of them is that long ago.
 */
import type { Clock } from "effect/Clock"
import { now, startTimer } from "../transport/Timer.js"

export class Pace {
  private readonly begun: Array<number> = []
  /** Where the oldest is, once there are as many as may begin. */
  private oldest = 0
  private stopTimer: (() => void) | undefined = undefined

  constructor(
    private readonly limit: { readonly requests: number; readonly per: number },
    private readonly clock: Clock | undefined
  ) {}

  /** Whether one may begin now. If not, calls back as soon as one may. */
  admits(onTime: () => void): boolean {
    const { begun, limit } = this
    if (begun.length < limit.requests) return true
    const left = begun[this.oldest]! + limit.per - now(this.clock)
    if (left <= 0) return true
    this.stopTimer ??= startTimer(this.clock, left, () => {
      this.stopTimer = undefined
      onTime()
    })
    return false
  }

  /** One begins. */
  begin(): void {
    const { begun, limit } = this
    if (begun.length < limit.requests) {
      begun.push(now(this.clock))
    } else {
      begun[this.oldest] = now(this.clock)
      this.oldest = (this.oldest + 1) % limit.requests
    }
  }

  close(): void {
    this.stopTimer?.()
    this.stopTimer = undefined
  }
}
