/**
 * The answer to a Digest challenge (RFC 7616 §3.4).
 *
 * Pure: the hash and the client's nonce are handed in. The text of a field is latin1, one character a byte, so what a
 * server sent is hashed as the bytes that it sent, and what the user gave as UTF-8.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import { percentEncode } from "../percent.js"
import type { DigestAlgorithm, DigestChallenge, DigestHash } from "./challenge.js"
import { bodyUnknown, type DigestProblem, isCarried, problem } from "./problem.js"
import type { DigestState } from "./state.js"

/**
 * User and password.
 *
 * @since 0.1.0
 * @category models
 */
export interface DigestCredentials {
  readonly username: string
  readonly password: Redacted.Redacted<string>
}

/**
 * A request that is to be authorized.
 *
 * @since 0.1.0
 * @category models
 */
export interface DigestRequest extends DigestState {
  readonly credentials: DigestCredentials
  readonly method: string
  /** The request target as it is sent; for CONNECT, `host:port`. */
  readonly uri: string
  /** All of it, empty if there is none; `undefined` if it is not known yet. */
  readonly body: Uint8Array | undefined
}

const control = /[\u0000-\u001f\u007f]/

/**
 * The value of Authorization or Proxy-Authorization that answers a challenge (RFC 7616 §3.4), or why there is none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const digestAuthorization = (request: DigestRequest, hash: DigestHash): string | DigestProblem => {
  const { body, challenge, cnonce, method, nonceCount, uri } = request
  const { algorithm, algorithmName, nonce, opaque, qop, realm, session, userhash } = challenge
  if (control.test(request.credentials.username)) {
    return problem("InvalidCredentials", "the user for Digest has a control character in it")
  }
  if (qop === "auth-int" && body === undefined) return bodyUnknown
  const username = normalized(request.credentials.username, challenge)
  const password = normalized(Redacted.value(request.credentials.password), challenge)
  const digest = hashOfList(algorithm, hash)
  // RFC 7616 §3.4.6: 8 hexadecimal digits.
  const nc = (nonceCount >>> 0).toString(16).padStart(8, "0")
  const key = digest(octets(username), realm, octets(password))
  // RFC 7616 §3.4.2
  const a1 = session ? digest(key, challenge.sessionNonce, cnonce) : key
  // RFC 7616 §3.4.3
  const a2 = qop === "auth-int" && body !== undefined ? digest(method, uri, hash(algorithm, body)) : digest(method, uri)
  // RFC 7616 §3.4.1, and RFC 2617 §3.2.2.1 without qop.
  const response = qop === undefined ? digest(a1, nonce, a2) : digest(a1, nonce, nc, cnonce, qop, a2)
  // RFC 7616 §3.4.4
  const name = userhash ? digest(octets(username), realm) : username
  if (response === undefined || name === undefined) {
    return problem("UnsupportedChallenge", `the Digest algorithm ${algorithm} is not supported by this runtime`)
  }
  const value = `Digest ${[
    userParam(name),
    `realm=${quote(realm)}`,
    `uri=${quote(uri)}`,
    ...(algorithmName === undefined ? [] : [`algorithm=${algorithmName}`]),
    `nonce=${quote(nonce)}`,
    ...(qop === undefined ? [] : [`nc=${nc}`]),
    // RFC 2617 §3.2.2: not without qop. But no server can check a session without it.
    ...(qop === undefined && !session ? [] : [`cnonce=${quote(cnonce)}`]),
    ...(qop === undefined ? [] : [`qop=${qop}`]),
    `response=${quote(response)}`,
    ...(opaque === undefined ? [] : [`opaque=${quote(opaque)}`]),
    ...(userhash ? ["userhash=true"] : [])
  ].join(", ")}`
  return isCarried(value)
    ? value
    : problem("InvalidRequest", "the answer to the Digest challenge has a character in it that a field cannot carry")
}

/** RFC 7616 §4: what goes to a server that says `charset=UTF-8` is in normalization form C. */
const normalized = (text: string, { utf8 }: DigestChallenge): string => (utf8 ? text.normalize("NFC") : text)

/** Text as UTF-8, one character a byte. */
const octets = (text: string): string =>
  Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("")

/** The hash of a list joined with colons, `undefined` if a part of it, or the whole, has none. */
const hashOfList =
  (algorithm: DigestAlgorithm, hash: DigestHash) =>
  (...parts: ReadonlyArray<string | undefined>): string | undefined =>
    parts.includes(undefined)
      ? undefined
      : hash(
          algorithm,
          Uint8Array.from(parts.join(":"), (character) => character.charCodeAt(0))
        )

const quote = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`

/** RFC 7616 §3.4: a name that is not ASCII goes as an extended parameter (RFC 5987 §3.2.1). */
const userParam = (name: string): string =>
  /^[\x20-\x7e]*$/.test(name)
    ? `username=${quote(name)}`
    : `username*=UTF-8''${percentEncode(name).replace(/[*'()]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)}`
