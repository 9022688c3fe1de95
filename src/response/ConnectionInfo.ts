/**
 * What is known of the connection that an answer came by.
 *
 * @since 0.1.0
 */

/**
 * How long each step of opening a connection took, in milliseconds; `undefined` for a step that was not needed.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConnectTimings {
  readonly dns: number | undefined
  readonly connect: number | undefined
  readonly proxy: number | undefined
  readonly tls: number | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface ConnectionInfo {
  readonly protocol: "http/1.1" | "h2"
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  readonly localAddress: string | undefined
  readonly localPort: number | undefined
  /** The proxy in between, without its credentials. */
  readonly proxy: string | undefined
  readonly tls:
    | {
        /** E.g. `TLSv1.3`. */
        readonly version: string
        /** E.g. `TLS_AES_256_GCM_SHA384`. */
        readonly cipher: string
        /** Whether an earlier session was resumed. */
        readonly resumed: boolean
      }
    | undefined
  readonly timings: ConnectTimings
}
