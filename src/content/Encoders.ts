/**
 * What a platform must offer to compress what is sent.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { join } from "./bytes.js"

/**
 * One run of a coding. What it gives may lag behind what it was given, until its end.
 *
 * @since 0.1.0
 * @category models
 */
export interface Encoder {
  /** Takes bytes, and gives what is ready. */
  readonly push: (bytes: Uint8Array) => Effect.Effect<ReadonlyArray<Uint8Array>, unknown>
  /** Takes the end, and gives the rest. */
  readonly end: Effect.Effect<ReadonlyArray<Uint8Array>, unknown>
  /** Frees native resources; may be called at any time, more than once. */
  readonly close: () => void
}

/**
 * The content encoders of a platform.
 *
 * @since 0.1.0
 * @category models
 */
export interface Encoders {
  /** In lower case. */
  readonly codings: ReadonlyArray<string>
  /** For one of those. */
  readonly open: (coding: string) => Encoder
}

const opened = (encoders: Encoders, coding: string) =>
  Effect.acquireRelease(
    Effect.sync(() => encoders.open(coding)),
    (encoder) => Effect.sync(encoder.close)
  )

/** A whole body. */
export const encodeAll = (encoders: Encoders, coding: string, bytes: Uint8Array): Effect.Effect<Uint8Array, unknown> =>
  Effect.scoped(
    Effect.flatMap(opened(encoders, coding), (encoder) =>
      Effect.zipWith(encoder.push(bytes), encoder.end, (first, rest) => {
        const pieces = [...first, ...rest]
        return join(
          pieces,
          pieces.reduce((total, piece) => total + piece.length, 0)
        )
      })
    )
  )

/** A body as it comes. `failed` makes an error of what the encoder fails with. */
export const encodeStream = <E, E2>(
  encoders: Encoders,
  coding: string,
  stream: Stream.Stream<Uint8Array, E>,
  failed: (cause: unknown) => E2
): Stream.Stream<Uint8Array, E | E2> =>
  Stream.unwrapScoped(
    Effect.map(opened(encoders, coding), (encoder) =>
      Stream.concat(
        Stream.mapConcatEffect(stream, (bytes) => Effect.mapError(encoder.push(bytes), failed)),
        Stream.fromIterableEffect(Effect.mapError(encoder.end, failed))
      )
    )
  )
