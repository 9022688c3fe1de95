/**
 * What single operations can fail with, beside the tree.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Option from "effect/Option"
import type { ParseError } from "effect/ParseResult"
import type { HttpxError } from "../HttpxError.js"
import type { Response } from "../Response.js"
import type { CapturedBody } from "../response/CapturedBody.js"
import type { ProblemDetails } from "../response/ProblemDetails.js"
import type { Details, RequestSummary } from "./tree.js"

/**
 * The caller's own body stream failed while it was being sent; `error` is its error, with its type.
 *
 * @since 0.1.0
 * @category errors
 */
export class BodyError<out E = unknown> extends Data.TaggedError("BodyError")<Details & { readonly error: unknown }> {
  declare readonly error: E
  constructor(details: Details & { readonly error: E }) {
    super(details)
  }
}

/**
 * `response.raiseForStatus` met a status that is not 2xx. The response is attached; its body can be read as if nobody had
 * looked at it.
 *
 * What was captured of the body is asked for by name: printing or logging the error never shows it.
 *
 * @since 0.1.0
 * @category errors
 */
export class StatusError<out A = never> extends Data.TaggedError("StatusError")<
  Details & { readonly status: number; readonly response: Response }
> {
  readonly #body: CapturedBody
  readonly #error: Option.Option<A>

  constructor({
    body,
    error,
    ...details
  }: Details & {
    readonly status: number
    readonly response: Response
    readonly body: CapturedBody
    readonly error: Option.Option<A>
  }) {
    super(details)
    this.#body = body
    this.#error = error
  }

  /** The beginning of the body, decoded: 64 KiB unless another limit was given. */
  get body(): CapturedBody {
    return this.#body
  }

  /** What the schema of `raiseForStatusWith` made of the body; none if it is something else. */
  get error(): Option.Option<A> {
    return this.#error
  }

  /** The body as a problem document, if it is one: of type `application/problem+json` and a JSON object (RFC 9457). */
  get problem(): Option.Option<ProblemDetails> {
    return this.#body.problem
  }
}

/**
 * A line of `response.ndjson` is not JSON, or not what its schema says. Neither the message nor anything else that is
 * printed has the line in it.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidLine extends Data.TaggedError("InvalidLine")<
  Details & {
    /** The number of the line, from 1 on, blank ones counted. */
    readonly line: number
  }
> {
  readonly #parseError: Option.Option<ParseError>

  constructor({ parseError, ...details }: Details & { readonly line: number; readonly parseError?: ParseError }) {
    super(details)
    this.#parseError = Option.fromNullable(parseError)
  }

  /** What the schema has to say, which shows values of the line; none if the line is not even JSON. */
  get parseError(): Option.Option<ParseError> {
    return this.#parseError
  }
}

/**
 * A page names a next one that is not asked for: on another origin, one that there was already, or one too many. The page
 * that names it is attached.
 *
 * @since 0.1.0
 * @category errors
 */
export class PaginationError extends Data.TaggedError("PaginationError")<
  Details & {
    readonly reason: "OtherOrigin" | "Loop" | "TooManyPages"
    readonly response: Response
    /** The URL of the next page, redacted. */
    readonly next: string
  }
> {}

/**
 * `parallel.nextResponse` when nothing is pending, or when the last pending was claimed or cancelled by another.
 *
 * @since 0.1.0
 * @category errors
 */
export class NoPendingResponses extends Data.TaggedError("NoPendingResponses")<{ readonly message: string }> {}

/**
 * The answer of a request that was cancelled, or that a parallel block left behind, is asked for.
 *
 * @since 0.1.0
 * @category errors
 */
export class RequestCancelled extends Data.TaggedError("RequestCancelled")<{
  readonly request: RequestSummary | undefined
  readonly message: string
}> {}

/**
 * A failure of a parallel block's request that nobody looked at.
 *
 * @since 0.1.0
 * @category models
 */
export type UnobservedFailure = HttpxError | BodyError<unknown> | RequestCancelled

/**
 * A parallel block of `client.parallel.use` with `onUnobserved: "fail"` came to its end, and some of its requests had
 * failed without anybody looking: all of those failures, in the order of completion.
 *
 * @since 0.1.0
 * @category errors
 */
export class UnobservedFailures extends Data.TaggedError("UnobservedFailures")<{
  readonly failures: ReadonlyArray<UnobservedFailure>
  readonly message: string
}> {}
