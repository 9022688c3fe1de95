/**
 * Why a Digest challenge is not answered.
 *
 * @since 0.1.0
 */
import { fieldViolation } from "../Fields.js"

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

export const problem = (_tag: DigestProblem["_tag"], message: string): DigestProblem => ({ _tag, message })

/**
 * Tells a problem from what was asked for.
 *
 * @since 0.1.0
 * @category guards
 */
export const isDigestProblem = <A extends object | string>(result: A | DigestProblem): result is DigestProblem =>
  typeof result === "object" && "_tag" in result

export const bodyUnknown = problem(
  "UnsupportedChallenge",
  "the Digest challenge wants the hash of the body (qop=auth-int), and the body is not known before it is sent"
)

/** Whether the text can be sent back in a field: it has no line break to forge another one with. */
export const isCarried = (text: string): boolean => fieldViolation("Authorization", text) === undefined
