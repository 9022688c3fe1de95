/**
 * Auths in front of an exchange: whose credentials a request is sent with, and how each kind of auth is run.
 *
 * A call's own auth comes before everything. The client's comes before the user of a URL and the client's default fields,
 * and after a field that the call gives itself.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Tracer from "effect/Tracer"
import { asCall, type Call, type Exchange, type Start } from "../Exchange.js"
import type { HttpxError } from "../HttpxError.js"
import type { Fields } from "../protocol/Fields.js"
import { authorizationOf } from "../protocol/target.js"
import type { Request } from "../Request.js"
import { notAuth } from "../request/optionFlaw.js"
import type { Response } from "../Response.js"
import {
  type Auth,
  AuthOf,
  type Begun,
  type Flow,
  isAuth,
  type Outgoing,
  partsOf,
  provideContext,
  type SendError,
  through
} from "./auth/Auth.js"
import { asAuthError, inTime } from "./auth/failures.js"
import { Sending } from "./auth/Sending.js"
import type { Policy } from "./Policy.js"
import { refusing } from "./refusing.js"

/** The auths of a client and of its calls; what they fail with is the cause of an `AuthError`. */
export const clientAuth = <R>(
  auth: Auth<unknown, R> | undefined,
  /** The client's default fields. */
  defaults: Fields,
  context: Context.Context<R>
): Policy => {
  if (auth === undefined) return policyOf(new Auths(undefined, undefined))
  if (!isAuth(auth)) return refusing(notAuth)
  const { field } = partsOf(auth)
  // The span that an effect belongs to is the caller's.
  const own = Context.omit(Tracer.ParentSpan)(context) as Context.Context<R>
  const written = field === undefined ? undefined : defaults.get(field)
  return policyOf(new Auths(told(provideContext(auth, own)), written))
}

/** One auth for all requests. What it needs is in the fiber that sends, and what it fails with comes out as it is. */
export const anyAuth = <E, R>(auth: Auth<E, R>): Policy =>
  isAuth(auth) ? policyOf(new Auths(bare(auth), undefined)) : refusing(notAuth)

/** An auth whose effects are run by whoever knows their types: an exchange names neither. */
type Run = AuthOf<SendError, never>

const bare = <E, R>(auth: Auth<E, R>): Run => partsOf(auth) as unknown as Run

/** What an auth fails with on its own account, as failures of a call. */
const told = (auth: Auth<unknown>): Run =>
  through(auth, (effect, request) => Effect.mapError(effect, asAuthError(request)))

/** Which auth a request is sent with. */
class Auths {
  constructor(
    private readonly client: Run | undefined,
    /** The client's own value of the field that its auth sets. */
    private readonly written: string | undefined
  ) {}

  of(request: Request<unknown>): Run | undefined {
    const { auth } = request.settings
    if (auth === null) return undefined
    if (auth !== undefined) return told(auth)
    return this.client === undefined || this.isWritten(this.client, request) ? undefined : this.client
  }

  /** Whether the call itself gives the field. */
  private isWritten({ field }: Run, { headers, url }: Request<unknown>): boolean {
    if (field === undefined || !headers.has(field)) return false
    const value = headers.get(field)
    return value !== this.written && !(field === "authorization" && value === authorizationOf(url))
  }
}

/** What others put into the auth's field is not sent: not with a request that has no credentials yet either. */
const without = (request: Request<unknown>, { field, mayHaveNone }: Run): Outgoing => {
  // What a body that is a stream fails with is always a BodyError.
  const outgoing = request as Outgoing
  if (field === undefined || mayHaveNone) return outgoing
  if (field === "authorization") return outgoing.withoutAuthorization
  return request.headers.has(field) ? outgoing.withHeaders(request.headers.remove(field)) : outgoing
}

const policyOf = (auths: Auths): Policy => ({
  exchange: (exchange) => {
    const authorized: Exchange = <E>(request: Request<E>) => {
      const auth = auths.of(request)
      if (auth === undefined) return exchange(request)
      const { call } = request
      if (call === undefined) return asCall(request, authorized)
      const answer = run(auth, without(request, auth), call, exchange)
      // Only here the type of what the body fails with is known.
      return answer as Effect.Effect<Response, HttpxError | E>
    }
    return authorized
  },
  start: (start, exchange) => (request, call, answered) => {
    const auth = auths.of(request)
    if (auth === undefined) return start(request, call, answered)
    begin(auth, without(request, auth), call, { start, exchange }, answered)
  }
})

const run = ({ kind }: Run, request: Outgoing, call: Call, exchange: Exchange): Effect.Effect<Response, SendError> => {
  switch (kind._tag) {
    case "Fixed": {
      const sent = kind.put(request, call)
      return sent instanceof Error ? Effect.fail(sent) : exchange(sent)
    }
    case "Answering": {
      const sending = new Sending(exchange, request, call)
      const begun = kind.begin(request, sending)
      return Effect.isEffect(begun) ? beginning(begun, sending) : goOn(begun, sending)
    }
    case "Flow":
      return flowing(kind.flow, new Sending(exchange, request, call))
  }
}

const flowing = (flow: Flow<SendError, never>, sending: Sending): Effect.Effect<Response, SendError> =>
  inTime(sending, flow(sending.request, sending.send))

const beginning = (
  begun: Effect.Effect<Begun<SendError, never>, SendError>,
  sending: Sending
): Effect.Effect<Response, SendError> => Effect.flatMap(inTime(sending, begun), (begun) => goOn(begun, sending))

const goOn = ({ next, request }: Begun<SendError, never>, sending: Sending): Effect.Effect<Response, SendError> =>
  next === undefined
    ? sending.exchange(request)
    : Effect.flatMap(sending.send(request), (response) => after(response, next, sending) ?? Effect.succeed(response))

/** What follows an answer, if anything does. */
const after = (
  response: Response,
  next: NonNullable<Begun<SendError, never>["next"]>,
  sending: Sending
): Effect.Effect<Response, SendError> | undefined => {
  const more = next(response)
  if (more === undefined) return undefined
  return inTime(sending, more)
}

/** The same by callbacks, until something has to be waited for. */
const begin = (
  { kind }: Run,
  request: Outgoing,
  call: Call,
  { exchange, start }: { readonly exchange: Exchange; readonly start: Start },
  answered: Parameters<Start>[2]
): void => {
  if (kind._tag === "Flow") {
    const sending = new Sending(exchange, request, call)
    return answered(flowing(kind.flow, sending))
  }
  if (kind._tag === "Fixed") {
    const sent = kind.put(request, call)
    return sent instanceof Error ? answered(Exit.fail(sent)) : start(sent, call, answered)
  }
  const sending = new Sending(exchange, request, call)
  const begun = kind.begin(request, sending)
  if (Effect.isEffect(begun)) return answered(beginning(begun, sending))
  const { next } = begun
  if (next === undefined) return start(begun.request, call, answered)
  const followed = (response: Response): Effect.Effect<Response, SendError> =>
    after(sending.received(response), next, sending) ?? Effect.succeed(response)
  start(begun.request, call, (answer) => {
    if (!isExit(answer)) answered(Effect.flatMap(answer, followed))
    else answered(Exit.isSuccess(answer) ? followed(answer.value) : answer)
  })
}

const isExit = (answer: Effect.Effect<Response, unknown>): answer is Exit.Exit<Response, unknown> => Exit.isExit(answer)
