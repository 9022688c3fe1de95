/**
 * An exchange whose responses have a `Stream` as body: of a foreign client, of a server function.
 */
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { asCall, type Call, type Exchange } from "../Exchange.js"
import type * as HttpxError from "../HttpxError.js"
import { givenFraming } from "../protocol/http1/RequestSerializer.js"
import { brokenBody } from "../request/body.js"
import { exactly, framing } from "../request/framing.js"
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
    const framed = heldTo(request)
    if (framed instanceof Error) return Effect.fail(framed)
    const spent = claim(request)
    if (spent !== undefined) return Effect.fail(spent)
    const answer = Effect.flatMap(Scope.make(), (scope) => {
      const source = new StreamSource(request, call, scope)
      call.opened(source)
      return Effect.suspend(() => answering(framed, source, call)).pipe(
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

/** The request, its stream held to the length that is announced; or why its framing fields cannot be sent. */
const heldTo = <E>(request: Request<E>): Request<E> | HttpxError.LocalProtocolError => {
  const { body, headers } = request
  const announced = framing(body)
  const given = headers.hasFraming ? givenFraming(headers, announced) : undefined
  if (typeof given === "object") return unsendable(request, given.message)
  if (body._tag !== "Stream") return request
  const length = given ?? body.length
  if (length === undefined) return request
  const mismatch = (what: string) =>
    brokenBody(request, `the body stream has ${what} bytes than its Content-Length of ${length}`)
  return request.withBody({ ...body, length, stream: exactly(body.stream, length, mismatch) })
}
