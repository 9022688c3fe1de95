/**
 * Digest authentication (RFC 7616): the first request to an origin is sent without credentials, its challenge is answered,
 * and from then on credentials are sent unasked.
 */
import type * as Redacted from "effect/Redacted"
import * as Effect from "effect/Effect"
import { digestAuthorization, type DigestCredentials } from "../../protocol/digest/authorization.js"
import { chooseDigest } from "../../protocol/digest/challenge.js"
import { isDigestProblem } from "../../protocol/digest/problem.js"
import { type DigestState, isDigestRefusal } from "../../protocol/digest/state.js"
import type { Body } from "../../request/RequestOptions.js"
import type { Response } from "../../Response.js"
import { answered } from "./answered.js"
import { type Auth, AuthOf, type Begun, type Outgoing, type SendError } from "./Auth.js"
import { challengesOf, valuesOf } from "./challengesOf.js"
import { consumed } from "./failures.js"
import { portableHash } from "./hash.js"
import { ProtectionSpaces } from "./ProtectionSpaces.js"
import { secretOf, wiped } from "./secret.js"
import type { Sending } from "./Sending.js"

export const digest = (username: string, password: Redacted.Redacted<string>): Auth => {
  const digests = new Digests({ username, password })
  return new AuthOf("Digest", "authorization", {
    _tag: "Answering",
    begin: (request, sending) => digests.begin(request, sending)
  })
}

/** A request, and what it was authorized with: nothing, or the state of its origin. */
interface Authorized {
  readonly request: Outgoing
  readonly origin: string
  readonly state: DigestState | undefined
  /** How many challenges to this request have been answered. */
  readonly answers: number
}

// Every stop of a redirect may ask; those that send a call in circles are not followed for ever.
const mostStops = 20

class Digests {
  private readonly spaces = new ProtectionSpaces()

  constructor(private readonly credentials: DigestCredentials) {}

  begin(request: Outgoing, sending: Sending): Begun<never, never> | Effect.Effect<never, SendError> {
    const { target } = request
    // One that can go nowhere says so when it is sent.
    if (target instanceof Error) return { request }
    const sent = this.authorized(request, target.origin, 0)
    if (typeof sent === "string") return Effect.fail(sending.failure(sent))
    return { request: sent.request, next: (response) => this.next(request, sent, response, sending, 1) }
  }

  /** What follows an answer: another request if it has a challenge that can be met. */
  private next(
    request: Outgoing,
    sent: Authorized,
    response: Response,
    sending: Sending,
    stops: number
  ): Effect.Effect<Response, SendError> | undefined {
    const { origin, state } = sent
    if (response.status !== 401) {
      const info = state === undefined ? [] : valuesOf(response, "authentication-info")
      if (state === undefined || info.length === 0) return undefined
      // Another origin has no say in the nonces of this one.
      if (answered(request, response) !== undefined) this.spaces.answered(origin, state, info)
      return undefined
    }
    const again = answered(request, response)
    const challenges = challengesOf(response)
    const bodyKnown = request.body._tag !== "Stream"
    const chosen = again === undefined ? undefined : chooseDigest(challenges, { hash: portableHash, bodyKnown })
    if (chosen === undefined || again === undefined) return undefined
    if (isDigestProblem(chosen)) return Effect.fail(sending.failure(chosen.message))
    // What was sent to one stop of a redirect says nothing about the next.
    const here = response.request.url === sent.request.url && response.request.method === sent.request.method
    const attempt = here ? { sent: state?.challenge, answers: sent.answers } : { sent: undefined, answers: 0 }
    if (stops > mostStops || isDigestRefusal(chosen, attempt)) {
      if (state !== undefined) this.spaces.refused(origin, state.challenge)
      return undefined
    }
    this.spaces.challenged(origin, chosen, randomNonce)
    if (!again.isRepeatable) return Effect.fail(consumed(request, response))
    const next = this.authorized(again, origin, attempt.answers + 1)
    if (typeof next === "string") return Effect.fail(sending.failure(next))
    return Effect.flatMap(
      sending.send(next.request),
      (response) => this.next(request, next, response, sending, here ? stops : stops + 1) ?? Effect.succeed(response)
    )
  }

  /** The request with an answer to what its origin has asked for, if that is known; a text is why there is none. */
  private authorized(request: Outgoing, origin: string, answers: number): Authorized | string {
    const state = this.spaces.take(origin)
    if (state === undefined) return { request, origin, state, answers }
    const { credentials } = this
    if (secretOf(credentials.password) === undefined) return wiped
    const { body, headers, method, settings, target } = request
    const uri = settings.target ?? (target instanceof Error ? "" : target.pathAndQuery)
    const value = digestAuthorization({ ...state, credentials, method, uri, body: bytesOf(body) }, portableHash)
    if (isDigestProblem(value)) return value.message
    return { request: request.withHeaders(headers.set("Authorization", value)), origin, state, answers }
  }
}

const noBytes = new Uint8Array(0)

const bytesOf = (body: Body<unknown>): Uint8Array | undefined =>
  body._tag === "Stream" ? undefined : body._tag === "Bytes" ? body.bytes : noBytes

/** 128 bits that nobody can foresee (RFC 7616 §5.12). */
const randomNonce = (): string => {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}
