/**
 * Digest authentication (RFC 7616), and what came before it: RFC 2617, and RFC 2069 without qop.
 *
 * Pure: the hash and the client's nonce are handed in. The text of a field is latin1, one character a byte, so what a
 * server sent is hashed as the bytes that it sent, and what the user gave as UTF-8.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import { type Challenge, parseAuthParams } from "./challenges.js"
import { fieldViolation } from "./Fields.js"
import { excerpt } from "./http1/Violation.js"
import { percentEncode } from "./percent.js"

/**
 * The hash functions of RFC 7616 §6.1.
 *
 * @since 0.1.0
 * @category models
 */
export type DigestAlgorithm = "MD5" | "SHA-256" | "SHA-512-256"

/**
 * The hash of bytes in lower-case hexadecimal, or `undefined` if the runtime lacks the algorithm, as one in FIPS mode
 * lacks MD5.
 *
 * @since 0.1.0
 * @category models
 */
export type DigestHash = (algorithm: DigestAlgorithm, bytes: Uint8Array) => string | undefined

/**
 * A challenge that can be answered.
 *
 * @since 0.1.0
 * @category models
 */
export interface DigestChallenge {
  readonly realm: string
  /** That of the next request: the challenge's own, or the last `nextnonce`. */
  readonly nonce: string
  /** The challenge's own, which stays part of the key of a session (RFC 7616 §3.4.2). */
  readonly sessionNonce: string
  readonly opaque: string | undefined
  readonly algorithm: DigestAlgorithm
  /** Whether the algorithm ends in `-sess`. */
  readonly session: boolean
  /** The algorithm as the server writes it, `undefined` if it does not. */
  readonly algorithmName: string | undefined
  /** What is used of what is offered; `undefined` if nothing is, as in RFC 2069. */
  readonly qop: "auth" | "auth-int" | undefined
  readonly stale: boolean
  /** Whether the server takes, and is sent, the hash of the user's name. */
  readonly userhash: boolean
  /** Whether the server says that it reads UTF-8. */
  readonly utf8: boolean
}

/**
 * Why a challenge cannot be answered. The message has no secret in it.
 *
 * - `InvalidChallenge`: it lacks a realm or nonce, or has a character that a field cannot carry.
 * - `UnsupportedChallenge`: its algorithm or qop is not known, or not possible here.
 * - `InvalidCredentials`: the user's name has a control character in it.
 * - `InvalidRequest`: the target or the client's nonce has a character that a field cannot carry.
 *
 * @since 0.1.0
 * @category models
 */
export interface DigestProblem {
  readonly _tag: "InvalidChallenge" | "UnsupportedChallenge" | "InvalidCredentials" | "InvalidRequest"
  readonly message: string
}

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
 * What is remembered to send credentials before they are asked for (RFC 7616 §3.6): the next request is answered with
 * this. Immutable; whoever sends takes the state and leaves `afterRequest` of it in one step, so that no two requests
 * have the same count.
 *
 * @since 0.1.0
 * @category models
 */
export interface DigestState {
  readonly challenge: DigestChallenge
  /** The client's nonce, one for all answers to a challenge: a session needs its first again (RFC 7616 §3.4.2). */
  readonly cnonce: string
  /** That of the next request; the first of a nonce is 1. */
  readonly nonceCount: number
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

/**
 * What an exchange has sent when it gets a challenge.
 *
 * @since 0.1.0
 * @category models
 */
export interface DigestAttempt {
  /** The challenge that the request answered, `undefined` if it had no credentials. */
  readonly sent: DigestChallenge | undefined
  /** How many challenges of this exchange have been answered; 0 if the credentials came from an earlier one. */
  readonly answers: number
}

/**
 * What the choice of a challenge depends on.
 *
 * @since 0.1.0
 * @category models
 */
export interface DigestAbilities {
  readonly hash: DigestHash
  /** Whether the body is known, which qop=auth-int needs. */
  readonly bodyKnown: boolean
}

const problem = (_tag: DigestProblem["_tag"], message: string): DigestProblem => ({ _tag, message })

/**
 * Tells a problem from what was asked for.
 *
 * @since 0.1.0
 * @category guards
 */
export const isDigestProblem = (result: DigestChallenge | DigestProblem | string): result is DigestProblem =>
  typeof result === "object" && "_tag" in result

// The strongest first. RFC 7616 §3.7: a client chooses the one that it likes best.
const algorithms: ReadonlyArray<DigestAlgorithm> = ["SHA-512-256", "SHA-256", "MD5"]

/**
 * The strongest Digest challenge that can be answered, and of equal ones the first. A problem if there are Digest
 * challenges and none can be answered, `undefined` if there is no Digest challenge.
 *
 * @since 0.1.0
 * @category constructors
 */
export const chooseDigest = (
  challenges: ReadonlyArray<Challenge>,
  abilities: DigestAbilities
): DigestChallenge | DigestProblem | undefined => {
  let best: DigestChallenge | undefined
  let firstProblem: DigestProblem | undefined
  for (const { params, scheme } of challenges) {
    if (scheme !== "digest") continue
    const read = readChallenge(params, abilities)
    if (isDigestProblem(read)) firstProblem ??= read
    else if (best === undefined || rank(read) < rank(best)) best = read
  }
  return best ?? firstProblem
}

const rank = ({ algorithm }: DigestChallenge): number => algorithms.indexOf(algorithm)

const algorithmAndSession = /^(.*?)(-sess)?$/i

/** Whether the text can be sent back in a field: it has no line break to forge another one with. */
const isCarried = (text: string): boolean => fieldViolation("Authorization", text) === undefined

const isTrue = (value: string | undefined): boolean => value?.toLowerCase() === "true"

const readChallenge = (
  params: ReadonlyMap<string, string>,
  { bodyKnown, hash }: DigestAbilities
): DigestChallenge | DigestProblem => {
  const realm = params.get("realm")
  const nonce = params.get("nonce")
  const opaque = params.get("opaque")
  if (realm === undefined || nonce === undefined) {
    return problem("InvalidChallenge", "the Digest challenge has no realm or no nonce")
  }
  if (![realm, nonce, opaque ?? ""].every(isCarried)) {
    return problem("InvalidChallenge", "the Digest challenge has a character in it that a field cannot carry back")
  }
  const algorithmName = params.get("algorithm")
  // RFC 7616 §3.3: MD5 unless it says otherwise.
  const [, name, session] = algorithmAndSession.exec(algorithmName ?? "MD5") ?? []
  const algorithm = algorithms.find((each) => each === name?.toUpperCase())
  if (algorithm === undefined || hash(algorithm, new Uint8Array(0)) === undefined) {
    return problem("UnsupportedChallenge", `the Digest algorithm ${excerpt(algorithmName ?? "MD5")} is not supported`)
  }
  const qop = chooseQop(params.get("qop"), bodyKnown)
  if (typeof qop === "object") return qop
  return {
    realm,
    nonce,
    sessionNonce: nonce,
    opaque,
    algorithm,
    session: session !== undefined,
    algorithmName,
    qop,
    stale: isTrue(params.get("stale")),
    userhash: isTrue(params.get("userhash")),
    utf8: params.get("charset")?.toLowerCase() === "utf-8"
  }
}

const chooseQop = (offered: string | undefined, bodyKnown: boolean): DigestChallenge["qop"] | DigestProblem => {
  const options = (offered ?? "")
    .toLowerCase()
    .split(",")
    .map((option) => option.trim())
    .filter((option) => option !== "")
  // RFC 2617 §3.2.2.1: without qop the response is that of RFC 2069.
  if (options.length === 0) return undefined
  if (options.includes("auth")) return "auth"
  if (!options.includes("auth-int")) {
    return problem("UnsupportedChallenge", "the Digest challenge has neither auth nor auth-int as its qop")
  }
  return bodyKnown ? "auth-int" : bodyUnknown
}

const bodyUnknown = problem(
  "UnsupportedChallenge",
  "the Digest challenge wants the hash of the body (qop=auth-int), and the body is not known before it is sent"
)

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

/**
 * The state after a challenge has come: `cnonce` is to be random.
 *
 * @since 0.1.0
 * @category state
 */
export const digestState = (challenge: DigestChallenge, cnonce: string): DigestState => ({
  challenge,
  cnonce,
  nonceCount: 1
})

/**
 * The state after a request has been authorized with it.
 *
 * @since 0.1.0
 * @category state
 */
export const afterRequest = (state: DigestState): DigestState => ({ ...state, nonceCount: state.nonceCount + 1 })

/**
 * The state after a response with these values of Authentication-Info or Proxy-Authentication-Info (RFC 7616 §3.5): a
 * `nextnonce` takes the place of the nonce.
 *
 * @since 0.1.0
 * @category state
 */
export const afterAuthenticationInfo = (state: DigestState, values: ReadonlyArray<string>): DigestState => {
  const nonce = parseAuthParams(values).get("nextnonce")
  // Parallel responses may give the same one, whose count goes on.
  if (nonce === undefined || nonce === state.challenge.nonce || !isCarried(nonce)) return state
  return { ...state, challenge: { ...state.challenge, nonce }, nonceCount: 1 }
}

// A server to which every nonce is stale at once would be asked for ever.
const mostAnswers = 3

/**
 * Whether a challenge says that the credentials are wrong, so that there is no use in an answer.
 *
 * @since 0.1.0
 * @category guards
 */
export const isDigestRefusal = (challenge: DigestChallenge, { answers, sent }: DigestAttempt): boolean => {
  if (answers >= mostAnswers) return true
  // RFC 7616 §3.3: with stale=true the credentials are right, and only the nonce is not.
  if (challenge.stale) return false
  // A server that has forgotten a nonce of an earlier exchange does not know that it was stale.
  return answers > 0 || sent?.nonce === challenge.nonce
}
