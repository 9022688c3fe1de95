/**
 * A client span for each attempt, with the names and switches of @effect/platform's `HttpClient`: `http.client GET`,
 * `HttpClient.withTracerDisabledWhen`, `withTracerPropagation`, `withSpanNameGenerator`. Unlike there, no field and no
 * query value becomes an attribute.
 *
 * A tracer that is switched off costs one look at a fiber reference.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpTraceContext from "@effect/platform/HttpTraceContext"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import type * as Tracer from "effect/Tracer"
import type { Exchange } from "../Exchange.js"
import { redactUrl } from "../protocol/redaction.js"
import type { Request } from "../Request.js"
import { toHttpClientRequest } from "../transport/platformRequest.js"

/** The exchange with a span around each attempt. */
export const withSpan =
  (exchange: Exchange): Exchange =>
  (request) =>
    Effect.withFiberRuntime((fiber) => {
      if (!fiber.getFiberRef(FiberRef.currentTracerEnabled)) return exchange(request)
      const platformRequest = toHttpClientRequest(request)
      if (fiber.getFiberRef(HttpClient.currentTracerDisabledWhen)(platformRequest)) return exchange(request)
      const name = Context.get(fiber.currentContext, HttpClient.SpanNameGenerator)(platformRequest)
      const propagate = fiber.getFiberRef(HttpClient.currentTracerPropagation)
      return Effect.useSpan(name, { kind: "client", captureStackTrace: false }, (span) => {
        describe(span, request)
        const traced = propagate ? propagating(request, span) : request
        return Effect.tap(Effect.withParentSpan(exchange(traced), span), (response) =>
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
