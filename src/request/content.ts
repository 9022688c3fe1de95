/**
 * All that a body can be made from, as one kind of thing: bytes, or a source of bytes.
 */
import type * as Context from "effect/Context"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import { Broken, ContentSource, Spent } from "./ContentSource.js"
import { isPiece } from "./pieces.js"
import { fromIterable, isTaken } from "./iteration.js"
import { fromReadable, isReadable } from "./readable.js"

/**
 * What a body can be made from. Text is sent as UTF-8. An Effect `Stream` has its errors in the type of the call; what a
 * `ReadableStream` or an iterable fails with becomes the cause of a `LocalProtocolError`.
 *
 * @since 0.1.0
 * @category models
 */
export type Content<E = never, R = never> =
  | string
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | Stream.Stream<Uint8Array, E, R>
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>
  | ContentSource<E, R>

/**
 * Content, or a function that gives it anew for each time that it is sent.
 *
 * @since 0.1.0
 * @category models
 */
export type ContentInput<E = never, R = never> = Content<E, R> | (() => Content<E, R>)

/**
 * The error of content, where it has a type.
 *
 * @since 0.1.0
 * @category models
 */
export type ContentError<C> =
  C extends Stream.Stream<Uint8Array, infer E, infer _R>
    ? E
    : C extends ContentSource<infer E, infer _R>
      ? E
      : C extends () => infer Made
        ? ContentError<Made>
        : never

/**
 * What content needs.
 *
 * @since 0.1.0
 * @category models
 */
export type ContentContext<C> =
  C extends Stream.Stream<Uint8Array, infer _E, infer R>
    ? R
    : C extends ContentSource<infer _E, infer R>
      ? R
      : C extends () => infer Made
        ? ContentContext<Made>
        : never

const isStream = (content: unknown): boolean => Predicate.hasProperty(content, Stream.StreamTypeId)

export const notContent =
  "content is none of text, bytes, a Blob, a Stream, a ReadableStream, an iterable of bytes, or a function that gives one" +
  " (URLSearchParams are given as form, FormData to Multipart.form)"

/** Content that is there already. */
export const bytesOf = (content: unknown): Uint8Array | undefined => {
  if (typeof content === "string") return new TextEncoder().encode(content)
  if (content instanceof ArrayBuffer) return isDetached(content) ? undefined : new Uint8Array(content)
  if (!ArrayBuffer.isView(content) || isDetached(content.buffer)) return undefined
  if (content instanceof Uint8Array) return content
  return new Uint8Array(content.buffer, content.byteOffset, content.byteLength)
}

/** Whether the bytes were transferred to somewhere else, which leaves none here: not a body without bytes. */
export const isDetached = (buffer: ArrayBufferLike): boolean => {
  if (buffer.byteLength > 0) return false
  try {
    return new Uint8Array(buffer).length > 0
  } catch {
    return true
  }
}

/** Any content as a source; `undefined` for what is none. */
export const sourceOf = <E, R>(content: ContentInput<E, R>): ContentSource<E, R> | undefined => {
  if (content instanceof ContentSource) return content
  if (isEffectStream(content)) return once(content)
  if (typeof content === "function") return anew(content)
  const bytes = bytesOf(content)
  if (bytes !== undefined) return again(Stream.make(bytes), bytes.length)
  if (isNoContent(content)) return undefined
  if (content instanceof Blob) return again(ofBlob(content), content.size, content.type)
  if (isReadable(content)) return once<never, never>(fromReadable(content), () => content.locked)
  return isIterable(content) ? once<never, never>(fromIterable(content), () => isTaken(content)) : undefined
}

/** What is an iterable, but not of bytes, as far as that can be seen before anything is sent. */
const isNoContent = (content: unknown): boolean => {
  if (Array.isArray(content)) return !content.every(isPiece)
  // Views that are still here are bytes.
  if (ArrayBuffer.isView(content) || content instanceof URLSearchParams) return true
  return typeof FormData === "function" && content instanceof FormData
}

const isEffectStream = <E, R>(content: ContentInput<E, R>): content is Stream.Stream<Uint8Array, E, R> =>
  isStream(content)

const isIterable = (content: unknown): content is Iterable<unknown> | AsyncIterable<unknown> =>
  Predicate.hasProperty(content, Symbol.asyncIterator) || Predicate.hasProperty(content, Symbol.iterator)

const once = <E, R>(
  stream: Stream.Stream<Uint8Array, E | Broken | Spent, R>,
  isSpent: () => boolean = () => false
): ContentSource<E, R> => new ContentSource<E, R>(stream, false, undefined, undefined, isSpent)

const again = (
  stream: Stream.Stream<Uint8Array, Broken | Spent>,
  length: number,
  contentType = ""
): ContentSource<never> =>
  new ContentSource<never>(stream, true, length, contentType === "" ? undefined : contentType, () => false)

const ofBlob = (blob: Blob): Stream.Stream<Uint8Array, Broken | Spent> =>
  Stream.suspend(() => fromReadable(blob.stream()))

const anew = <E, R>(make: () => Content<E, R>): ContentSource<E, R> => {
  const stream = Stream.suspend((): Stream.Stream<Uint8Array, E | Broken | Spent, R> => {
    let content: Content<E, R>
    try {
      content = make()
    } catch (cause) {
      return Stream.fail(new Broken("the function that gives the body threw", cause))
    }
    const source = typeof content === "function" ? undefined : sourceOf(content)
    if (source === undefined) return Stream.fail(new Broken(notContent))
    return source.isSpent() ? Stream.fail(new Spent()) : source.stream
  })
  return new ContentSource<E, R>(stream, true, undefined, undefined, () => false)
}

/** Content in the context of whoever sends it. Only a stream can need one; the rest stays what it is. */
export const provided = <E, R>(content: ContentInput<E, R>, context: Context.Context<R>): ContentInput<E> => {
  if (!needsContext(content)) return content
  return sourceOf(content)!.by((stream) => Stream.provideContext(stream, context))
}

type NeedsContext<E, R> = Stream.Stream<Uint8Array, E, R> | ContentSource<E, R> | (() => Content<E, R>)

/** Whether content may need a context. */
export const needsContext = <E, R>(content: ContentInput<E, R> | undefined): content is NeedsContext<E, R> =>
  typeof content === "function" || content instanceof ContentSource || isStream(content)
