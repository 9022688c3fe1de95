/**
 * Where a response reads from.
 */
import type * as Cause from "effect/Cause"
import type * as Effect from "effect/Effect"
import type { Pull } from "../content/ContentEncoding.js"
import type { Open } from "../Exchange.js"
import type * as HttpxError from "../HttpxError.js"
import type { Upgraded } from "./Upgraded.js"

/**
 * What a transport gives a response to read from: the undecoded bytes of one message.
 *
 * @since 0.1.0
 * @category models
 */
export interface Source extends Open {
  /** All of the body, once all of it is in memory. */
  readonly whole: Uint8Array | undefined
  /** How many bytes have arrived. */
  readonly received: number
  /** Milliseconds from the start of the call to the end of the body, once it has ended. */
  readonly endedAfter: number | undefined
  /** What has arrived since the last time, waiting for it if need be; nothing means the end. */
  readonly pull: Pull<HttpxError.ReadFailure>
  /** What has arrived and was not taken yet, only to be looked at. */
  readonly ahead: ReadonlyArray<Uint8Array>
  /** Waits until that many bytes have arrived, or until no more will. Takes nothing. */
  readonly arrived: (bytes: number) => Effect.Effect<void>
  /**
   * All of the body, or nothing if more than `most` bytes arrive. Interrupting one who waits for it takes nothing from the
   * others, nor from the next.
   */
  readonly collect: (most: number) => Effect.Effect<Uint8Array | undefined, HttpxError.ReadFailure>
  /** The fields after the body, flat; none before its end. */
  readonly trailers: ReadonlyArray<string>
  /** The sending side of a connection that is no longer HTTP. */
  readonly upgraded: Upgraded | undefined
  /** Why the body will not come whole, unless whoever received it has closed it. */
  readonly loss?: Cause.Cause<unknown> | undefined
  /** Calls back when nothing is open any more; at once if that is so already. */
  readonly onOver: (watcher: () => void) => void
}
