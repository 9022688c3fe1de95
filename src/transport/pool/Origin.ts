/**
 * What the pool knows of one origin: who waits for it, in order, and which of its connections are free.
 */
import { Fifo } from "../Fifo.js"
import type { Target } from "../../protocol/target.js"
import type { Attempt } from "./Attempt.js"
import type { Http1Connection } from "../http1/Http1Connection.js"
import type { WireExchange } from "../WireExchange.js"

export class Origin {
  /** Exchanges without a connection, in the order in which they came. */
  readonly waiting = new Fifo<WireExchange>()
  /** Free connections, the one used last on top: the least likely to have been closed by the server. */
  readonly idle: Array<Http1Connection> = []
  readonly open = new Set<Http1Connection>()
  readonly attempts = new Set<Attempt>()

  constructor(readonly target: Target) {}

  /** Connections and attempts: what counts against the limits. */
  get size(): number {
    return this.open.size + this.attempts.size
  }

  get first(): WireExchange | undefined {
    return this.waiting.first
  }

  /** The first in the queue for which no connection is being opened. */
  get firstWithoutAttempt(): WireExchange | undefined {
    let exchange = this.waiting.first
    while (exchange?.attempt !== undefined) exchange = exchange.next
    return exchange
  }

  /** An attempt whose exchange was served otherwise. */
  get spareAttempt(): Attempt | undefined {
    for (const attempt of this.attempts) if (attempt.exchange === undefined) return attempt
    return undefined
  }
}
