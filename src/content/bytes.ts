/**
 * Bytes on demand: joining them, and making a `Stream` of them.
 *
 * @since 0.1.0
 */
import * as Channel from "effect/Channel"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Pull } from "./ContentEncoding.js"

/** Pieces as one, copied only if there are several. */
export const join = (pieces: ReadonlyArray<Uint8Array>, total: number): Uint8Array => {
  if (pieces.length === 1) return pieces[0]!
  const whole = new Uint8Array(total)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

export const sizeOf = (pieces: ReadonlyArray<Uint8Array>): number =>
  pieces.reduce((total, piece) => total + piece.length, 0)

/** Bytes that are here already, on demand. */
export const pullOf = (pieces: ReadonlyArray<Uint8Array>): Pull<never> => {
  let given = false
  return Effect.sync(() => {
    if (given) return []
    given = true
    return pieces
  })
}

/** Everything that is still to come, as one piece; or its beginning, until that has `enough` bytes. */
export const collect = <E>(pull: Pull<E>, enough = Infinity): Effect.Effect<Uint8Array, E> =>
  Effect.suspend(() => {
    const pieces: Array<Uint8Array> = []
    let total = 0
    const next: Effect.Effect<Uint8Array, E> = Effect.flatMap(pull, (more) => {
      for (const piece of more) {
        pieces.push(piece)
        total += piece.length
      }
      return more.length === 0 || total >= enough ? Effect.succeed(join(pieces, total)) : next
    })
    return next
  })

/** A stream of what is pulled, one chunk a pull, which runs `finalizer` at its end, however it ends. */
export const streamOf = <E>(pull: Pull<E>, finalizer: Effect.Effect<void>): Stream.Stream<Uint8Array, E> => {
  const loop: Channel.Channel<Chunk.Chunk<Uint8Array>, unknown, E, unknown, void> = Channel.flatMap(
    Channel.fromEffect(pull),
    (pieces) =>
      pieces.length === 0 ? Channel.void : Channel.flatMap(Channel.write(Chunk.unsafeFromArray(pieces)), () => loop)
  )
  return Stream.fromChannel(Channel.ensuring(loop, finalizer))
}
