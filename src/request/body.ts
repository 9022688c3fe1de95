/**
 * From what is given as a body to what is sent.
 */
import * as Stream from "effect/Stream"
import { boundaryOf } from "../content/multipartHead.js"
import * as HttpxError from "../HttpxError.js"
import type { Fields } from "../protocol/Fields.js"
import { formString, type ParamsInput } from "../protocol/params.js"
import { bytesOf, type ContentInput, notContent, sourceOf } from "./content.js"
import { Broken, type ContentSource, Spent } from "./ContentSource.js"
import { type Place, problemDetails, shown } from "./details.js"
import { jsonText, type Stringify } from "./json.js"
import { Once } from "./Once.js"
import type { Body, BodyFailure, RequestOptions, StreamBody } from "./RequestOptions.js"

export const emptyBody: Body<never> = { _tag: "Empty" }

export interface MadeBody<E> {
  readonly body: Body<E>
  readonly contentType?: string | undefined
  readonly problem?: HttpxError.LocalProtocolError
}

const noBody: MadeBody<never> = { body: emptyBody }

const utf8 = (text: string): Body<never> => ({ _tag: "Bytes", bytes: new TextEncoder().encode(text) })

export const bodyOf = <E>(
  options: RequestOptions<E> | undefined,
  place: Place,
  /** A client's, where the options have none. */
  stringify: Stringify | undefined,
  headers: Fields
): MadeBody<BodyFailure<E>> => {
  if (options === undefined) return noBody
  if (options.json !== undefined) return jsonBody(options.json, options.stringify ?? stringify, place)
  if (options.form !== undefined) return formBody(options.form, place)
  if (options.content !== undefined) return contentBody(options.content, options.contentLength, place, headers)
  return noBody
}

const unmade = (place: Place, what: string, cause?: unknown): MadeBody<never> => ({
  body: emptyBody,
  problem: new HttpxError.LocalProtocolError(problemDetails(shown(place), what, cause))
})

const jsonBody = (value: unknown, stringify: Stringify | undefined, place: Place): MadeBody<never> => {
  const text = jsonText(value, stringify)
  if (typeof text !== "string") return unmade(place, text.what, text.cause)
  return { body: utf8(text), contentType: "application/json" }
}

const formBody = (form: ParamsInput, place: Place): MadeBody<never> => {
  const text = formString(form)
  if (typeof text !== "string") return unmade(place, `form: ${text.message}`)
  return { body: utf8(text), contentType: "application/x-www-form-urlencoded" }
}

const contentBody = <E>(
  content: ContentInput<E>,
  contentLength: number | undefined,
  place: Place,
  headers: Fields
): MadeBody<BodyFailure<E>> => {
  if (contentLength !== undefined && !(Number.isSafeInteger(contentLength) && contentLength >= 0)) {
    return unmade(place, `contentLength is ${contentLength}, and should be a whole number of bytes`)
  }
  const bytes = bytesOf(content)
  const source = bytes === undefined ? bounded(sourceOf(content), headers) : undefined
  if (bytes === undefined && source === undefined) return unmade(place, notContent)
  if (source?.problem !== undefined) return unmade(place, source.problem)
  const length = bytes === undefined ? source?.length : bytes.length
  if (length !== undefined && contentLength !== undefined && length !== contentLength) {
    return unmade(place, `contentLength is ${contentLength}, but the content has ${length} bytes`)
  }
  if (bytes !== undefined) return { body: { _tag: "Bytes", bytes } }
  return sourceBody(source!, contentLength ?? length, place)
}

/** A multipart body with the boundary that its Content-Type names. */
const bounded = <E>(source: ContentSource<E> | undefined, headers: Fields): ContentSource<E> | undefined => {
  const boundary = source?.bounded && boundaryOf(headers.get("content-type"))
  return boundary === undefined ? source : source?.bounded?.(boundary)
}

const sourceBody = <E>(
  source: ContentSource<E>,
  length: number | undefined,
  place: Place
): MadeBody<BodyFailure<E>> => {
  const { contentType, isRepeatable, isSpent } = source
  const once = isRepeatable ? undefined : new Once(isSpent)
  const own = Stream.mapError(source.stream, (error) => failureOf<E>(place, error))
  // The conditional type says that a stream that cannot fail adds no error, which no expression can show.
  const stream = own as StreamBody<BodyFailure<E>>["stream"]
  return { body: { _tag: "Stream", stream: guarded(stream, once, place), isRepeatable, length, once }, contentType }
}

/** Two requests may be about to send the same body, one of them by ways on which it is not claimed. */
const guarded = <E>(stream: StreamBody<E>["stream"], once: Once | undefined, place: Place): StreamBody<E>["stream"] =>
  once === undefined ? stream : Stream.suspend(() => (once.begin() ? stream : Stream.fail(consumedWhileSent(place))))

const failureOf = <E>(place: Place, error: E | Broken | Spent) => {
  if (error instanceof Spent) return consumedWhileSent(place)
  if (error instanceof Broken) return brokenBody(place, error.what, error.cause)
  return new HttpxError.BodyError({ ...whileSent(place, "the request's own body stream failed", error), error })
}

const whileSent = (place: Place, what: string, cause?: unknown): HttpxError.Details => ({
  ...problemDetails(shown(place), what, cause),
  phase: "send",
  delivery: "unknown"
})

/** A body that shows only while it is sent that it cannot be. */
export const brokenBody = (place: Place, what: string, cause?: unknown): HttpxError.LocalProtocolError =>
  new HttpxError.LocalProtocolError(whileSent(place, what, cause))

const consumedTwice = "the body flows once, and has: give a function that makes it anew for each time it is sent"

const consumedWhileSent = (place: Place): HttpxError.StreamConsumed =>
  new HttpxError.StreamConsumed(whileSent(place, consumedTwice))

/** Why the body of this request cannot be sent any more. */
export const consumed = (request: HttpxError.RequestSummary): HttpxError.StreamConsumed =>
  new HttpxError.StreamConsumed(problemDetails(request, consumedTwice))
