/**
 * Keys that the certificates of a server are pinned to (RFC 7469 §2.4): one of its chain must have one of them.
 */
import { createHash, X509Certificate } from "node:crypto"
import type * as tls from "node:tls"
import { reasonOf, type TlsSetupProblem } from "./TlsSetupProblem.js"

// 32 bytes: the bits that base64 has too many are zero.
const wellFormed = /^sha256\/[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/

/** The first pin that can fit no key. */
export const malformedPin = (pins: ReadonlyArray<string>): string | undefined =>
  pins.find((pin) => !wellFormed.test(pin))

/** Why a server is none that these pins are for, or `undefined` if it is. */
export const unlessPinned = (socket: tls.TLSSocket, pins: ReadonlyArray<string>): TlsSetupProblem | undefined => {
  try {
    const shown = pinsOf(socket)
    if (shown.some((pin) => pins.includes(pin))) return undefined
    return { message: `none of the server's keys is pinned: ${shown.join(", ")}`, code: undefined, cause: undefined }
  } catch (cause) {
    // There are kinds of keys that Node cannot export.
    const message = `the server's keys cannot be compared with the pins: ${reasonOf(cause)}`
    return { message, code: undefined, cause }
  }
}

/** The pins of the certificates by which a server has shown who it is: its own first, that of its authority last. */
const pinsOf = (socket: tls.TLSSocket): ReadonlyArray<string> => {
  const pins: Array<string> = []
  const seen = new Set<string>()
  let issued: X509Certificate | undefined = undefined
  let next: tls.DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  // A root is its own issuer; a socket without a certificate gives an empty object.
  while (next?.raw !== undefined && !seen.has(next.fingerprint256)) {
    seen.add(next.fingerprint256)
    const certificate: X509Certificate = new X509Certificate(next.raw)
    // Node links certificates by their names; only a signature makes one a part of the chain that was verified.
    if (issued !== undefined && !issued.verify(certificate.publicKey)) break
    pins.push(pinOf(certificate))
    issued = certificate
    next = next.issuerCertificate
  }
  return pins
}

const pinOf = (certificate: X509Certificate): string => {
  const key = certificate.publicKey.export({ type: "spki", format: "der" })
  return `sha256/${createHash("sha256").update(key).digest("base64")}`
}
