/**
 * Why there is no connection, as the connector tells it: before it is known to which exchanges it will be told.
 */

/** What a connector is doing, in this order. */
export type ConnectPhase = "dns" | "connect" | "proxy" | "tls"

export type ConnectProblem = {
  readonly phase: ConnectPhase
  /** One clause, without a secret: it stands after "GET http://…: ". */
  readonly message: string
  readonly cause: unknown
} & (
  | { readonly _tag: "Dns" | "Connect" }
  /** `code` is Node's or OpenSSL's, if there is one. */
  | { readonly _tag: "Tls"; readonly code: string | undefined }
  /** `status` is that of the proxy's answer to CONNECT, if it gave one. */
  | { readonly _tag: "Proxy"; readonly status: number | undefined }
  /** A guard refused the address. */
  | { readonly _tag: "Refused"; readonly address: string }
)
