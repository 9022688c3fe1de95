/**
 * What is remembered of Digest challenges from one request to the next (RFC 7616 §3.6).
 *
 * @since 0.1.0
 */
import { parseAuthParams } from "../challenges.js"
import type { DigestChallenge } from "./challenge.js"
import { isCarried } from "./problem.js"

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
