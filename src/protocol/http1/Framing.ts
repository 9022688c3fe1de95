/**
 * Where a message body ends (RFC 9112 §6.3), and whether the connection outlives it (§9.3).
 *
 * @since 0.1.0
 */
import { trimBlanks } from "./ascii.js"
import { excerpt, violation, type ParseViolation } from "./Violation.js"

/**
 * What a body is: nothing, a known length, or an unknown one.
 *
 * @since 0.1.0
 * @category models
 */
export type BodyFraming =
  { readonly _tag: "None" } | { readonly _tag: "Length"; readonly length: number } | { readonly _tag: "Chunked" }

/** How the end of a response body is found. */
export type ResponseFraming = BodyFraming | { readonly _tag: "UntilClose" }

/** The framing fields of a message; a repeated one joined with `, `. */
export interface FramingFields {
  readonly contentLength: string | undefined
  readonly transferEncoding: string | undefined
}

const none: ResponseFraming = { _tag: "None" }
const chunked: ResponseFraming = { _tag: "Chunked" }
const untilClose: ResponseFraming = { _tag: "UntilClose" }

/** Whether a response ends with its head, whatever its fields say (RFC 9112 §6.3 item 1). */
export const isBodyless = (method: string, status: number): boolean =>
  method === "HEAD" || status === 204 || status === 304

/** The framing of a response that may have a body (RFC 9112 §6.3 items 3 to 8). */
export const responseFraming = (minor: number, fields: FramingFields): ResponseFraming | ParseViolation => {
  const { contentLength, transferEncoding } = fields
  if (transferEncoding !== undefined) return transferFraming(minor, transferEncoding, contentLength)
  // Item 8.
  if (contentLength === undefined) return untilClose
  const length = parseContentLength(contentLength)
  if (typeof length !== "number") return length
  return length === 0 ? none : { _tag: "Length", length }
}

const transferFraming = (
  minor: number,
  transferEncoding: string,
  contentLength: string | undefined
): ResponseFraming | ParseViolation => {
  // §6.3 item 3: both fields may be an attempt at response splitting; §6.1 lets a recipient refuse, so nobody guesses.
  if (contentLength !== undefined) {
    return violation(
      "CONTENT_LENGTH_WITH_TRANSFER_ENCODING",
      "the response has both Content-Length and Transfer-Encoding, so its end is ambiguous"
    )
  }
  // §6.1: Transfer-Encoding in an HTTP/1.0 message is faulty framing.
  if (minor === 0) {
    return violation("TRANSFER_ENCODING_IN_HTTP_1_0", "an HTTP/1.0 response cannot have a Transfer-Encoding")
  }
  const coding = transferEncoding.toLowerCase()
  if (coding === "chunked") return chunked
  // §6.3 item 4: without a final chunked the body ends with the connection. "identity" is that coding's old name for none.
  if (coding === "identity") return untilClose
  return violation(
    "UNSUPPORTED_TRANSFER_CODING",
    `the response has the Transfer-Encoding ${excerpt(transferEncoding)}, of which only chunked is understood`
  )
}

const digits = /^[0-9]+$/

/** Whether a text is a Content-Length (RFC 9110 §8.6) that a number can hold. */
export const isLength = (text: string): boolean => digits.test(text) && Number.isSafeInteger(Number(text))

/** One Content-Length, from a value that may repeat it (RFC 9110 §8.6: `5, 5` is 5, `5, 6` is an error). */
export const parseContentLength = (value: string): number | ParseViolation => {
  if (isLength(value)) return Number(value)
  const repeated = value.split(",").map(trimBlanks)
  if (!repeated.every(isLength)) return invalidLength(value)
  const length = Number(repeated[0])
  if (repeated.every((each) => Number(each) === length)) return length
  return violation("CONFLICTING_CONTENT_LENGTH", `Content-Length is repeated with different values: ${excerpt(value)}`)
}

const invalidLength = (value: string): ParseViolation =>
  violation("INVALID_CONTENT_LENGTH", `Content-Length is ${excerpt(value)}, which is no length`)

/** Whether the connection persists after a message of this version with this Connection field (RFC 9112 §9.3). */
export const isPersistent = (minor: number, connection: string | undefined): boolean => {
  if (connection === undefined) return minor > 0
  const options = connection.toLowerCase()
  if (options === "keep-alive") return true
  const list = options.split(",").map(trimBlanks)
  return !list.includes("close") && (minor > 0 || list.includes("keep-alive"))
}
