/**
 * What is wrong with encoded data.
 */
import type { DecodingFailure } from "../../content/ContentEncoding.js"

/** What is wrong with the data, as the end of a sentence that begins with them. */
export class Flaw extends Error {}
class TooLarge extends Flaw {}
export const truncated = "end before they are complete"
export const tooLarge = (maxBytes: number): TooLarge =>
  new TooLarge(`decode to more than the ${maxBytes} bytes that are allowed`)

export const failureOf = (coding: string, maxBytes: number, cause: unknown): DecodingFailure => {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined
  const said = cause instanceof Error ? cause.message : String(cause)
  let flaw = cause instanceof Flaw ? said : `are corrupt: ${said}`
  if (code === "Z_BUF_ERROR") flaw = truncated
  if (code === "ERR_BUFFER_TOO_LARGE") flaw = tooLarge(maxBytes).message
  const exceeds = code === "ERR_BUFFER_TOO_LARGE" || cause instanceof TooLarge
  return { _tag: "DecodingFailure", coding, message: `the ${coding} data ${flaw}`, exceeds, cause }
}
