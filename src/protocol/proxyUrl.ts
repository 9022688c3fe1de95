/**
 * From a proxy's URL, as options and environments have it, to a proxy.
 *
 * What a URL may leave out: its scheme, which is then `http` (as in HTTPX and curl), and its port, which is then the
 * scheme's (http 80, https 443, socks 1080): curl's 1080 for all of them is known to curl alone. A path or query has no
 * meaning. No message shows any of the authority, where the password is.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import { Fields } from "./Fields.js"
import { hostnameOf } from "./noProxy.js"
import { percentDecode } from "./percent.js"
import type { Proxy, ProxyCredentials, ProxyScheme } from "./proxy.js"

/** Why a URL is not that of a proxy. The message has no secret in it. */
export interface ProxyUrlProblem {
  readonly _tag: "Invalid" | "UnsupportedScheme"
  readonly message: string
}

export const isProxyUrlProblem = (proxy: Proxy | ProxyUrlProblem): proxy is ProxyUrlProblem => "_tag" in proxy

const blankOrControl = /[\u0000-\u0020\u007f]/
const absolute = /^([a-z][a-z0-9+.-]*):\/\//i
const endOfAuthority = /[/?#\\]/
const hostAndPort = /^(\[[^\]]*\]|[^:]+)(?::(\d+))?$/

const defaultPorts: Readonly<Record<ProxyScheme, number>> = { http: 80, https: 443, socks5: 1080, socks5h: 1080 }

const isProxyScheme = (scheme: string): scheme is ProxyScheme => Object.hasOwn(defaultPorts, scheme)

const invalid = (message: string): ProxyUrlProblem => ({ _tag: "Invalid", message })

/** The proxy that a URL names, or why it names none. */
export const parseProxyUrl = (text: string | URL): Proxy | ProxyUrlProblem => {
  const url = String(text)
  if (blankOrControl.test(url)) {
    return invalid("the proxy's URL has white space or a control character in it: percent-encode it or remove it")
  }
  const [start = "", written = "http"] = absolute.exec(url) ?? []
  const scheme = written.toLowerCase()
  if (!isProxyScheme(scheme)) {
    return {
      _tag: "UnsupportedScheme",
      message: `the proxy's scheme ${scheme}: is none of http:, https:, socks5: and socks5h:`
    }
  }
  const rest = url.slice(start.length)
  const end = rest.search(endOfAuthority)
  const authority = end < 0 ? rest : rest.slice(0, end)
  // What was meant as a password must not become a host, which is shown.
  if (rest.includes("@", authority.length)) {
    return invalid("the proxy's URL has an @ after its host: percent-encode / ? # and \\ in user and password")
  }
  return parseAuthority(scheme, authority)
}

const parseAuthority = (scheme: ProxyScheme, authority: string): Proxy | ProxyUrlProblem => {
  const at = authority.lastIndexOf("@")
  const [, host, digits] = hostAndPort.exec(authority.slice(at + 1)) ?? []
  // The URL Standard checks and normalizes the hosts of http alone.
  const hostname = host === undefined ? undefined : hostnameOf(host)
  const port = digits === undefined ? defaultPorts[scheme] : Number(digits)
  if (hostname === undefined || port === 0 || port > 65535) return invalid("the proxy's host or port is not valid")
  return {
    scheme,
    hostname,
    port,
    url: `${scheme}://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`,
    credentials: at < 0 ? undefined : parseUserinfo(authority.slice(0, at)),
    headers: Fields.empty
  }
}

/** RFC 3986 §3.2.1: the first colon ends the user. */
const parseUserinfo = (userinfo: string): ProxyCredentials | undefined => {
  const colon = userinfo.indexOf(":")
  const username = percentDecode(colon < 0 ? userinfo : userinfo.slice(0, colon))
  const password = colon < 0 ? "" : percentDecode(userinfo.slice(colon + 1))
  return username === "" && password === "" ? undefined : { username, password: Redacted.make(password) }
}
