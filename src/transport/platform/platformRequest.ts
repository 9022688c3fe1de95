/**
 * Requests from and to @effect/platform's `HttpClientRequest`.
 *
 * Theirs holds one value a field name, seven methods and query parameters beside the URL; ours holds what is written.
 */
import * as Headers from "@effect/platform/Headers"
import type * as HttpBody from "@effect/platform/HttpBody"
import type { HttpMethod } from "@effect/platform/HttpMethod"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Stream from "effect/Stream"
import type * as HttpxError from "../../HttpxError.js"
import { Fields } from "../../protocol/Fields.js"
import { appendQuery } from "../../protocol/target.js"
import { percentEncode } from "../../protocol/percent.js"
import { build, type Request } from "../../Request.js"

/**
 * Their request as ours, with `defaults` for the fields that it lacks. A body that has no bytes in it becomes a request
 * that fails when it is sent.
 */
export const fromHttpClientRequest = (
  request: HttpClientRequest.HttpClientRequest,
  defaults: Fields = Fields.empty
): Request<HttpxError.BodyError<unknown>> => {
  // Not their URL builder: that writes the query anew, and a signed one is no longer signed then.
  const query = request.urlParams.map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`).join("&")
  const body = bodyOf(request.body)
  let headers = defaults.merge(fieldsOf(request))
  if (body.contentType !== undefined && !headers.has("content-type")) {
    headers = headers.append("Content-Type", body.contentType)
  }
  if (body.contentLength !== undefined) headers = headers.append("Content-Length", String(body.contentLength))
  return build(request.method, appendQuery(request.url, query), undefined, headers, body)
}

/** Our request as theirs, for what lies below a foreign client and for what decides by requests. */
export const toHttpClientRequest = (request: Request<unknown>): HttpClientRequest.HttpClientRequest => {
  const record: Record<string, string> = {}
  for (const [name, value] of request.headers) {
    const lower = name.toLowerCase()
    // Their clients refuse it, or believe it and send no chunks: how a body ends on their wire is theirs to say.
    if (lower === "transfer-encoding") continue
    record[lower] = lower in record ? `${record[lower]}, ${value}` : value
  }
  // Their type names seven methods; their clients send any.
  const made = HttpClientRequest.make(request.method as HttpMethod)(urlOf(request), {
    headers: Headers.fromInput(record)
  })
  // Without one they add a type of their own; an empty one adds none.
  const contentType = request.headers.get("content-type") ?? ""
  switch (request.body._tag) {
    case "Empty":
      return made
    case "Bytes":
      return HttpClientRequest.bodyUint8Array(made, request.body.bytes, contentType)
    case "Stream": {
      const { length } = request.body
      return HttpClientRequest.bodyStream(made, request.body.stream, {
        contentType,
        ...(length === undefined ? {} : { contentLength: length })
      })
    }
  }
}

/** Without user, password and fragment: their clients drop, refuse or send them, each as it likes. */
const urlOf = (request: Request<unknown>): string => {
  const { target } = request
  return target instanceof Error ? request.url : target.origin + target.pathAndQuery
}

const fieldsOf = (request: HttpClientRequest.HttpClientRequest): Fields => {
  const flat: Array<string> = []
  for (const name of Object.keys(request.headers)) {
    // What their `setBody` leaves here can be the length of an earlier body; the body itself knows better.
    if (name !== "content-length") flat.push(name, request.headers[name]!)
  }
  return flat.length === 0 ? Fields.empty : new Fields(flat)
}

interface PlatformBody {
  readonly content?: string | Uint8Array | Stream.Stream<Uint8Array, unknown>
  readonly contentType?: string | undefined
  /** Of a stream; bytes know theirs. */
  readonly contentLength?: number | undefined
}

const bodyOf = (body: HttpBody.HttpBody): PlatformBody => {
  switch (body._tag) {
    case "Empty":
      return {}
    case "Uint8Array":
      return { content: body.body, contentType: body.contentType }
    case "Stream":
      return { content: body.stream, contentType: body.contentType, contentLength: body.contentLength }
    case "FormData":
      return webBody(body.formData)
    case "Raw":
      return { contentType: body.contentType, ...rawBody(body.body) }
  }
}

const rawBody = (body: unknown): PlatformBody => {
  if (body === undefined || body === null) return {}
  if (typeof body === "string" || body instanceof Uint8Array) return { content: body }
  if (body instanceof ArrayBuffer) return { content: new Uint8Array(body) }
  if (ArrayBuffer.isView(body)) return { content: new Uint8Array(body.buffer, body.byteOffset, body.byteLength) }
  if (isWebBody(body)) return webBody(body)
  // Not a body at all: `build` says so, as a typed error.
  return { content: body as Stream.Stream<Uint8Array, unknown> }
}

type WebBody = FormData | URLSearchParams | Blob | ReadableStream<Uint8Array>

const isWebBody = (body: unknown): body is WebBody =>
  body instanceof FormData || body instanceof URLSearchParams || body instanceof Blob || body instanceof ReadableStream

/** What the web platform knows how to turn into bytes; it also knows the type, with the boundary of a form. */
const webBody = (body: WebBody): PlatformBody => {
  let encoded: globalThis.Response
  try {
    encoded = new globalThis.Response(body)
  } catch (cause) {
    // A ReadableStream that has been read before: a second run of the same request.
    return { content: Stream.fail(cause) }
  }
  const contentType = encoded.headers.get("content-type") ?? undefined
  const { body: bytes } = encoded
  if (bytes === null) return { contentType }
  return {
    contentType,
    content: Stream.fromReadableStream(
      () => bytes,
      (cause) => cause
    )
  }
}
