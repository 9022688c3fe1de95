/**
 * Whether and how the body of a request is compressed, as it is said.
 */

/**
 * A content coding for what is sent. Which of them there are is a matter of the transport: Node's has all, and zstd from
 * 22.15 on; runtimes with `CompressionStream` have gzip and deflate.
 *
 * @since 0.1.0
 * @category models
 */
export type ContentCoding = "gzip" | "deflate" | "br" | "zstd"

/**
 * @since 0.1.0
 * @category options
 */
export interface CompressOptions {
  readonly coding: ContentCoding
  /** Bodies of fewer bytes are left as they are; one of unknown length is not. Default: 1024. */
  readonly threshold?: number | undefined
}

/** The same, filled in. */
export interface Compression {
  readonly coding: string
  readonly threshold: number
}

/** What was given, filled in, `null` for none; or what of it makes no sense. */
export const compressionOf = (
  given: ContentCoding | CompressOptions | null | undefined
): Compression | null | undefined | string => {
  if (given === undefined || given === null) return given
  const { coding, threshold = 1024 } = typeof given === "string" ? { coding: given } : given
  if (typeof coding !== "string") return "compress names no coding"
  return threshold >= 0 ? { coding, threshold } : `compress.threshold is ${threshold}, and should be a number of bytes`
}
