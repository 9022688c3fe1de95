/**
 * Pieces of a body as bytes, where they come from something without a type: a `ReadableStream`, an iterable.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import { Broken } from "./ContentSource.js"

/** What `next` gives, until it is done. */
export const pieces = (next: Effect.Effect<unknown, Broken>): Stream.Stream<Uint8Array, Broken> =>
  Stream.repeatEffectOption(
    Effect.flatMap(Effect.mapError(next, Option.some), (result) =>
      isDone(result) ? Effect.fail(Option.none()) : Effect.mapError(bytesOfResult(result), Option.some)
    )
  )

/** Whether what an iterator or a reader gave says that there is no more. */
export const isDone = (result: unknown): boolean => Predicate.hasProperty(result, "done") && result.done === true

/** Whether a piece is bytes, or text to be made bytes of. */
export const isPiece = (piece: unknown): piece is Uint8Array | string =>
  piece instanceof Uint8Array || typeof piece === "string"

const bytesOfResult = (result: unknown): Effect.Effect<Uint8Array, Broken> => {
  const piece = Predicate.hasProperty(result, "value") ? result.value : undefined
  if (!isPiece(piece)) return Effect.fail(new Broken("the body has a piece that is not bytes and not text"))
  return Effect.succeed(typeof piece === "string" ? new TextEncoder().encode(piece) : piece)
}
