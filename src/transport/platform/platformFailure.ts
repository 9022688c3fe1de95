/**
 * Our failures as @effect/platform's errors: subclasses of theirs with their `reason`, our leaf as `cause`, and nothing
 * secret in what is printed. Theirs print the request's body and all its fields.
 */
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Inspectable from "effect/Inspectable"
import type * as HttpxError from "../../HttpxError.js"
import { redactField, redactUrl } from "../../protocol/redaction.js"

type Cause = HttpxError.HttpxError | HttpxError.BodyError<unknown>

export class PlatformRequestError extends HttpClientError.RequestError {
  constructor(request: HttpClientRequest.HttpClientRequest, cause: Cause) {
    super({ request, reason: reasonOf(cause), cause, description: cause.message })
  }

  override get message(): string {
    return `${this.reason}: ${this.description}`
  }

  override toJSON(): unknown {
    const { _tag, cause, message, reason, request } = this
    return { _tag, reason, message, request: printed(request), cause }
  }

  override [Inspectable.NodeInspectSymbol](): unknown {
    return this.toJSON()
  }
}

export class PlatformResponseError extends HttpClientError.ResponseError {
  constructor(response: HttpClientResponse.HttpClientResponse, cause: unknown, description: string) {
    super({ request: response.request, response, reason: "Decode", cause, description })
  }

  override get message(): string {
    return `${this.reason}: ${this.description} (${this.response.status})`
  }

  override toJSON(): unknown {
    const { _tag, cause, message, reason, request, response } = this
    return { _tag, reason, message, request: printed(request), response, cause }
  }

  override [Inspectable.NodeInspectSymbol](): unknown {
    return this.toJSON()
  }
}

/** "Transport" is what `HttpClient.retryTransient` tries again: not what would only come to the same. */
const reasonOf = (error: Cause): "Transport" | "Encode" | "InvalidUrl" => {
  switch (error._tag) {
    case "InvalidUrl":
    case "UnsupportedProtocol":
    case "RedirectRefused":
    case "TooManyRedirects":
      return "InvalidUrl"
    case "LocalProtocolError":
    case "BodyError":
    case "StreamConsumed":
    case "AuthError":
    case "HookError":
      return "Encode"
    default:
      return "Transport"
  }
}

/** Their request with these fields, as an answer shows it: printed, it gives no secret away. */
export const discreet = (
  request: HttpClientRequest.HttpClientRequest,
  headers: HttpClientRequest.HttpClientRequest["headers"]
): HttpClientRequest.HttpClientRequest =>
  Object.defineProperty(HttpClientRequest.setHeaders(request, headers), "toJSON", {
    value: () => printed(request),
    enumerable: false
  })

const printed = ({ headers, method, url }: HttpClientRequest.HttpClientRequest): unknown => ({
  _id: "@effect/platform/HttpClientRequest",
  method,
  url: redactUrl(url),
  headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, redactField(name, value)]))
})
