/**
 * What can be wrong with reading a response: of each, the error.
 */
import * as Effect from "effect/Effect"
import { decodeJsonText } from "../content/charset.js"
import type { DecodingFailure } from "../content/ContentEncoding.js"
import * as HttpxError from "../HttpxError.js"
import type { Response } from "../Response.js"

const details = (response: Response, what: string, cause?: unknown): HttpxError.Details => {
  const request = response.request.summary
  const message = `${request.method} ${request.url}: ${what}`
  return { request, phase: "read", delivery: "answered", elapsed: response.elapsed, message, cause }
}

export const parseJson = (response: Response, bytes: Uint8Array): Effect.Effect<unknown, HttpxError.DecodingError> => {
  const text = decodeJsonText(bytes)
  try {
    return Effect.succeed(JSON.parse(text))
  } catch (cause) {
    const what = text === "" ? "the body is empty, not JSON" : `the body is not JSON: it begins ${excerpt(text)}`
    return Effect.fail(new HttpxError.DecodingError(details(response, what, cause)))
  }
}

const excerpt = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)

export const statusError = (response: Response): Effect.Effect<never, HttpxError.StatusError> => {
  const { reasonPhrase, status } = response
  const what = `answered ${`${status} ${reasonPhrase}`.trim()}`
  return Effect.fail(new HttpxError.StatusError({ ...details(response, what), status, response }))
}

export const notDecoded = (
  response: Response,
  failure: DecodingFailure | HttpxError.ReadFailure
): Effect.Effect<never, HttpxError.ReadFailure> =>
  failure._tag === "DecodingFailure"
    ? Effect.fail(new HttpxError.DecodingError(details(response, failure.message, failure.cause)))
    : Effect.fail(failure)

export const tooManyCodings = (response: Response, count: number): Effect.Effect<never, HttpxError.DecodingError> => {
  const what = `the body has ${count} content codings; five are the most`
  return Effect.fail(new HttpxError.DecodingError(details(response, what)))
}

export const consumed = (response: Response): Effect.Effect<never, HttpxError.StreamConsumed> => {
  const what = "the body has been read already, and it can be read only once: use read, text or json to keep it"
  return Effect.suspend(() => Effect.fail(new HttpxError.StreamConsumed(details(response, what))))
}

export const closed = (response: Response): Effect.Effect<never, HttpxError.StreamClosed> => {
  const what = "the response was closed before its body was read"
  return Effect.suspend(() => Effect.fail(new HttpxError.StreamClosed(details(response, what))))
}
