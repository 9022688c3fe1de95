/**
 * What is parsed by something that others made: forms by the web platform, Content-Disposition by a library.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ContentDisposition } from "../content/ContentDisposition.js"
import * as HttpxError from "../HttpxError.js"
import { details, type Failed } from "./failures.js"

export const formDataOf = (
  response: Failed,
  body: ArrayBuffer,
  contentType: string | undefined
): Effect.Effect<FormData, HttpxError.DecodingError> =>
  Effect.tryPromise({
    try: () => new globalThis.Response(body, { headers: { "content-type": contentType ?? "" } }).formData(),
    // Not with its error, which may show the form.
    catch: () => new HttpxError.DecodingError(details(response, "the body is not form data"))
  })

export const dispositionOf = (field: string | undefined): Effect.Effect<Option.Option<ContentDisposition>> =>
  field === undefined
    ? Effect.succeed(Option.none())
    : Effect.map(
        // Not with the rest: it is a library, and most responses have no such field.
        Effect.promise(() => import("../content/ContentDisposition.js")),
        ({ parseContentDisposition }) => Option.fromNullable(parseContentDisposition(field))
      )
