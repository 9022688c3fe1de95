/**
 * What a pool of connections is doing at this moment.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category models
 */
export interface PoolStats {
  /** Exchanges that wait for a connection. */
  readonly queued: number
  /** Connections that are being opened. */
  readonly connecting: number
  /** Connections that serve an exchange, or several. */
  readonly active: number
  /** Connections that are kept for the next exchange. */
  readonly idle: number
  /** Exchanges under way: as many as active connections, or more where one serves several. */
  readonly exchanges: number
}
