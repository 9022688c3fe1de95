/**
 * The status line (RFC 9112 §4).
 *
 * @since 0.1.0
 */
import { CR, DEL, HTAB, LF, SP } from "./ascii.js"
import { excerpt, violation, type ParseViolation } from "./Violation.js"

/** What a status line says, and the offset after it. */
export interface StatusLine {
  readonly minor: number
  readonly status: number
  readonly reasonPhrase: string
  readonly end: number
}

const version = "HTTP/1."

/** How many characters of a head `openingViolation` looks at and shows. */
export const openingLength = 48

/**
 * Why text cannot be the beginning of an HTTP/1 response, or `undefined` while it can. Works on the first bytes of a
 * head, so that a peer that speaks something else and then waits for us is found out at once.
 */
export const openingViolation = (text: string): ParseViolation | undefined => {
  const seen = Math.min(text.length, version.length)
  if (text.startsWith(version.slice(0, seen))) return undefined
  if (text.startsWith("HTTP/")) {
    return violation("UNSUPPORTED_VERSION", `the answer is not HTTP/1.0 or HTTP/1.1, it begins with ${excerpt(text)}`)
  }
  // A TLS record: handshake or alert, then the major version 3.
  const hint = /^[\x15\x16]\x03/.test(text) ? ", a TLS record: the server may expect https on this port" : ""
  return violation("NOT_HTTP", `the answer is not HTTP, it begins with ${excerpt(text)}${hint}`)
}

const digit = (text: string, at: number): number => {
  const value = text.charCodeAt(at) - 0x30
  return value >= 0 && value <= 9 ? value : NaN
}

/** The status line that `text` begins with. */
export const parseStatusLine = (text: string): StatusLine | ParseViolation => {
  const opening = openingViolation(text)
  if (opening !== undefined) return opening
  const minor = digit(text, 7)
  const status = digit(text, 9) * 100 + digit(text, 10) * 10 + digit(text, 11)
  // NaN, from anything that is no digit, is not >= 100.
  if (!(status >= 100) || !(minor >= 0) || text.charCodeAt(8) !== SP) return invalid(text)
  let at = 12
  let code = text.charCodeAt(at)
  // RFC 9112 §4: the space has to be there even without a reason, but some servers leave out both.
  const reasonStart = code === SP ? 13 : 12
  if (code === SP) {
    do code = text.charCodeAt(++at)
    while (code >= SP ? code !== DEL : code === HTAB)
  }
  if (code === LF) return { minor, status, reasonPhrase: text.slice(reasonStart, at), end: at + 1 }
  if (code === CR && text.charCodeAt(at + 1) === LF) {
    return { minor, status, reasonPhrase: text.slice(reasonStart, at), end: at + 2 }
  }
  return invalid(text)
}

const invalid = (text: string): ParseViolation =>
  violation("INVALID_STATUS_LINE", `the answer begins with ${excerpt(text)}, which is no HTTP/1.1 status line`)
