/**
 * The token endpoint of OAuth 2 (RFC 6749): what is asked, and what the answer says. And of RFC 6750, whether an answer to a
 * token is worth another one.
 *
 * @since 0.1.0
 */
import type { Challenge } from "./challenges.js"
import { formString, type ParamsInput } from "./params.js"

/**
 * What an answer with tokens says.
 *
 * @since 0.1.0
 * @category models
 */
export interface TokenAnswer {
  readonly accessToken: string
  /** Seconds that it is good for; `undefined` if the server does not say. */
  readonly expiresIn: number | undefined
  readonly refreshToken: string | undefined
  readonly scope: string | undefined
}

/**
 * Why there is no token.
 *
 * @since 0.1.0
 * @category models
 */
export interface TokenProblem {
  readonly _tag: "TokenProblem"
  /** The server's code, e.g. `invalid_client` (RFC 6749 §5.2); `undefined` if it gives none. */
  readonly error: string | undefined
  readonly errorDescription: string | undefined
  readonly errorUri: string | undefined
  readonly message: string
}

/**
 * Tells a problem from tokens.
 *
 * @since 0.1.0
 * @category guards
 */
export const isTokenProblem = (answer: TokenAnswer | TokenProblem): answer is TokenProblem => "_tag" in answer

/**
 * Reads the answer of a token endpoint.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseTokenAnswer = (status: number, body: string): TokenAnswer | TokenProblem => {
  const said = recordOf(body)
  const error = text(said["error"])
  // RFC 6749 §5.2 wants 400 for an error; some servers say it with 200.
  if (status < 200 || status > 299 || error !== undefined) return refusal(status, error, said)
  const accessToken = text(said["access_token"])
  if (accessToken === undefined || accessToken === "")
    return unusable("the token endpoint's answer has no access_token")
  const type = text(said["token_type"])
  // RFC 6749 §7.1: a token of a type that is not understood must not be used.
  if (type !== undefined && type.toLowerCase() !== "bearer")
    return unusable("the access token is not of the type Bearer")
  const expiresIn = Number(said["expires_in"] ?? Number.NaN)
  return {
    accessToken,
    expiresIn: Number.isFinite(expiresIn) ? Math.max(0, expiresIn) : undefined,
    refreshToken: text(said["refresh_token"]),
    scope: text(said["scope"])
  }
}

const refusal = (status: number, error: string | undefined, said: Readonly<Record<string, unknown>>): TokenProblem => {
  const errorDescription = text(said["error_description"])
  const why = [error, errorDescription].filter((each) => each !== undefined).join(": ")
  return {
    _tag: "TokenProblem",
    error,
    errorDescription,
    errorUri: text(said["error_uri"]),
    message: `the token endpoint answered ${status}${why === "" ? "" : ` (${why})`}`
  }
}

const unusable = (message: string): TokenProblem => ({
  _tag: "TokenProblem",
  error: undefined,
  errorDescription: undefined,
  errorUri: undefined,
  message
})

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)

/** What is no JSON object says nothing. */
const recordOf = (body: string): Readonly<Record<string, unknown>> => {
  try {
    const parsed: unknown = JSON.parse(body)
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : {}
  } catch {
    return {}
  }
}

/**
 * The Basic authorization of a client (RFC 6749 §2.3.1): both parts are form-encoded first, so that every character can be in
 * them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const clientAuthorization = (clientId: string, clientSecret: string): string =>
  `Basic ${btoa(`${formEncode(clientId)}:${formEncode(clientSecret)}`)}`

const formEncode = (value: string): string => String(formString({ "": value })).slice(1)

/**
 * The body of a request for a token.
 *
 * @since 0.1.0
 * @category constructors
 */
export const tokenForm = (parameters: Readonly<Record<string, string | undefined>>): ParamsInput =>
  Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== undefined)

/**
 * Whether an answer says that the token is not good, and not something else about the request (RFC 6750 §3.1).
 *
 * @since 0.1.0
 * @category guards
 */
export const isTokenRefused = (status: number, challenges: ReadonlyArray<Challenge>): boolean => {
  if (status !== 401) return false
  const errors = challenges.filter(({ scheme }) => scheme === "bearer").map(({ params }) => params.get("error"))
  return errors.length === 0 || errors.some((error) => error === undefined || error === "invalid_token")
}
