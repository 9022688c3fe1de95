/**
 * Certificates in PEM text (RFC 7468). OpenSSL stops at the first one of a text that it cannot read, and says nothing; so
 * each is given to it alone.
 */
import { X509Certificate } from "node:crypto"

const begin = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/
const beforeEach = new RegExp(`(?=${begin.source})`)
const end = /-----END (?:X509 |TRUSTED )?CERTIFICATE-----/

/** All certificates of a text, whether they can be read or not; what stands around them is dropped (RFC 7468 §2). */
export const certificatesIn = (text: string): ReadonlyArray<string> =>
  text
    .split(beforeEach)
    .filter((block) => begin.test(block))
    .map(withoutTail)

const withoutTail = (block: string): string => {
  const found = end.exec(block)
  return found === null ? block : block.slice(0, found.index + found[0].length)
}

/** The characters of PEM, which are all ASCII. */
export const pemText = (pem: string | Uint8Array): string =>
  typeof pem === "string" ? pem : Buffer.from(pem.buffer, pem.byteOffset, pem.byteLength).toString("latin1")

export const isCertificate = (block: string): boolean => {
  try {
    return new X509Certificate(block).raw.length > 0
  } catch {
    return false
  }
}
