/**
 * Admission to connections: limits in total and for each origin, first come first served, and connections kept for the
 * next exchange while they are young.
 *
 * An origin that is full or slow holds up nobody else. When the total is reached, an idle connection of another origin
 * makes room; when none is idle, who has waited longest gets the next place that is free, whatever its origin.
 */
import type { Clock } from "effect/Clock"
import type { Socket } from "node:net"
import * as HttpxError from "../../HttpxError.js"
import type { Target } from "../../protocol/target.js"
import { Attempt, type AttemptOwner } from "./Attempt.js"
import type { Connector } from "../connect/Connector.js"
import { type ConnectionLimits, type ConnectionOwner, Http1Connection } from "../http1/Http1Connection.js"
import { Origin } from "./Origin.js"
import type { SocketReader } from "../connect/SocketReader.js"
import { now, startTimer } from "../Timer.js"
import type { Admission, WireExchange } from "../WireExchange.js"

/** Durations in milliseconds; `undefined` is no limit. */
export interface PoolLimits extends ConnectionLimits {
  readonly connections: number
  readonly connectionsPerOrigin: number
  readonly keepAliveExpiry: number | undefined
  readonly connect: number | undefined
}

/**
 * What a transport is doing at this moment.
 *
 * @since 0.1.0
 * @category models
 */
export interface PoolStats {
  /** Exchanges that wait for a connection. */
  readonly queued: number
  /** Connections that are being opened. */
  readonly connecting: number
  /** Connections that serve an exchange. */
  readonly active: number
  /** Connections that are kept for the next exchange. */
  readonly idle: number
}

export class Pool implements Admission, ConnectionOwner, AttemptOwner {
  private readonly origins = new Map<string, Origin>()
  /** Origins that only the limit in total keeps from opening a connection. */
  private readonly starved = new Set<Origin>()
  private total = 0
  private submitted = 0
  private stopSweep: (() => void) | undefined = undefined
  private closed = false

  constructor(
    private readonly connector: Connector,
    private readonly limits: PoolLimits,
    private readonly clock: Clock | undefined
  ) {}

  get stats(): PoolStats {
    const stats = { queued: 0, connecting: 0, active: 0, idle: 0 }
    for (const origin of this.origins.values()) {
      stats.queued += origin.waiting.size
      stats.connecting += origin.attempts.size
      stats.idle += origin.idle.length
      stats.active += origin.open.size - origin.idle.length
    }
    return stats
  }

  // ── from exchanges

  submit(exchange: WireExchange): void {
    if (this.closed) return exchange.fail(closedError(exchange))
    exchange.order = this.submitted++
    const origin = this.origin(exchange.target)
    origin.waiting.push(exchange)
    this.serve(origin)
  }

  withdraw(exchange: WireExchange, released: () => void): void {
    const { attempt } = exchange
    const origin = this.origins.get(exchange.target.origin)
    origin?.waiting.remove(exchange)
    if (attempt === undefined) released()
    else attempt.abort(released)
    if (origin !== undefined) this.forget(origin)
  }

  // ── from connections

  onReusable(connection: Http1Connection): void {
    const { origin } = connection
    if (this.closed || this.isOutwaited(origin)) return connection.destroy()
    if (origin.first !== undefined) return this.begin(origin.first, connection)
    connection.idleSince = now(this.clock)
    origin.idle.push(connection)
    if (this.stopSweep === undefined) this.sweepLater()
  }

  onGone(connection: Http1Connection): void {
    const { origin } = connection
    origin.open.delete(connection)
    const at = origin.idle.lastIndexOf(connection)
    if (at >= 0) origin.idle.splice(at, 1)
    this.freed(origin)
  }

  onStale(connection: Http1Connection, exchange: WireExchange): boolean {
    // RFC 9112 §9.3.1: a connection that had served before, or was kept, may have been closed while the request was under
    // way. Only what is idempotent (RFC 9110 §9.2.2), and can be sent twice, goes out again, and only once.
    const wasKept = connection.served > 1 || connection.idleSince >= 0
    const again = wasKept && !this.closed && exchange.canGoAgain
    if (!again) return false
    exchange.recall()
    // Its siblings on the stack are as old: the second attempt must not meet the same end.
    for (const sibling of [...connection.origin.idle]) sibling.destroy()
    // It has waited already.
    connection.origin.waiting.unshift(exchange)
    return true
  }

  // ── from attempts to connect

  onConnected(attempt: Attempt, socket: Socket, reader: SocketReader): void {
    const { exchange, origin } = attempt
    origin.attempts.delete(attempt)
    if (exchange !== undefined) exchange.attempt = undefined
    const connection = new Http1Connection(socket, reader, origin, this, this.limits, this.clock)
    origin.open.add(connection)
    this.onReusable(connection)
  }

  onNotConnected(attempt: Attempt): void {
    if (!attempt.origin.attempts.delete(attempt)) return
    if (attempt.exchange !== undefined) attempt.exchange.attempt = undefined
    this.freed(attempt.origin)
  }

  /** Ends everything; calls back when all sockets are closed. */
  close(released: () => void): void {
    this.closed = true
    this.stopSweep?.()
    let left = 1
    const one = () => {
      if (--left === 0) released()
    }
    for (const origin of [...this.origins.values()]) {
      for (let exchange = origin.first; exchange !== undefined; exchange = origin.first) {
        origin.waiting.remove(exchange)
        exchange.fail(closedError(exchange))
      }
      left += origin.attempts.size + origin.open.size
      for (const attempt of [...origin.attempts]) attempt.abort(one)
      for (const connection of [...origin.open]) connection.shutDown(closedError, one)
    }
    one()
  }

  // ── inside

  private origin(target: Target): Origin {
    let origin = this.origins.get(target.origin)
    if (origin === undefined) this.origins.set(target.origin, (origin = new Origin(target)))
    return origin
  }

  /** Gives those who wait what is free, and opens what may be opened for the rest. */
  private serve(origin: Origin): void {
    for (let first = origin.first; first !== undefined; first = origin.first) {
      const idle = this.takeIdle(origin)
      if (idle === undefined) break
      this.begin(first, idle)
    }
    for (let next = origin.firstWithoutAttempt; next !== undefined; next = origin.firstWithoutAttempt) {
      const spare = origin.spareAttempt
      if (spare !== undefined) {
        spare.exchange = next
        next.attempt = spare
        continue
      }
      if (origin.size >= this.limits.connectionsPerOrigin) break
      if (this.total >= this.limits.connections && !this.evictIdle()) {
        this.starved.add(origin)
        break
      }
      this.total++
      origin.attempts.add(new Attempt(origin, next, this.connector, this, this.limits.connect, this.clock))
    }
  }

  private begin(exchange: WireExchange, connection: Http1Connection): void {
    const { origin } = connection
    const { attempt } = exchange
    origin.waiting.remove(exchange)
    if (attempt !== undefined) {
      const heir = origin.firstWithoutAttempt
      attempt.exchange = heir
      exchange.attempt = undefined
      if (heir !== undefined) heir.attempt = attempt
    }
    connection.send(exchange)
  }

  private takeIdle(origin: Origin): Http1Connection | undefined {
    const expiry = this.limits.keepAliveExpiry
    for (let connection = origin.idle.pop(); connection !== undefined; connection = origin.idle.pop()) {
      const fresh = expiry === undefined || now(this.clock) - connection.idleSince < expiry
      if (fresh && connection.isUsable) return connection
      connection.destroy()
    }
    return undefined
  }

  /** Closes an idle connection, of whatever origin, to make room. */
  private evictIdle(): boolean {
    for (const origin of this.origins.values()) {
      // The bottom of the stack is the one that was used longest ago.
      const connection = origin.idle[0]
      if (connection !== undefined) {
        connection.destroy()
        return true
      }
    }
    return false
  }

  /** A place is free: its own origin may use it, or one that only the total holds up. */
  private freed(origin: Origin): void {
    this.total--
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
      if (origin.first === undefined) this.starved.delete(origin)
      else if (longest?.first === undefined || origin.first.order < longest.first.order) longest = origin
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
    if (origin.size > 0 || origin.waiting.size > 0) return
    this.starved.delete(origin)
    this.origins.delete(origin.target.origin)
  }

  private sweepLater(): void {
    const expiry = this.limits.keepAliveExpiry
    if (expiry === undefined) return
    this.stopSweep = startTimer(this.clock, expiry, () => this.sweep(expiry))
  }

  private sweep(expiry: number): void {
    this.stopSweep = undefined
    const oldest = now(this.clock) - expiry
    for (const origin of [...this.origins.values()]) {
      for (const connection of [...origin.idle]) if (connection.idleSince <= oldest) connection.destroy()
    }
    // The bottom of each stack is the one that expires first.
    let next = Infinity
    for (const { idle } of this.origins.values()) next = Math.min(next, idle[0]?.idleSince ?? Infinity)
    if (next < Infinity) this.stopSweep = startTimer(this.clock, next - oldest, () => this.sweep(expiry))
  }
}

const closedError = (exchange: WireExchange): HttpxError.ReadError =>
  new HttpxError.ReadError(exchange.details(exchange.phase, exchange.delivery, "the transport was closed"))
