/**
 * A wire or a client as @effect/platform's `HttpClient`, for everything that is written against that.
 *
 * Built with `HttpClient.makeWith`: `HttpClient.make` costs more than a request on the wire. Errors become theirs, with
 * ours as `cause`.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type { HttpClientResponse } from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as GlobalValue from "effect/GlobalValue"
import { asCall, type Exchange, type Wire, WireSymbol } from "../Exchange.js"
import type * as HttpxError from "../HttpxError.js"
import { Fields } from "../protocol/Fields.js"
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
export const httpClientOf = (exchange: Exchange, defaults: Fields): HttpClient.HttpClient => {
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
  const ours = fromHttpClientRequest(request)
  const sent = defaults.size === 0 ? ours : ours.withHeaders(defaults.merge(ours.headers))
  return Effect.mapBoth(asCall(sent, false, exchange), {
    onFailure: (error) => requestError(request, error),
    onSuccess: (response) => new PlatformResponse(request, response, scopedRequests().get(request)?.signal)
  })
}

/** Where `HttpClient.withScope` leaves the controller by which the scope's end reaches the response. */
const scopedRequests = (): WeakMap<HttpClientRequest.HttpClientRequest, AbortController> =>
  GlobalValue.globalValue("@effect/platform/HttpClient/scopedRequests", () => new WeakMap())

const requestError = (
  request: HttpClientRequest.HttpClientRequest,
  cause: HttpxError.HttpxError | HttpxError.BodyError<unknown>
): HttpClientError.RequestError =>
  new HttpClientError.RequestError({ request, reason: reasonOf(cause), cause, description: cause.message })

const reasonOf = (
  error: HttpxError.HttpxError | HttpxError.BodyError<unknown>
): "Transport" | "Encode" | "InvalidUrl" => {
  switch (error._tag) {
    case "InvalidUrl":
    case "UnsupportedProtocol":
      return "InvalidUrl"
    case "LocalProtocolError":
    case "BodyError":
      return "Encode"
    default:
      return "Transport"
  }
}
