/**
 * A wire or a client as @effect/platform's `HttpClient`, for everything that is written against that.
 *
 * Built with `HttpClient.makeWith`: `HttpClient.make` costs more than a request on the wire. Errors become theirs, with
 * ours as `cause`.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type { HttpClientResponse } from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as GlobalValue from "effect/GlobalValue"
import { asOpenCall, type Exchange, type Wire, WireSymbol } from "../../Exchange.js"
import * as HttpxError from "../../HttpxError.js"
import { Fields } from "../../protocol/Fields.js"
import type { Request } from "../../Request.js"
import type { Response } from "../../Response.js"
import { PlatformRequestError } from "./platformFailure.js"
import { fromHttpClientRequest } from "./platformRequest.js"
import { PlatformResponse } from "./PlatformResponse.js"

/** A platform client that carries the wire underneath it. */
export interface WiredHttpClient extends HttpClient.HttpClient {
  readonly [WireSymbol]: Wire
}

/** A wire as a platform client. Fields of the request that it lacks are taken from `defaults`. */
export const toHttpClient = (wire: Wire, defaults: Fields = defaultsOf(wire)): WiredHttpClient =>
  Object.assign(httpClientOf(wire.exchange, defaults), { [WireSymbol]: wire })

/** An exchange as a platform client. */
const httpClientOf = (exchange: Exchange, defaults: Fields): HttpClient.HttpClient => {
  const execute = (request: HttpClientRequest.HttpClientRequest) => run(exchange, defaults, request)
  return HttpClient.makeWith<HttpClientError.HttpClientError, never, HttpClientError.HttpClientError, never>(
    (request) => Effect.flatMap(request, execute),
    Effect.succeed
  )
}

/** The platform's requests ask for no coding, and its users expect none; what we undo ourselves we may ask for. */
const defaultsOf = (wire: Wire): Fields =>
  wire.decoders === undefined ? Fields.empty : new Fields(["accept-encoding", wire.decoders.codings.join(", ")])

const run = (
  exchange: Exchange,
  defaults: Fields,
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<HttpClientResponse, HttpClientError.HttpClientError> => {
  // Looked up now: another run of the same request puts its own controller there.
  const signal = scopedRequests.get(request)?.signal
  const ours = fromHttpClientRequest(request, defaults)
  // An interruption comes before there is a response, or after its own timer looks after it; not between.
  const keep = (response: Response) => {
    // A small body has come with its head, as a rule: from here on it is all that is kept of the exchange.
    response.readNow()
    return Effect.succeed(new PlatformResponse(request, response, signal))
  }
  const answer = Effect.mapError(asOpenCall(ours, exchange, keep), (error) => asPlatformError(request, error))
  return signal === undefined ? answer : Effect.raceFirst(answer, scopeLeft(signal, request, ours))
}

/** An error that is not of our tree is that of a policy, whose client names it in its type. */
const asPlatformError = (
  request: HttpClientRequest.HttpClientRequest,
  error: HttpxError.HttpxError | HttpxError.BodyError<unknown>
) =>
  HttpxError.isHttpxError(error) || error instanceof HttpxError.BodyError
    ? new PlatformRequestError(request, error)
    : error

/** Where `HttpClient.withScope` leaves the controller by which the scope's end reaches the response. */
const scopedRequests = GlobalValue.globalValue(
  "@effect/platform/HttpClient/scopedRequests",
  () => new WeakMap<HttpClientRequest.HttpClientRequest, AbortController>()
)

/** Fails when the scope ends before the answer's head has come. */
const scopeLeft = (
  signal: AbortSignal,
  request: HttpClientRequest.HttpClientRequest,
  { summary }: Request<unknown>
): Effect.Effect<never, HttpClientError.RequestError> =>
  Effect.async((resume) => {
    const onAbort = () => {
      const message = `${summary.method} ${summary.url}: the scope of the request was closed before its answer`
      const details = { request: summary, phase: "wait", delivery: "unknown", elapsed: 0, message } as const
      resume(Effect.fail(new PlatformRequestError(request, new HttpxError.StreamClosed(details))))
    }
    if (signal.aborted) return onAbort()
    signal.addEventListener("abort", onAbort, { once: true })
    return Effect.sync(() => signal.removeEventListener("abort", onAbort))
  })
