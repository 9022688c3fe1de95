/**
 * OAuth 2 without a user at hand (RFC 6749): tokens by the client's own credentials, or by a refresh token.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import {
  clientAuthorization,
  isTokenProblem,
  isTokenRefused,
  parseTokenAnswer,
  type TokenAnswer,
  tokenForm,
  type TokenProblem
} from "../../protocol/oauth2.js"
import { redacted } from "../../protocol/redaction.js"
import { make } from "../../Request.js"
import type { Response } from "../../Response.js"
import { answered } from "./answered.js"
import { type Auth, AuthOf, type Begun, type Outgoing, type SendError } from "./Auth.js"
import { challengesOf } from "./challengesOf.js"
import { because } from "./failures.js"
import { OAuthError } from "./OAuthError.js"
import type { ClientCredentialsOptions, OAuthOptions, RefreshTokenOptions, Tokens } from "./OAuthOptions.js"
import { secretOf, wiped } from "./secret.js"
import type { Sending } from "./Sending.js"
import { type Token, TokenSource } from "./TokenSource.js"
import { withToken } from "./token.js"

export const clientCredentials = <E = never, R = never>(options: ClientCredentialsOptions<E, R>): Auth<E, R> => {
  const grants = new Grants(options, undefined, () => ({ grant_type: "client_credentials" }))
  return authOf("OAuth 2 client credentials", grants)
}

export const refreshToken = <E = never, R = never>(options: RefreshTokenOptions<E, R>): Auth<E, R> => {
  let refresh = options.refreshToken
  const grant = (): Grant => ({ grant_type: "refresh_token", refresh_token: refresh })
  const grants = new Grants(options, options.accessToken, grant, (rotated) => {
    // RFC 6749 §6: the new one takes the place of the old.
    refresh = rotated
  })
  return authOf("OAuth 2 refresh token", grants)
}

const authOf = <E, R>(scheme: string, grants: Grants<E, R>): Auth<E, R> =>
  new AuthOf<E, R>(scheme, "authorization", {
    _tag: "Answering",
    begin: (request, sending) => grants.begin(request, sending)
  })

// In bytes. Tokens of the largest kind, signed and with many claims, have some ten thousand.
const longestAnswer = 1_048_576

/** What is asked for, and by which right. */
type Grant = Readonly<Record<string, string | Redacted.Redacted<string>>>

/** Why there is no token, told to each call that waited for it. */
class NoToken {
  constructor(
    readonly message: string,
    readonly cause: unknown
  ) {}
}

/** A token, and what `onTokens` is to be told with it. */
interface Got {
  readonly token: Token
  readonly told: Tokens
}

class Grants<E, R> {
  private readonly source: TokenSource<NoToken | E>
  /** What has come and has not been told of yet. */
  private untold: Got | undefined
  private readonly renewBefore: number

  constructor(
    private readonly options: OAuthOptions<E, R>,
    accessToken: Redacted.Redacted<string> | undefined,
    private readonly grant: () => Grant,
    private readonly rotate: (refreshToken: Redacted.Redacted<string>) => void = () => undefined
  ) {
    const secret = accessToken === undefined ? undefined : secretOf(accessToken)
    this.source = new TokenSource(secret === undefined ? undefined : { secret, renewAt: Infinity, endsAt: Infinity })
    this.renewBefore = Option.match(Duration.decodeUnknown(options.renewBefore ?? "30 seconds"), {
      onNone: () => 30_000,
      onSome: Duration.toMillis
    })
  }

  begin(request: Outgoing, sending: Sending): Begun<E, R> | Effect.Effect<Begun<E, R>, E | SendError, R> {
    const token = this.source.goodAt(sending.now)
    if (token !== undefined) return this.begun(request, token, sending)
    return Effect.map(this.get(sending), (token) => this.begun(request, token, sending))
  }

  private begun(request: Outgoing, token: Token, sending: Sending): Begun<E, R> {
    return {
      request: withToken(request, token.secret),
      next: (response) => this.next(request, token, response, sending)
    }
  }

  /** A token may be taken back before its time: the request is sent once more, with another one. */
  private next(
    request: Outgoing,
    token: Token,
    response: Response,
    sending: Sending
  ): Effect.Effect<Response, E | SendError, R> | undefined {
    if (response.status !== 401) return undefined
    const again = answered(request, response)
    const challenges = challengesOf(response)
    if (again === undefined || !isTokenRefused(response.status, challenges)) return undefined
    this.source.refused(token)
    return sending.release.pipe(
      Effect.zipRight(this.get(sending)),
      Effect.flatMap((token) => sending.send(withToken(again, token.secret)))
    )
  }

  private get(sending: Sending): Effect.Effect<Token, E | SendError, R> {
    const token = this.source.get(() => sending.now, this.ask(sending))
    return Effect.catchAll(token, (error): Effect.Effect<Token, E | SendError> => {
      if (!(error instanceof NoToken)) return Effect.fail(error)
      // It was to be replaced before its end, and is used up to that where there is no other.
      const left = this.source.leftAt(sending.now)
      return left === undefined ? Effect.fail(sending.failure(error.message, error.cause)) : Effect.succeed(left)
    })
  }

  private ask(sending: Sending): Effect.Effect<Token, NoToken | E, R> {
    return Effect.suspend(() => {
      const { untold } = this
      if (untold !== undefined) {
        const more = (token: Token) =>
          this.source.goodAt(sending.now) === token ? Effect.succeed(token) : this.ask(sending)
        return Effect.flatMap(this.tell(untold), more)
      }
      const request = this.request()
      if (request === undefined) return Effect.fail(new NoToken(wiped, undefined))
      const asked = sending.apart(request, (response, body) => this.received(response, body, sending.now))
      return Effect.flatMap(Effect.flatten(Effect.mapError(asked, noToken)), (got) => this.tell(got))
    })
  }

  /** A refresh token that nobody was told of is lost with this auth: until somebody was, no call goes on. */
  private tell(got: Got): Effect.Effect<Token, E, R> {
    const { onTokens } = this.options
    const kept = Effect.sync(() => {
      this.untold = undefined
      return this.source.keep(got.token)
    })
    return onTokens === undefined ? kept : Effect.zipRight(onTokens(got.told), kept)
  }

  /** `undefined` if a secret of it has been wiped. */
  private request(): Outgoing | undefined {
    const { audience, authentication, clientId, clientSecret, params, scope, timeout, tokenUrl } = this.options
    const secret = clientSecret === undefined ? undefined : secretOf(clientSecret)
    const grant = revealed(this.grant())
    if (grant === undefined || (clientSecret !== undefined && secret === undefined)) return undefined
    const basic = secret !== undefined && authentication !== "post"
    return make<never>("POST", tokenUrl, {
      headers: {
        accept: "application/json",
        authorization: basic ? clientAuthorization(clientId, secret) : undefined
      },
      timeout,
      // The answer to credentials is given where they are sent, and is short.
      followRedirects: false,
      maxBodySize: longestAnswer,
      form: tokenForm({
        ...grant,
        scope: typeof scope === "string" ? scope : scope?.join(" "),
        audience,
        // RFC 6749 §2.3.1: with Basic, not in the body too.
        client_id: basic ? undefined : clientId,
        client_secret: basic ? undefined : secret,
        ...params
      })
    })
  }

  /** Takes note of what a token endpoint has answered. */
  private received({ status }: Response, body: string, now: number): Effect.Effect<Got, NoToken> {
    const answer = parseTokenAnswer(status, body)
    if (isTokenProblem(answer)) return Effect.fail(this.refusal(answer, status))
    if (answer.refreshToken !== undefined) this.rotate(Redacted.make(answer.refreshToken))
    this.untold = { token: this.tokenOf(answer, now), told: tokensOf(answer, now) }
    return Effect.succeed(this.untold)
  }

  /** A token that is good for a short time only is still used for half of that. */
  private tokenOf({ accessToken: secret, expiresIn }: TokenAnswer, now: number): Token {
    if (expiresIn === undefined) return { secret, renewAt: Infinity, endsAt: Infinity }
    const lifetime = expiresIn * 1000
    return { secret, renewAt: now + Math.max(lifetime - this.renewBefore, lifetime / 2), endsAt: now + lifetime }
  }

  private refusal({ error, errorDescription, errorUri, message }: TokenProblem, status: number): NoToken {
    const { clientSecret } = this.options
    const secrets = [...Object.values(this.grant()), clientSecret].flatMap((each) =>
      Redacted.isRedacted(each) ? [secretOf(each)] : []
    )
    const clean = <T extends string | undefined>(text: T) => withoutSecrets(text, secrets)
    const cause = new OAuthError({
      error: clean(error),
      errorDescription: clean(errorDescription),
      errorUri: clean(errorUri),
      status,
      message: clean(message)
    })
    return new NoToken(cause.message, cause)
  }
}

const revealed = (grant: Grant): Readonly<Record<string, string>> | undefined => {
  const shown: Record<string, string> = {}
  for (const [name, value] of Object.entries(grant)) {
    const secret = typeof value === "string" ? value : secretOf(value)
    if (secret === undefined) return undefined
    shown[name] = secret
  }
  return shown
}

const noToken = (error: SendError): NoToken =>
  new NoToken(`the token endpoint could not be asked${because(error)}`, error)

const tokensOf = ({ accessToken, expiresIn, refreshToken, scope }: TokenAnswer, now: number): Tokens => ({
  accessToken: Redacted.make(accessToken),
  refreshToken: refreshToken === undefined ? undefined : Redacted.make(refreshToken),
  expiresAt: expiresIn === undefined ? undefined : now + expiresIn * 1000,
  scope
})

const withoutSecrets = <T extends string | undefined>(text: T, secrets: ReadonlyArray<string | undefined>): T =>
  secrets.reduce<T>(
    (left, secret) => (secret === undefined || secret === "" ? left : (left?.replaceAll(secret, redacted) as T)),
    text
  )
