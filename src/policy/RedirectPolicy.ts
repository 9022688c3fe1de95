/**
 * Which redirects are followed, as values: functions of a redirect, and what can be made of several.
 *
 * @since 0.1.0
 */
import type { Request } from "../Request.js"
import type { Response } from "../Response.js"

/**
 * A redirect that is to be decided upon. It leads to a place that can be requested, and that is not refused already.
 *
 * @since 0.1.0
 * @category models
 */
export interface Hop {
  /** What was redirected, with its fields as they were given: cookies of a jar are not among them. */
  readonly request: Request<unknown>
  /** The answer that redirects. Its body has not been read. */
  readonly response: Response
  /** The URL that was redirected. */
  readonly from: URL
  /** The URL that it is redirected to; without user and password, which are not used. */
  readonly to: URL
  /** The answers that redirected before, the first one first. */
  readonly history: ReadonlyArray<Response>
}

/**
 * What is to be done with a redirect:
 *
 * - `true` follows it.
 * - `false` does not: the caller is given the answer that redirects, with its `nextRequest`, as with
 *   `followRedirects: false`.
 * - A text is why it must not be followed: the call fails with `RedirectRefused`.
 * - A limit is how many there may be: the call fails with `TooManyRedirects`.
 *
 * @since 0.1.0
 * @category models
 */
export type Decision = boolean | string | { readonly limit: number }

/**
 * Decides on each redirect of a call. It is to give an answer and do nothing else; what it throws is a defect.
 *
 * @since 0.1.0
 * @category models
 */
export type RedirectPolicy = (hop: Hop) => Decision

/**
 * Follows redirects within the same scheme, host and port; refuses all others, also that from http to https.
 *
 * @since 0.1.0
 * @category policies
 */
export const sameOrigin: RedirectPolicy = ({ from, to }) =>
  from.origin === to.origin || "it leads to another origin, and only the same is allowed"

/**
 * Follows the first `count` redirects of a call; more fail with `TooManyRedirects`. As a policy of its own for what `max`
 * cannot say: `or(sameOrigin, limited(1))`.
 *
 * @since 0.1.0
 * @category policies
 */
export const limited =
  (count: number): RedirectPolicy =>
  ({ history }) =>
    history.length < count || { limit: count }

/**
 * Follows what all of them follow. The first that does not says what is to be done; those after it are not asked.
 *
 * @since 0.1.0
 * @category combinators
 */
export const and =
  (...policies: ReadonlyArray<RedirectPolicy>): RedirectPolicy =>
  (hop) => {
    for (const policy of policies) {
      const decision = policy(hop)
      if (decision !== true) return decision
    }
    return true
  }

/**
 * Follows what one of them follows. Where none does, the last says what is to be done.
 *
 * @since 0.1.0
 * @category combinators
 */
export const or =
  (...policies: ReadonlyArray<RedirectPolicy>): RedirectPolicy =>
  (hop) => {
    let decision: Decision = false
    for (const policy of policies) {
      decision = policy(hop)
      if (decision === true) return true
    }
    return decision
  }
