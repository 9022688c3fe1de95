/**
 * An exchange whose responses have a `Stream` as body: of a foreign client, of a server function.
 */
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { asCall, type Call, type Exchange } from "../Exchange.js"
import type * as HttpxError from "../HttpxError.js"
import { claim, problemOf, unclaim } from "../request/problem.js"
import { type Request, unsendable } from "../Request.js"
import type { Response } from "../Response.js"
import { StreamSource } from "./StreamSource.js"

/** Answers a request that can be sent: begins the source, and makes the response that reads from it. */
export type Answering = <E>(
  request: Request<E>,
  source: StreamSource,
  call: Call
) => Effect.Effect<Response, HttpxError.HttpxError | E, Scope.Scope>

/** The scope of an answer is open until its body has ended; an answer that fails, or comes too late, closes it. */
export const streamExchange = (answering: Answering): Exchange => {
  const exchange = <E>(request: Request<E>): Effect.Effect<Response, HttpxError.HttpxError | E> => {
    const { call } = request
    if (call === undefined) return asCall(request, exchange)
    const problem = problemOf(request)
    if (problem !== undefined) return Effect.fail(problem)
    if (request.settings.target !== undefined) return Effect.fail(unsendable(request, "this transport has no targets"))
    const spent = claim(request)
    if (spent !== undefined) return Effect.fail(spent)
    const answer = Effect.flatMap(Scope.make(), (scope) => {
      const source = new StreamSource(request, call, scope)
      call.opened(source)
      return Effect.suspend(() => answering(request, source, call)).pipe(
        Effect.provideService(Scope.Scope, scope),
        source.inTime,
        Effect.catchAll((error) => Effect.zipRight(source.abort, Effect.fail(error)))
      )
    })
    return request.body._tag === "Stream"
      ? Effect.ensuring(
          answer,
          Effect.sync(() => unclaim(request))
        )
      : answer
  }
  return exchange
}
