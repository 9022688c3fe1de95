/**
 * A `ReadableStream` of the web platform as a stream of bytes.
 *
 * Its lock is never given back: by that everybody sees that it has flowed. Whoever leaves it early cancels it, and does
 * not wait for what the source does about that.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import { Broken, Spent } from "./ContentSource.js"
import { pieces } from "./pieces.js"

export const isReadable = (content: unknown): content is ReadableStream<unknown> =>
  Predicate.hasProperty(content, "getReader") && typeof content.getReader === "function"

export const fromReadable = (readable: ReadableStream<unknown>): Stream.Stream<Uint8Array, Broken | Spent> =>
  Stream.unwrapScoped(Effect.map(Effect.acquireRelease(readerOf(readable), left), (reader) => pieces(next(reader))))

type Reader = ReadableStreamDefaultReader<unknown>

const readerOf = (readable: ReadableStream<unknown>): Effect.Effect<Reader, Broken | Spent> =>
  Effect.suspend((): Effect.Effect<Reader, Broken | Spent> =>
    readable.locked ? Effect.fail(new Spent()) : Effect.try({ try: () => readable.getReader(), catch: broken })
  )

const next = (reader: Reader): Effect.Effect<unknown, Broken> =>
  Effect.tryPromise({ try: () => reader.read(), catch: broken })

const broken = (cause: unknown): Broken => new Broken("the body's ReadableStream failed", cause)

const left = (reader: Reader): Effect.Effect<void> =>
  Effect.sync(() => {
    // What it rejects with has been told already, or nobody is there to be told.
    reader.cancel().catch(() => undefined)
  })
