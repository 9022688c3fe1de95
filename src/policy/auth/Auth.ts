/**
 * What an auth is: the part of a call between a request and its answer that has to do with credentials.
 *
 * There are three kinds, by what they need. One that has its credentials at hand changes the request, and no more. One
 * that may have to wait for them, or looks at the answer, begins and goes on from there. A flow does what it likes.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Predicate from "effect/Predicate"
import type * as Types from "effect/Types"
import type { Call } from "../../Exchange.js"
import type { AuthError, BodyError, HttpxError } from "../../HttpxError.js"
import type { Request } from "../../Request.js"
import type { Response } from "../../Response.js"
import type { Sending } from "./Sending.js"

/**
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: unique symbol = Symbol.for("effect-httpx/Auth")

/**
 * Credentials, and how they are sent. Made by `Auth.basic`, `Auth.bearer`, `Auth.digest`… or by `Auth.make`.
 *
 * `E` is what it fails with on its own account, `R` what its effects need.
 *
 * @since 0.1.0
 * @category models
 */
export interface Auth<out E = never, out R = never> extends Inspectable.Inspectable {
  readonly [TypeId]: { readonly _E: Types.Covariant<E>; readonly _R: Types.Covariant<R> }
  /** What it is called where it is printed, e.g. `Basic`. */
  readonly scheme: string
}

/**
 * A request on its way through an auth. Its body, if that is a stream, may fail with the caller's own error.
 *
 * @since 0.1.0
 * @category models
 */
export type Outgoing = Request<BodyError<unknown>>

/**
 * What sending a request can fail with.
 *
 * @since 0.1.0
 * @category models
 */
export type SendError = HttpxError | BodyError<unknown>

/**
 * Sends a request as part of the call. The answer before, if there was one, is released first: whoever wants its body reads
 * that before. A body that flows once can be sent once, a second time fails with `StreamConsumed`.
 *
 * @since 0.1.0
 * @category models
 */
export type Send = (request: Outgoing) => Effect.Effect<Response, SendError>

/**
 * From a request to the answer that the caller gets, by way of any number of requests, one after the other.
 *
 * @since 0.1.0
 * @category models
 */
export type Flow<E, R> = (request: Outgoing, send: Send) => Effect.Effect<Response, E, R>

/** The first request, and what its answer leads to: `undefined` if that is what the caller gets. */
export interface Begun<out E, out R> {
  readonly request: Outgoing
  readonly next?: ((response: Response) => Effect.Effect<Response, E | SendError, R> | undefined) | undefined
}

/** At once, where nothing has to be waited for. */
export type Begin<E, R> = (
  request: Outgoing,
  sending: Sending
) => Begun<E, R> | Effect.Effect<Begun<E, R>, E | SendError, R>

export type Kind<E, R> =
  | { readonly _tag: "Fixed"; readonly put: (request: Outgoing, call: Call) => Outgoing | AuthError }
  | { readonly _tag: "Answering"; readonly begin: Begin<E, R> }
  | { readonly _tag: "Flow"; readonly flow: Flow<E | SendError, R> }

const variance = { _E: (_: never) => _, _R: (_: never) => _ }

/** Every auth is one of these. */
export class AuthOf<out E, out R> extends Inspectable.Class implements Auth<E, R> {
  readonly [TypeId] = variance

  constructor(
    readonly scheme: string,
    /** The lower-case name of the field that the credentials go in; `undefined` if they go elsewhere. */
    readonly field: string | undefined,
    readonly kind: Kind<E, R>,
    /** Whether it may have none, so that what others put into the field is sent then. */
    readonly mayHaveNone = false
  ) {
    super()
  }

  /** The scheme; no secret, nor what is remembered of answers. */
  toJSON(): unknown {
    return { _id: "effect-httpx/Auth", scheme: this.scheme }
  }
}

export const isAuth = (u: unknown): u is Auth<unknown, unknown> => Predicate.hasProperty(u, TypeId)

/** There is no other implementation of the interface. */
export const partsOf = <E, R>(auth: Auth<E, R>): AuthOf<E, R> => auth as AuthOf<E, R>

/** The same auth, with each of its effects changed. */
export const through = <E, R, E2, R2>(
  auth: Auth<E, R>,
  change: <A>(effect: Effect.Effect<A, E | SendError, R>, request: Outgoing) => Effect.Effect<A, E2 | SendError, R2>
): AuthOf<E2, R2> => {
  const { field, kind, mayHaveNone, scheme } = partsOf(auth)
  return new AuthOf(scheme, field, kindThrough(kind, change), mayHaveNone)
}

const kindThrough = <E, R, E2, R2>(
  kind: Kind<E, R>,
  change: <A>(effect: Effect.Effect<A, E | SendError, R>, request: Outgoing) => Effect.Effect<A, E2 | SendError, R2>
): Kind<E2, R2> => {
  switch (kind._tag) {
    case "Fixed":
      return kind
    case "Flow":
      return { _tag: "Flow", flow: (request, send) => change(kind.flow(request, send), request) }
    case "Answering": {
      const later = ({ next, request }: Begun<E, R>): Begun<E2, R2> => ({
        request,
        next:
          next === undefined
            ? undefined
            : (response) => {
                const more = next(response)
                return more === undefined ? undefined : change(more, request)
              }
      })
      const begin: Begin<E2, R2> = (request, sending) => {
        const begun = kind.begin(request, sending)
        return Effect.isEffect(begun) ? Effect.map(change(begun, request), later) : later(begun)
      }
      return { _tag: "Answering", begin }
    }
  }
}

/** The same auth with what its effects need. */
export const provideContext = <E, R, R2 = never>(
  auth: Auth<E, R | R2>,
  context: Context.Context<R>
): Auth<E, Exclude<R2, R>> =>
  through(
    auth,
    <A>(effect: Effect.Effect<A, E | SendError, R | R2>): Effect.Effect<A, E | SendError, Exclude<R2, R>> =>
      Effect.provide(effect, context) as Effect.Effect<A, E | SendError, Exclude<R2, R>>
  )
