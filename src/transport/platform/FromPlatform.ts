/**
 * Any `HttpClient` of @effect/platform as a wire: fetch's, undici's, a test double.
 *
 * A foreign client decodes bodies itself or not at all, joins repeated fields, and tells neither the HTTP version nor the
 * reason phrase; `raw` is then what it gives as `stream`.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type { HttpClientResponse } from "@effect/platform/HttpClientResponse"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import { join, sizeOf } from "../../content/bytes.js"
import { type Call, type Exchange, type Wire, WireSymbol } from "../../Exchange.js"
import * as HttpxError from "../../HttpxError.js"
import { withSpan } from "../../policy/Trace.js"
import type { Request } from "../../Request.js"
import { initOf, Response } from "../../Response.js"
import { foreignFailure } from "./foreignFailure.js"
import { streamExchange } from "../streamExchange.js"
import type { StreamSource } from "../StreamSource.js"
import { toSetCookies } from "./platformCookies.js"
import { toHttpClientRequest } from "./platformRequest.js"
import type { WiredHttpClient } from "./ToPlatform.js"

/** The wire under a platform client: its own if it is one of ours, else the client itself. */
export const wireOf = (client: HttpClient.HttpClient): Wire =>
  isWired(client)
    ? client[WireSymbol]
    : { exchange: withSpan(foreignExchange(client)), decoders: undefined, connections: 100 }

const isWired = (client: HttpClient.HttpClient): client is WiredHttpClient => Predicate.hasProperty(client, WireSymbol)

const foreignExchange = (client: HttpClient.HttpClient): Exchange => {
  // The scope is how their clients let go of a response that nobody reads. Our span is enough: theirs has every field in
  // it, and the query.
  const scoped = HttpClient.withTracerDisabledWhen(HttpClient.withScope(client), () => true)
  const sent = <E>(request: Request<E>, source: StreamSource, call: Call) =>
    Effect.mapBoth(scoped.execute(toHttpClientRequest(request)), {
      // What a policy of the caller's made it fail with beside its own errors is handed on as it is.
      onFailure: (error) =>
        HttpClientError.isHttpClientError(error) ? foreignFailure<E>(error, request, call) : error,
      onSuccess: (answer) => adapt(answer, request, source)
    })
  return streamExchange(<E>(request: Request<E>, source: StreamSource, call: Call) =>
    Effect.flatMap(withEnd(request), (request) => sent(request, source, call))
  )
}

// By these, Node's client, and with it the platform's, sends a body of unknown length without a word of where it ends: what
// follows is to the server another request.
const endless: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT"])

/** The request, its body read into memory if nothing else could tell where that ends. */
const withEnd = <E>(request: Request<E>): Effect.Effect<Request<E>, HttpxError.HttpxError | E> => {
  const { body, method } = request
  if (body._tag !== "Stream" || body.length !== undefined || !endless.has(method.toUpperCase())) {
    return Effect.succeed(request)
  }
  return Effect.map(Stream.runCollect(body.stream), (read) => {
    const pieces = Chunk.toReadonlyArray(read)
    return request.withBody({ _tag: "Bytes", bytes: join(pieces, sizeOf(pieces)) })
  })
}

const adapt = (answer: HttpClientResponse, request: Request<unknown>, source: StreamSource): Response => {
  const fields: Array<string> = []
  for (const name of Object.keys(answer.headers)) {
    // Joined, Set-Cookie cannot be taken apart again; their parsed cookies can.
    if (name !== "set-cookie") fields.push(name, answer.headers[name]!)
  }
  for (const cookie of toSetCookies(answer.cookies)) fields.push("set-cookie", cookie)
  const lost = (error: HttpClientError.ResponseError, details: HttpxError.Details) =>
    // Their streams fail on a body that is rightly empty: 204, 304, an answer to HEAD.
    error.reason === "EmptyBody" ? undefined : new HttpxError.ReadError({ ...details, cause: error.cause })
  source.begin(answer.stream, lost, announced(answer, request))
  return new Response(request, initOf(answer.status, "", "", fields), source, undefined, undefined)
}

/** How many bytes their stream must have. One of theirs that is begun after its connection broke is empty, not a failure. */
const announced = ({ headers, status }: HttpClientResponse, request: Request<unknown>): number => {
  if (request.method === "HEAD" || status === 204 || status === 304) return 0
  // What they have decoded has another length.
  if (headers["content-encoding"] !== undefined) return 0
  return Number(headers["content-length"] ?? 0)
}
