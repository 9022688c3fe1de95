/**
 * The front door: a client with verbs, a base URL, default fields and a timeout, over any `HttpClient` layer.
 *
 * When to use: `Client.layer(options)` for the application's client, then `Client.get(url)` anywhere below it. For several
 * clients, one tag each over `Client.make(options)`.
 *
 * What to know: `get` and its siblings read the body to its end and free the connection before they succeed. `stream`
 * is scoped: its response is open until it is read, closed, or the scope ends. A status is no failure:
 * `response.raiseForStatus` makes it one.
 *
 * Gotchas: provide `Transport.layer()` around all that uses a client, not around `Client.make` alone, or the pool closes
 * as soon as the client is made. `params` are appended to the URL's own query, they never replace it. A body on `get` does
 * not type-check: use `request("GET", …)` if a server wants one.
 *
 * @example
 * ```ts
 * import { Client } from "effect-httpx"
 * import { Transport } from "effect-httpx/node"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const response = yield* Client.get("/users", { params: { page: 2 } })
 *   return yield* response.json
 * })
 *
 * program.pipe(
 *   Effect.provide(Client.layer({ baseUrl: "https://api.example.com/v1" })),
 *   Effect.provide(Transport.layer())
 * )
 * ```
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { ClientOptions } from "./client/ClientOptions.js"
import { policiesOf } from "./client/policiesOf.js"
import { asOpenCall, asReadCall, type Wire } from "./Exchange.js"
import type * as HttpxError from "./HttpxError.js"
import type * as Parallel from "./Parallel.js"
import { accessorsOf } from "./parallel/accessors.js"
import type { BlockClient } from "./parallel/BlockClient.js"
import * as gather from "./parallel/gather.js"
import { openingOf } from "./parallel/opening.js"
import { compression } from "./policy/Compression.js"
import { Defaults } from "./policy/Defaults.js"
import { withPolicies } from "./policy/order.js"
import { apply } from "./policy/Policy.js"
import { Fields } from "./protocol/Fields.js"
import * as Request from "./Request.js"
import { verbs } from "./protocol/verbs.js"
import type { Response } from "./Response.js"
import { wireOf } from "./transport/platform/FromPlatform.js"
import { fromHttpClientRequest } from "./transport/platform/platformRequest.js"
import { toHttpClient } from "./transport/platform/ToPlatform.js"

export type { ClientOptions } from "./client/ClientOptions.js"
export { defaultHeaders } from "./policy/Defaults.js"

/**
 * A verb without a body: `client.get(url, options)`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Verb {
  (url: string | URL, options?: Request.CallOptions | undefined): Effect.Effect<Response, HttpxError.HttpxError>
}

/**
 * A verb that may have a body: `client.post(url, { json })`.
 *
 * @since 0.1.0
 * @category models
 */
export interface BodyVerb {
  <E = never, R = never>(
    url: string | URL,
    options?: Request.RequestOptions<E, R> | undefined
  ): Effect.Effect<Response, HttpxError.HttpxError | Request.BodyFailure<E>, R>
}

/**
 * Sends a request as it is: one of ours, or one of the platform's, whose body's error has no type.
 *
 * @since 0.1.0
 * @category models
 */
export interface Send {
  <E>(request: Request.Request<E>): Effect.Effect<Response, HttpxError.HttpxError | E>
  (
    request: HttpClientRequest.HttpClientRequest
  ): Effect.Effect<Response, HttpxError.HttpxError | HttpxError.BodyError<unknown>>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Client {
  readonly get: Verb
  readonly head: Verb
  readonly options: Verb
  readonly post: BodyVerb
  readonly put: BodyVerb
  readonly patch: BodyVerb
  /** DELETE. */
  readonly del: BodyVerb
  /** Any method, with or without a body. */
  readonly request: <E = never, R = never>(
    method: string,
    url: string | URL,
    options?: Request.RequestOptions<E, R> | undefined
  ) => Effect.Effect<Response, HttpxError.HttpxError | Request.BodyFailure<E>, R>
  /** Makes the request that `request` would send, for `send`: with base URL, default fields, parameters and timeout. */
  readonly build: <E = never>(
    method: string,
    url: string | URL,
    options?: Request.RequestOptions<E> | undefined
  ) => Request.Request<Request.BodyFailure<E>>
  /** Sends a request as it is, ours or the platform's: no base URL, no default fields, no default timeout. Reads the body. */
  readonly send: Send
  /** Succeeds with the head; the body is open until it is read, closed, or the scope ends. */
  readonly stream: <E = never, R = never>(
    method: string,
    url: string | URL,
    options?: Request.RequestOptions<E, R> | undefined
  ) => Effect.Effect<Response, HttpxError.HttpxError | Request.BodyFailure<E>, R | Scope.Scope>
  /**
   * Opens a block of requests that run at once; leaving its scope cancels what still runs, and waits for it. `parallel.use`
   * is the same around an effect, `parallel.over` for inputs of any length.
   */
  readonly parallel: Parallel.Opening
  /** Several requests at once, a list or a record: all of their answers, in the same shape. */
  readonly all: Parallel.All
  /** Several requests at once: the first answer, whatever its status; the others are ended. */
  readonly race: Parallel.Race
}

/**
 * The tag of an application's one client.
 *
 * @since 0.1.0
 * @category tags
 */
export const Client: Context.Tag<Client, Client> = Context.GenericTag<Client>("effect-httpx/Client")

/**
 * Makes a client over the `HttpClient` of the context: ours (`Transport.layer`), or any other.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <R = never>(
  options: ClientOptions<R> = {}
): Effect.Effect<Client, never, HttpClient.HttpClient | R> => Effect.map(outfitFor(options), fromOutfit)

/** What a client is made of. */
interface Outfit {
  readonly wire: Wire
  readonly defaults: Defaults
}

/** The wire of the context, with the policies of the options in front. */
const outfitFor = <R>(options: ClientOptions<R>): Effect.Effect<Outfit, never, HttpClient.HttpClient | R> =>
  Effect.contextWith((context: Context.Context<HttpClient.HttpClient | R>) => {
    const wire = wireOf(Context.get(context, HttpClient.HttpClient))
    const defaults = new Defaults(wire, options)
    const policies = policiesOf(options, defaults.headers, context)
    return { wire: apply(compression(wire.encoders), withPolicies(wire, policies)), defaults }
  })

/**
 * The client of an application, over the `HttpClient` of the context.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <R = never>(options?: ClientOptions<R>): Layer.Layer<Client, never, HttpClient.HttpClient | R> =>
  Layer.effect(Client, make(options))

/**
 * The same with options from `Config`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = <R = never>(
  options: Config.Config.Wrap<ClientOptions<R>>
): Layer.Layer<Client, ConfigError, HttpClient.HttpClient | R> =>
  Layer.effect(
    Client,
    Effect.flatMap(Config.unwrap(options), (options) => make(options))
  )

/**
 * A client as the platform's `HttpClient`: for HttpApiClient, RpcClient and all that is written against that tag. Base
 * URL, default fields, parameters and timeout of the options hold for requests made there too.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerHttpClient = <R = never>(
  options: ClientOptions<R> = {}
): Layer.Layer<HttpClient.HttpClient, never, HttpClient.HttpClient | R> =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(outfitFor(options), ({ defaults, wire }) => toHttpClient(apply(defaults.policy, wire), Fields.empty))
  )

const fromOutfit = ({ defaults, wire }: Outfit): Client => {
  const { exchange } = wire
  const build: Client["build"] = (method, url, options) => defaults.request(method, url, options)
  const sendOwn = <E>(request: Request.Request<E>) => asReadCall(request, exchange<E>)
  const request: Client["request"] = (method, url, options) =>
    Request.inContext(options, (options) => sendOwn(build(method, url, options)))
  function send<E>(request: Request.Request<E>): Effect.Effect<Response, HttpxError.HttpxError | E>
  function send(
    request: HttpClientRequest.HttpClientRequest
  ): Effect.Effect<Response, HttpxError.HttpxError | HttpxError.BodyError<unknown>>
  function send<E>(request: Request.Request<E> | HttpClientRequest.HttpClientRequest) {
    // @effect-diagnostics-next-line missingEffectError:off -- one overload's errors are compared with those of all
    return sendOwn<E | HttpxError.BodyError<unknown>>(
      Request.isRequest(request) ? request : fromHttpClientRequest(request)
    )
  }
  const verb =
    (method: string): BodyVerb =>
    (url, options) =>
      request(method, url, options)
  const forBlocks: BlockClient = {
    build,
    send: sendOwn,
    open: (request, hold) => asOpenCall(request, exchange, hold),
    start: wire.start,
    connections: wire.connections
  }
  return {
    ...verbs(verb),
    request,
    build,
    send,
    stream: (method, url, options) =>
      Request.inContext(options, (options) => asOpenCall(build(method, url, options), exchange, closeWithScope)),
    parallel: openingOf(forBlocks),
    all: gather.all(forBlocks),
    race: gather.race(forBlocks)
  }
}

const closeWithScope = (response: Response): Effect.Effect<Response, never, Scope.Scope> =>
  Effect.as(
    Effect.addFinalizer(() => response.close),
    response
  )

/** The application's client, asked at the time of the call. */
const withClient = <A, E, R>(use: (client: Client) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R | Client> =>
  Effect.flatMap(Client, use)

/**
 * `client.get` of the application's client: GET, read to its end.
 *
 * @since 0.1.0
 * @category accessors
 */
export const get = (url: string | URL, options?: Request.CallOptions | undefined) =>
  withClient((client) => client.get(url, options))

/**
 * `client.head` of the application's client: HEAD, read to its end.
 *
 * @since 0.1.0
 * @category accessors
 */
export const head = (url: string | URL, options?: Request.CallOptions | undefined) =>
  withClient((client) => client.head(url, options))

/**
 * `client.options` of the application's client: OPTIONS, read to its end.
 *
 * @since 0.1.0
 * @category accessors
 */
export const options = (url: string | URL, options?: Request.CallOptions | undefined) =>
  withClient((client) => client.options(url, options))

/**
 * `client.post` of the application's client: POST, with or without a body.
 *
 * @since 0.1.0
 * @category accessors
 */
export const post = <E = never, R = never>(url: string | URL, options?: Request.RequestOptions<E, R> | undefined) =>
  withClient((client) => client.post(url, options))

/**
 * `client.put` of the application's client: PUT, with or without a body.
 *
 * @since 0.1.0
 * @category accessors
 */
export const put = <E = never, R = never>(url: string | URL, options?: Request.RequestOptions<E, R> | undefined) =>
  withClient((client) => client.put(url, options))

/**
 * `client.patch` of the application's client: PATCH, with or without a body.
 *
 * @since 0.1.0
 * @category accessors
 */
export const patch = <E = never, R = never>(url: string | URL, options?: Request.RequestOptions<E, R> | undefined) =>
  withClient((client) => client.patch(url, options))

/**
 * `client.del` of the application's client: DELETE, with or without a body.
 *
 * @since 0.1.0
 * @category accessors
 */
export const del = <E = never, R = never>(url: string | URL, options?: Request.RequestOptions<E, R> | undefined) =>
  withClient((client) => client.del(url, options))

/**
 * `client.request` of the application's client: any method.
 *
 * @since 0.1.0
 * @category accessors
 */
export const request = <E = never, R = never>(
  method: string,
  url: string | URL,
  options?: Request.RequestOptions<E, R> | undefined
) => withClient((client) => client.request(method, url, options))

/**
 * `client.send` of the application's client: a request as it is.
 *
 * @since 0.1.0
 * @category accessors
 */
export function send<E>(request: Request.Request<E>): Effect.Effect<Response, HttpxError.HttpxError | E, Client>
export function send(
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<Response, HttpxError.HttpxError | HttpxError.BodyError<unknown>, Client>
export function send<E>(request: Request.Request<E> | HttpClientRequest.HttpClientRequest) {
  // @effect-diagnostics-next-line missingEffectError:off -- one overload's errors are compared with those of all
  return withClient<Response, HttpxError.HttpxError | HttpxError.BodyError<unknown> | E, never>((client) =>
    Request.isRequest(request) ? client.send(request) : client.send(request)
  )
}

/**
 * `client.stream` of the application's client: the body is open until it is read, closed, or the scope ends.
 *
 * @since 0.1.0
 * @category accessors
 */
export const stream = <E = never, R = never>(
  method: string,
  url: string | URL,
  options?: Request.RequestOptions<E, R> | undefined
) => withClient((client) => client.stream(method, url, options))

const many = accessorsOf(Client)

/**
 * `client.parallel` of the application's client: a block of requests that run at once.
 *
 * @since 0.1.0
 * @category accessors
 */
export const parallel: Parallel.Opening<Client> = many.parallel

/**
 * `client.all` of the application's client: several requests at once, and all of their answers.
 *
 * @since 0.1.0
 * @category accessors
 */
export const all: Parallel.All<Client> = many.all

/**
 * `client.race` of the application's client: several requests at once, and the first answer.
 *
 * @since 0.1.0
 * @category accessors
 */
export const race: Parallel.Race<Client> = many.race
