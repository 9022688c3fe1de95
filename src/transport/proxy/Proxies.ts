/**
 * From what is said about proxies, by options and environment, to the way that each request goes.
 */
import * as Redacted from "effect/Redacted"
import { basicAuthorization } from "../../protocol/basic.js"
import { Fields } from "../../protocol/Fields.js"
import type { Proxy } from "../../protocol/proxy.js"
import {
  combineMounts,
  compileMounts,
  environmentMounts,
  isMountProblem,
  type Mounts,
  type ProxyEnvironment
} from "../../protocol/proxyMounts.js"
import { isProxyUrlProblem, parseProxyUrl } from "../../protocol/proxyUrl.js"
import { directly, type Mounted, proxied, type RouteTo } from "../Routes.js"
import type { ProxyAuth, ProxyInput, ProxyMounts, ProxyOptions } from "./ProxyOptions.js"

export interface Proxies {
  readonly routeTo: RouteTo
  /** What was said about a proxy beside its URL. */
  readonly options: ReadonlyMap<Proxy, ProxyOptions>
}

/** How the options name proxies: one for all, several by what they are for, none at all, or nothing said. */
export type ProxySetting = ProxyInput | ProxyMounts | null | undefined

/**
 * A proxy for all takes the place of the environment's; mounts stand beside them. A text that is no mount is a problem
 * for the caller to tell, one that is no proxy a problem of the requests that it is for.
 */
export const proxiesOf = (
  setting: ProxySetting,
  environment: ProxyEnvironment | undefined,
  canForward: boolean
): Proxies | string => {
  const options = new Map<Proxy, ProxyOptions>()
  const mounted = (input: ProxyInput | null): Mounted => {
    if (input === null) return null
    const given: ProxyOptions = isOptions(input) ? input : { url: input }
    const parsed = parseProxyUrl(given.url)
    if (isProxyUrlProblem(parsed)) return noRoute(parsed)
    const proxy = completed(parsed, given)
    const problem = credentialsProblem(proxy, given)
    if (problem !== undefined) return noRoute(problem)
    options.set(proxy, given)
    return proxy
  }
  if (setting === null) return { routeTo: directly, options }
  if (setting !== undefined && !isMounts(setting)) {
    const all = compileMounts({ "all://": mounted(setting) })
    return isMountProblem(all) ? all.message : { routeTo: proxied(all, canForward), options }
  }
  const given = compileMounts(
    Object.fromEntries(
      Object.entries(setting ?? {}).flatMap(([pattern, input]) =>
        input === undefined ? [] : [[pattern, mounted(input)] as const]
      )
    )
  )
  if (isMountProblem(given)) return given.message
  const all = combineMounts(given, environment === undefined ? [] : fromEnvironment(environment))
  return { routeTo: all.length === 0 ? directly : proxied(all, canForward), options }
}

const fromEnvironment = (environment: ProxyEnvironment): Mounts<Mounted> =>
  environmentMounts(environment).map((mount) => ({
    ...mount,
    value: isProxyUrlProblem(mount.value) ? noRoute(mount.value) : mount.value
  }))

const noRoute = ({ message }: { readonly message: string }): Mounted => ({ _tag: "NoRoute", message })

const isOptions = (input: ProxyInput): input is ProxyOptions => typeof input === "object" && "url" in input

const isMounts = (setting: ProxyInput | ProxyMounts): setting is ProxyMounts =>
  typeof setting === "object" && !(setting instanceof URL) && !("url" in setting)

/** Basic has no way to send a user with a colon (RFC 7617 §2); Digest and SOCKS have. */
const credentialsProblem = ({ credentials, scheme }: Proxy, { auth }: ProxyOptions) => {
  if (credentials === undefined || scheme.startsWith("socks") || auth?.scheme === "digest") return undefined
  const basic = basicAuthorization(credentials.username, Redacted.value(credentials.password))
  return typeof basic === "string" ? undefined : { message: `the proxy's credentials: ${basic.message}` }
}

const completed = (proxy: Proxy, { auth, headers }: ProxyOptions): Proxy => ({
  ...proxy,
  credentials: auth === undefined ? proxy.credentials : credentialsOf(auth),
  headers: Fields.from(headers)
})

const credentialsOf = ({ password, username }: ProxyAuth): Proxy["credentials"] => ({ username, password })
