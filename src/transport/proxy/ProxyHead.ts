/**
 * What a request that a proxy forwards says to the proxy, beside what it says to its server.
 */
import type { Fields } from "../../protocol/Fields.js"
import type { Proxy } from "../../protocol/proxy.js"
import type { Target } from "../../protocol/target.js"
import type { Request } from "../../Request.js"

/** The fields of a request as the proxy is to see them; the request's own win over the proxy's. */
export type ProxyHead = (proxy: Proxy, request: Request<unknown>, target: Target) => Fields

export const plainProxyHead: ProxyHead = (proxy, { headers }) => proxy.headers.merge(headers)
