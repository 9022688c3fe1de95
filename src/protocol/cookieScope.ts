/**
 * Which requests a cookie is for: by domain, by path, and by whether the way there is secure (RFC 6265bis §5.1, §5.8.3).
 *
 * @since 0.1.0
 */
import { kindOf, parseAddress } from "./address.js"
import type { Target } from "./target.js"

/** Whether a host, in lower case, is a domain or one of its subdomains (§5.1.3). An address has no subdomains. */
export const domainMatches = (host: string, domain: string): boolean =>
  host === domain || (domain !== "" && host.endsWith(`.${domain}`) && parseAddress(host) === undefined)

/** Whether a path is at or below the path of a cookie (§5.1.4). */
export const pathMatches = (path: string, cookiePath: string): boolean =>
  path === cookiePath ||
  (path.startsWith(cookiePath) && (cookiePath.endsWith("/") || path.charAt(cookiePath.length) === "/"))

/** The path of a request without its query. */
export const pathOf = ({ pathAndQuery }: Target): string => {
  const mark = pathAndQuery.indexOf("?")
  return mark < 0 ? pathAndQuery : pathAndQuery.slice(0, mark)
}

/** The path that a cookie without a path has: the folder of what was requested (§5.1.4). */
export const defaultPath = (path: string): string => {
  const slash = path.lastIndexOf("/")
  return slash <= 0 ? "/" : path.slice(0, slash)
}

/**
 * Whether secure cookies go there and come from there. The machine itself counts as secure without TLS, as in Chrome and
 * Firefox (W3C Secure Contexts §3.1): nothing is on the way that could listen.
 */
export const isSecure = ({ hostname, scheme }: Pick<Target, "hostname" | "scheme">): boolean =>
  scheme === "https" || hostname === "localhost" || hostname.endsWith(".localhost") || kindOf(hostname) === "loopback"
