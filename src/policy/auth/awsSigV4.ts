/**
 * Requests signed with AWS Signature Version 4.
 */
import * as Effect from "effect/Effect"
import type { AuthError } from "../../HttpxError.js"
import { Fields } from "../../protocol/Fields.js"
import { percentDecode } from "../../protocol/percent.js"
import {
  type AwsCredentials,
  isAmzTime,
  amzDate,
  normalizedPath,
  sha256Hex,
  sigv4Authorization,
  unsignedPayload
} from "../../protocol/sigv4.js"
import type { Target } from "../../protocol/target.js"
import { type Auth, AuthOf, type Outgoing } from "./Auth.js"
import { keysOf } from "./awsKeys.js"
import type { AwsOptions } from "./AwsOptions.js"
import { authError } from "./failures.js"

export const awsSigV4 = <E = never, R = never>(options: AwsOptions<E, R>): Auth<E, R> => {
  const { credentials } = options
  if (!Effect.isEffect(credentials)) {
    return new AuthOf("AWS4-HMAC-SHA256", "authorization", {
      _tag: "Fixed",
      put: (request, call) => signed(request, call.clock?.unsafeCurrentTimeMillis() ?? Date.now(), options, credentials)
    })
  }
  return new AuthOf<E, R>("AWS4-HMAC-SHA256", "authorization", {
    _tag: "Answering",
    begin: (request, sending) =>
      Effect.flatMap(credentials, (credentials) => {
        const made = signed(request, sending.now, options, credentials)
        return made instanceof Error ? Effect.fail(made) : Effect.succeed({ request: made })
      })
  })
}

const signed = (
  request: Outgoing,
  time: number,
  options: AwsOptions<unknown, unknown>,
  credentials: AwsCredentials
): Outgoing | AuthError => {
  const { method, target } = request
  // One that can go nowhere says so when it is sent.
  if (target instanceof Error) return request
  const keys = keysOf(credentials)
  if (typeof keys === "string") return authError(request, undefined, keys)
  if (!isAmzTime(time)) return authError(request, undefined, "the clock shows a time that cannot be signed")
  const payload = payloadOf(request, options)
  if (payload === undefined) {
    return authError(
      request,
      undefined,
      "the body is a stream, whose hash is not known before it is sent: give its bytes"
    )
  }
  const { region, service } = options
  let headers = request.headers.set("X-Amz-Date", amzDate(time))
  if (service === "s3" || payload === unsignedPayload) headers = headers.set("X-Amz-Content-Sha256", payload)
  if (keys.token !== undefined) headers = headers.setSecret("X-Amz-Security-Token", keys.token)
  const { path, query } = signedTarget(target, service)
  const fields = signedFields(headers, target)
  const authorization = sigv4Authorization(
    { region, service, method, path, query, headers: fields, payload, time },
    keys.id,
    keys.secret
  )
  return request.withHeaders(headers.set("Authorization", authorization))
}

/** What is signed of where a request goes. S3 signs the key as it is, the others the path as it is sent, encoded again. */
export const signedTarget = (
  { pathAndQuery }: Target,
  service: string
): { readonly path: string; readonly query: string } => {
  const [path = "/", ...query] = pathAndQuery.split("?")
  return {
    path: service === "s3" ? path.split("/").map(percentDecode).join("/") : normalizedPath(path),
    query: query.join("?")
  }
}

/** `undefined` if it cannot be known. */
const payloadOf = (
  { body, headers }: Outgoing,
  { service, signBody }: AwsOptions<unknown, unknown>
): string | undefined => {
  const given = headers.get("x-amz-content-sha256")
  if (given !== undefined) return given
  if (signBody === false) return unsignedPayload
  switch (body._tag) {
    case "Empty":
      return sha256Hex(new Uint8Array(0))
    case "Bytes":
      return sha256Hex(body.bytes)
    case "Stream":
      return service === "s3" && signBody === undefined ? unsignedPayload : undefined
  }
}

// What proxies may change, or what is added after the signature.
const unsigned: ReadonlySet<string> = new Set([
  "accept-encoding",
  "authorization",
  "connection",
  "content-length",
  "cookie",
  "expect",
  "keep-alive",
  "max-forwards",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
  "x-amzn-trace-id"
])

const signedFields = (headers: Fields, { authority }: Target): Fields => {
  const flat: Array<string> = headers.has("host") ? [] : ["host", authority]
  for (const [name, value] of headers) if (!unsigned.has(name.toLowerCase())) flat.push(name, value)
  return new Fields(flat)
}
