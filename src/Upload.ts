/**
 * How far an upload is, as a stream.
 *
 * When to use: to show the progress of a large body while it is sent.
 *
 * What to know: `track` takes any content and gives content that is sent just as that would be, and a stream of how many
 * bytes the connection has taken. The stream ends when the upload does, also when that fails or is interrupted; one that
 * never begins, because nobody could be reached, ends with the scope. Large pieces are cut into 64 KiB, so that there is
 * something to see.
 *
 * Gotchas: read `progress` in a fiber of its own, begun before the request. It counts what the connection has taken, not
 * what the server has read. A redirect or a challenge may send the body again: that run counts from zero, and a reader of
 * the run before is at its end by then.
 *
 * @example
 * ```ts
 * import { Client, Upload } from "effect-httpx"
 * import { Effect, Stream } from "effect"
 *
 * const upload = (file: Blob) =>
 *   Effect.gen(function* () {
 *     const { content, progress } = yield* Upload.track(file)
 *     yield* Effect.forkScoped(Stream.runForEach(progress, ({ sent, total }) => Effect.log(`${sent} of ${total}`)))
 *     return yield* Client.put("https://files.example.com/report", { content })
 *   }).pipe(Effect.scoped)
 * ```
 *
 * @since 0.1.0
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { ContentInput } from "./Request.js"
import { notContent, sourceOf } from "./request/content.js"
import { Broken, ContentSource } from "./request/ContentSource.js"
import { Progress, type UploadProgress } from "./request/Progress.js"

export type { ContentSource } from "./request/ContentSource.js"
export type { UploadProgress } from "./request/Progress.js"

/**
 * Content to be sent, and how far that is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Tracked<out E = never, out R = never> {
  /** To be given as `content`. It has the length of what it was made from, and can be sent again if that can. */
  readonly content: ContentSource<E, R>
  /**
   * Begins when the upload does and ends with it, with the last number, if that is reached. Who reads it more slowly than
   * bytes are sent misses numbers in between, and holds up nothing.
   */
  readonly progress: Stream.Stream<UploadProgress>
}

/**
 * @since 0.1.0
 * @category options
 */
export interface TrackOptions {
  /** What `progress` says as `total`, in bytes. Default: the length of the content, where that is known. */
  readonly total?: number | undefined
}

/**
 * Counts the bytes of a body while they are sent. Content that is none makes a request that fails when it is sent.
 *
 * @since 0.1.0
 * @category constructors
 */
export const track = <E = never, R = never>(
  content: ContentInput<E, R>,
  options?: TrackOptions | undefined
): Effect.Effect<Tracked<E, R>, never, Scope.Scope> =>
  Effect.suspend(() => {
    const source = sourceOf(content) ?? nothing
    const progress = new Progress(options?.total ?? source.length)
    const tracked: Tracked<E, R> = {
      content: source.by((stream) => counted(stream, progress)),
      progress: progress.stream
    }
    return Effect.as(
      Effect.addFinalizer(() => Effect.sync(() => progress.end())),
      tracked
    )
  })

const nothing = new ContentSource<never>(Stream.fail(new Broken(notContent)), true, undefined, undefined, () => false)

/** A piece counts when the next one is asked for: by then the connection has taken it. */
const counted = <E, R>(
  stream: Stream.Stream<Uint8Array, E, R>,
  progress: Progress
): Stream.Stream<Uint8Array, E, R> => {
  const run = Effect.map(Stream.toPull(inPieces(stream)), (pull) => {
    let given = 0
    return Effect.suspend(() => {
      if (given > 0) progress.add(given)
      given = 0
      return Effect.map(pull, (pieces) => {
        // What is not bytes is refused by whoever sends it.
        for (const piece of pieces) given += piece instanceof Uint8Array ? piece.length : 0
        return pieces
      })
    })
  })
  const began = Effect.acquireRelease(
    Effect.sync(() => progress.begin()),
    () => Effect.sync(() => progress.end())
  )
  return Stream.fromPull(Effect.zipRight(began, run))
}

const inPieces = <E, R>(stream: Stream.Stream<Uint8Array, E, R>): Stream.Stream<Uint8Array, E, R> =>
  Stream.rechunk(Stream.mapConcat(stream, cut), 1)

const pieceSize = 64 * 1024

const cut = (bytes: Uint8Array): Iterable<Uint8Array> => {
  if (!(bytes instanceof Uint8Array) || bytes.length <= pieceSize) return Chunk.of(bytes)
  return Array.from({ length: Math.ceil(bytes.length / pieceSize) }, (_, i) =>
    bytes.subarray(i * pieceSize, (i + 1) * pieceSize)
  )
}
