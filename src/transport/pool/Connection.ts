/**
 * What a pool keeps: a connection that serves one exchange at a time (HTTP/1.1), or many (HTTP/2).
 */
import type { Clock } from "effect/Clock"
import type * as HttpxError from "../../HttpxError.js"
import type { WireExchange } from "../WireExchange.js"
import type { Origin } from "./Origin.js"

export interface Connection {
  readonly origin: Origin
  readonly protocol: "http/1.1" | "h2"
  /** How many exchanges it serves. */
  readonly active: number
  /** How many more it can take at this moment; 0 when it will serve no more. */
  readonly room: number
  /** Whether the peer has yet to say how many it takes. */
  readonly isSettling: boolean
  /** False from the moment at which it has failed, before it says that it is gone. */
  readonly isUsable: boolean
  /** Owned by the pool: whether it stands among those of its origin that have room. */
  isListed: boolean
  /** Owned by the pool: whether one as old was lost, as it was used again. */
  isDoubtful: boolean
  /** Owned by the pool: since when it serves nothing, by the pool's clock; -1 while it does. */
  idleSince: number
  /** Sends an exchange's request; there must be room. */
  readonly send: (exchange: WireExchange) => void
  /** Closes it; calls back when the socket is closed. What it serves is not told. */
  readonly destroy: (released?: () => void) => void
  /** Closes it because its transport closes. */
  readonly shutDown: (error: (exchange: WireExchange) => HttpxError.HttpxError, released: () => void) => void
}

/** What a connection tells the pool that it belongs to. */
export interface ConnectionOwner {
  readonly clock: Clock | undefined
  /** It can take an exchange, or more of them than before. Not while it still serves its first and only one. */
  readonly onRoom: (connection: Connection) => void
  /** It takes no more exchanges, but serves to their end those that it has. */
  readonly onFull: (connection: Connection) => void
  /** It serves no more; its place is free. Told once. */
  readonly onGone: (connection: Connection) => void
  /** It was lost before any byte of the answer; true if the exchange will be sent again, and is the pool's now. */
  readonly onStale: (connection: Connection, exchange: WireExchange, wasKept: boolean) => boolean
  /** The peer says that nobody has looked at the request; true if it will be sent again, and is the pool's now. */
  readonly onUnprocessed: (connection: Connection, exchange: WireExchange) => boolean
}
