/**
 * The hashes of Digest authentication, by OpenSSL.
 *
 * @since 0.1.0
 */
import { createHash } from "node:crypto"
import type { DigestAlgorithm, DigestHash } from "../../protocol/digest/challenge.js"

const names: Readonly<Record<DigestAlgorithm, string>> = {
  MD5: "md5",
  "SHA-256": "sha256",
  "SHA-512-256": "sha512-256"
}

/** `undefined` for an algorithm that this build or mode of OpenSSL does not have, as in FIPS mode MD5. */
export const nodeHash: DigestHash = (algorithm, bytes) => {
  try {
    return createHash(names[algorithm]).update(bytes).digest("hex")
  } catch {
    return undefined
  }
}
