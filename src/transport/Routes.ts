/**
 * Which way each request goes: directly, to a Unix socket, or through a proxy.
 */
import type { Proxy } from "../protocol/proxy.js"
import { type Mounts, selectMount } from "../protocol/proxyMounts.js"
import type { Target } from "../protocol/target.js"
import { direct, type Route } from "./connect/Route.js"

/** There is a proxy for the target, but what says where it is is none. */
export interface NoRoute {
  readonly _tag: "NoRoute"
  readonly message: string
}

/** What a mount leads to; `null` is no proxy. */
export type Mounted = Proxy | NoRoute | null

/** Chooses the way to a target. */
export type RouteTo = (target: Target) => Route | NoRoute

export const directly: RouteTo = () => direct

export const unix = (path: string): RouteTo => {
  const route: Route = { _tag: "Unix", path }
  return () => route
}

/**
 * By mounts. An HTTP proxy is told the URLs of http requests, unless they are to be HTTP/2, which it could not pass on;
 * for https it is asked for a tunnel.
 */
export const proxied = (mounts: Mounts<Mounted>, canForward: boolean): RouteTo => {
  const routes = new Map<Proxy, { readonly http: Route; readonly https: Route }>()
  const through = (proxy: Proxy) => {
    let found = routes.get(proxy)
    if (found === undefined) routes.set(proxy, (found = waysThrough(proxy, canForward)))
    return found
  }
  return (target) => {
    const mounted = selectMount(mounts, target)
    if (mounted === undefined || mounted === null) return direct
    return "_tag" in mounted ? mounted : through(mounted)[target.scheme]
  }
}

const waysThrough = (proxy: Proxy, canForward: boolean): { readonly http: Route; readonly https: Route } => {
  if (proxy.scheme === "socks5" || proxy.scheme === "socks5h") {
    const socks: Route = { _tag: "Socks", proxy }
    return { http: socks, https: socks }
  }
  const tunnel: Route = { _tag: "Tunnel", proxy }
  return { http: canForward ? { _tag: "Forward", proxy } : tunnel, https: tunnel }
}
