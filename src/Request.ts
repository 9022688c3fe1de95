/**
 * A request as a value: method, URL as written, fields in their order, a body, and whether that body can be sent twice.
 *
 * When to use: to build a request once and `client.send` it later, or several times. The verbs of `Client` build theirs.
 *
 * What to know: making a request never fails. One that cannot be sent knows why (`problem`), and fails with that, before
 * anything is opened, when it is sent.
 *
 * Gotchas: `send` adds nothing to a request: no base URL, no default fields. Use `Client.request` for those.
 *
 * @example
 * ```ts
 * import { Client, Request } from "effect-httpx"
 *
 * const propfind = Request.make("PROPFIND", "https://dav.example.com/", { headers: { depth: "1" } })
 * const listing = Client.send(propfind)
 * ```
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import type { Call } from "./Exchange.js"
import * as HttpxError from "./HttpxError.js"
import { Fields, type FieldsInput } from "./protocol/Fields.js"
import { formString, type ParamsInput, queryString } from "./protocol/params.js"
import { printable, redactUrl } from "./protocol/redaction.js"
import { appendQuery, authorizationOf, isTargetProblem, parseTarget, type Target } from "./protocol/target.js"

export { Fields, type FieldsInput } from "./protocol/Fields.js"
export type { ParamsInput, ParamValue } from "./protocol/params.js"

/**
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: unique symbol = Symbol.for("effect-httpx/Request")

/**
 * What is sent after the head. Bytes can be sent again, and so can a stream, by running it again, unless it was made from
 * something that flows once.
 *
 * @since 0.1.0
 * @category models
 */
export type Body<E> =
  | { readonly _tag: "Empty" }
  | { readonly _tag: "Bytes"; readonly bytes: Uint8Array }
  | { readonly _tag: "Stream"; readonly stream: Stream.Stream<Uint8Array, E> }

/**
 * The options of any request.
 *
 * @since 0.1.0
 * @category models
 */
export interface CallOptions {
  /** Fields of this request; a name given here replaces the client's fields of that name. Default: none. */
  readonly headers?: FieldsInput | undefined
  /** Appended to the URL's own query, which stays as written. Default: none. */
  readonly params?: ParamsInput | undefined
  /** The longest that the whole call may take, its body included. Default: the client's, or no limit. */
  readonly timeout?: Duration.DurationInput | undefined
  /** Any value to know the request by; it comes back on pendings and in errors. Default: none. */
  readonly tag?: unknown
}

/**
 * The body of a request: at most one of the three. Giving two does not type-check.
 *
 * @since 0.1.0
 * @category models
 */
export type BodyOptions<E = never, R = never> =
  | { readonly json?: undefined; readonly form?: undefined; readonly content?: undefined }
  | {
      /** Serialized by `JSON.stringify` and sent as `application/json`. */
      readonly json: unknown
      readonly form?: undefined
      readonly content?: undefined
    }
  | {
      /** Sent as `application/x-www-form-urlencoded`. */
      readonly form: ParamsInput
      readonly json?: undefined
      readonly content?: undefined
    }
  | {
      /**
       * Text (as UTF-8) or bytes, sent with their length, or a stream, sent in chunks unless the headers give its
       * `content-length`. No `content-type` is added.
       */
      readonly content: string | Uint8Array | Stream.Stream<Uint8Array, E, R>
      readonly json?: undefined
      readonly form?: undefined
    }

/**
 * The options of a request that may have a body.
 *
 * @since 0.1.0
 * @category models
 */
export type RequestOptions<E = never, R = never> = CallOptions & BodyOptions<E, R>

/**
 * What a request whose body stream fails with `E` can fail with on that account: nothing, if the stream cannot fail.
 *
 * @since 0.1.0
 * @category models
 */
export type BodyFailure<E> = [E] extends [never] ? never : HttpxError.BodyError<E>

const emptyBody: Body<never> = { _tag: "Empty" }

/**
 * A request. Made by `Request.make`, changed by its `with…` methods, which give a new one.
 *
 * @since 0.1.0
 * @category models
 */
export class Request<out E = never> implements Inspectable.Inspectable {
  readonly [TypeId]: typeof TypeId = TypeId
  private parsed: Target | HttpxError.InvalidRequest | undefined = undefined
  /** The value that this is a run of, if it is sent as it is. */
  private given: Request<E> | undefined = undefined

  constructor(
    /** As given, but for the seven common methods, which are upper-cased. */
    readonly method: string,
    /** As written, its base and its params included. A user and password in it are sent as Basic authorization. */
    readonly url: string,
    readonly headers: Fields,
    readonly body: Body<E>,
    /** Milliseconds for the whole call, or `undefined` for no limit. */
    readonly timeout: number | undefined,
    /** The value given to know the request by. */
    readonly tag: unknown,
    /** Why the request cannot be sent, where making it showed that. */
    readonly problem: HttpxError.InvalidRequest | undefined,
    /** The run that this request belongs to, once it is being sent: a transport tells it what it has open. */
    readonly call: Call | undefined
  ) {}

  /** Where the request goes, or why it can go nowhere. */
  get target(): Target | HttpxError.InvalidRequest {
    return (this.parsed ??= targetOf(this))
  }

  /** What errors show of the request. */
  get summary(): HttpxError.RequestSummary {
    const summary = shown(this)
    return this.tag === undefined ? summary : { ...summary, tag: this.tag }
  }

  /** @internal What a response remembers: the request as it was sent, without its run and without its body. */
  get sent(): Request<unknown> {
    if (this.body._tag === "Empty" && this.given !== undefined) return this.given
    const { headers, method, problem, tag, timeout, url } = this
    const request = new Request(method, url, headers, emptyBody, timeout, tag, problem, undefined)
    request.parsed = this.parsed
    return request
  }

  /** The same request with other fields. */
  withHeaders(headers: Fields): Request<E> {
    return new Request(this.method, this.url, headers, this.body, this.timeout, this.tag, this.problem, this.call)
  }

  /** @internal The same request at another place, unless it knows already why it cannot be sent. */
  over(url: string, urlProblem: string | undefined, headers: Fields, defaultTimeout: number | undefined): Request<E> {
    const problem =
      this.problem ??
      (urlProblem === undefined ? undefined : new HttpxError.InvalidUrl(problemDetails(this.summary, urlProblem)))
    const { body, call, method, tag, timeout = defaultTimeout } = this
    return new Request(method, url, withUser(url, headers), body, timeout, tag, problem, call)
  }

  /** @internal The same request as part of a run. */
  as(call: Call): Request<E> {
    const { body, headers, method, problem, tag, timeout, url } = this
    const request = new Request(method, url, withUser(url, headers), body, timeout, tag, problem, call)
    // Parsed by each run, and not remembered here: what waits in a queue for long would keep that alive.
    request.parsed = this.parsed
    if (request.headers === this.headers) request.given = this
    return request
  }

  /** Method, redacted URL and redacted fields; never the body. */
  toJSON(): unknown {
    return { _id: "effect-httpx/Request", ...this.summary, headers: this.headers.toJSON(), body: this.body._tag }
  }

  toString(): string {
    return Inspectable.format(this.toJSON())
  }

  [Inspectable.NodeInspectSymbol](): unknown {
    return this.toJSON()
  }
}

/**
 * Whether a value is a request of ours.
 *
 * @since 0.1.0
 * @category guards
 */
export const isRequest = (u: unknown): u is Request<unknown> => Predicate.hasProperty(u, TypeId)

/** The user and password of a URL are sent as Basic authorization, unless the fields have one. */
const withUser = (url: string, headers: Fields): Fields => {
  const authorization = authorizationOf(url)
  if (authorization === undefined || headers.has("authorization")) return headers
  return headers.append("Authorization", authorization)
}

const targetOf = (request: Request<unknown>): Target | HttpxError.InvalidRequest => {
  const target = parseTarget(request.url)
  if (!isTargetProblem(target)) return target
  const details = problemDetails(request.summary, target.message)
  return target._tag === "Invalid" ? new HttpxError.InvalidUrl(details) : new HttpxError.UnsupportedProtocol(details)
}

const problemDetails = (request: HttpxError.RequestSummary, what: string, cause?: unknown): HttpxError.Details => ({
  request,
  phase: "prepare",
  delivery: "unsent",
  elapsed: 0,
  message: `${request.method} ${request.url}: ${what}`,
  cause
})

/**
 * Makes a request. A body that is a stream makes the request's error type `BodyError` of the stream's error.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <E = never>(
  method: string,
  url: string | URL,
  options?: RequestOptions<E> | undefined
): Request<BodyFailure<E>> => build(method, String(url), undefined, Fields.from(options?.headers), options)

/** @internal */
export const build = <E>(
  method: string,
  url: string,
  /** What is wrong with the URL already. */
  urlProblem: string | undefined,
  headers: Fields,
  options: RequestOptions<E> | undefined,
  /** Milliseconds, where the options say nothing. */
  defaultTimeout?: number | undefined
): Request<BodyFailure<E>> => {
  const name = commonMethod.test(method) ? method.toUpperCase() : method
  const query = options?.params === undefined ? "" : queryString(options.params)
  const whole = typeof query === "string" ? appendQuery(url, query) : url
  const made = bodyOf(options, { method: name, url: whole })
  const problem = urlProblem ?? (typeof query === "string" ? undefined : query.message)
  const timeout = options?.timeout
  // The type of a duration lets every text of a number and a word pass.
  const unclear = timeout !== undefined && Option.isNone(Duration.decodeUnknown(timeout))
  return new Request(
    name,
    whole,
    made.contentType === undefined || headers.has("content-type")
      ? headers
      : headers.append("Content-Type", made.contentType),
    made.body,
    timeout === undefined || unclear ? defaultTimeout : milliseconds(timeout),
    options?.tag,
    problem === undefined
      ? (made.problem ?? (unclear ? notADuration({ method: name, url: whole }) : undefined))
      : new HttpxError.InvalidUrl(problemDetails(shown({ method: name, url: whole }), problem)),
    undefined
  )
}

/**
 * @internal Gives a body stream the context of whoever sends the request; only a stream needs one.
 */
export const inContext = <E, R, A, E2, R2>(
  options: RequestOptions<E, R> | undefined,
  run: (options: RequestOptions<E> | undefined) => Effect.Effect<A, E2, R2>
): Effect.Effect<A, E2, R | R2> => {
  const content = options?.content
  if (content === undefined || typeof content === "string" || content instanceof Uint8Array || !isStream(content)) {
    // No stream, so nothing that R could belong to.
    return run(options as RequestOptions<E> | undefined)
  }
  return Effect.contextWithEffect((context: Context.Context<R>) => {
    // `content` leaves no room for the other two.
    const { headers, params, tag, timeout } = options as CallOptions
    return run({ headers, params, tag, timeout, content: Stream.provideContext(content, context) })
  })
}

const isStream = (content: unknown): boolean => Predicate.hasProperty(content, Stream.StreamTypeId)

/** @internal A duration as milliseconds; no limit is `undefined`. */
export const milliseconds = (duration: Duration.DurationInput): number | undefined => {
  const ms = Duration.toMillis(duration)
  return Number.isFinite(ms) ? ms : undefined
}

// `patch` is not upper-cased by fetch, which surprises everybody once.
const commonMethod = /^(get|head|options|post|put|patch|delete)$/i

interface MadeBody<E> {
  readonly body: Body<E>
  readonly contentType?: string
  readonly problem?: HttpxError.LocalProtocolError
}

const noBody: MadeBody<never> = { body: emptyBody }

const utf8 = (text: string): Body<never> => ({ _tag: "Bytes", bytes: new TextEncoder().encode(text) })

/** Where a request goes, as written: redacted only for an error, because most requests have none. */
interface Place {
  readonly method: string
  readonly url: string
}

const shown = ({ method, url }: Place): HttpxError.RequestSummary => ({
  method: printable(method),
  url: redactUrl(url)
})

const bodyOf = <E>(options: RequestOptions<E> | undefined, place: Place): MadeBody<BodyFailure<E>> => {
  if (options === undefined) return noBody
  if (options.json !== undefined) return jsonBody(options.json, place)
  if (options.form !== undefined) return formBody(options.form, place)
  if (options.content !== undefined) return contentBody(options.content, place)
  return noBody
}

/** @internal The error of a request that HTTP cannot carry. */
export const unsendable = (request: Request<unknown>, what: string): HttpxError.LocalProtocolError =>
  new HttpxError.LocalProtocolError(problemDetails(request.summary, what))

const notADuration = (place: Place): HttpxError.LocalProtocolError =>
  new HttpxError.LocalProtocolError(problemDetails(shown(place), 'timeout is not a duration: write e.g. "5 seconds"'))

const unmade = (place: Place, what: string, cause?: unknown): MadeBody<never> => ({
  body: emptyBody,
  problem: new HttpxError.LocalProtocolError(problemDetails(shown(place), what, cause))
})

const jsonBody = (value: unknown, place: Place): MadeBody<never> => {
  try {
    const text: string | undefined = JSON.stringify(value)
    if (text === undefined) return unmade(place, `json: a ${typeof value} has no JSON form`)
    return { body: utf8(text), contentType: "application/json" }
  } catch (cause) {
    return unmade(place, `json cannot be serialized: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  }
}

const formBody = (form: ParamsInput, place: Place): MadeBody<never> => {
  const text = formString(form)
  if (typeof text !== "string") return unmade(place, `form: ${text.message}`)
  return { body: utf8(text), contentType: "application/x-www-form-urlencoded" }
}

const contentBody = <E>(
  content: string | Uint8Array | Stream.Stream<Uint8Array, E>,
  place: Place
): MadeBody<BodyFailure<E>> => {
  if (typeof content === "string") return { body: utf8(content) }
  if (content instanceof Uint8Array) return { body: { _tag: "Bytes", bytes: content } }
  if (!isStream(content)) return unmade(place, "content is neither text, bytes nor a Stream")
  const stream = Stream.mapError(content, (error) => bodyError(shown(place), error))
  // The conditional type says that a stream that cannot fail adds no error, which no expression can show.
  return { body: { _tag: "Stream", stream: stream as Stream.Stream<Uint8Array, BodyFailure<E>> } }
}

const bodyError = <E>(request: HttpxError.RequestSummary, error: E): HttpxError.BodyError<E> =>
  new HttpxError.BodyError({
    request,
    phase: "send",
    delivery: "unknown",
    elapsed: 0,
    message: `${request.method} ${request.url}: the request's own body stream failed`,
    cause: error,
    error
  })
