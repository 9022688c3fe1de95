/**
 * One attempt to open a connection, made for the exchange that was first in line without one.
 *
 * If another connection serves that exchange meanwhile, the attempt passes to the next in line; when nobody is left, the
 * connection it makes is a spare. When it fails, it fails the exchange it is for, and no other.
 */
import type { Clock } from "effect/Clock"
import type { Socket } from "node:net"
import * as HttpxError from "../../HttpxError.js"
import type { Connector, ConnectProblem } from "../connect/Connector.js"
import type { Origin } from "./Origin.js"
import type { SocketReader } from "../connect/SocketReader.js"
import { startTimer } from "../Timer.js"
import type { WireExchange } from "../WireExchange.js"

/** What an attempt tells the pool. */
export interface AttemptOwner {
  readonly onConnected: (attempt: Attempt, socket: Socket, reader: SocketReader) => void
  readonly onNotConnected: (attempt: Attempt) => void
}

export class Attempt {
  private readonly connecting: { readonly abort: (released: () => void) => void }
  private stopTimer: (() => void) | undefined = undefined

  constructor(
    readonly origin: Origin,
    /** For whom it is made. */
    public exchange: WireExchange | undefined,
    connector: Connector,
    private readonly owner: AttemptOwner,
    limit: number | undefined,
    clock: Clock | undefined
  ) {
    if (exchange !== undefined) exchange.attempt = this
    if (limit !== undefined) this.stopTimer = startTimer(clock, limit, () => this.onTimeout(limit))
    this.connecting = connector.connect(origin.target, {
      onConnected: (socket, reader) => {
        this.stopTimer?.()
        this.owner.onConnected(this, socket, reader)
      },
      onProblem: (problem) => this.end(problem)
    })
  }

  /** Gives the attempt up; calls back when its socket is closed. */
  abort(released: () => void): void {
    this.stopTimer?.()
    this.connecting.abort(released)
    this.owner.onNotConnected(this)
  }

  private onTimeout(limit: number): void {
    const message = `no connection to ${this.origin.target.authority} within ${limit} ms`
    this.connecting.abort(() => {})
    this.end({ _tag: "Timeout", message, code: undefined, cause: undefined, limit })
  }

  private end(problem: ConnectProblem): void {
    this.stopTimer?.()
    const { exchange } = this
    if (exchange !== undefined) {
      this.origin.waiting.remove(exchange)
      exchange.fail(connectFailure(exchange, problem))
    }
    this.owner.onNotConnected(this)
  }
}

const connectFailure = (exchange: WireExchange, problem: ConnectProblem): HttpxError.ConnectFailure => {
  const details = exchange.details("connect", "unsent", problem.message, problem.cause)
  switch (problem._tag) {
    case "Dns":
      return new HttpxError.DnsError(details)
    case "Connect":
      return new HttpxError.ConnectError(details)
    case "Tls":
      return new HttpxError.TlsError({ ...details, code: problem.code })
    case "Timeout":
      return new HttpxError.ConnectTimeout({ ...details, limit: problem.limit })
  }
}
