/**
 * What the pool knows of one origin, by one route: who waits for it, in order, and which of its connections have room.
 */
import type { Destination } from "../connect/Route.js"
import { Fifo } from "../Fifo.js"
import type { WireExchange } from "../WireExchange.js"
import type { Attempt } from "./Attempt.js"
import type { Connection } from "./Connection.js"

export class Origin {
  /** Exchanges for which a connection is being opened, in the order in which they came; all before those of `queued`. */
  readonly connecting = new Fifo<WireExchange>()
  /** Exchanges that wait for a place, in the order in which they came. */
  readonly queued = new Fifo<WireExchange>()
  /** Connections with room, the one used last on top: the least likely to have been closed by the server. */
  readonly available: Array<Connection> = []
  readonly open = new Set<Connection>()
  readonly attempts = new Set<Attempt>()
  /** Ends the timer for the first in `queued`. */
  stopWaiting: (() => void) | undefined = undefined
  constructor(
    readonly destination: Destination,
    /** The protocol of its connections: where it is not known before there is one, that of the last. */
    private spoken: Connection["protocol"] | undefined
  ) {}

  connected(connection: Connection): void {
    this.spoken = connection.protocol
    this.open.add(connection)
  }

  /** Connections and attempts: what counts against the limits. */
  get size(): number {
    return this.open.size + this.attempts.size
  }

  get waiting(): number {
    return this.connecting.size + this.queued.size
  }

  get first(): WireExchange | undefined {
    return this.connecting.first ?? this.queued.first
  }

  /** The attempt that everybody may wait for: what it opens may serve them all, and until it has, nobody knows. */
  get sharedAttempt(): Attempt | undefined {
    if (this.spoken === "http/1.1") return undefined
    for (const attempt of this.attempts) return attempt
    return undefined
  }

  /** An attempt whose exchanges were served otherwise. */
  get spareAttempt(): Attempt | undefined {
    for (const attempt of this.attempts) if (attempt.riders === 0) return attempt
    return undefined
  }

  /** Whether a peer has yet to say how many exchanges it takes at once. */
  get isSettling(): boolean {
    if (this.spoken !== "h2") return false
    for (const connection of this.open) if (connection.isSettling) return true
    return false
  }

  /** Those who waited for an attempt that has ended wait for a place, before all others. Gives them, the last one first. */
  requeue(attempt: Attempt): ReadonlyArray<WireExchange> {
    const riders: Array<WireExchange> = []
    for (let each = this.connecting.first; each !== undefined && attempt.riders > riders.length; each = each.next) {
      if (each.attempt === attempt) riders.push(each)
    }
    for (const rider of riders.reverse()) {
      attempt.leave(rider)
      this.connecting.remove(rider)
      this.queued.unshift(rider)
    }
    return riders
  }
}
