/**
 * A client span for each attempt, with the names and switches of @effect/platform's `HttpClient`: `http.client GET`,
 * `HttpClient.withTracerDisabledWhen`, `withTracerPropagation`, `withSpanNameGenerator`. Unlike there, no field and no
 * query value becomes an attribute.
 *
 * A tracer that is switched off costs nothing but the look that a call takes at it, and neither does Effect's own where
 * there is no parent span: it keeps nothing, and what nobody can ever see costs three requests each time.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpTraceContext from "@effect/platform/HttpTraceContext"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Tracer from "effect/Tracer"
import type { Exchange } from "../Exchange.js"
import type { HttpxError } from "../HttpxError.js"
import { redactUrl } from "../protocol/redaction.js"
import type { Request } from "../Request.js"
import type { Response } from "../Response.js"
import { toHttpClientRequest } from "../transport/platform/platformRequest.js"

/** The exchange with a span around each attempt. */
export const withSpan =
  (exchange: Exchange): Exchange =>
  (request) =>
    request.call?.traced === false ? exchange(request) : traced(exchange, request)

/**
 * Whether somebody may see a span of this fiber: its tracer is on, and is another than Effect's own, which keeps nothing,
 * or has a parent for it.
 */
export const isTraced = (fiber: Fiber.RuntimeFiber<unknown, unknown>): boolean => {
  if (!fiber.getFiberRef(FiberRef.currentTracerEnabled)) return false
  return fiber.currentTracer !== native || fiber.currentSpan !== undefined
}

const native = Context.get(DefaultServices.liveServices, Tracer.Tracer)

const traced = <E>(exchange: Exchange, request: Request<E>): Effect.Effect<Response, HttpxError | E> =>
  Effect.withFiberRuntime((fiber) => {
    if (!isTraced(fiber)) return exchange(request)
    const platformRequest = toHttpClientRequest(request)
    if (fiber.getFiberRef(HttpClient.currentTracerDisabledWhen)(platformRequest)) return exchange(request)
    const name = Context.get(fiber.currentContext, HttpClient.SpanNameGenerator)(platformRequest)
    const propagate = fiber.getFiberRef(HttpClient.currentTracerPropagation)
    return Effect.useSpan(name, { kind: "client", captureStackTrace: false }, (span) => {
      describe(span, request)
      const sent = propagate ? propagating(request, span) : request
      return Effect.tap(Effect.withParentSpan(exchange(sent), span), (response) =>
        Effect.sync(() => span.attribute("http.response.status_code", response.status))
      )
    })
  })

const describe = (span: Tracer.Span, request: Request<unknown>): void => {
  span.attribute("http.request.method", request.method)
  span.attribute("url.full", redactUrl(request.url))
  const { target } = request
  if (target instanceof Error) return
  span.attribute("server.address", target.hostname)
  span.attribute("server.port", target.port)
  span.attribute("url.scheme", target.scheme)
  span.attribute("url.path", target.pathAndQuery.split("?", 1)[0])
}

const propagating = <E>(request: Request<E>, span: Tracer.Span): Request<E> => {
  let { headers } = request
  for (const [name, value] of Object.entries(HttpTraceContext.toHeaders(span))) headers = headers.set(name, value)
  return request.withHeaders(headers)
}
