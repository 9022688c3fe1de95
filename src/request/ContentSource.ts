/**
 * What gives the bytes of a body, whatever it was made from: a stream, how long it is, and whether it can flow again.
 */
import type * as Stream from "effect/Stream"

/** Why something that is no Effect `Stream` did not give its bytes; what it threw is the `cause`. */
export class Broken {
  readonly _tag = "Broken"
  constructor(
    readonly what: string,
    readonly cause?: unknown
  ) {}
}

/** It has flowed before. */
export class Spent {
  readonly _tag = "Spent"
}

/**
 * Content that knows its length and whether it can be sent again. `Upload.track` and `Multipart.make`
 * give one.
 *
 * @since 0.1.0
 * @category models
 */
export class ContentSource<out E = never, out R = never> {
  constructor(
    readonly stream: Stream.Stream<Uint8Array, E | Broken | Spent, R>,
    /** Whether running the stream a second time gives the same bytes. */
    readonly isRepeatable: boolean,
    /** In bytes; `undefined` where that shows only in the end. */
    readonly length: number | undefined,
    /** The type that it says it has. */
    readonly contentType: string | undefined,
    /** Whether it has flowed already, as far as that can be seen from outside. */
    readonly isSpent: () => boolean,
    /** Why it cannot be sent, where that is known. */
    readonly problem?: string | undefined,
    /** Of a multipart body: the same with another boundary. */
    readonly bounded?: ((boundary: string) => ContentSource<E, R>) | undefined
  ) {}

  /** The same bytes by another stream. */
  by<E2, R2>(
    change: (
      stream: Stream.Stream<Uint8Array, E | Broken | Spent, R>
    ) => Stream.Stream<Uint8Array, E2 | Broken | Spent, R2>
  ): ContentSource<E2, R2> {
    const { bounded, contentType, isRepeatable, isSpent, length, problem } = this
    const changed = bounded && ((boundary: string) => bounded(boundary).by(change))
    return new ContentSource<E2, R2>(change(this.stream), isRepeatable, length, contentType, isSpent, problem, changed)
  }
}
