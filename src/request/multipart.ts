/**
 * A multipart body (RFC 2046 §5.1, RFC 7578) from its parts: what is known of them is known of it, its length and whether
 * it can be sent again. Nothing is read before it is sent.
 */
import * as Stream from "effect/Stream"
import { closing, isBoundary, type PartHead, partHead, withBoundary } from "../content/multipartHead.js"
import { fieldViolation } from "../protocol/Fields.js"
import { Broken, ContentSource, type Spent } from "./ContentSource.js"
import { exactly } from "./framing.js"

/**
 * A part of a multipart body. `E` is what its bytes can fail with, `R` what they need.
 *
 * @since 0.1.0
 * @category models
 */
export interface Part<out E = never, out R = never> extends PartHead {
  /** @internal Its bytes, or why there are none. */
  readonly source: ContentSource<E, R> | string
}

/** The bytes from the first boundary to the last, as content. */
export const multipartSource = <E, R>(
  parts: ReadonlyArray<Part<E, R>>,
  mediaType: string,
  boundary: string
): ContentSource<E, R> => {
  const sources: Array<ContentSource<E, R>> = []
  const pieces: Array<Uint8Array | ContentSource<E, R>> = []
  let problem = isBoundary(boundary) ? undefined : `${JSON.stringify(boundary)} is not a boundary of a multipart body`
  for (const part of parts) {
    const { source } = part
    const flaw = flawOf(part)
    if (typeof source === "string" || flaw !== undefined) {
      problem ??= `the part ${JSON.stringify(part.name)} of the multipart body: ${flaw ?? String(source)}`
      continue
    }
    sources.push(source)
    pieces.push(partHead(boundary, part), source, crlf)
  }
  pieces.push(closing(boundary))
  return new ContentSource<E, R>(
    Stream.flatMap(Stream.fromIterable(pieces), bytesOf),
    sources.every(({ isRepeatable }) => isRepeatable),
    lengthOf(pieces),
    withBoundary(mediaType, boundary),
    () => sources.some(({ isSpent }) => isSpent()),
    problem,
    (other) => multipartSource(parts, mediaType, other)
  )
}

const crlf = new TextEncoder().encode("\r\n")

/** What would not stay in its line of the part's head, or keeps its bytes from being sent. */
const flawOf = ({ contentType, filename, headers, name, source }: Part<unknown, unknown>): string | undefined =>
  (typeof name === "string" && (filename === undefined || typeof filename === "string") ? undefined : notNamed) ??
  headers.violation ??
  (contentType === undefined ? undefined : fieldViolation("Content-Type", contentType)) ??
  (typeof source === "string" ? undefined : source.problem)

const notNamed = "its name and its file name are text"

const lengthOf = (pieces: ReadonlyArray<Uint8Array | ContentSource<unknown, unknown>>): number | undefined => {
  let total = 0
  for (const { length } of pieces) {
    if (length === undefined) return undefined
    total += length
  }
  return total
}

const bytesOf = <E, R>(piece: Uint8Array | ContentSource<E, R>): Stream.Stream<Uint8Array, E | Broken | Spent, R> => {
  if (piece instanceof Uint8Array) return Stream.make(piece)
  const { length, stream } = piece
  if (length === undefined) return stream
  // A part that is longer or shorter than was announced must not be made up for by another.
  return exactly(
    stream,
    length,
    (what) => new Broken(`a part has ${what} bytes than the ${length} that were announced`)
  )
}
