/**
 * What can be wrong with reading a response: of each, the error. None shows anything of the body.
 */
import * as Effect from "effect/Effect"
import type { ParseError } from "effect/ParseResult"
import { decodeJsonText } from "../content/charset.js"
import type { DecodingFailure } from "../content/ContentEncoding.js"
import { jsonFlawAt } from "../content/json.js"
import * as HttpxError from "../HttpxError.js"
import type { Request } from "../Request.js"

/** What an error says of the response. */
export interface Failed {
  readonly request: Request<unknown>
  readonly elapsed: number
}

export const details = ({ elapsed, request }: Failed, what: string, cause?: unknown): HttpxError.Details => {
  const { summary } = request
  const message = `${summary.method} ${summary.url}: ${what}`
  return { request: summary, phase: "read", delivery: "answered", elapsed, message, cause }
}

/** The JSON of a text, or what is wrong with it. The runtime's own error is not kept: it shows the text. */
export const parseJson = (text: string): { readonly json: unknown } | { readonly flaw: string } => {
  try {
    return { json: JSON.parse(text) }
  } catch {
    if (text === "") return { flaw: "is empty, not JSON" }
    const at = jsonFlawAt(text)
    const where = at === text.length ? "it ends too early" : `character ${at + 1} cannot be there`
    return { flaw: `is not JSON: of ${text.length} characters, ${where}` }
  }
}

export const jsonOf = (
  response: Failed,
  bytes: Uint8Array,
  contentType: string | undefined
): Effect.Effect<unknown, HttpxError.DecodingError> => {
  const parsed = parseJson(decodeJsonText(bytes))
  if ("json" in parsed) return Effect.succeed(parsed.json)
  const type = contentType === undefined ? "" : ` (its type is ${JSON.stringify(contentType)})`
  return Effect.fail(new HttpxError.DecodingError(details(response, `the body ${parsed.flaw}${type}`)))
}

export const invalidLine = (response: Failed, line: number, flaw: string, parseError?: ParseError) => {
  const given = parseError === undefined ? {} : { parseError }
  return new HttpxError.InvalidLine({ ...details(response, `line ${line} ${flaw}`), line, ...given })
}

export const notDecoded = (
  response: Failed,
  failure: DecodingFailure,
  limit: number
): Effect.Effect<never, HttpxError.DecodingError | HttpxError.BodyTooLarge> => {
  if (failure.exceeds) return tooLarge(response, limit)
  return Effect.fail(new HttpxError.DecodingError(details(response, failure.message, failure.cause)))
}

export const tooManyCodings = (response: Failed, count: number): Effect.Effect<never, HttpxError.DecodingError> => {
  const what = `the body has ${count} content codings; five are the most`
  return Effect.fail(new HttpxError.DecodingError(details(response, what)))
}

export const tooLarge = (
  response: Failed,
  limit: number,
  what = `the body is larger than the ${limit} bytes that are allowed: see maxBodySize`
): Effect.Effect<never, HttpxError.BodyTooLarge> =>
  Effect.suspend(() => Effect.fail(new HttpxError.BodyTooLarge({ ...details(response, what), limit })))

export const consumed = (response: Failed): Effect.Effect<never, HttpxError.StreamConsumed> => {
  const what = "the body has been read already, and it can be read only once: use read, text or json to keep it"
  return Effect.suspend(() => Effect.fail(new HttpxError.StreamConsumed(details(response, what))))
}

export const closed = (response: Failed): Effect.Effect<never, HttpxError.StreamClosed> => {
  const what = "the response was closed before its body was read"
  return Effect.suspend(() => Effect.fail(new HttpxError.StreamClosed(details(response, what))))
}

export const tooLongForText = (response: Failed, size: number, limit: number) =>
  tooLarge(response, limit, `the body has ${size} bytes, more than a text can have: use read or stream`)
