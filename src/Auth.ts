/**
 * Credentials: Basic, Bearer, Digest, API keys, netrc, OAuth 2, AWS signatures, and whatever else a function can do.
 *
 * When to use: `auth` of a client for all its requests, `auth` of a call for that one (`null`: none). `Auth.withAuth` for any
 * `HttpClient` of @effect/platform.
 *
 * What to know: an auth stands outside of redirects. A redirect to another origin gets no credentials, and a challenge
 * from there is not answered: the 401 is what the caller gets. A 401 is never a failure by itself; `AuthError` is
 * credentials that could not be had, or a challenge that cannot be met. Secrets are `Redacted`, and are printed nowhere.
 *
 * An auth that learns (Digest, OAuth 2, netrc) keeps what it has learned in its value: make it once and share it, also
 * between clients and hosts. Requests that run at once count their nonces together and wait for one token.
 *
 * Gotchas: of several credentials, a call's `auth` comes first, then a field of the call's own (`authorization`, or that of
 * `Auth.header`), then the client's `auth`, then a user in the URL, then the client's `headers`. An auth that sends the
 * request again needs a body that can be sent again: anything but a stream that flows once (see `Request.repeatable`).
 *
 * @example
 * ```ts
 * import { Auth, Client } from "effect-httpx"
 * import { Transport } from "effect-httpx/node"
 * import { Config, Effect, Layer } from "effect"
 *
 * const Api = Layer.unwrapEffect(
 *   Effect.map(Config.redacted("API_TOKEN"), (token) =>
 *     Client.layer({ baseUrl: "https://api.example.com", auth: Auth.bearer(token) })
 *   )
 * )
 * const program = Client.get("/me").pipe(Effect.provide(Api), Effect.provide(Transport.layer()))
 * ```
 *
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { HttpxError } from "./HttpxError.js"
import { anyAuth } from "./policy/Auth.js"
import * as internal from "./policy/auth/Auth.js"
import { awsPresign as presign } from "./policy/auth/awsPresign.js"
import { awsSigV4 as sign } from "./policy/auth/awsSigV4.js"
import type { AwsOptions, PresignOptions } from "./policy/auth/AwsOptions.js"
import { digest as digestAuth } from "./policy/auth/digest.js"
import * as fixed from "./policy/auth/fixed.js"
import { ofFlow } from "./policy/auth/flow.js"
import { netrc as netrcAuth } from "./policy/auth/netrc.js"
import * as oauth2 from "./policy/auth/oauth2.js"
import type { ClientCredentialsOptions, RefreshTokenOptions } from "./policy/auth/OAuthOptions.js"
import { bearer as bearerAuth } from "./policy/auth/token.js"
import { withPolicy } from "./transport/platform/withPolicy.js"

export type { Auth, Outgoing, Send, SendError } from "./policy/auth/Auth.js"
export type { AwsOptions, PresignOptions } from "./policy/auth/AwsOptions.js"
export { OAuthError } from "./policy/auth/OAuthError.js"
export type { ClientCredentialsOptions, OAuthOptions, RefreshTokenOptions, Tokens } from "./policy/auth/OAuthOptions.js"
export type { AwsCredentials, AwsScope } from "./protocol/sigv4.js"

/**
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: typeof internal.TypeId = internal.TypeId

/**
 * Whether a value is an auth.
 *
 * @since 0.1.0
 * @category guards
 */
export const isAuth: (u: unknown) => u is internal.Auth<unknown, unknown> = internal.isAuth

/**
 * Basic (RFC 7617), in UTF-8, with the first request. A user with a colon in it, or a control character in either, makes
 * each call fail with `AuthError`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const basic: (username: string, password: Redacted.Redacted<string>) => internal.Auth = fixed.basic

/**
 * A token (RFC 6750), or an effect that gives one, which is run for each request: `Effect.cached` and its siblings keep one
 * for longer.
 *
 * @since 0.1.0
 * @category constructors
 */
export const bearer: <E = never, R = never>(
  token: Redacted.Redacted<string> | Effect.Effect<Redacted.Redacted<string>, E, R>
) => internal.Auth<E, R> = bearerAuth

/**
 * A field with a secret: `Auth.header("x-api-key", key)`. Whatever its name, it is not printed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const header: (name: string, value: Redacted.Redacted<string>) => internal.Auth = fixed.header

/**
 * A parameter with a secret: `Auth.query("key", key)`. Appended to the URL, of which nothing else is changed. It is hidden where
 * URLs are printed, but is part of `response.url`, and of the logs of servers.
 *
 * @since 0.1.0
 * @category constructors
 */
export const query: (name: string, value: Redacted.Redacted<string>) => internal.Auth = fixed.query

/**
 * Digest (RFC 7616; MD5, SHA-256 and SHA-512-256, also of a session; qop `auth`, `auth-int` and none). The first request to an
 * origin is sent without credentials, its strongest challenge is answered, and from then on credentials are sent at once. An
 * answer without a challenge of this kind, or that says that the credentials are wrong, is what the caller gets.
 *
 * Fails with `AuthError` if the challenge is malformed or of a kind that is not known, and with `StreamConsumed` if it asks for
 * a body again that flows once.
 *
 * @since 0.1.0
 * @category constructors
 */
export const digest: (username: string, password: Redacted.Redacted<string>) => internal.Auth = digestAuth

/**
 * Basic with the user and password that a netrc file has for the request's host; none if it has none, and a user in the URL is sent then. Read once, when it is
 * first needed.
 *
 * Default path: the variable `NETRC`, else `.netrc` in the user's home, which may be missing. Fails with `AuthError` if the file
 * cannot be read, and if the one in the user's home has passwords and can be read by others.
 *
 * @since 0.1.0
 * @category constructors
 */
export const netrc: (path?: string | undefined) => internal.Auth<never, FileSystem.FileSystem> = netrcAuth

/**
 * OAuth 2 tokens for the client itself (RFC 6749 §4.4). They are asked for through the same client, once for all requests that
 * wait, replaced before they end, and once more when a server refuses one. Fails with `AuthError`, whose cause is `OAuthError`
 * with what the server says, or the failure of the request for a token.
 *
 * @since 0.1.0
 * @category constructors
 */
export const oauth2ClientCredentials: <E = never, R = never>(
  options: ClientCredentialsOptions<E, R>
) => internal.Auth<E, R> = oauth2.clientCredentials

/**
 * OAuth 2 tokens by a refresh token (RFC 6749 §6), as `oauth2ClientCredentials`. A refresh token that comes with one takes
 * the place of the one before; `onTokens` is there to store it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const oauth2RefreshToken: <E = never, R = never>(options: RefreshTokenOptions<E, R>) => internal.Auth<E, R> =
  oauth2.refreshToken

/**
 * AWS Signature Version 4, by the time of Effect's `Clock`. The fields that the request has at this point are signed, but for those
 * that proxies change. Fails with `AuthError` if the body is a stream and has to be signed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const awsSigV4: <E = never, R = never>(options: AwsOptions<E, R>) => internal.Auth<E, R> = sign

/**
 * A signed URL, which whoever has it can use until it ends: it is as secret as what it leads to.
 *
 * @since 0.1.0
 * @category constructors
 */
export const awsPresign: <E = never, R = never>(
  url: string | URL,
  options: PresignOptions<E, R>
) => Effect.Effect<string, HttpxError | E, R> = presign

/**
 * An auth of your own: from a request to the answer that the caller gets, by way of any number of requests, one after the
 * other. `send` releases the answer before, read or not. The request has no Authorization field; nor does what others
 * put there come with it.
 *
 * What it fails with beside failures of sending is the cause of an `AuthError`; with `withAuth`, a failure of the client.
 *
 * @example
 * ```ts
 * import { Auth } from "effect-httpx"
 * import { Effect } from "effect"
 *
 * const session = Auth.make((request, send) =>
 *   Effect.gen(function* () {
 *     const response = yield* send(request)
 *     const ticket = response.headers["x-ticket"]
 *     if (response.status !== 401 || ticket === undefined) return response
 *     return yield* send(request.withHeaders(request.headers.set("Authorization", `Ticket ${ticket}`)))
 *   })
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: <E = never, R = never>(
  flow: internal.Flow<E, R>
) => internal.Auth<Exclude<E, internal.SendError>, R> = ofFlow

/**
 * The same auth with what its effects need: a call's `auth` has to need nothing.
 *
 * @since 0.1.0
 * @category context
 */
export const provideContext: <E, R, R2 = never>(
  auth: internal.Auth<E, R | R2>,
  context: Context.Context<R>
) => internal.Auth<E, Exclude<R2, R>> = internal.provideContext

/**
 * Puts an auth before a client of @effect/platform, ours or another. What the auth fails with and what it needs is added to what
 * the client does.
 *
 * @example
 * ```ts
 * import { FetchHttpClient, HttpClient } from "@effect/platform"
 * import { Auth } from "effect-httpx"
 * import { Effect, Redacted } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const client = Auth.withAuth(Auth.digest("ada", Redacted.make("secret")))(yield* HttpClient.HttpClient)
 *   return yield* client.get("https://device.example.com/status")
 * }).pipe(Effect.provide(FetchHttpClient.layer))
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const withAuth = <E, R>(
  auth: internal.Auth<E, R>
): (<E2, R2>(
  client: HttpClient.HttpClient.With<E2, R2>
) => HttpClient.HttpClient.With<E2 | E | HttpClientError, R2 | R>) => withPolicy<E, R>(anyAuth(auth))
