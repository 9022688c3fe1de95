/**
 * Admission to connections: limits in total and for each origin, first come first served, and connections kept for the
 * next exchange while they are young.
 *
 * An origin that is full or slow holds up nobody else. When the total is reached, an idle connection of another origin
 * makes room; when none is idle, who has waited longest gets the next place that is free, whatever its origin.
 */
import type { Clock } from "effect/Clock"
import type * as Fiber from "effect/Fiber"
import * as HttpxError from "../../HttpxError.js"
import type { Connected, Dialing } from "../connect/Dialing.js"
import type { ConnectProblem } from "../connect/ConnectProblem.js"
import { type Destination, keyOf } from "../connect/Route.js"
import type { Admission, WireExchange } from "../WireExchange.js"
import { Attempt, type AttemptOwner } from "./Attempt.js"
import type { Connection, ConnectionOwner } from "./Connection.js"
import { IdleConnections } from "./IdleConnections.js"
import { Origin } from "./Origin.js"
import { PlaceWait } from "./PlaceWait.js"
import type { PoolStats } from "./PoolStats.js"

/** Durations in milliseconds; `undefined` is no limit. */
export interface PoolLimits {
  readonly connections: number
  readonly connectionsPerOrigin: number
  readonly keepAlive: number
  readonly keepAliveExpiry: number | undefined
  /** For a place, where a call gives no limit of its own. */
  readonly pool: number | undefined
}

/** How the pool comes by connections. */
export interface PoolMeans {
  /** Runs the making of a connection; not at once. */
  readonly dial: (destination: Destination, dialing: Dialing) => Fiber.RuntimeFiber<void, ConnectProblem>
  /** What is made of a socket that is connected. */
  readonly connection: (connected: Connected, origin: Origin, owner: ConnectionOwner) => Connection
  /** The protocol that connections to a destination will speak, where that is known before there is one. */
  readonly protocolOf: (destination: Destination) => Connection["protocol"] | undefined
  /** Is told that the state of the pool has changed. */
  readonly changed: () => void
}

export class Pool implements Admission, ConnectionOwner, AttemptOwner {
  private readonly origins = new Map<string, Origin>()
  /** Origins that only the limit in total keeps from opening a connection. */
  private readonly starved = new Set<Origin>()
  private readonly idle: IdleConnections
  private readonly wait: PlaceWait
  private total = 0
  private submitted = 0
  private closed = false

  constructor(
    private readonly means: PoolMeans,
    private readonly limits: PoolLimits,
    readonly clock: Clock | undefined
  ) {
    this.idle = new IdleConnections(limits.keepAlive, limits.keepAliveExpiry, clock, this.origins)
    this.wait = new PlaceWait(limits.pool, clock, means.changed)
  }

  get stats(): PoolStats {
    const stats = { queued: 0, connecting: 0, active: 0, idle: 0, exchanges: 0 }
    for (const origin of this.origins.values()) {
      stats.queued += origin.waiting
      stats.connecting += origin.attempts.size
      for (const connection of origin.open) {
        stats.exchanges += connection.active
        if (connection.idleSince < 0) stats.active++
        else stats.idle++
      }
    }
    return stats
  }

  // ── from exchanges

  submit(exchange: WireExchange): void {
    if (this.closed) return exchange.fail(closedError(exchange))
    exchange.order = this.submitted++
    this.means.changed()
    const origin = this.origin(exchange)
    origin.queued.push(exchange)
    this.serve(origin)
    if (exchange.queue === origin.queued) this.wait.begin(origin, exchange)
  }

  withdraw(exchange: WireExchange, released: () => void): void {
    const { attempt } = exchange
    this.means.changed()
    exchange.queue?.remove(exchange)
    if (attempt !== undefined) {
      attempt.leave(exchange)
      this.inherit(attempt)
      // The connection is for nobody then.
      if (attempt.riders === 0) return attempt.abort(released)
    }
    const origin = this.origins.get(keyOf(exchange.target, exchange.route))
    if (origin !== undefined) this.forget(origin)
    released()
  }

  // ── from connections

  onRoom(connection: Connection): void {
    const { origin } = connection
    this.means.changed()
    let first = origin.first
    const isTooOld = connection.isDoubtful && first !== undefined && first.resent > 0
    if (this.closed || (connection.active === 0 && (isTooOld || this.isOutwaited(origin)))) return connection.destroy()
    while (first !== undefined && connection.room > 0) {
      this.begin(first, connection)
      first = origin.first
    }
    if (connection.room > 0 && !connection.isListed) {
      connection.isListed = true
      origin.available.push(connection)
    }
    if (connection.active === 0) this.idle.add(connection)
    // Those for whom it has no room may need another; one that serves one at a time was never to serve more of them.
    if (first !== undefined && connection.protocol === "h2") this.serve(origin)
  }

  onFull(connection: Connection): void {
    this.unlist(connection)
    this.serve(connection.origin)
  }

  onGone(connection: Connection): void {
    const { origin } = connection
    if (!origin.open.delete(connection)) return
    this.idle.remove(connection)
    this.unlist(connection)
    this.freed(origin)
  }

  onStale(connection: Connection, exchange: WireExchange, wasKept: boolean): boolean {
    // RFC 9112 §9.3.1: a connection that had served before, or was kept, may have been closed while the request was under
    // way. Only what is idempotent (RFC 9110 §9.2.2), and can be sent twice, goes out again, and only once.
    if (!wasKept || this.closed || !exchange.canGoAgain) return false
    // Its siblings are as old: the second attempt must not meet the same end, on one that is free or on one that will be.
    for (const sibling of connection.origin.open) sibling.isDoubtful = true
    for (const sibling of [...connection.origin.available]) {
      if (sibling !== connection && sibling.active === 0) sibling.destroy()
    }
    return this.again(connection, exchange)
  }

  onUnprocessed(connection: Connection, exchange: WireExchange): boolean {
    if (this.closed || !exchange.canBeReplayed) return false
    return this.again(connection, exchange)
  }

  // ── from attempts to connect

  dial(origin: Origin, dialing: Dialing): Fiber.RuntimeFiber<void, ConnectProblem> {
    return this.means.dial(origin.destination, dialing)
  }

  onConnected(attempt: Attempt, connected: Connected): void {
    const { origin } = attempt
    origin.attempts.delete(attempt)
    this.means.changed()
    const connection = this.means.connection(connected, origin, this)
    origin.connected(connection)
    if (connection.protocol === "http/1.1") this.passOn(attempt)
    else this.requeue(attempt)
    this.onRoom(connection)
  }

  onNotConnected(attempt: Attempt): void {
    const { origin } = attempt
    if (!origin.attempts.delete(attempt)) return
    this.requeue(attempt)
    this.freed(origin)
  }

  /** Ends everything; calls back when all sockets are closed. */
  close(released: () => void): void {
    this.closed = true
    this.idle.close()
    let left = 1
    const one = () => {
      if (--left === 0) released()
    }
    for (const origin of [...this.origins.values()]) {
      this.wait.end(origin)
      for (let exchange = origin.first; exchange !== undefined; exchange = origin.first) {
        exchange.queue?.remove(exchange)
        exchange.attempt?.leave(exchange)
        exchange.fail(closedError(exchange))
      }
      left += origin.attempts.size + origin.open.size
      for (const attempt of [...origin.attempts]) attempt.abort(one)
      for (const connection of [...origin.open]) connection.shutDown(closedError, one)
    }
    one()
  }

  // ── inside

  private origin({ route, target }: WireExchange): Origin {
    const key = keyOf(target, route)
    let origin = this.origins.get(key)
    if (origin === undefined) {
      const destination = { key, target, route }
      this.origins.set(key, (origin = new Origin(destination, this.means.protocolOf(destination))))
    }
    return origin
  }

  /** Gives those who wait what has room, and opens what may be opened for the rest. */
  private serve(origin: Origin): void {
    for (let first = origin.first; first !== undefined; first = origin.first) {
      const connection = this.takeAvailable(origin)
      if (connection === undefined) break
      this.begin(first, connection)
    }
    for (let next = origin.queued.first; next !== undefined; next = origin.queued.first) {
      // A peer that is about to say how many it takes may take them all.
      if (origin.isSettling) break
      const attempt = origin.sharedAttempt ?? origin.spareAttempt ?? this.attempt(origin, next)
      if (attempt === undefined) break
      origin.queued.remove(next)
      origin.connecting.push(next)
      attempt.board(next)
    }
  }

  /** Begins to open a connection, if there may be one more. */
  private attempt(origin: Origin, exchange: WireExchange): Attempt | undefined {
    if (origin.size >= this.limits.connectionsPerOrigin) return undefined
    if (this.total >= this.limits.connections && !this.idle.evict()) {
      this.starved.add(origin)
      return undefined
    }
    this.total++
    this.means.changed()
    const attempt = new Attempt(origin, this, exchange.limits.connect)
    origin.attempts.add(attempt)
    return attempt
  }

  private begin(exchange: WireExchange, connection: Connection): void {
    const { attempt, queue } = exchange
    queue?.remove(exchange)
    if (attempt !== undefined) {
      attempt.leave(exchange)
      this.inherit(attempt)
    }
    connection.send(exchange)
    this.idle.remove(connection)
    if (connection.room === 0) this.unlist(connection)
  }

  /** An attempt that nobody waits for any more is for the next in line. */
  private inherit(attempt: Attempt): void {
    const { connecting, queued } = attempt.origin
    const heir = attempt.riders === 0 ? queued.first : undefined
    if (heir === undefined) return
    queued.remove(heir)
    connecting.push(heir)
    attempt.board(heir)
  }

  /** The attempt has made a connection, which serves the first in line; whoever else waited for it waits for another. */
  private passOn(attempt: Attempt): void {
    const { origin } = attempt
    const first = origin.connecting.first
    if (attempt.riders === 1 && first?.attempt !== undefined && first.attempt !== attempt) {
      let rider = first.next
      while (rider !== undefined && rider.attempt !== attempt) rider = rider.next
      const other = first.attempt
      if (rider === undefined) return
      attempt.leave(rider)
      other.leave(first)
      other.board(rider)
      return
    }
    if (attempt.riders > 0) this.requeue(attempt)
  }

  private requeue(attempt: Attempt): void {
    if (attempt.riders === 0) return
    const { origin } = attempt
    // The last one first, so that who stands before others has not waited less than they have.
    for (const rider of origin.requeue(attempt)) this.wait.begin(origin, rider)
  }

  private again(connection: Connection, exchange: WireExchange): boolean {
    const { origin } = connection
    exchange.recall()
    // It has waited already.
    origin.queued.unshift(exchange)
    this.wait.begin(origin, exchange)
    // The connection may still have to go, and with it its place.
    queueMicrotask(() => this.serve(origin))
    return true
  }

  private takeAvailable(origin: Origin): Connection | undefined {
    const { available } = origin
    for (let connection = available.at(-1); connection !== undefined; connection = available.at(-1)) {
      if (connection.isUsable && connection.room > 0 && !this.idle.isExpired(connection)) return connection
      this.unlist(connection)
      if (connection.active === 0) connection.destroy()
    }
    return undefined
  }

  private unlist(connection: Connection): void {
    if (!connection.isListed) return
    connection.isListed = false
    const { available } = connection.origin
    // The one that is used is on top, as a rule.
    if (available.at(-1) === connection) available.pop()
    else available.splice(available.lastIndexOf(connection), 1)
  }

  /** A place is free: its own origin may use it, or one that only the total holds up. */
  private freed(origin: Origin): void {
    this.total--
    this.means.changed()
    if (this.closed) return
    const next = this.longestStarved()
    if (next !== undefined && next !== origin) {
      this.starved.delete(next)
      this.serve(next)
    }
    this.serve(origin)
    this.forget(origin)
  }

  private longestStarved(): Origin | undefined {
    let longest: Origin | undefined
    for (const origin of this.starved) {
      if (origin.queued.first === undefined) this.starved.delete(origin)
      else if (longest?.first === undefined || origin.queued.first.order < longest.first.order) longest = origin
    }
    return longest
  }

  /** Whether somebody of another origin has waited longer for a place than anybody of this one. */
  private isOutwaited(origin: Origin): boolean {
    if (this.starved.size === 0) return false
    const longest = this.longestStarved()
    if (longest?.first === undefined || longest === origin) return false
    return origin.first === undefined || longest.first.order < origin.first.order
  }

  private forget(origin: Origin): void {
    if (origin.size > 0 || origin.waiting > 0) return
    this.wait.end(origin)
    this.starved.delete(origin)
    this.origins.delete(origin.destination.key)
  }
}

const closedError = (exchange: WireExchange): HttpxError.ReadError =>
  new HttpxError.ReadError(exchange.details(exchange.phase, exchange.delivery, "the transport was closed"))
