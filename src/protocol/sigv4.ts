/**
 * AWS Signature Version 4: of a request with its fields, and of a URL that anybody may then use.
 *
 * @since 0.1.0
 */
import { hmac } from "@noble/hashes/hmac"
import { sha256 } from "@noble/hashes/sha2"
import { bytesToHex } from "@noble/hashes/utils"
import type * as Redacted from "effect/Redacted"
import type { Fields } from "./Fields.js"
import { percentDecode, percentEncode } from "./percent.js"

/**
 * Keys of AWS; those that are temporary have a session token.
 *
 * @since 0.1.0
 * @category models
 */
export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: Redacted.Redacted<string>
  /** Default: none. */
  readonly sessionToken?: Redacted.Redacted<string> | undefined
}

/**
 * What a signature is for.
 *
 * @since 0.1.0
 * @category models
 */
export interface AwsScope {
  /** E.g. `eu-central-1`. */
  readonly region: string
  /** As AWS calls it in signatures, e.g. `s3`, `execute-api`. */
  readonly service: string
}

/**
 * A request that is to be signed.
 *
 * @since 0.1.0
 * @category models
 */
export interface SignedRequest extends AwsScope {
  readonly method: string
  /** As it is to be signed, before it is percent-encoded: for S3 the key itself, else the path as sent. */
  readonly path: string
  /** As sent, without its `?`. */
  readonly query: string
  /** All that are to be signed, Host included. */
  readonly headers: Fields
  /** The SHA-256 of the body in hexadecimal, or what stands in its place. */
  readonly payload: string
  /** Milliseconds since 1970. */
  readonly time: number
}

/** What stands in place of the hash of a body that is not signed. */
export const unsignedPayload = "UNSIGNED-PAYLOAD"

const algorithm = "AWS4-HMAC-SHA256"

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The SHA-256 in hexadecimal. */
export const sha256Hex = (bytes: Uint8Array): string => bytesToHex(sha256(bytes))

/** `20150830T123600Z`, in UTC. */
export const amzDate = (time: number): string => new Date(time).toISOString().replace(/[-:]|\.\d+/g, "")

/** Whether there is a date for a time: there is none after the year 9999. */
export const isAmzTime = (time: number): boolean => time >= 0 && time < 253_402_300_800_000

/** Percent-encodes all but the unreserved characters of RFC 3986. */
const strictEncode = (text: string): string =>
  percentEncode(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

const encodePath = (path: string): string => path.split("/").map(strictEncode).join("/")

/** A path without its empty, `.` and `..` segments, as all services but S3 sign it. */
export const normalizedPath = (path: string): string => {
  const segments: Array<string> = []
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop()
    else if (segment !== "" && segment !== ".") segments.push(segment)
  }
  const whole = `/${segments.join("/")}`
  return whole !== "/" && path.endsWith("/") ? `${whole}/` : whole
}

/** By the code points of the encoded names, then values. */
const canonicalQuery = (query: string): string =>
  query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const equals = pair.indexOf("=")
      const name = equals < 0 ? pair : pair.slice(0, equals)
      return [encoded(name), encoded(equals < 0 ? "" : pair.slice(equals + 1))] as const
    })
    .sort(([a, b], [c, d]) => compare(a, c) || compare(b, d))
    .map(([name, value]) => `${name}=${value}`)
    .join("&")

/** What is written in a query, in the one form that is signed. Servers read a plus as a space. */
const encoded = (written: string): string => strictEncode(percentDecode(written.replaceAll("+", " ")))

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** By lower-case name, with repeated values joined, and white space made one space. */
const canonicalFields = (headers: Fields): ReadonlyArray<readonly [name: string, value: string]> => {
  const values = new Map<string, Array<string>>()
  for (const [name, value] of headers) {
    const trimmed = value.trim().replace(/\s+/g, " ")
    const lower = name.toLowerCase()
    const before = values.get(lower)
    if (before === undefined) values.set(lower, [trimmed])
    else before.push(trimmed)
  }
  return [...values].map(([name, each]) => [name, each.join(",")] as const).sort(([a], [b]) => compare(a, b))
}

/** `20150830/us-east-1/service/aws4_request` */
const scopeOf = ({ region, service, time }: AwsScope & { readonly time: number }): string =>
  `${amzDate(time).slice(0, 8)}/${region}/${service}/aws4_request`

/** The canonical request that is signed. */
export const canonicalRequest = ({ headers, method, path, payload, query }: SignedRequest): string => {
  const fields = canonicalFields(headers)
  return [
    method,
    encodePath(path),
    canonicalQuery(query),
    ...fields.map(([name, value]) => `${name}:${value}`),
    "",
    fields.map(([name]) => name).join(";"),
    payload
  ].join("\n")
}

/** What the key is applied to. */
export const stringToSign = (request: SignedRequest): string =>
  [algorithm, amzDate(request.time), scopeOf(request), sha256Hex(utf8(canonicalRequest(request)))].join("\n")

const signature = (request: SignedRequest, secret: string): string => {
  const steps = scopeOf(request).split("/")
  const key = steps.reduce((key, step) => hmac(sha256, key, utf8(step)), utf8(`AWS4${secret}`))
  return bytesToHex(hmac(sha256, key, utf8(stringToSign(request))))
}

/** The value of Authorization. */
export const sigv4Authorization = (request: SignedRequest, accessKeyId: string, secret: string): string => {
  const signed = canonicalFields(request.headers).map(([name]) => name)
  return `${algorithm} ${[
    `Credential=${accessKeyId}/${scopeOf(request)}`,
    `SignedHeaders=${signed.join(";")}`,
    `Signature=${signature(request, secret)}`
  ].join(", ")}`
}

/** What is known of a URL that is to be signed. */
export interface PresignedRequest extends SignedRequest {
  readonly accessKeyId: string
  readonly sessionToken: string | undefined
  /** Seconds that it is good for. */
  readonly expiresIn: number
}

/** The query of a URL that anybody may use for a while. */
export const presignedQuery = (request: PresignedRequest, secret: string): string => {
  const { accessKeyId, expiresIn, headers, query, sessionToken, time } = request
  const parameters: ReadonlyArray<readonly [string, string | undefined]> = [
    ["X-Amz-Algorithm", algorithm],
    ["X-Amz-Credential", `${accessKeyId}/${scopeOf(request)}`],
    ["X-Amz-Date", amzDate(time)],
    ["X-Amz-Expires", String(expiresIn)],
    ["X-Amz-Security-Token", sessionToken],
    [
      "X-Amz-SignedHeaders",
      canonicalFields(headers)
        .map(([name]) => name)
        .join(";")
    ]
  ]
  const added = parameters.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${strictEncode(value)}`]))
  const whole = [query, ...added].filter((part) => part !== "").join("&")
  return `${whole}&X-Amz-Signature=${signature({ ...request, query: whole }, secret)}`
}
