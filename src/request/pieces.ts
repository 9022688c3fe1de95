/**
 * Pieces of a body as bytes, where they come from something without a type: a `ReadableStream`, an iterable.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { Broken } from "./ContentSource.js"

interface Next {
  readonly done?: boolean | undefined
  readonly value?: unknown
}

/** What `next` gives, until it is done. */
export const pieces = (next: Effect.Effect<Next, Broken>): Stream.Stream<Uint8Array, Broken> =>
  Stream.repeatEffectOption(
    Effect.flatMap(Effect.mapError(next, Option.some), ({ done, value }) =>
      done === true ? Effect.fail(Option.none()) : Effect.mapError(bytesOfPiece(value), Option.some)
    )
  )

/** Whether a piece is bytes, or text to be made bytes of. */
export const isPiece = (piece: unknown): piece is Uint8Array | string =>
  piece instanceof Uint8Array || typeof piece === "string"

const bytesOfPiece = (piece: unknown): Effect.Effect<Uint8Array, Broken> => {
  if (!isPiece(piece)) return Effect.fail(new Broken("the body has a piece that is not bytes and not text"))
  return Effect.succeed(typeof piece === "string" ? new TextEncoder().encode(piece) : piece)
}
