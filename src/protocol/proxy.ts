/**
 * A proxy as a value: where it is, how it is spoken to, and what it wants to know of us. Its password is redacted from the
 * moment at which its URL is parsed.
 *
 * @since 0.1.0
 */
import type * as Redacted from "effect/Redacted"
import type { Fields } from "./Fields.js"

/** `socks5h` leaves names to the proxy, `socks5` resolves them here, as curl has it. */
export type ProxyScheme = "http" | "https" | "socks5" | "socks5h"

/** User and password for a proxy. */
export interface ProxyCredentials {
  readonly username: string
  readonly password: Redacted.Redacted<string>
}

/** A proxy. */
export interface Proxy {
  readonly scheme: ProxyScheme
  /** Lower case; an IPv6 address without its brackets. */
  readonly hostname: string
  readonly port: number
  /** `scheme://host:port`: safe to print. */
  readonly url: string
  readonly credentials: ProxyCredentials | undefined
  /** Sent to the proxy alone: with CONNECT, or with each forwarded request. */
  readonly headers: Fields
}
