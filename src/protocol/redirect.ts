/**
 * What a redirect asks for (RFC 9110 §15.4): whether an answer is one, with which method it is followed, where it leads,
 * and which fields do not go there.
 *
 * The place is resolved by the URL Standard, as browsers do, but for its query, which reaches the server with the bytes
 * that were written: a signed URL stays signed.
 *
 * @since 0.1.0
 */
import { Fields } from "./Fields.js"
import { rawText } from "./rawText.js"
import { isTargetProblem, parseTarget, type Target, type TargetProblem } from "./target.js"
import { unpadded } from "./unpadded.js"

/** Whether an answer with this status and a Location is a redirect; 300 lets the reader choose, and 304 leads nowhere. */
export const isRedirectStatus = (status: number): boolean =>
  status === 301 || status === 302 || status === 303 || status === 307 || status === 308

/**
 * The method of the next request. 301 makes GET of POST, 302 and 303 of everything but HEAD, as browsers have always done
 * and RFC 9110 §15.4.2 to §15.4.4 allow; 307 and 308 (§15.4.8, §15.4.9) change nothing.
 */
export const methodAfter = (status: number, method: string): string => {
  if (status === 301) return method === "POST" ? "GET" : method
  if (status === 302 || status === 303) return method === "HEAD" ? method : "GET"
  return method
}

/**
 * Where a Location leads from the URL that it answers: an absolute URL, never with user or password. The fragment of the
 * request goes along where the Location has none (RFC 9110 §10.2.2).
 */
export const resolveLocation = (location: string, base: string): string | TargetProblem => {
  const written = unpadded(rawText(location))
  // The URL Standard would silently drop some of these.
  if (/[\u0000-\u001f\u007f]/.test(written)) return problem("it has a control character in it")
  const scheme = /^([a-z][a-z0-9+.-]*):(\/\/)?/i.exec(written)
  if (scheme !== null && !/^https?$/i.test(scheme[1]!)) {
    return { _tag: "UnsupportedScheme", message: `the scheme ${scheme[1]!.toLowerCase()}: is neither http: nor https:` }
  }
  // The URL Standard would read `http:/a` as a path if the request was http, and as a host if it was https.
  if (scheme !== null && scheme[2] === undefined) return problem(`${scheme[0]} must be followed by //host`)
  try {
    const { hash, hostname, search } = partsOf(base)
    const whole = written.replace(/^(https?:\/\/)(?=[:/?#]|$)/i, `$1${hostname}`)
    const { host, pathname, protocol } = new URL(whole, base)
    const [place, fragment] = splitAt(whole, "#")
    const [, query] = splitAt(place, "?")
    // RFC 3986 §5.2.2: an empty reference keeps the query, too.
    return `${protocol}//${host}${pathname}${place === "" ? search : query}${fragment === "" ? hash : fragment}`
  } catch {
    return problem("its host or port is not valid")
  }
}

const problem = (message: string): TargetProblem => ({ _tag: "Invalid", message })

/** Of a URL: the host as it is parsed, query and fragment as they are written. */
const partsOf = (url: string) => {
  const [place, hash] = splitAt(url, "#")
  return { hostname: new URL(url).hostname, search: splitAt(place, "?")[1], hash }
}

/** What stands before a mark, and what begins with it. */
const splitAt = (text: string, mark: string): readonly [before: string, from: string] => {
  const at = text.indexOf(mark)
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at)]
}

/**
 * What a redirect does to the origin (RFC 9110 §4.3.1: scheme, host and port). `Upgrade` is from http to https on the same
 * host, both on their default ports: the credentials are meant for that host, and are better protected there.
 */
export type Crossing = "Same" | "Upgrade" | "Downgrade" | "Other"

export const crossing = (from: Target, to: Target): Crossing => {
  if (from.origin === to.origin) return "Same"
  if (from.scheme === "https" && to.scheme === "http") return "Downgrade"
  const upgrades = from.scheme === "http" && to.scheme === "https" && from.hostname === to.hostname
  return upgrades && from.port === 80 && to.port === 443 ? "Upgrade" : "Other"
}

/** Whether credentials go along: what they are meant for has not been left. */
export const keepsCredentials = (crossing: Crossing): boolean => crossing === "Same" || crossing === "Upgrade"

/** Where a redirect leads. */
export interface Destination {
  readonly url: string
  readonly crossing: Crossing
}

/**
 * Where a Location leads from the URL that it answers, or why there can be no request for that. `given` is the URL that
 * the fields of the request were meant for, where something on the way has sent it elsewhere.
 */
export const destinationOf = (location: string, base: string, given = base): Destination | TargetProblem => {
  const url = resolveLocation(location, base)
  if (typeof url !== "string") return url
  const answering = parseTarget(base)
  const to = parseTarget(url)
  if (isTargetProblem(to)) return to
  if (isTargetProblem(answering)) return answering
  const last = crossing(answering, to)
  const meant = parseTarget(given)
  // One that is not absolute has been made so on the way.
  return { url, crossing: last === "Downgrade" || isTargetProblem(meant) ? last : crossing(meant, to) }
}

/** How the next request differs from the one before, as far as its fields are concerned. */
export interface Change {
  readonly crossing: Crossing
  /** Whether the body is left out. */
  readonly bodyDropped: boolean
  /** Whether a field, by its lower-case name, is not meant for another origin. */
  readonly isSensitive: (name: string) => boolean
}

/** The fields of the next request: those that are meant for where it goes, and for what it still carries. */
export const fieldsAfter = (fields: Fields, { bodyDropped, crossing, isSensitive }: Change): Fields => {
  const isDropped = (name: string): boolean =>
    (bodyDropped && describesContent(name)) ||
    // One that the caller has set names the host that was left.
    (crossing !== "Same" && name === "host") ||
    (!keepsCredentials(crossing) && (credentials.has(name) || fields.isSetSecret(name) || isSensitive(name)))
  return fields.without(isDropped)
}

const credentials: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"])

// RFC 9110 §15.4 names some of them, and says that there are more; §10.1.1 forbids Expect without content.
const ofContent: ReadonlySet<string> = new Set([
  "digest",
  "repr-digest",
  "last-modified",
  "transfer-encoding",
  "trailer",
  "expect"
])

const describesContent = (name: string): boolean => name.startsWith("content-") || ofContent.has(name)
