/**
 * What a proxy is told about who we are. A value is as secret as the password in it.
 */
import type { Fields } from "../../protocol/Fields.js"
import type { Proxy } from "../../protocol/proxy.js"

export interface ProxyAuthorization {
  /** What goes with the first request, without having been asked for. */
  readonly first: (proxy: Proxy, method: string, uri: string) => string | undefined
  /** What answers a 407 with these fields; `undefined` is to give up. */
  readonly challenged: (proxy: Proxy, fields: Fields, method: string, uri: string) => string | undefined
}
