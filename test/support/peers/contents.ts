/** What the peers serve. */
import { createHash } from "node:crypto"

export const small = "small, but complete\n"

/** 8 MiB that no part of which is like the one before it. */
export const large: Uint8Array = new Uint8Array(8 * 1024 * 1024).map(
  (_, i) => (i * 31 + (i >> 8) * 7 + (i >> 16)) % 251
)

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

/** Compressible. */
export const text = "All work and no play makes Jack a dull boy.\n".repeat(2_000)
