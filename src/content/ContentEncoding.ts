/**
 * What a `Content-Encoding` asks for, and what a platform must offer to undo it.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"

/**
 * Bytes in pieces, on demand: a non-empty array is what has arrived, an empty array is the end.
 *
 * @since 0.1.0
 * @category models
 */
export type Pull<E> = Effect.Effect<ReadonlyArray<Uint8Array>, E>

/**
 * Why a body could not be decoded: it is truncated, corrupt, or larger than the cap.
 *
 * @since 0.1.0
 * @category models
 */
export interface DecodingFailure {
  readonly _tag: "DecodingFailure"
  readonly coding: string
  readonly message: string
  /** Whether it is larger than the cap, and nothing else is wrong with it. */
  readonly exceeds: boolean
  readonly cause: unknown
}

/**
 * The content decoders of a platform. Codings are named in lower case and given in decoding order.
 *
 * @since 0.1.0
 * @category models
 */
export interface Decoders {
  /** What `Accept-Encoding` lists, in order of preference. */
  readonly codings: ReadonlyArray<string>
  /** Decodes a whole body at once; for small ones. Sync. */
  readonly decodeAll: (
    codings: ReadonlyArray<string>,
    bytes: Uint8Array,
    maxBytes: number
  ) => Uint8Array | DecodingFailure
  /**
   * Decodes a body as it comes, with backpressure, for large ones and streams. `close` frees native resources and may
   * be called at any time, more than once.
   */
  readonly decodePull: <E>(
    codings: ReadonlyArray<string>,
    pull: Pull<E>,
    maxBytes: number
  ) => { readonly pull: Pull<E | DecodingFailure>; readonly close: () => void }
}

/**
 * @since 0.1.0
 * @category models
 */
export type DecodingPlan =
  | { readonly _tag: "Identity" }
  | { readonly _tag: "Decode"; readonly codings: ReadonlyArray<string> }
  | { readonly _tag: "TooMany"; readonly count: number }

/**
 * The codings of a `Content-Encoding` in the order in which they were applied, without `identity` and empty members.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseContentEncoding = (header: string): Array<string> => {
  const codings: Array<string> = []
  for (const member of header.split(",")) {
    const coding = member.trim().toLowerCase()
    // RFC 9110 §5.6.1.2: a recipient ignores empty list members. §12.5.3: identity is no coding at all.
    if (coding === "" || coding === "identity") continue
    // RFC 9110 §8.4.1.3: x-gzip is gzip. x-deflate is in no registry, but old servers say it.
    codings.push(coding === "x-gzip" ? "gzip" : coding === "x-deflate" ? "deflate" : coding)
  }
  return codings
}

const maxCodings = 5

/**
 * What to do with a body: leave it, decode it with these codings in this order, or refuse it.
 *
 * @since 0.1.0
 * @category decisions
 */
export const decodingPlan = (header: string | undefined, supported: Pick<ReadonlySet<string>, "has">): DecodingPlan => {
  if (header === undefined) return { _tag: "Identity" }
  const codings = parseContentEncoding(header)
  // Each stage multiplies what a bomb can do, and no honest server stacks this many. Counted before they are looked
  // up, so that one unknown name does not lift the limit.
  if (codings.length > maxCodings) return { _tag: "TooMany", count: codings.length }
  // A body with one member undone and another left is in a form that no field describes; nobody could go on from it.
  // Undecoded, it is still exactly what Content-Encoding says.
  if (codings.length === 0 || !codings.every((coding) => supported.has(coding))) return { _tag: "Identity" }
  // RFC 9110 §8.4: codings are listed in the order in which they were applied.
  return { _tag: "Decode", codings: codings.reverse() }
}
