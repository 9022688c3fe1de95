/**
 * AWS Signature Version 4, as the request is signed: canonical form, string to sign, key, and the fields or parameters that
 * carry the signature. Hashes come from the caller.
 *
 * @since 0.1.0
 */
import { percentEncode } from "./percent.js"

/** SHA-256, and HMAC with it. */
export interface Sha256 {
  readonly hash: (bytes: Uint8Array) => Uint8Array
  readonly hmac: (key: Uint8Array, message: Uint8Array) => Uint8Array
}

/** Who signs, for what. */
export interface SigningScope {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string | undefined
  readonly region: string
  readonly service: string
  /** Milliseconds since 1970. */
  readonly now: number
}

/** The request that is signed. */
export interface SignedRequest {
  readonly method: string
  /** `host` or `host:port`. */
  readonly authority: string
  /** As it is sent. */
  readonly pathAndQuery: string
  /** Pairs in their order; which of them are signed is decided here. */
  readonly fields: Iterable<readonly [name: string, value: string]>
  /** Hexadecimal SHA-256 of the body, or one of the words that stand for it. */
  readonly payload: string
}

/** What stands for a body whose hash is not known. */
export const unsignedPayload = "UNSIGNED-PAYLOAD"

const algorithm = "AWS4-HMAC-SHA256"
const encoder = new TextEncoder()

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")

// What proxies and clients on the way change, or what is not there yet when the request is signed.
const unsigned: ReadonlySet<string> = new Set([
  "accept-encoding",
  "authorization",
  "cache-control",
  "connection",
  "content-length",
  "expect",
  "from",
  "keep-alive",
  "max-forwards",
  "pragma",
  "proxy-authorization",
  "referer",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
  "x-amzn-trace-id"
])

/** The fields that are to be added to a request, in the order in which they are sent. */
export const signedFields = (
  request: SignedRequest,
  scope: SigningScope,
  sha256: Sha256
): ReadonlyArray<readonly [name: string, value: string]> => {
  const date = dateOf(scope.now)
  const added: Array<readonly [string, string]> = [["X-Amz-Date", date]]
  if (scope.sessionToken !== undefined) added.push(["X-Amz-Security-Token", scope.sessionToken])
  // Only S3 asks for it, and wants it signed.
  if (isS3(scope.service)) added.push(["X-Amz-Content-Sha256", request.payload])
  const canonical = canonicalFields([["host", request.authority], ...request.fields, ...added])
  const signature = signatureOf(request, queryOf(request.pathAndQuery), canonical, scope, sha256)
  const credential = `${scope.accessKeyId}/${scopeOf(scope)}`
  const authorization = `${algorithm} Credential=${credential}, SignedHeaders=${canonical.names}, Signature=${signature}`
  return [...added, ["Authorization", authorization]]
}

/** The query, without `?`, that makes a URL of this request valid for so many seconds, for whoever has it. */
export const presignedQuery = (
  request: SignedRequest,
  scope: SigningScope,
  seconds: number,
  sha256: Sha256
): string => {
  const canonical = canonicalFields([["host", request.authority], ...request.fields])
  const query = [
    ...queryOf(request.pathAndQuery),
    ["X-Amz-Algorithm", algorithm],
    ["X-Amz-Credential", `${scope.accessKeyId}/${scopeOf(scope)}`],
    ["X-Amz-Date", dateOf(scope.now)],
    ["X-Amz-Expires", String(seconds)],
    ["X-Amz-SignedHeaders", canonical.names],
    ...(scope.sessionToken === undefined ? [] : [["X-Amz-Security-Token", scope.sessionToken]])
  ].map(([name = "", value = ""]): readonly [string, string] => [name, value])
  const signature = signatureOf(request, query, canonical, scope, sha256)
  return `${canonicalQuery(query)}&X-Amz-Signature=${signature}`
}

const isS3 = (service: string): boolean =>
  service === "s3" || service === "s3-object-lambda" || service === "s3-outposts"

/** `20150830T123600Z` */
const dateOf = (now: number): string => new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, "")

const scopeOf = ({ now, region, service }: SigningScope): string =>
  `${dateOf(now).slice(0, 8)}/${region}/${service}/aws4_request`

interface CanonicalFields {
  readonly text: string
  readonly names: string
}

const canonicalFields = (fields: Iterable<readonly [name: string, value: string]>): CanonicalFields => {
  const values = new Map<string, Array<string>>()
  for (const [written, value] of fields) {
    const name = written.toLowerCase()
    if (unsigned.has(name)) continue
    // A Host of the caller's own is what is sent.
    const known = name === "host" ? undefined : values.get(name)
    const trimmed = value.trim().replace(/\s+/g, " ")
    if (known === undefined) values.set(name, [trimmed])
    else known.push(trimmed)
  }
  const names = [...values.keys()].sort()
  return { text: names.map((name) => `${name}:${values.get(name)!.join(",")}\n`).join(""), names: names.join(";") }
}

/** Names and values of a query, decoded; `+` is a space, as the servers read it. */
const queryOf = (pathAndQuery: string): ReadonlyArray<readonly [string, string]> => {
  const mark = pathAndQuery.indexOf("?")
  return mark < 0 ? [] : [...new URLSearchParams(pathAndQuery.slice(mark + 1))]
}

// RFC 3986 §2.3: what is not unreserved is encoded, more than elsewhere.
const strictly = (text: string): string =>
  percentEncode(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

const canonicalQuery = (query: ReadonlyArray<readonly [string, string]>): string =>
  query
    .map(([name, value]) => [strictly(name), strictly(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join("&")

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** S3 takes the path as it is sent; all others take it without dots and doubled slashes, and encoded once more. */
const canonicalPath = (pathAndQuery: string, service: string): string => {
  const path = pathAndQuery.replace(/\?.*$/, "")
  if (isS3(service)) return path.split("/").map(decodedOnce).map(strictly).join("/")
  const segments: Array<string> = []
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop()
    else if (segment !== "" && segment !== ".") segments.push(strictly(segment))
  }
  const slash = segments.length > 0 && path.endsWith("/") ? "/" : ""
  return `/${segments.join("/")}${slash}`
}

const decodedOnce = (segment: string): string => {
  try {
    return decodeURIComponent(segment)
  } catch {
    // What is no encoding of text is signed as it is sent.
    return segment
  }
}

const signatureOf = (
  { method, pathAndQuery, payload }: SignedRequest,
  query: ReadonlyArray<readonly [string, string]>,
  fields: CanonicalFields,
  scope: SigningScope,
  { hash, hmac }: Sha256
): string => {
  const path = canonicalPath(pathAndQuery, scope.service)
  const canonical = [method, path, canonicalQuery(query), fields.text, fields.names, payload].join("\n")
  const toSign = [algorithm, dateOf(scope.now), scopeOf(scope), hex(hash(encoder.encode(canonical)))].join("\n")
  const keyed = (key: Uint8Array, message: string) => hmac(key, encoder.encode(message))
  const ofDate = keyed(encoder.encode(`AWS4${scope.secretAccessKey}`), dateOf(scope.now).slice(0, 8))
  const key = keyed(keyed(keyed(ofDate, scope.region), scope.service), "aws4_request")
  return hex(keyed(key, toSign))
}
