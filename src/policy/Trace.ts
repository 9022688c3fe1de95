/**
 * A client span for each attempt, with the names and switches of @effect/platform's `HttpClient`: `http.client GET`,
 * `HttpClient.withTracerDisabledWhen`, `withTracerPropagation`, `withSpanNameGenerator`. Unlike there, no field and no
 * query value becomes an attribute, a span lasts until the body is over, and the attributes are those of OpenTelemetry's
 * conventions for HTTP clients.
 *
 * A tracer that is switched off costs nothing but the look that a call takes at it, and neither does Effect's own where
 * there is no parent span: it keeps nothing, and what nobody can ever see costs three requests each time.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpTraceContext from "@effect/platform/HttpTraceContext"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Predicate from "effect/Predicate"
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
    const end = endingOf(fiber)
    return Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Effect.makeSpan(name, { kind: "client", captureStackTrace: false }), (span) => {
        describe(span, request)
        const sent = propagate ? propagating(request, span) : request
        return Effect.onExit(restore(Effect.withParentSpan(exchange(sent), span)), (exit) =>
          Effect.sync(() => (Exit.isFailure(exit) ? failed(span, exit.cause, end) : answered(span, exit.value, end)))
        )
      })
    )
  })

/** Ends a span, by the clock that it was begun by. */
type End = (span: Tracer.Span, exit: Exit.Exit<unknown, unknown>) => void

const endingOf = (fiber: Fiber.RuntimeFiber<unknown, unknown>): End => {
  if (!fiber.getFiberRef(FiberRef.currentTracerTimingEnabled)) return (span, exit) => span.end(0n, exit)
  const clock = Context.get(fiber.getFiberRef(DefaultServices.currentServices), Clock.Clock)
  return (span, exit) => span.end(clock.unsafeCurrentTimeNanos(), exit)
}

const failed = (span: Tracer.Span, cause: Cause.Cause<unknown>, end: End): void => {
  // OpenTelemetry: that a caller has gone is no error.
  if (!Cause.isInterruptedOnly(cause)) span.attribute("error.type", typeOf(Cause.squash(cause)))
  end(span, Exit.failCause(cause))
}

/** The span of an answer lasts as long as its body. */
const answered = (span: Tracer.Span, response: Response, end: End): void => {
  const { httpVersion, status } = response
  span.attribute("http.response.status_code", status)
  if (httpVersion !== "") span.attribute("network.protocol.version", httpVersion.replace("HTTP/", ""))
  // OpenTelemetry: to a client, any status from 400 on is an error.
  if (status >= 400) span.attribute("error.type", String(status))
  const over = Effect.sync(() => {
    const { loss } = response
    if (loss !== undefined) failed(span, loss, end)
    else end(span, status < 400 ? Exit.void : Exit.fail(String(status)))
  })
  // In a fiber of its own: a tracer that throws must not throw into what carries the body.
  response.onOver(() => void Effect.runFork(over))
}

/** One of few names: the tag of an error, and for all others what OpenTelemetry has for them. */
const typeOf = (error: unknown): string =>
  Predicate.hasProperty(error, "_tag") && typeof error._tag === "string" ? error._tag : "_OTHER"

const describe = (span: Tracer.Span, request: Request<unknown>): void => {
  const { call } = request
  if (call !== undefined && call.spans++ > 0) span.attribute("http.request.resend_count", call.spans - 1)
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
