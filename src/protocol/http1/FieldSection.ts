/**
 * Field lines, of a head or of a trailer section (RFC 9112 §5), checked in one pass over their bytes.
 *
 * Only what the parser and its users nearly always need is taken out then; most responses are never asked for more, and
 * two strings a field would be most of the garbage of a small response.
 *
 * @since 0.1.0
 */
import { isToken } from "../Fields.js"
import { COLON, CR, DEL, HTAB, isBlank, LF, SP, trimBlanks } from "./ascii.js"
import { excerpt, excerptByte, violation, type ParseViolation } from "./Violation.js"

const tokenCharacters = Uint8Array.from({ length: 256 }, (_, code) => (isToken(String.fromCharCode(code)) ? 1 : 0))

/** Which line ends count: RFC 9112 §2.2 lets a lone LF end a line of a head; chunked framing is not that lenient. */
export type LineEnds = "crlf" | "crlf-or-lf"

/** A section as bytes from `start` on, and as text. */
export interface SectionSource {
  readonly bytes: Uint8Array
  readonly start: number
  readonly text: string
}

/** The offset of the first byte at or after `at` that no field value may hold: its line end, if it is legal. */
const valueEnd = (bytes: Uint8Array, at: number): number => {
  let byte = bytes[at]!
  while (byte >= SP ? byte !== DEL : byte === HTAB) byte = bytes[++at]!
  return at
}

/** Whether a name may be one that is taken notice of, from its first letter and its length. */
const mayMatter = (first: number, length: number): boolean => {
  const lower = first | 0x20
  if (lower === 0x63) return length === 10 || length === 12 || length === 14 || length === 16
  return lower === 0x74 && length === 17
}

/** RFC 9112 §5.2: a user agent replaces each obs-fold with a space before it interprets the value. */
const unfold = (lines: string): string => trimBlanks(lines.split("\n").map(trimLine).join(" "))

const trimLine = (line: string): string => trimBlanks(line.endsWith("\r") ? line.slice(0, -1) : line)

/** Lines that have been checked, as `[name, value, name, value, …]`: names as on the wire, values trimmed and unfolded. */
export const splitFields = (lines: string): ReadonlyArray<string> => {
  const fields: Array<string> = []
  for (let at = 0; at < lines.length;) {
    let end = lines.indexOf("\n", at)
    while (isBlank(lines.charCodeAt(end + 1))) end = lines.indexOf("\n", end + 1)
    const colon = lines.indexOf(":", at)
    fields.push(trimBlanks(lines.slice(at, colon)), unfold(lines.slice(colon + 1, end)))
    at = end + 1
  }
  return fields
}

/**
 * The reader of one section at a time. What it found last is in its properties; `clear` lets go of it.
 */
export class FieldSection {
  /** The lines, for `splitFields`; empty when there are none. */
  lines = ""
  contentType: string | undefined = undefined
  contentEncoding: string | undefined = undefined
  /** The fields that frame a message, the values of a repeated one joined with `, ` (RFC 9110 §5.3). */
  contentLength: string | undefined = undefined
  transferEncoding: string | undefined = undefined
  connection: string | undefined = undefined
  /** Why `read` gave -1. */
  violation: ParseViolation | undefined = undefined

  clear(): void {
    this.lines = ""
    this.contentType = undefined
    this.contentEncoding = undefined
    this.contentLength = undefined
    this.transferEncoding = undefined
    this.connection = undefined
    this.violation = undefined
  }

  /**
   * Reads the lines from the offset `from` of the text on, up to the empty one; the offset after that, or -1 with
   * `violation` set. The section has to have an empty line: nothing here looks for the end of the bytes.
   */
  read({ bytes, start, text }: SectionSource, from: number, lineEnds: LineEnds): number {
    this.clear()
    let at = start + from
    for (;;) {
      const lineStart = at
      let byte = bytes[at]!
      while (tokenCharacters[byte] === 1) byte = bytes[++at]!
      const nameEnd = at
      if (byte !== COLON || nameEnd === lineStart) {
        if (at === lineStart && (byte === CR || byte === LF)) {
          this.lines = text.slice(from, at - start)
          at = this.lineEnd(bytes, at, lineEnds)
          return at < 0 ? -1 : at - start
        }
        at = this.oddName(bytes, lineStart, nameEnd)
        if (at < 0) return -1
      }
      do byte = bytes[++at]!
      while (byte === SP || byte === HTAB)
      const valueStart = at
      at = valueEnd(bytes, at)
      let end = at
      while (end > valueStart && isBlank(bytes[end - 1]!)) end--
      at = this.lineEnd(bytes, at, lineEnds)
      if (at < 0) return -1
      let folded = false
      while (isBlank(bytes[at]!)) {
        folded = true
        at = this.lineEnd(bytes, valueEnd(bytes, at), lineEnds)
        if (at < 0) return -1
      }
      if (!mayMatter(bytes[lineStart]!, nameEnd - lineStart)) continue
      const value = folded
        ? unfold(text.slice(valueStart - start, at - start))
        : text.slice(valueStart - start, end - start)
      this.notice(text.slice(lineStart - start, nameEnd - start).toLowerCase(), value)
    }
  }

  private notice(lower: string, value: string): void {
    if (lower === "content-length") this.contentLength = joined(this.contentLength, value)
    else if (lower === "transfer-encoding") this.transferEncoding = joined(this.transferEncoding, value)
    else if (lower === "connection") this.connection = joined(this.connection, value)
    else if (lower === "content-type") this.contentType = joined(this.contentType, value)
    else if (lower === "content-encoding") this.contentEncoding = joined(this.contentEncoding, value)
  }

  /** The offset of the colon when only white space stands before it, -1 for what is no field name. */
  private oddName(bytes: Uint8Array, lineStart: number, nameEnd: number): number {
    let at = nameEnd
    while (isBlank(bytes[at]!)) at++
    // RFC 9112 §5.1: white space between name and colon is removed from a response.
    if (nameEnd > lineStart && bytes[at] === COLON) return at
    if (nameEnd === lineStart && at > nameEnd) {
      // RFC 9112 §2.2: what follows it would be read by some and skipped by others.
      return this.fail("WHITESPACE_BEFORE_FIELDS", "white space stands where the first field should begin")
    }
    const begin = excerpt(String.fromCharCode(...bytes.subarray(lineStart, Math.min(at, lineStart + 40) + 1)))
    return this.fail("INVALID_FIELD_NAME", `a field line begins with ${begin}, which is no field name and colon`)
  }

  /** The offset after the line end at `at`, or -1 for anything that ends no line. */
  private lineEnd(bytes: Uint8Array, at: number, lineEnds: LineEnds): number {
    const byte = bytes[at]!
    if (byte === CR) {
      if (bytes[at + 1] === LF) return at + 2
      // RFC 9112 §2.2: invalid, and a line end for some recipients: the seed of response splitting.
      return this.fail("BARE_CR", "the fields have a CR without LF in them")
    }
    if (byte === LF) {
      return lineEnds === "crlf-or-lf" ? at + 1 : this.fail("BARE_LF", "the trailers have a LF without CR in them")
    }
    // RFC 9110 §5.5: NUL and the other controls are invalid.
    return this.fail("INVALID_FIELD_VALUE", `a field value has the control character ${excerptByte(byte)} in it`)
  }

  private fail(code: ParseViolation["code"], message: string): -1 {
    this.violation = violation(code, message)
    return -1
  }
}

const joined = (before: string | undefined, value: string): string =>
  before === undefined ? value : `${before}, ${value}`
