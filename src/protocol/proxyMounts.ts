/**
 * Which value, mostly a proxy, is for which requests: HTTPX's mounts. A mount is a pattern and a value;
 * of the patterns that fit a request the most specific one counts, wherever it was declared:
 *
 * - `all://`, `http://`, `https://`, also with `*` as the host: every host
 * - `https://example.com`: this host, `https://*.example.com`: those below it, `https://*example.com`: both
 * - `all://example.com:8443`, `all://*:8443`, `all://[::1]:8443`: that port alone; without one, every port
 *
 * A pattern with a port comes before one without, then the longer host, then a scheme before `all`. HTTPX counts the
 * `*` in as a part of the host, so that there `*example.com` hides `example.com`; here the narrower comes first.
 *
 * @since 0.1.0
 */
import { compileNoProxy, type Endpoint, hostnameOf, isBelow, type NoProxy, withoutTrailingDot } from "./noProxy.js"
import type { Proxy } from "./proxy.js"
import { isProxyUrlProblem, parseProxyUrl, type ProxyUrlProblem } from "./proxyUrl.js"
import { redactUrl } from "./redaction.js"

/** A compiled mount. */
export interface Mount<A> {
  /** `undefined`: every one. */
  readonly scheme: string | undefined
  /** Lower case, without brackets and wildcard; empty: every host. */
  readonly hostname: string
  /** Whether `hostname` is a host, what is below it, or both. */
  readonly reach: "host" | "below" | "both"
  /** `undefined`: every one. */
  readonly port: number | undefined
  readonly value: A
  /** What this mount leaves to those after it. */
  readonly except: NoProxy | undefined
}

/** Mounts, the most specific first. */
export type Mounts<A> = ReadonlyArray<Mount<A>>

/** Why there are no mounts: of a pattern, or of a proxy in the environment. The message has no secret in it. */
export interface MountProblem {
  readonly _tag: "InvalidMount"
  readonly message: string
}

export const isMountProblem = (mounts: Mounts<unknown> | MountProblem): mounts is MountProblem => "_tag" in mounts

const invalid = (message: string): MountProblem => ({ _tag: "InvalidMount", message })

/** Compiles mounts from patterns and values; of patterns that mean the same, the first counts. */
export const compileMounts = <A>(mounts: Readonly<Record<string, A>>): Mounts<A> | MountProblem => {
  const compiled: Array<Mount<A>> = []
  for (const [pattern, value] of Object.entries(mounts)) {
    const mount = parsePattern(pattern, value)
    if ("_tag" in mount) return mount
    compiled.push(mount)
  }
  return compiled.sort(bySpecificity)
}

/** The value for an endpoint, or `undefined` if no mount is for it. `hostname` is lower case, as a `Target` has it. */
export const selectMount = <A>(mounts: Mounts<A>, endpoint: Endpoint): A | undefined => {
  const hostname = withoutTrailingDot(endpoint.hostname)
  for (const mount of mounts) {
    if (fits(mount, endpoint, hostname) && mount.except?.(endpoint) !== true) return mount.value
  }
  return undefined
}

const fits = ({ hostname, port, reach, scheme }: Mount<unknown>, endpoint: Endpoint, asked: string): boolean => {
  if (port !== undefined && port !== endpoint.port) return false
  if (scheme !== undefined && scheme !== endpoint.scheme) return false
  if (hostname === "") return true
  return (reach !== "below" && asked === hostname) || (reach !== "host" && isBelow(asked, hostname))
}

const patternParts =
  /^(all|https?):\/\/(\*\.?)?(\[[^\]]*\]|[^\u0000-\u0020\u007f:/?#@\\*[\]]*)(?::([1-9]\d{0,4}))?\/?$/i

const parsePattern = <A>(pattern: string, value: A): Mount<A> | MountProblem => {
  const shown = JSON.stringify(redactUrl(pattern))
  if (!pattern.includes("://")) return invalid(`the mount ${shown} has no scheme: write all://, http:// or https://`)
  const parts = patternParts.exec(pattern)
  if (parts === null) return invalid(`the mount ${shown} is not all://, http:// or https:// with a host and a port`)
  const [, written = "", wildcard = "", host = "", digits] = parts
  const hostname = host === "" ? "" : withoutTrailingDot(hostnameOf(host) ?? "")
  if (hostname === "" && (host !== "" || wildcard === "*.")) return invalid(`the mount ${shown} has no valid host`)
  const port = digits === undefined ? undefined : Number(digits)
  if (port !== undefined && port > 65535) return invalid(`the mount ${shown} has no valid port`)
  const scheme = written.toLowerCase()
  return {
    scheme: scheme === "all" ? undefined : scheme,
    hostname,
    // `http://*` is `http://`.
    reach: hostname === "" || wildcard === "" ? "host" : wildcard === "*" ? "both" : "below",
    port,
    value,
    except: undefined
  }
}

const reachOrder = { host: 0, below: 1, both: 2 } as const

/** Of two hosts that both fit, the longer one is within the other. */
const bySpecificity = (a: Mount<unknown>, b: Mount<unknown>): number =>
  Number(a.port === undefined) - Number(b.port === undefined) ||
  b.hostname.length - a.hostname.length ||
  reachOrder[a.reach] - reachOrder[b.reach] ||
  Number(a.scheme === undefined) - Number(b.scheme === undefined)

/** What an environment says of proxies. Empty text is as good as none. */
export interface ProxyEnvironment {
  /** HTTP_PROXY: the URL of the proxy for http. */
  readonly httpProxy?: string | undefined
  /** HTTPS_PROXY: the URL of the proxy for https. */
  readonly httpsProxy?: string | undefined
  /** ALL_PROXY: the URL of the proxy for what has none of its own. */
  readonly allProxy?: string | undefined
  /** NO_PROXY: what is reached without them. */
  readonly noProxy?: string | undefined
}

/**
 * The mounts `http://`, `https://` and `all://` that an environment asks for, where its NO_PROXY does not except. What is
 * no URL of a proxy is a problem of those requests alone that it is for.
 */
export const environmentMounts = (environment: ProxyEnvironment): Mounts<Proxy | ProxyUrlProblem> => {
  const noProxy = environment.noProxy ?? ""
  const except = noProxy === "" ? undefined : compileNoProxy(noProxy)
  const mounts: Array<Mount<Proxy | ProxyUrlProblem>> = []
  for (const [name, scheme, text = ""] of [
    ["HTTP_PROXY", "http", environment.httpProxy],
    ["HTTPS_PROXY", "https", environment.httpsProxy],
    ["ALL_PROXY", undefined, environment.allProxy]
  ] as const) {
    const url = text.trim()
    if (url === "") continue
    const proxy = parseProxyUrl(url)
    const value = isProxyUrlProblem(proxy) ? { ...proxy, message: `${name}: ${proxy.message}` } : proxy
    mounts.push({ scheme, hostname: "", reach: "host", port: undefined, value, except })
  }
  return mounts
}

/** Mounts that were given with those of the environment; of patterns that mean the same, the given one counts. */
export const combineMounts = <A, B>(given: Mounts<A>, environment: Mounts<B>): Mounts<A | B> =>
  [...given, ...environment].sort(bySpecificity)
