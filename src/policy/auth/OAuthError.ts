/**
 * Why a token endpoint gave no token.
 */
import * as Data from "effect/Data"

/**
 * A token endpoint gave no token; what it says is `error`, with the codes of RFC 6749 §5.2. The cause of an `AuthError`.
 * Where the server repeats a secret, that is left out.
 *
 * @since 0.1.0
 * @category errors
 */
export class OAuthError extends Data.TaggedError("OAuthError")<{
  /** E.g. `invalid_client`, `invalid_grant`; `undefined` if the server gives none. */
  readonly error: string | undefined
  readonly errorDescription: string | undefined
  readonly errorUri: string | undefined
  /** Of the token endpoint's answer. */
  readonly status: number
  readonly message: string
}> {}
