/**
 * The state of pools as Effect metrics, summed over all transports of a process.
 *
 * Told of a change, it waits a tenth of a second and publishes what came of it: a metric's update costs as much as a tenth
 * of a request does.
 */
import * as Metric from "effect/Metric"
import type { PoolStats } from "./PoolStats.js"

const connections = Metric.counter("effect_httpx_connections", {
  description: "Connections of the transports, by what they are doing"
})
const exchanges = Metric.counter("effect_httpx_exchanges", {
  description: "Exchanges of the transports: those that wait for a connection, and those under way"
})

const states = {
  connecting: Metric.tagged(connections, "state", "connecting"),
  active: Metric.tagged(connections, "state", "active"),
  idle: Metric.tagged(connections, "state", "idle"),
  queued: Metric.tagged(exchanges, "state", "queued"),
  exchanges: Metric.tagged(exchanges, "state", "active")
}

const nothing: PoolStats = { queued: 0, connecting: 0, active: 0, idle: 0, exchanges: 0 }

// Milliseconds.
const delay = 100

export class PoolMetrics {
  private published = nothing
  private publishing: NodeJS.Timeout | undefined = undefined

  constructor(private readonly stats: () => PoolStats) {}

  changed(): void {
    if (this.publishing !== undefined) return
    this.publishing = setTimeout(() => {
      this.publishing = undefined
      this.publish(this.stats())
    }, delay)
    // A program that is done need not wait for its last numbers.
    this.publishing.unref()
  }

  /** The transport is closed: nothing of it is left in the sums. */
  close(): void {
    clearTimeout(this.publishing)
    this.publish(nothing)
  }

  private publish(stats: PoolStats): void {
    for (const state of Object.keys(states) as Array<keyof typeof states>) {
      const change = stats[state] - this.published[state]
      if (change !== 0) states[state].unsafeUpdate(change, [])
    }
    this.published = stats
  }
}
