/**
 * Field lines, of a head or of a trailer section (RFC 9112 §5), read in one pass over their text.
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

/** Whether a name may be Connection, Content-Length or Transfer-Encoding, from its first letter and its length. */
const mayFrame = (first: number, length: number): boolean => {
  const lower = first | 0x20
  return (lower === 0x63 && (length === 10 || length === 14)) || (lower === 0x74 && length === 17)
}

const noFields: ReadonlyArray<string> = []

/**
 * The reader of one section at a time. What it found last is in its properties, so that reading allocates the fields
 * and nothing else; `clear` lets go of them.
 */
export class FieldSection {
  /** Flat: `[name, value, name, value, …]`, as on the wire. */
  fields: ReadonlyArray<string> = noFields
  /** The fields that frame a message, the values of a repeated one joined with `, ` (RFC 9110 §5.3). */
  contentLength: string | undefined = undefined
  transferEncoding: string | undefined = undefined
  connection: string | undefined = undefined
  /** Why `read` gave -1. */
  violation: ParseViolation | undefined = undefined

  clear(): void {
    this.fields = noFields
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
    const fields: Array<string> = []
    let at = start + from
    for (;;) {
      const lineStart = at
      let byte = bytes[at]!
      while (tokenCharacters[byte] === 1) byte = bytes[++at]!
      const nameEnd = at
      if (byte !== COLON || nameEnd === lineStart) {
        if (at === lineStart && (byte === CR || byte === LF)) {
          this.fields = fields
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
      const name = text.slice(lineStart - start, nameEnd - start)
      let value = text.slice(valueStart - start, end - start)
      if (isBlank(bytes[at]!)) {
        // RFC 9112 §5.2: a user agent replaces each obs-fold with a space before it interprets the value.
        const lines = [value]
        do {
          const continued = at
          at = this.lineEnd(bytes, valueEnd(bytes, at), lineEnds)
          if (at < 0) return -1
          lines.push(trimBlanks(text.slice(continued - start, at - start)))
        } while (isBlank(bytes[at]!))
        value = trimBlanks(lines.join(" "))
      }
      fields.push(name, value)
      if (mayFrame(bytes[lineStart]!, nameEnd - lineStart)) this.notice(name.toLowerCase(), value)
    }
  }

  private notice(lower: string, value: string): void {
    if (lower === "content-length") this.contentLength = joined(this.contentLength, value)
    else if (lower === "transfer-encoding") this.transferEncoding = joined(this.transferEncoding, value)
    else if (lower === "connection") this.connection = joined(this.connection, value)
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
