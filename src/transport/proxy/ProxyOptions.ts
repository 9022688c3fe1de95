/**
 * What an application can say about proxies.
 *
 * @since 0.1.0
 */
import type * as Redacted from "effect/Redacted"
import type { FieldsInput } from "../../protocol/Fields.js"
import type { TlsOptions } from "../connect/tls/TlsOptions.js"

/**
 * User and password for a proxy.
 *
 * @since 0.1.0
 * @category options
 */
export interface ProxyAuth {
  readonly username: string
  readonly password: Redacted.Redacted<string>
  /**
   * `"basic"` is sent at once; a proxy that answers it with a Digest challenge gets that, and from then on nothing else.
   * `"digest"` never sends the password itself: the first request of all is answered with a challenge. SOCKS has a way of
   * its own. Default: `"basic"`.
   */
  readonly scheme?: "basic" | "digest" | undefined
}

/**
 * A proxy.
 *
 * @since 0.1.0
 * @category options
 */
export interface ProxyOptions {
  /**
   * `http://`, `https://`, `socks5://` (names are resolved here) or `socks5h://` (by the proxy); without a scheme, http. A
   * user and password in it are as `auth`.
   */
  readonly url: string | URL
  /** Default: those of the URL, or none. */
  readonly auth?: ProxyAuth | undefined
  /** Sent to the proxy alone. Default: none. */
  readonly headers?: FieldsInput | undefined
  /** TLS to the proxy itself. Default: Node's authorities. */
  readonly tls?: TlsOptions | undefined
}

/**
 * @since 0.1.0
 * @category options
 */
export type ProxyInput = string | URL | ProxyOptions

/**
 * Proxies by what they are for: `"all://"`, `"https://"`, `"http://host"`, `"all://*.corp"` (below corp),
 * `"all://*corp"` (corp and below), each with a port or without. The most specific one counts: port, then the longest
 * host, then the scheme. `null` is no proxy.
 *
 * @since 0.1.0
 * @category options
 */
export interface ProxyMounts {
  readonly [pattern: `${string}://${string}`]: ProxyInput | null | undefined
}
