/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The client for code that is not in Effect yet: its operations are promises.
 *
 * When to use: in an application that goes over to Effect part by part, in scripts, in handlers of frameworks that want a
 * promise. In Effect, `Client`: what can fail is in its types, and here it is not.
 *
 * What to know: a promise rejects with the error itself, a leaf of `HttpxError`, so that `error._tag` and
 * `HttpxError.isHttpxError(error)` work in a `catch`. Every call takes a `signal`; after an abort it rejects with the
 * signal's reason, when its connection is released. `close`, or `await using`, ends what still runs (that rejects with
 * `RequestCancelled`) and waits until all sockets are closed. `run` is the way to all that is not here.
 *
 * Gotchas: a client that is never closed keeps its idle connections. A block of `client.parallel()` and a response of
 * `client.stream` hold connections until they are closed: write `await using`, which needs TypeScript 5.2 or a runtime that
 * has it, or call `close` in a `finally`. A signal given to `stream` or `parallel` ends them also after they were opened.
 *
 * @example
 * ```ts
 * import { FetchHttpClient } from "@effect/platform"
 * import { HttpxError, Promises } from "effect-httpx"
 *
 * await using client = await Promises.make(FetchHttpClient.layer, { baseUrl: "https://api.example.com" })
 * try {
 *   const response = await client.get("/users/1", { signal: AbortSignal.timeout(2_000) })
 *   console.log(await response.json())
 * } catch (error) {
 *   if (!HttpxError.isHttpxError(error)) throw error
 *   console.log(error._tag, error.message)
 * }
 * ```
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Client from "./Client.js"
import type { ParallelOptions } from "./Parallel.js"
import { type PromiseParallel, promiseParallel, type WaitOptions } from "./promises/PromiseParallel.js"
import { PromiseResponse } from "./promises/PromiseResponse.js"
import { type Held, Runner } from "./promises/Runner.js"
import { verbs } from "./protocol/verbs.js"
import type * as Request from "./Request.js"
import type { Response } from "./Response.js"

export type {
  PromiseBodySubmit,
  PromiseParallel,
  PromisePending,
  PromiseSubmit,
  WaitOptions
} from "./promises/PromiseParallel.js"
export { PromiseResponse } from "./promises/PromiseResponse.js"

/**
 * The options of any request.
 *
 * @since 0.1.0
 * @category options
 */
export interface PromiseCallOptions extends Request.CallOptions {
  /** Ends the call. Default: none. */
  readonly signal?: AbortSignal | undefined
}

/**
 * The options of a request that may have a body.
 *
 * @since 0.1.0
 * @category options
 */
export type PromiseRequestOptions<E = never> = Request.RequestOptions<E> & Pick<PromiseCallOptions, "signal">

/**
 * A verb without a body: `await client.get(url, options)`. Rejects with an `HttpxError`.
 *
 * @since 0.1.0
 * @category models
 */
export interface PromiseVerb {
  (url: string | URL, options?: PromiseCallOptions | undefined): Promise<PromiseResponse>
}

/**
 * A verb that may have a body: `await client.post(url, { json })`. Rejects with an `HttpxError`, or with the `BodyError` of
 * a body stream.
 *
 * @since 0.1.0
 * @category models
 */
export interface PromiseBodyVerb {
  <E = never>(url: string | URL, options?: PromiseRequestOptions<E> | undefined): Promise<PromiseResponse>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface PromiseClient extends AsyncDisposable {
  readonly get: PromiseVerb
  readonly head: PromiseVerb
  readonly options: PromiseVerb
  readonly post: PromiseBodyVerb
  readonly put: PromiseBodyVerb
  readonly patch: PromiseBodyVerb
  /** DELETE. */
  readonly del: PromiseBodyVerb
  /** Any method, with or without a body. */
  readonly request: <E = never>(
    method: string,
    url: string | URL,
    options?: PromiseRequestOptions<E> | undefined
  ) => Promise<PromiseResponse>
  /** Resolves with the head; the response is open until its body has ended, or it is closed. */
  readonly stream: <E = never>(
    method: string,
    url: string | URL,
    options?: PromiseRequestOptions<E> | undefined
  ) => Promise<PromiseResponse>
  /** Opens a block of requests that run at once; leaving it cancels what still runs, and waits for it. */
  readonly parallel: (options?: (ParallelOptions & WaitOptions) | undefined) => Promise<PromiseParallel>
  /** Runs an effect that uses the client, e.g. one of `Pagination`; rejects with what that fails with. */
  readonly run: <A, E>(
    use: (client: Client.Client) => Effect.Effect<A, E>,
    options?: WaitOptions | undefined
  ) => Promise<A>
  /** Ends what still runs, and waits until all connections are closed. */
  readonly close: () => Promise<void>
}

/**
 * Makes a client over the `HttpClient` of a layer: `Transport.layer()`, `FetchHttpClient.layer`, or any other. Rejects with
 * what the layer fails with. The layer also has what effects among the options need.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = async <R = never, E = never>(
  layer: Layer.Layer<HttpClient.HttpClient | R, E>,
  options?: Client.ClientOptions<R>
): Promise<PromiseClient> => {
  const runner = new Runner(ManagedRuntime.make(Layer.provide(Client.layer<R>(options), layer)))
  try {
    return promiseClient(await runner.run(Client.Client), runner)
  } catch (error) {
    await runner.close()
    throw error
  }
}

const promiseClient = (client: Client.Client, runner: Runner<Client.Client>): PromiseClient => {
  const request: PromiseClient["request"] = async (method, url, options) =>
    new PromiseResponse(await runner.run(client.request(method, url, options), options?.signal))
  const verb =
    (method: string): PromiseBodyVerb =>
    (url, options) =>
      request(method, url, options)
  const close = () => runner.close()
  return {
    ...verbs(verb),
    request,
    stream: async (method, url, options) =>
      new PromiseResponse(await opened(runner.hold(client.stream(method, url, options), closes, options?.signal))),
    parallel: async (options) =>
      promiseParallel(await runner.hold(client.parallel(options), () => Effect.never, options?.signal), runner),
    run: (use, options) =>
      runner.run(
        Effect.suspend(() => use(client)),
        options?.signal
      ),
    close,
    [Symbol.asyncDispose]: close
  }
}

/** A response lets go of itself when it is closed. */
const closes = (response: Response): Effect.Effect<void> => response.awaitClosed

const opened = async (held: Promise<Held<Response>>): Promise<Response> => (await held).value
