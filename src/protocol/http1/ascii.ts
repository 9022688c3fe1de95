/**
 * The characters that delimit HTTP/1.1.
 *
 * @since 0.1.0
 */
export const HTAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SP = 0x20
export const COLON = 0x3a
export const SEMICOLON = 0x3b
export const DEL = 0x7f

/** White space within a line (RFC 9110 §5.6.3). */
export const isBlank = (code: number): boolean => code === SP || code === HTAB

/** Text without the SP, HTAB, CR and LF around it. Not `trim`: that takes NBSP, which is obs-text, for white space. */
export const trimBlanks = (text: string): string => {
  let start = 0
  let end = text.length
  while (start < end && text.charCodeAt(start) <= SP) start++
  while (start < end && text.charCodeAt(end - 1) <= SP) end--
  return text.slice(start, end)
}
