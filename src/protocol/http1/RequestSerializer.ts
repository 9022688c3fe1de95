/**
 * The head of an HTTP/1.1 request, and the framing of its body (RFC 9112 §3, §6, §7).
 *
 * Everything that a server could read as more than one request is refused before anything is sent.
 *
 * @since 0.1.0
 */
import { isToken, type Fields } from "../Fields.js"
import { isLength, parseContentLength, type BodyFraming } from "./Framing.js"

export type { BodyFraming } from "./Framing.js"

/**
 * A head ready to be sent, and how the body after it is sent.
 *
 * @since 0.1.0
 * @category models
 */
export interface SerializedRequest {
  /** Latin1, with the empty line that ends it. */
  readonly head: string
  readonly chunked: boolean
  /** What the head says, `undefined` when it has no Content-Length. */
  readonly contentLength: number | undefined
}

/**
 * Why a request cannot be sent.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestViolation {
  readonly code:
    | "INVALID_METHOD"
    | "INVALID_TARGET"
    | "INVALID_HOST"
    | "INVALID_FIELD"
    | "INVALID_CONTENT_LENGTH"
    | "INVALID_TRANSFER_ENCODING"
  readonly message: string
}

// RFC 9112 §3.2: no target form has white space, controls or anything outside ASCII.
const visible = /^[\x21-\x7e]+$/
// RFC 9112 §3.2: Host is empty for a target without authority.
const visibleOrEmpty = /^[\x21-\x7e]*$/

const refused = (code: RequestViolation["code"], message: string): RequestViolation => ({ code, message })

/**
 * The head of a request.
 *
 * `authority` is for the Host field, unless `fields` have one. A Content-Length in `fields` has to be that of the body,
 * and is believed for a body of unknown length; a Transfer-Encoding may only be `chunked`.
 *
 * @since 0.1.0
 */
export const serializeRequest = (
  method: string,
  target: string,
  authority: string,
  fields: Fields,
  body: BodyFraming
): SerializedRequest | RequestViolation => {
  if (!isToken(method)) return refused("INVALID_METHOD", `${JSON.stringify(method)} is not a method`)
  if (!visible.test(target)) {
    return refused(
      "INVALID_TARGET",
      `${JSON.stringify(target)} is not a request target: percent-encode white space and what is not ASCII`
    )
  }
  if (fields.violation !== undefined) return refused("INVALID_FIELD", fields.violation)
  if (body._tag === "Length" && !(Number.isSafeInteger(body.length) && body.length >= 0)) {
    return refused("INVALID_CONTENT_LENGTH", `${body.length} is not the length of a body`)
  }
  let host = ""
  if (!fields.hasHost) {
    if (!visibleOrEmpty.test(authority)) return refused("INVALID_HOST", `${JSON.stringify(authority)} is not a host`)
    // RFC 9110 §7.2: Host goes first.
    host = `Host: ${authority}\r\n`
  } else if (fields.getAll("host").length > 1) {
    // RFC 9112 §3.2
    return refused("INVALID_HOST", "the request has more than one Host field")
  }
  if (fields.hasFraming) {
    return withGivenFraming(`${method} ${target} HTTP/1.1\r\n${host}`, fields, body)
  }
  switch (body._tag) {
    case "Length":
      return {
        head: `${method} ${target} HTTP/1.1\r\n${host}${fields.wire}Content-Length: ${body.length}\r\n\r\n`,
        chunked: false,
        contentLength: body.length
      }
    case "Chunked":
      return {
        head: `${method} ${target} HTTP/1.1\r\n${host}${fields.wire}Transfer-Encoding: chunked\r\n\r\n`,
        chunked: true,
        contentLength: undefined
      }
    case "None":
      // RFC 9110 §8.6: a method that could have content says that it has none.
      return method === "POST" || method === "PUT" || method === "PATCH"
        ? {
            head: `${method} ${target} HTTP/1.1\r\n${host}${fields.wire}Content-Length: 0\r\n\r\n`,
            chunked: false,
            contentLength: 0
          }
        : {
            head: `${method} ${target} HTTP/1.1\r\n${host}${fields.wire}\r\n`,
            chunked: false,
            contentLength: undefined
          }
  }
}

/** The rest of a request whose caller wrote the framing fields. */
const withGivenFraming = (start: string, fields: Fields, body: BodyFraming): SerializedRequest | RequestViolation => {
  const length = givenFraming(fields, body)
  if (typeof length === "object") return length
  if (length === undefined) return { head: `${start}${fields.wire}\r\n`, chunked: true, contentLength: undefined }
  // RFC 9110 §8.6: one Content-Length, however often it was given.
  const single = fields.getAll("content-length").length === 1 ? fields : fields.set("Content-Length", String(length))
  return { head: `${start}${single.wire}\r\n`, chunked: false, contentLength: length }
}

/**
 * The length that framing fields say, or `undefined` for chunks; or why they cannot be sent with this body. Only for fields
 * with framing.
 */
export const givenFraming = (fields: Fields, body: BodyFraming): number | undefined | RequestViolation => {
  const codings = fields.getAll("transfer-encoding")
  const lengths = fields.getAll("content-length")
  if (codings.length > 0) {
    const [coding] = codings
    // RFC 9112 §6.1: chunked is applied once; §6.2: a sender does not send Content-Length with it.
    if (codings.length > 1 || coding?.toLowerCase() !== "chunked") {
      return refused("INVALID_TRANSFER_ENCODING", "a request can be sent with Transfer-Encoding: chunked and no other")
    }
    if (lengths.length > 0) {
      return refused("INVALID_TRANSFER_ENCODING", "the request has both Transfer-Encoding and Content-Length")
    }
    if (body._tag === "None") {
      return refused("INVALID_TRANSFER_ENCODING", "the request has a Transfer-Encoding and no body")
    }
    return undefined
  }
  const notLength = lengths.find((each) => !isLength(each))
  if (notLength !== undefined) {
    return refused("INVALID_CONTENT_LENGTH", `the Content-Length ${JSON.stringify(notLength)} is not a length`)
  }
  const length = parseContentLength(lengths.join(","))
  if (typeof length !== "number") return refused("INVALID_CONTENT_LENGTH", length.message)
  const actual = body._tag === "None" ? 0 : body._tag === "Length" ? body.length : length
  if (length !== actual) {
    return refused("INVALID_CONTENT_LENGTH", `Content-Length is ${length}, but the body has ${actual} bytes`)
  }
  return length
}

/** What goes before the data of a chunk; after it goes CRLF. A chunk has to have data: an empty one is the last. */
export const chunkHead = (length: number): string => `${length.toString(16)}\r\n`

/** What ends a chunked body without trailers. */
export const lastChunk = "0\r\n\r\n"
