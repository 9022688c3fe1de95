/**
 * How the body of a request ends: known before it is sent, and held to while it is.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { BodyFraming } from "../protocol/http1/Framing.js"
import type { Body } from "./RequestOptions.js"

const noBody: BodyFraming = { _tag: "None" }
const chunked: BodyFraming = { _tag: "Chunked" }

export const framing = (body: Body<unknown>): BodyFraming => {
  switch (body._tag) {
    case "Empty":
      return noBody
    case "Bytes":
      return { _tag: "Length", length: body.bytes.length }
    case "Stream":
      return body.length === undefined ? chunked : { _tag: "Length", length: body.length }
  }
}

/** The stream, failing where it has more bytes or fewer than were announced. */
export const exactly = <E, E2, R>(
  stream: Stream.Stream<Uint8Array, E, R>,
  length: number,
  mismatch: (what: "more" | "fewer") => E2
): Stream.Stream<Uint8Array, E | E2, R> =>
  Stream.suspend(() => {
    let left = length
    const counted = Stream.mapEffect(stream, (bytes) => {
      left -= bytes.length
      return left < 0 ? Effect.fail(mismatch("more")) : Effect.succeed(bytes)
    })
    const end = Stream.suspend(() => (left > 0 ? Stream.fail(mismatch("fewer")) : Stream.empty))
    return Stream.concat(counted, end)
  })
