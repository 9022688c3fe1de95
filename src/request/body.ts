/**
 * From what is given as a body to what is sent.
 */
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import * as HttpxError from "../HttpxError.js"
import { formString, type ParamsInput } from "../protocol/params.js"
import { type Place, problemDetails, shown } from "./details.js"
import type { Body, BodyFailure, RequestOptions } from "./RequestOptions.js"

export const emptyBody: Body<never> = { _tag: "Empty" }

export const isStream = (content: unknown): boolean => Predicate.hasProperty(content, Stream.StreamTypeId)

export interface MadeBody<E> {
  readonly body: Body<E>
  readonly contentType?: string
  readonly problem?: HttpxError.LocalProtocolError
}

const noBody: MadeBody<never> = { body: emptyBody }

const utf8 = (text: string): Body<never> => ({ _tag: "Bytes", bytes: new TextEncoder().encode(text) })

export const bodyOf = <E>(options: RequestOptions<E> | undefined, place: Place): MadeBody<BodyFailure<E>> => {
  if (options === undefined) return noBody
  if (options.json !== undefined) return jsonBody(options.json, place)
  if (options.form !== undefined) return formBody(options.form, place)
  if (options.content !== undefined) return contentBody(options.content, place)
  return noBody
}

const unmade = (place: Place, what: string, cause?: unknown): MadeBody<never> => ({
  body: emptyBody,
  problem: new HttpxError.LocalProtocolError(problemDetails(shown(place), what, cause))
})

const jsonBody = (value: unknown, place: Place): MadeBody<never> => {
  try {
    const text: string | undefined = JSON.stringify(value)
    if (text === undefined) return unmade(place, `json: a ${typeof value} has no JSON form`)
    return { body: utf8(text), contentType: "application/json" }
  } catch (cause) {
    return unmade(place, `json cannot be serialized: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  }
}

const formBody = (form: ParamsInput, place: Place): MadeBody<never> => {
  const text = formString(form)
  if (typeof text !== "string") return unmade(place, `form: ${text.message}`)
  return { body: utf8(text), contentType: "application/x-www-form-urlencoded" }
}

const contentBody = <E>(
  content: string | Uint8Array | Stream.Stream<Uint8Array, E>,
  place: Place
): MadeBody<BodyFailure<E>> => {
  if (typeof content === "string") return { body: utf8(content) }
  if (content instanceof Uint8Array) return { body: { _tag: "Bytes", bytes: content } }
  if (!isStream(content)) return unmade(place, "content is neither text, bytes nor a Stream")
  const stream = Stream.mapError(content, (error) => bodyError(shown(place), error))
  // The conditional type says that a stream that cannot fail adds no error, which no expression can show.
  return { body: { _tag: "Stream", stream: stream as Stream.Stream<Uint8Array, BodyFailure<E>> } }
}

const bodyError = <E>(request: HttpxError.RequestSummary, error: E): HttpxError.BodyError<E> =>
  new HttpxError.BodyError({
    request,
    phase: "send",
    delivery: "unknown",
    elapsed: 0,
    message: `${request.method} ${request.url}: the request's own body stream failed`,
    cause: error,
    error
  })
