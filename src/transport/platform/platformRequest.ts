/**
 * Requests from and to @effect/platform's `HttpClientRequest`.
 *
 * Theirs holds one value a field name, seven methods and query parameters beside the URL; ours holds what is written.
 */
import * as Headers from "@effect/platform/Headers"
import type * as HttpBody from "@effect/platform/HttpBody"
import type { HttpMethod } from "@effect/platform/HttpMethod"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { randomBoundary, withBoundaryOf } from "../../content/multipartHead.js"
import type * as HttpxError from "../../HttpxError.js"
import { Fields } from "../../protocol/Fields.js"
import { appendQuery } from "../../protocol/target.js"
import { percentEncode } from "../../protocol/percent.js"
import { build, type Content, type Request } from "../../Request.js"
import { notContent, sourceOf } from "../../request/content.js"
import { multipartSource, type Part } from "../../request/multipart.js"

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
  if (body.contentType !== undefined) {
    const given = headers.get("content-type")
    const contentType = given === undefined ? body.contentType : withBoundaryOf(body.contentType, given)
    if (contentType !== given) headers = headers.set("Content-Type", contentType)
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
  readonly content?: Content<unknown>
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
      return formBody(body.formData)
    case "Raw":
      return { contentType: body.contentType, ...rawBody(body.body) }
  }
}

const rawBody = (body: unknown): PlatformBody => {
  if (body === undefined || body === null) return {}
  if (body instanceof FormData) return formBody(body)
  if (body instanceof URLSearchParams) return { content: body.toString(), contentType: formType }
  // What is not a body at all `build` says to be none, as a typed error.
  return { content: body as Content<unknown> }
}

// As fetch has it.
const formType = "application/x-www-form-urlencoded;charset=UTF-8"

/** By parts, and not by the web platform's own encoder, whose bytes cannot be sent again and have no known length. */
const formBody = (form: FormData): PlatformBody => ({
  content: multipartSource(Array.from(form, partOf), "multipart/form-data", randomBoundary())
})

const partOf = ([name, value]: readonly [string, FormDataEntryValue]): Part => ({
  name,
  filename: typeof value === "string" ? undefined : value.name,
  contentType: typeof value === "string" ? undefined : value.type || "application/octet-stream",
  headers: Fields.empty,
  source: sourceOf(value) ?? notContent
})
