/**
 * A response of ours as @effect/platform's `HttpClientResponse`.
 *
 * Their contract has no scope: a caller may look at the status and forget the body. A body of up to 256 KiB then arrives
 * in memory and its connection is free; a larger one stops its connection, which is closed when nobody has begun to read
 * for ten seconds. Nothing depends on the garbage collector.
 */
import type * as Cookies from "@effect/platform/Cookies"
import type * as Headers from "@effect/platform/Headers"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import type * as UrlParams from "@effect/platform/UrlParams"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type * as HttpxError from "../../HttpxError.js"
import type { Response } from "../../Response.js"
import { discreet, PlatformResponseError } from "./platformFailure.js"
import { toHttpClientRequest } from "./platformRequest.js"
import { startTimer } from "../Timer.js"

const abandonedAfter = 10_000

export class PlatformResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpClientResponse.TypeId]: HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly [HttpIncomingMessage.TypeId]: HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  private readonly sent: HttpClientRequest.HttpClientRequest
  private readonly sentHeaders: Headers.Headers
  private shown: HttpClientRequest.HttpClientRequest | undefined = undefined
  private stopAbandoning: (() => void) | undefined = undefined

  constructor(
    request: HttpClientRequest.HttpClientRequest,
    /** Our own response, with all that theirs cannot show: raw fields, version, elapsed time. */
    readonly httpx: Response,
    signal: AbortSignal | undefined
  ) {
    super()
    // An answer may live long; the request's body need not.
    this.sent = request.body._tag === "Empty" ? request : HttpClientRequest.setBody(request, HttpBody.empty)
    this.sentHeaders = request.headers
    if (httpx.isClosed) return
    this.unattended()
    httpx.onOver(() => this.taken())
    if (signal === undefined) return
    // As theirs does: leaving the scope of `withScope` ends the response.
    if (signal.aborted) this.abandon()
    else signal.addEventListener("abort", () => this.abandon(), { once: true })
  }

  /** What was sent, without its body; after redirects, the last request. */
  get request(): HttpClientRequest.HttpClientRequest {
    return (this.shown ??= this.discreetRequest)
  }

  private get discreetRequest(): HttpClientRequest.HttpClientRequest {
    if (this.httpx.history.length === 0) return discreet(this.sent, this.sentHeaders)
    const last = toHttpClientRequest(this.httpx.request)
    return discreet(last, last.headers)
  }

  get status(): number {
    return this.httpx.status
  }

  get headers(): Headers.Headers {
    return this.httpx.headers
  }

  get cookies(): Cookies.Cookies {
    return this.httpx.cookies
  }

  get remoteAddress(): Option.Option<string> {
    return this.httpx.remoteAddress
  }

  get text(): Effect.Effect<string, HttpClientError.ResponseError> {
    return this.reading(this.httpx.text)
  }

  /** As theirs: an empty body is `null`. */
  get json(): Effect.Effect<unknown, HttpClientError.ResponseError> {
    return this.reading(
      Effect.flatMap(this.httpx.read, (bytes) => (bytes.length === 0 ? Effect.succeed(null) : this.httpx.json))
    )
  }

  get arrayBuffer(): Effect.Effect<ArrayBuffer, HttpClientError.ResponseError> {
    return this.reading(this.httpx.arrayBuffer)
  }

  get urlParamsBody(): Effect.Effect<UrlParams.UrlParams, HttpClientError.ResponseError> {
    return this.reading(this.httpx.urlParamsBody)
  }

  get formData(): Effect.Effect<FormData, HttpClientError.ResponseError> {
    return this.reading(this.httpx.formData)
  }

  get stream(): Stream.Stream<Uint8Array, HttpClientError.ResponseError> {
    return Stream.suspend(() => {
      this.taken()
      return Stream.mapError(this.httpx.stream, (cause) => this.decodeError(cause, cause.message))
    })
  }

  toJSON(): unknown {
    return this.httpx.toJSON()
  }

  private reading<A>(
    effect: Effect.Effect<A, HttpxError.ReadFailure>
  ): Effect.Effect<A, HttpClientError.ResponseError> {
    return Effect.withFiberRuntime((fiber) => {
      const most = Context.get(fiber.currentContext, HttpIncomingMessage.MaxBodySize)
      const bounded = Option.isNone(most) ? effect : Effect.zipRight(this.httpx.upTo(Number(most.value)), effect)
      const read = Effect.mapError(bounded, (cause) => this.decodeError(cause, cause.message))
      if (this.httpx.isClosed) return read
      this.taken()
      // Who gives up may come back, or not.
      return Effect.onInterrupt(read, () => Effect.sync(() => this.unattended()))
    })
  }

  /** Nobody reads: from now on there is a limit to how long that may go on. */
  private unattended(): void {
    if (this.httpx.isClosed) return
    this.stopAbandoning?.()
    this.stopAbandoning = startTimer(this.httpx.clock, abandonedAfter, () => this.abandon())
  }

  private taken(): void {
    this.stopAbandoning?.()
    this.stopAbandoning = undefined
  }

  private abandon(): void {
    this.taken()
    if (!this.httpx.isClosed) Effect.runFork(this.httpx.close)
  }

  private decodeError(cause: unknown, description: string): HttpClientError.ResponseError {
    return new PlatformResponseError(this, cause, description)
  }
}
