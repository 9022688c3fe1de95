/**
 * Why bytes are not the HTTP/1.1 response that was expected.
 *
 * @since 0.1.0
 */

/**
 * A violation found by the parser: a code to decide on and one sentence to show.
 *
 * @since 0.1.0
 * @category models
 */
export interface ParseViolation {
  readonly code:
    | "NOT_HTTP"
    | "UNSUPPORTED_VERSION"
    | "INVALID_STATUS_LINE"
    | "TOO_MANY_EMPTY_LINES"
    | "TOO_MANY_INFORMATIONAL"
    | "HEAD_TOO_LARGE"
    | "BARE_CR"
    | "BARE_LF"
    | "WHITESPACE_BEFORE_FIELDS"
    | "INVALID_FIELD_NAME"
    | "INVALID_FIELD_VALUE"
    | "INVALID_CONTENT_LENGTH"
    | "CONFLICTING_CONTENT_LENGTH"
    | "CONTENT_LENGTH_WITH_TRANSFER_ENCODING"
    | "TRANSFER_ENCODING_IN_HTTP_1_0"
    | "UNSUPPORTED_TRANSFER_CODING"
    | "INVALID_CHUNK_SIZE"
    | "INVALID_CHUNK_EXTENSION"
    | "CHUNK_LINE_TOO_LONG"
    | "CHUNK_NOT_TERMINATED"
    | "CLOSED_BEFORE_HEAD"
    | "CLOSED_IN_HEAD"
    | "CLOSED_IN_BODY"
  readonly message: string
}

/** A violation as a value. */
export const violation = (code: ParseViolation["code"], message: string): ParseViolation => ({ code, message })

const shown = 40

/** The beginning of received text, quoted, in visible ASCII: safe in a log and on a terminal. */
export const excerpt = (text: string): string => {
  const visible = text.slice(0, shown).replace(/[^\x20-\x7e]|["\\]/g, (character) => {
    if (character === '"' || character === "\\") return `\\${character}`
    if (character === "\r") return "\\r"
    if (character === "\n") return "\\n"
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`
  })
  return text.length > shown ? `"${visible}"…` : `"${visible}"`
}

/** One received byte, quoted likewise. */
export const excerptByte = (byte: number): string => excerpt(String.fromCharCode(byte))
