/**
 * The challenges of Digest authentication (RFC 7616 §3.3), and of what came before it: RFC 2617, and RFC 2069 without qop.
 *
 * @since 0.1.0
 */
import type { Challenge } from "../challenges.js"
import { excerpt } from "../http1/Violation.js"
import { bodyUnknown, type DigestProblem, isCarried, isDigestProblem, problem } from "./problem.js"

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
