/**
 * What has to be known to get tokens.
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { TimeoutInput } from "../../request/Timeouts.js"

/**
 * What a token endpoint has given.
 *
 * @since 0.1.0
 * @category models
 */
export interface Tokens {
  readonly accessToken: Redacted.Redacted<string>
  /** `undefined` if the server gave none with it: the one before stays good. */
  readonly refreshToken: Redacted.Redacted<string> | undefined
  /** Milliseconds since 1970; `undefined` if the server does not say. */
  readonly expiresAt: number | undefined
  /** What was granted, where the server says so. */
  readonly scope: string | undefined
}

/**
 * @since 0.1.0
 * @category options
 */
export interface OAuthOptions<out E = never, out R = never> {
  /** Where tokens are asked for; absolute. */
  readonly tokenUrl: string | URL
  readonly clientId: string
  /** Default: none, a public client. */
  readonly clientSecret?: Redacted.Redacted<string> | undefined
  /** How the secret is sent: in an Authorization field, or in the body. Default: `"basic"`. */
  readonly authentication?: "basic" | "post" | undefined
  /** Default: none, what the server gives without. */
  readonly scope?: string | ReadonlyArray<string> | undefined
  /** For which service the token is to be, where a server asks that. Default: none. */
  readonly audience?: string | undefined
  /** Other parameters of the request for a token. Default: none. */
  readonly params?: Readonly<Record<string, string>> | undefined
  /**
   * How long before its end a token is replaced; at most half of the time that it is good for. Where there is no other, it is
   * used up to its end. Default: 30 seconds.
   */
  readonly renewBefore?: Duration.DurationInput | undefined
  /** How long a request for a token may take. Default: the transport's. */
  readonly timeout?: TimeoutInput | undefined
  /**
   * Is told of new tokens before they are used: to store a refresh token that takes the place of another. Where it fails or is
   * interrupted, it is told again by the next call. Default: nothing.
   */
  readonly onTokens?: ((tokens: Tokens) => Effect.Effect<unknown, E, R>) | undefined
}

/**
 * @since 0.1.0
 * @category options
 */
export interface ClientCredentialsOptions<out E = never, out R = never> extends OAuthOptions<E, R> {
  readonly clientSecret: Redacted.Redacted<string>
}

/**
 * @since 0.1.0
 * @category options
 */
export interface RefreshTokenOptions<out E = never, out R = never> extends OAuthOptions<E, R> {
  readonly refreshToken: Redacted.Redacted<string>
  /** A token that is at hand, used until a server refuses it. Default: none, the first is asked for. */
  readonly accessToken?: Redacted.Redacted<string> | undefined
}
