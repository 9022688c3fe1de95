/**
 * By which way a connection is made.
 */
import type { Proxy } from "../../protocol/proxy.js"
import type { Target } from "../../protocol/target.js"

export type Route =
  /** To the host of the URL. */
  | { readonly _tag: "Direct" }
  /** To a Unix socket or a named pipe, whatever the URL's host. */
  | { readonly _tag: "Unix"; readonly path: string }
  /** To an HTTP proxy that is told the whole URL of each request (RFC 9112 §3.2.2): for http targets. */
  | { readonly _tag: "Forward"; readonly proxy: Proxy }
  /** Through an HTTP proxy that is asked for a tunnel (RFC 9110 §9.3.6). */
  | { readonly _tag: "Tunnel"; readonly proxy: Proxy }
  /** Through a SOCKS5 proxy (RFC 1928). */
  | { readonly _tag: "Socks"; readonly proxy: Proxy }

/** A connection that is wanted: those with one key can stand in for each other. */
export interface Destination {
  readonly key: string
  readonly target: Target
  readonly route: Route
}

export const direct: Route = { _tag: "Direct" }

/** What connections by this route to this target can be shared by. */
export const keyOf = (target: Target, route: Route): string => {
  switch (route._tag) {
    case "Direct":
      return target.origin
    case "Unix":
      return `${target.origin} at ${route.path}`
    case "Forward":
      // One connection forwards to any host.
      return `forwarded by ${route.proxy.url}`
    case "Tunnel":
    case "Socks":
      return `${target.origin} through ${route.proxy.url}`
  }
}
