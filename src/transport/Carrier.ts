/**
 * What carries an exchange: an HTTP/1.1 connection, which serves one at a time, or a stream of an HTTP/2 one.
 */
import type { ConnectionInfo, ConnectTimings } from "../response/ConnectionInfo.js"

export interface Carrier {
  readonly info: ConnectionInfo
  /** What opening the connection took, if that was done for the exchange that this carries. */
  readonly opening: ConnectTimings | undefined
  /** Stops and restarts the flow of the answer's bytes. */
  readonly pause: () => void
  readonly resume: () => void
  /**
   * Breaks the exchange off; calls back when what it held is released: the connection is closed, or free for the next
   * exchange, or its stream is reset.
   */
  readonly cancel: (released: () => void) => void
  /** Sends a piece of a body, or of an upgraded connection; calls back when there is room for more. */
  readonly write: (bytes: Uint8Array, room: () => void) => void
  /** The body is at its end; of an upgraded connection, what is sent. */
  readonly finishRequest: () => void
}
