/**
 * Connections that serve nothing and are kept for the next exchange: so many of them, for so long.
 *
 * More than that many can be idle for a moment, between an answer and the next request. So what is too many is closed only
 * when the events of a turn are dealt with, and only idle ones are counted.
 */
import type { Clock } from "effect/Clock"
import { now, startTimer } from "../Timer.js"
import type { Connection } from "./Connection.js"
import type { Origin } from "./Origin.js"

export class IdleConnections {
  private count = 0
  private trimming: NodeJS.Immediate | undefined = undefined
  private stopSweep: (() => void) | undefined = undefined

  constructor(
    private readonly most: number,
    /** Milliseconds; `undefined` is no limit. */
    private readonly expiry: number | undefined,
    private readonly clock: Clock | undefined,
    private readonly origins: ReadonlyMap<string, Origin>
  ) {}

  add(connection: Connection): void {
    if (connection.idleSince >= 0) return
    if (this.most === 0) return connection.destroy()
    connection.idleSince = now(this.clock)
    if (++this.count > this.most) this.trimming ??= setImmediate(() => this.trim())
    if (this.expiry !== undefined && this.stopSweep === undefined) this.sweepAfter(this.expiry)
  }

  remove(connection: Connection): void {
    if (connection.idleSince < 0) return
    connection.idleSince = -1
    this.count--
  }

  isExpired({ idleSince }: Connection): boolean {
    return this.expiry !== undefined && idleSince >= 0 && now(this.clock) - idleSince >= this.expiry
  }

  /** Closes the one that was used longest ago, of whatever origin, to make room. */
  evict(): boolean {
    if (this.count === 0) return false
    let oldest: Connection | undefined
    for (const origin of this.origins.values()) {
      // The first of each origin is the oldest of its idle ones.
      const first = origin.available.find(({ idleSince }) => idleSince >= 0)
      if (first !== undefined && (oldest === undefined || first.idleSince < oldest.idleSince)) oldest = first
    }
    oldest?.destroy()
    return oldest !== undefined
  }

  close(): void {
    this.stopSweep?.()
    if (this.trimming !== undefined) clearImmediate(this.trimming)
  }

  private get all(): Array<Connection> {
    const all: Array<Connection> = []
    for (const origin of this.origins.values()) {
      for (const connection of origin.available) if (connection.idleSince >= 0) all.push(connection)
    }
    return all
  }

  private trim(): void {
    this.trimming = undefined
    if (this.count <= this.most) return
    const oldestFirst = this.all.sort((a, b) => a.idleSince - b.idleSince)
    for (const connection of oldestFirst.slice(0, this.count - this.most)) connection.destroy()
  }

  private sweepAfter(ms: number): void {
    this.stopSweep = startTimer(this.clock, ms, () => this.sweep())
  }

  private sweep(): void {
    this.stopSweep = undefined
    if (this.expiry === undefined) return
    let oldest = Infinity
    for (const connection of this.all) {
      if (this.isExpired(connection)) connection.destroy()
      else oldest = Math.min(oldest, connection.idleSince)
    }
    if (oldest < Infinity) this.sweepAfter(Math.max(0, oldest + this.expiry - now(this.clock)))
  }
}
