/**
 * One attempt to open a connection, and the exchanges that wait for it.
 *
 * An attempt is made for the exchange that was first in line without one. Where the connection may come to serve many,
 * all who come meanwhile wait for it too. If another connection serves the exchange, the attempt passes to the next in
 * line; when nobody is left, the connection it makes is a spare. When it fails, it fails those who wait for it, and no
 * others.
 */
import * as Exit from "effect/Exit"
import * as Cause from "effect/Cause"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as HttpxError from "../../HttpxError.js"
import type { Connected, Dialing } from "../connect/Dialing.js"
import type { ConnectPhase, ConnectProblem } from "../connect/ConnectProblem.js"
import { startTimer } from "../Timer.js"
import type { WireExchange } from "../WireExchange.js"
import type { ConnectionOwner } from "./Connection.js"
import type { Origin } from "./Origin.js"

/** What an attempt tells the pool. */
export interface AttemptOwner extends Pick<ConnectionOwner, "clock"> {
  readonly onConnected: (attempt: Attempt, connected: Connected) => void
  /** There is no connection; the place is free. */
  readonly onNotConnected: (attempt: Attempt) => void
  /** Runs the making of a connection; not at once. */
  readonly dial: (origin: Origin, dialing: Dialing) => Fiber.RuntimeFiber<void, ConnectProblem>
}

export class Attempt implements Dialing {
  /** How many exchanges wait for it. */
  riders = 0
  phase: ConnectPhase = "dns"
  private readonly fiber: Fiber.RuntimeFiber<void, ConnectProblem>
  private stopTimer: (() => void) | undefined = undefined
  private released: Array<() => void> | undefined = undefined

  constructor(
    readonly origin: Origin,
    private readonly owner: AttemptOwner,
    limit: number | undefined
  ) {
    this.fiber = owner.dial(origin, this)
    if (limit !== undefined) this.stopTimer = startTimer(owner.clock, limit, () => this.onTimeout(limit))
    this.fiber.addObserver((exit) => this.onExit(exit))
  }

  board(exchange: WireExchange): void {
    exchange.attempt = this
    this.riders++
  }

  leave(exchange: WireExchange): void {
    exchange.attempt = undefined
    this.riders--
  }

  /** Gives the attempt up; calls back when its socket is closed. Its place is free at once. */
  abort(released: () => void): void {
    this.stopTimer?.()
    if (this.released !== undefined) return void this.released.push(released)
    this.released = [released]
    this.fiber.unsafeInterruptAsFork(this.fiber.id())
    this.owner.onNotConnected(this)
  }

  connected(connected: Connected): void {
    this.stopTimer?.()
    const { released } = this
    if (released === undefined) return this.owner.onConnected(this, connected)
    // It has just succeeded when it is given up.
    this.released = undefined
    connected.socket.once("close", () => released.forEach((each) => each())).destroy()
  }

  private onExit(exit: Exit.Exit<void, ConnectProblem>): void {
    this.stopTimer?.()
    if (this.released !== undefined) {
      for (const each of this.released) each()
    } else if (Exit.isFailure(exit) && this.origin.attempts.has(this)) {
      const problem = Option.getOrElse(Cause.failureOption(exit.cause), () => unexpected(this.phase, exit.cause))
      this.failRiders((exchange) => connectFailure(exchange, problem))
      this.owner.onNotConnected(this)
    }
  }

  private onTimeout(limit: number): void {
    const { phase } = this
    const { authority } = this.origin.destination.target
    this.failRiders((exchange) => {
      const what = `no connection to ${authority} within ${limit} ms (${phase})`
      return new HttpxError.ConnectTimeout({ ...exchange.details(phase, "unsent", what), limit })
    })
    this.abort(() => {})
  }

  private failRiders(error: (exchange: WireExchange) => HttpxError.ConnectFailure): void {
    const { connecting } = this.origin
    let exchange = connecting.first
    while (exchange !== undefined && this.riders > 0) {
      const { next } = exchange
      if (exchange.attempt === this) {
        this.leave(exchange)
        connecting.remove(exchange)
        exchange.fail(error(exchange))
      }
      exchange = next
    }
  }
}

/** A connector that dies has a bug; its exchanges fail nevertheless as others do. */
const unexpected = (phase: ConnectPhase, cause: Cause.Cause<ConnectProblem>): ConnectProblem => ({
  _tag: "Connect",
  phase,
  message: `connecting broke down: ${Cause.pretty(cause)}`,
  cause: Cause.squash(cause)
})

const connectFailure = (exchange: WireExchange, problem: ConnectProblem): HttpxError.ConnectFailure => {
  const details = exchange.details(problem.phase, "unsent", problem.message, problem.cause)
  switch (problem._tag) {
    case "Dns":
      return new HttpxError.DnsError(details)
    case "Connect":
      return new HttpxError.ConnectError(details)
    case "Tls":
      return new HttpxError.TlsError({ ...details, code: problem.code })
    case "Proxy":
      return new HttpxError.ProxyError({ ...details, status: problem.status })
    case "Refused":
      return new HttpxError.AddressRefused({ ...details, address: problem.address })
  }
}
