/**
 * A request as a value: method, URL as written, fields in their order, a body, and whether that body can be sent twice.
 *
 * When to use: to build a request once and `client.send` it later, or several times. The verbs of `Client` build theirs.
 *
 * What to know: making a request never fails. One that cannot be sent knows why (`problem`), and fails with that, before
 * anything is opened, when it is sent.
 *
 * Gotchas: `send` adds nothing to a request: no base URL, no default fields. Use `Client.request` for those. A body that
 * flows once (a plain `Stream`, a `ReadableStream`, an iterable) is sent once; wanted again, by a second `send`, a redirect
 * or a challenge, it is `StreamConsumed`. Give a function that makes it, and it can be sent as often as is asked for.
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
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import { withBoundaryOf } from "./content/multipartHead.js"
import type { Call } from "./Exchange.js"
import * as HttpxError from "./HttpxError.js"
import type { BasicProblem } from "./protocol/basic.js"
import { Fields, isRemoved } from "./protocol/Fields.js"
import { queryString } from "./protocol/params.js"
import {
  appendQuery,
  authorizationOf,
  isTargetProblem,
  parseTarget,
  type Target,
  type TargetProblem
} from "./protocol/target.js"
import type { TargetParser } from "./protocol/TargetParser.js"
import { bodyOf, emptyBody } from "./request/body.js"
import { needsContext, provided } from "./request/content.js"
import { withCookies } from "./request/cookies.js"
import { type Place, problemDetails, shown, thrown } from "./request/details.js"
import { schemaJson, type SchemaJson, type Stringify } from "./request/json.js"
import type { Body, BodyFailure, CallOptions, RequestOptions } from "./request/RequestOptions.js"
import { noSettings, type Settings, settingsOf, withDefaults } from "./request/Settings.js"

export { Fields, type FieldsInput } from "./protocol/Fields.js"
export type { ParamsInput, ParamValue } from "./protocol/params.js"
export type { CookiesInput, CookieValue } from "./request/cookies.js"
export type { ReadingOptions } from "./request/ReadingOptions.js"
export type { CompressOptions, ContentCoding } from "./request/compression.js"
export type { Content, ContentContext, ContentError, ContentInput } from "./request/content.js"
export type { SchemaJson, Stringify } from "./request/json.js"
export type {
  Body,
  BodyFailure,
  BodyOptions,
  BytesBody,
  CallOptions,
  EmptyBody,
  RequestOptions,
  StreamBody
} from "./request/RequestOptions.js"
export type { TimeoutInput, TimeoutOptions } from "./request/Timeouts.js"

/**
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: unique symbol = Symbol.for("effect-httpx/Request")

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
    /** @internal How it is to be sent. */
    readonly settings: Settings,
    /** The value given to know the request by. */
    readonly tag: unknown,
    /** Why the request cannot be sent, where making it showed that. */
    readonly problem: HttpxError.InvalidRequest | undefined,
    /** The run that this request belongs to, once it is being sent: a transport tells it what it has open. */
    readonly call: Call | undefined
  ) {}

  /** Where the request goes, or why it can go nowhere. */
  get target(): Target | HttpxError.InvalidRequest {
    return (this.parsed ??= targetOf(this, parseTarget(this.url)))
  }

  /** @internal The same, found by who knows where the requests before went. */
  targetBy(parser: TargetParser): Target | HttpxError.InvalidRequest {
    return (this.parsed ??= targetOf(this, parser.parse(this.url)))
  }

  /** Whether the request can be sent a second time: a redirect or a challenge may ask for that. */
  get isRepeatable(): boolean {
    return this.body._tag !== "Stream" || this.body.isRepeatable
  }

  /** What errors show of the request. */
  get summary(): HttpxError.RequestSummary {
    const summary = shown(this)
    return this.tag === undefined ? summary : { ...summary, tag: this.tag }
  }

  /** @internal What a response remembers: the request as it was sent, without its run and without its body. */
  get sent(): Request<unknown> {
    if (this.body._tag === "Empty" && this.given !== undefined) return this.given
    const { headers, method, problem, settings, tag, url } = this
    const request = new Request(method, url, headers, emptyBody, settings, tag, problem, undefined)
    request.parsed = this.parsed
    return request
  }

  /** The same request with other fields. */
  withHeaders(headers: Fields): Request<E> {
    const { body, call, method, problem, settings, tag, url } = this
    const request = new Request(method, url, headers, body, settings, tag, problem, call)
    request.parsed = this.parsed
    return request
  }

  /** The same request with another body; its fields stay as they are. */
  withBody<E2>(body: Body<E2>): Request<E2> {
    return new Request(this.method, this.url, this.headers, body, this.settings, this.tag, this.problem, this.call)
  }

  /** @internal The same request at another place, unless it knows already why it cannot be sent. */
  over(url: string, urlProblem: string | undefined, headers: Fields, defaults: Settings): Request<E> {
    const user = userOf(url, headers)
    const problem =
      this.problem ??
      (urlProblem === undefined
        ? userProblem(this, user)
        : new HttpxError.InvalidUrl(problemDetails(this.summary, urlProblem)))
    const { body, call, method, tag } = this
    const settings = withDefaults(this.settings, defaults)
    return new Request(method, url, withUser(headers, user), body, settings, tag, problem, call)
  }

  /** @internal The same request as part of a run. */
  as(call: Call): Request<E> {
    const { body, headers, method, settings, tag, url } = this
    const user = userOf(url, headers)
    const problem = this.problem ?? userProblem(this, user)
    const request = new Request(method, url, withUser(headers, user), body, settings, tag, problem, call)
    // Parsed by each run, and not remembered here: what waits in a queue for long would keep that alive.
    request.parsed = this.parsed
    if (request.headers === this.headers) request.given = this
    return request
  }

  /** @internal The same request for who gives it another Authorization than its own, or than the user of its URL asks for. */
  get withoutAuthorization(): Request<E> {
    const { body, call, method, problem, settings, tag, url } = this
    const headers = this.headers.has("authorization") ? this.headers.remove("authorization") : this.headers
    if (!Predicate.isTagged(problem?.cause, "BasicProblem"))
      return headers === this.headers ? this : this.withHeaders(headers)
    return new Request(method, url, headers, body, settings, tag, undefined, call)
  }

  /** @internal What a redirect makes of it. Its target as sent was one for the place before. */
  redirected(method: string, url: string, headers: Fields, bodyDropped: boolean): Request<E> {
    const { body, call, tag } = this
    const settings = { ...this.settings, target: undefined }
    return new Request(method, url, headers, bodyDropped ? emptyBody : body, settings, tag, undefined, call)
  }

  /** @internal The same request, not part of any run. */
  get apart(): Request<E> {
    const { body, headers, method, problem, settings, tag, url } = this
    return new Request(method, url, headers, body, settings, tag, problem, undefined)
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

/** What the user and password of a URL are to be sent as: Basic authorization, unless the fields have one. */
const userOf = (url: string, headers: Fields): string | BasicProblem | undefined => {
  const authorization = authorizationOf(url)
  return authorization === undefined || headers.has("authorization") ? undefined : authorization
}

const withUser = (headers: Fields, user: string | BasicProblem | undefined): Fields =>
  typeof user === "string" ? headers.append("Authorization", user) : headers

/** Its cause is how `withoutAuthorization` knows it. */
const userProblem = (
  request: Request<unknown>,
  user: string | BasicProblem | undefined
): HttpxError.InvalidUrl | undefined => {
  if (user === undefined || typeof user === "string") return undefined
  const what = `the URL asks for Basic authorization, but ${user.message}`
  return new HttpxError.InvalidUrl(problemDetails(request.summary, what, user))
}

const targetOf = (request: Request<unknown>, target: Target | TargetProblem): Target | HttpxError.InvalidRequest => {
  if (!isTargetProblem(target)) return target
  const details = problemDetails(request.summary, target.message)
  return target._tag === "Invalid" ? new HttpxError.InvalidUrl(details) : new HttpxError.UnsupportedProtocol(details)
}

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
): Request<BodyFailure<E>> => {
  try {
    return build(method, String(url), undefined, Fields.from(options?.headers), options)
  } catch (cause) {
    return unmade(method, url, cause)
  }
}

/** @internal A request whose options have getters, generators or proxies that threw. */
export const unmade = (method: string, url: string | URL, cause: unknown): Request => {
  const place = { method: String(method), url: typeof url === "string" ? url : "" }
  const details = problemDetails(shown(place), `an option of the request threw: ${thrown(cause)}`, cause)
  const problem = new HttpxError.LocalProtocolError(details)
  return new Request(place.method, place.url, Fields.empty, emptyBody, noSettings, undefined, problem, undefined)
}

/** @internal */
export const build = <E>(
  method: string,
  url: string,
  /** What is wrong with the URL already. */
  urlProblem: string | undefined,
  headers: Fields,
  options: RequestOptions<E> | undefined,
  /** A client's, where the options say nothing. */
  defaults: Settings = noSettings,
  stringify?: Stringify | undefined
): Request<BodyFailure<E>> => {
  const written = String(method)
  const name = commonMethod.test(written) ? written.toUpperCase() : written
  const query = options?.params === undefined || options.params === null ? "" : queryString(options.params)
  const whole = typeof query === "string" ? appendQuery(url, query) : url
  const place = { method: name, url: whole }
  const made = bodyOf(options, place, stringify, headers)
  const carried = withCookies(headers, options?.cookies)
  const fields = typeof carried === "string" ? headers : carried
  const problem = urlProblem ?? (typeof query === "string" ? undefined : query.message)
  return new Request(
    name,
    whole,
    made.contentType === undefined ? fields : typed(fields, made.contentType, options),
    made.body,
    settingsOf(options, defaults),
    options?.tag,
    problem === undefined
      ? (made.problem ?? cookieProblem(carried, place))
      : new HttpxError.InvalidUrl(problemDetails(shown(place), problem)),
    undefined
  )
}

const cookieProblem = (carried: Fields | string, place: Place): HttpxError.LocalProtocolError | undefined =>
  typeof carried === "string" ? new HttpxError.LocalProtocolError(problemDetails(shown(place), carried)) : undefined

/** The type of the body, unless the caller has another, or wants none. */
const typed = (headers: Fields, contentType: string, options: CallOptions | undefined): Fields => {
  const given = headers.get("content-type")
  if (given === undefined) {
    return isRemoved(options?.headers, "content-type") ? headers : headers.append("Content-Type", contentType)
  }
  const whole = withBoundaryOf(contentType, given)
  return whole === given ? headers : headers.set("Content-Type", whole)
}

/**
 * @internal Gives a body stream the context of whoever sends the request; only a stream needs one.
 */
export const inContext = <E, R, A, E2, R2>(
  options: RequestOptions<E, R> | undefined,
  run: (options: RequestOptions<E> | undefined) => Effect.Effect<A, E2, R2>
): Effect.Effect<A, E2, R | R2> => {
  // No stream, so nothing that R could belong to.
  if (!needsContext(options?.content)) return run(options as RequestOptions<E> | undefined)
  return Effect.contextWithEffect((context: Context.Context<R>) => run(providedOptions(options!, context)))
}

/** @internal The same options with a body that needs nothing any more. */
export const providedOptions = <E, R>(options: RequestOptions<E, R>, context: Context.Context<R>): RequestOptions<E> =>
  options.content === undefined ? options : { ...options, content: provided(options.content, context) }

/**
 * A stream that gives the same bytes each time that it is run, as content that can be sent again.
 *
 * @since 0.1.0
 * @category content
 */
export const repeatable =
  <E, R>(stream: Stream.Stream<Uint8Array, E, R>): (() => Stream.Stream<Uint8Array, E, R>) =>
  () =>
    stream

/**
 * A value for `json` that is encoded by a schema. One that does not fit makes a request that fails with
 * `LocalProtocolError` before anything is sent; its message says where it does not fit, and shows no value.
 *
 * @since 0.1.0
 * @category content
 */
export const jsonOf =
  <A, I>(schema: Schema.Schema<A, I>) =>
  (value: A): SchemaJson =>
    schemaJson(schema, value)

// `patch` is not upper-cased by fetch, which surprises everybody once.
const commonMethod = /^(get|head|options|post|put|patch|delete)$/i

/** @internal The error of a request that HTTP cannot carry. */
export const unsendable = (request: Request<unknown>, what: string): HttpxError.LocalProtocolError =>
  new HttpxError.LocalProtocolError(problemDetails(request.summary, what))
