/**
 * The error of a status that is not 2xx.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as HttpxError from "../HttpxError.js"
import { redactUrl } from "../protocol/redaction.js"
import type { Response } from "../Response.js"
import type { CapturedBody } from "./CapturedBody.js"
import { details } from "./failures.js"

/**
 * How much of the body a `StatusError` takes along.
 *
 * @since 0.1.0
 * @category options
 */
export interface CaptureOptions {
  /** Bytes, after decoding. Default: 65536. */
  readonly bodyLimit?: number | undefined
  /** How long a body that still flows is waited for. Default: 1 second. */
  readonly bodyTimeout?: Duration.DurationInput | undefined
}

export const statusError = (
  response: Response,
  capture: Effect.Effect<CapturedBody>
): Effect.Effect<never, HttpxError.StatusError> =>
  Effect.flatMap(capture, (body) => Effect.fail(errorOf<never>(response, body, Option.none())))

/** The same, with what a schema makes of the body. */
export const describedError = <A, I, R>(
  response: Response,
  capture: Effect.Effect<CapturedBody>,
  schema: Schema.Schema<A, I, R>
): Effect.Effect<never, HttpxError.StatusError<A>, R> => {
  const decode = Schema.decodeUnknown(schema)
  return Effect.flatMap(capture, (body) => {
    const described = Option.match(body.json, {
      onNone: () => Effect.succeed(Option.none<A>()),
      onSome: (json) => Effect.option(decode(json))
    })
    return Effect.flatMap(described, (error) => Effect.fail(errorOf(response, body, error)))
  })
}

const errorOf = <A>(response: Response, body: CapturedBody, error: Option.Option<A>): HttpxError.StatusError<A> => {
  const { reasonPhrase, status } = response
  const location = response.hasRedirectLocation ? response.headers["location"] : undefined
  const to = location === undefined ? "" : `, redirecting to ${redactUrl(location)}`
  const what = `answered ${`${status} ${reasonPhrase}`.trim()}${to}`
  return new HttpxError.StatusError({ ...details(response, what), status, response, body, error })
}
