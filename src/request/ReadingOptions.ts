/**
 * How the body of an answer is read: how much of it may lie in memory, and which encoding its text has if it does not say.
 */
import type { DefaultEncoding } from "../content/charset.js"

/**
 * @since 0.1.0
 * @category options
 */
export interface ReadingOptions {
  /**
   * The largest body, decoded, that is taken into memory, in bytes; `BodyTooLarge` beyond. It bounds what `get` and its
   * siblings, `read`, `text`, `json` hold, and one line of `lines` and `ndjson`. A `stream` holds little and has no limit.
   * `Infinity` is none. Default: 268435456 (256 MiB).
   */
  readonly maxBodySize?: number | undefined
  /**
   * The encoding of a text that neither begins with a byte order mark nor has a charset that is known: a label of WHATWG's
   * (`"shift_jis"`), or a function that guesses one from the bytes, of which a stream has only the first ones. Default:
   * `"utf-8"`.
   */
  readonly defaultEncoding?: DefaultEncoding | undefined
}

/** The same, where nothing was said by a call or its client. */
export interface Reading {
  readonly maxBodySize: number
  readonly defaultEncoding: DefaultEncoding | undefined
}

/** Of both, `undefined` is not given. */
export type ReadingGiven = { readonly [K in keyof ReadingOptions]-?: ReadingOptions[K] }

export const readingNotGiven: ReadingGiven = { maxBodySize: undefined, defaultEncoding: undefined }

const byDefault: Reading = { maxBodySize: 0x10000000, defaultEncoding: undefined }

export const readingOf = (given: ReadingGiven): Reading =>
  given === readingNotGiven
    ? byDefault
    : { maxBodySize: given.maxBodySize ?? byDefault.maxBodySize, defaultEncoding: given.defaultEncoding }

/** What options give; or what makes no sense in them. */
export const readingGiven = ({ defaultEncoding, maxBodySize }: ReadingOptions): ReadingGiven | string => {
  if (defaultEncoding === undefined && maxBodySize === undefined) return readingNotGiven
  if (maxBodySize !== undefined && !(maxBodySize >= 0)) return `maxBodySize is ${maxBodySize}, and should be 0 or more`
  return { defaultEncoding, maxBodySize }
}

/** The first, and where it says nothing the second. */
export const readingOrElse = (first: ReadingGiven, second: ReadingGiven): ReadingGiven => {
  if (first === readingNotGiven) return second
  if (second === readingNotGiven) return first
  return {
    maxBodySize: first.maxBodySize ?? second.maxBodySize,
    defaultEncoding: first.defaultEncoding ?? second.defaultEncoding
  }
}
