/**
 * The sending side of a connection that is no longer HTTP: after 101 Switching Protocols (RFC 9110 §7.8), or a 2xx to
 * CONNECT (§9.3.6). What arrives is the response's `raw` body, beginning with the bytes that came with the head.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as HttpxError from "../HttpxError.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Upgraded {
  /**
   * Sends bytes, and waits while the peer takes none. Pieces of several writers go out one after the other, each whole.
   * Interrupting it takes nothing back that has begun to go out. Fails once the connection is closed, or after `end`.
   */
  readonly write: (bytes: Uint8Array) => Effect.Effect<void, HttpxError.SendFailure>
  /**
   * Tells the peer that no more bytes will come; what it sends still arrives. When the peer ends, `raw` does, and the
   * connection is closed.
   */
  readonly end: Effect.Effect<void>
}
