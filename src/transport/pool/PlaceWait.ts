/**
 * How long exchanges may wait for a place. Those of one origin wait in the order in which they came, so one timer for the
 * first of them is enough, however many wait; one whose call has a limit of its own is looked for among them.
 */
import type { Clock } from "effect/Clock"
import * as HttpxError from "../../HttpxError.js"
import { now, startTimer } from "../Timer.js"
import type { WireExchange } from "../WireExchange.js"
import type { Origin } from "./Origin.js"

export class PlaceWait {
  constructor(
    /** Milliseconds, `undefined` for no limit, of calls that give none. */
    private readonly usual: number | undefined,
    private readonly clock: Clock | undefined,
    /** Is told that somebody waits no longer. */
    private readonly changed: () => void
  ) {}

  /** The exchange waits in its origin's queue from now on. */
  begin(origin: Origin, exchange: WireExchange): void {
    const { pool } = exchange.limits
    // One who is sent again waits before others, and has not waited less than they have.
    exchange.queuedAt = exchange.next?.queuedAt ?? now(this.clock)
    if (pool === undefined) return
    if (pool !== this.usual) this.alone(origin, exchange, pool)
    else if (origin.stopWaiting === undefined) this.arm(origin, pool)
  }

  end(origin: Origin): void {
    origin.stopWaiting?.()
    origin.stopWaiting = undefined
  }

  private arm(origin: Origin, ms: number): void {
    origin.stopWaiting = startTimer(this.clock, ms, () => this.onTime(origin))
  }

  private onTime(origin: Origin): void {
    origin.stopWaiting = undefined
    const { usual } = this
    if (usual === undefined) return
    const time = now(this.clock)
    let exchange = origin.queued.first
    while (exchange !== undefined) {
      const { next } = exchange
      const left = exchange.queuedAt + usual - time
      if (exchange.limits.pool !== usual) exchange = next
      else if (left > 0) return this.arm(origin, left)
      else {
        this.fail(exchange, usual)
        exchange = next
      }
    }
  }

  private alone(origin: Origin, exchange: WireExchange, limit: number): void {
    const { queuedAt } = exchange
    const stop = startTimer(this.clock, limit, () => {
      if (exchange.queue === origin.queued && exchange.queuedAt === queuedAt) this.fail(exchange, limit)
    })
    exchange.onOver(stop)
  }

  private fail(exchange: WireExchange, limit: number): void {
    exchange.queue?.remove(exchange)
    this.changed()
    const what = `no connection became free within ${limit} ms: raise limits.connections, or timeout.pool`
    exchange.fail(new HttpxError.PoolTimeout({ ...exchange.details("queue", "unsent", what), limit }))
  }
}
