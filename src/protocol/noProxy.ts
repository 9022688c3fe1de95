/**
 * NO_PROXY: what is reached without a proxy, although the environment names one. No document defines it; this is what
 * HTTPX, curl and Go have in common, and where they differ, what is written below.
 *
 * Entries are separated by commas or white space; upper and lower case are the same, and so are names with and without
 * a dot at their end. An entry that is none of these matches nothing:
 *
 * - `*`: everything
 * - `example.com`: this host and those below it (`www.example.com`, not `notexample.com`); so too `localhost`
 * - `.example.com` or `*.example.com`: those below it alone (as in HTTPX and Go; curl takes the host itself too)
 * - `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]`: this address, however it is written
 * - `192.0.2.0/24`, `2001:db8::/32`: the addresses in this network; names are not looked up
 * - `example.com:8080`, `192.0.2.1:8080`, `[2001:db8::1]:8080`, `*:8080`: that port alone
 * - `https://example.com`: that scheme alone, before any of the above; `all://` is every scheme
 *
 * @since 0.1.0
 */
import { type Cidr, cidrOf, contains, parseAddress, parseCidr } from "./address.js"
import type { Target } from "./target.js"

/** What decides on the proxy of a request. */
export type Endpoint = Pick<Target, "scheme" | "hostname" | "port">

/** Whether an endpoint is reached without a proxy. */
export type NoProxy = (endpoint: Endpoint) => boolean

type Hosts =
  | { readonly _tag: "All" }
  | { readonly _tag: "Network"; readonly network: Cidr }
  /** A domain: what is below it and, if `itself`, the host of that name. */
  | { readonly _tag: "Domain"; readonly domain: string; readonly itself: boolean }

interface Entry {
  /** `undefined`: every one. */
  readonly scheme: string | undefined
  /** `undefined`: every one. */
  readonly port: number | undefined
  readonly hosts: Hosts
}

const separators = /[\s,]+/
const hostAndPort = /^(\[.*\]|[^:/]+):(\d{1,5})$/
const delimiter = /[*:/?#@[\]\\%]/
const ascii = /^[\x00-\x7f]*$/
const domainName = /^(?:[\w-]+\.)*[\w-]+$/

/** Compiles the text of a NO_PROXY setting; every text is one. */
export const compileNoProxy = (text: string): NoProxy => {
  const entries = text.split(separators).flatMap((written) => parseEntry(written) ?? [])
  return (endpoint) => {
    if (entries.length === 0) return false
    const hostname = withoutTrailingDot(endpoint.hostname.toLowerCase())
    const address = parseAddress(hostname)
    return entries.some(
      ({ hosts, port, scheme }) =>
        (scheme === undefined || scheme === endpoint.scheme) &&
        (port === undefined || port === endpoint.port) &&
        isAmong(hosts, hostname, address)
    )
  }
}

const isAmong = (hosts: Hosts, hostname: string, address: Uint8Array | undefined): boolean => {
  switch (hosts._tag) {
    case "All":
      return true
    case "Network":
      return address !== undefined && contains(hosts.network, address)
    case "Domain":
      // 192.0.2.1 is not below a domain 2.1.
      if (address !== undefined) return false
      return (hosts.itself && hostname === hosts.domain) || isBelow(hostname, hosts.domain)
  }
}

const parseEntry = (written: string): Entry | undefined => {
  const mark = written.indexOf("://")
  const named = mark < 0 ? undefined : written.slice(0, mark).toLowerCase()
  const scheme = named === "all" ? undefined : named
  const rest = mark < 0 ? written : written.slice(mark + 3).replace(/\/$/, "")
  const hosts = parseHosts(rest)
  if (hosts !== undefined) return { scheme, port: undefined, hosts }
  const found = hostAndPort.exec(rest)
  if (found === null) return undefined
  const hostsOfPort = parseHosts(found[1]!)
  return hostsOfPort === undefined ? undefined : { scheme, port: Number(found[2]), hosts: hostsOfPort }
}

const parseHosts = (text: string): Hosts | undefined => {
  if (text === "*") return { _tag: "All" }
  const address = parseAddress(withoutTrailingDot(text))
  if (address !== undefined) return { _tag: "Network", network: cidrOf(address) }
  const network = parseCidr(text)
  if (network !== undefined) return { _tag: "Network", network }
  const below = text.startsWith("*.") ? 2 : text.startsWith(".") ? 1 : 0
  const domain = parseDomain(text.slice(below))
  return domain === undefined ? undefined : { _tag: "Domain", domain, itself: below === 0 }
}

const parseDomain = (text: string): string | undefined => {
  if (delimiter.test(text)) return undefined
  // A name in another script is compared in the form that URLs have it in (RFC 5891).
  const name = ascii.test(text) ? text.toLowerCase() : hostnameOf(text)
  if (name === undefined) return undefined
  const domain = withoutTrailingDot(name)
  return domainName.test(domain) ? domain : undefined
}

/**
 * A host in the one form that the URL Standard gives it, IPv6 without brackets; `undefined` if it is none. Only for text
 * without the delimiters of a URL.
 */
export const hostnameOf = (host: string): string | undefined => {
  try {
    const { hostname } = new URL(`http://${host}`)
    return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname
  } catch {
    return undefined
  }
}

/** A name as others write it: the dot at its end says that it is complete (RFC 1034 §3.1), which it is here anyway. */
export const withoutTrailingDot = (hostname: string): string =>
  hostname.endsWith(".") ? hostname.slice(0, -1) : hostname

/** Whether a host is within a domain and is not the domain's own host. */
export const isBelow = (hostname: string, domain: string): boolean =>
  hostname.length > domain.length + 1 &&
  hostname.charAt(hostname.length - domain.length - 1) === "." &&
  hostname.endsWith(domain)
