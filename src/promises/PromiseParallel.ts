/// <reference lib="esnext.disposable" preserve="true" />
/**
 * A parallel block whose operations are promises.
 */
import type * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Client from "../Client.js"
import type * as Parallel from "../Parallel.js"
import { verbs } from "../protocol/verbs.js"
import type * as Request from "../Request.js"
import type { Response } from "../Response.js"
import { PromiseResponse } from "./PromiseResponse.js"
import { type Held, type Runner, settled } from "./Runner.js"

/**
 * @since 0.1.0
 * @category options
 */
export interface WaitOptions {
  /** Ends the wait, and not the request. Default: none. */
  readonly signal?: AbortSignal | undefined
}

/**
 * The handle of a request in a block.
 *
 * @since 0.1.0
 * @category models
 */
export interface PromisePending {
  /** Its answer, as often as it is asked for. Asking claims it: `nextResponse` will not give it out. */
  readonly getResponse: (options?: WaitOptions | undefined) => Promise<PromiseResponse>
  /** Ends it, and waits until what it held is released. */
  readonly cancel: () => Promise<void>
  /** The tag that was given with the request. */
  readonly tag: unknown
}

/**
 * Submits a request without a body.
 *
 * @since 0.1.0
 * @category models
 */
export interface PromiseSubmit {
  (url: string | URL, options?: Request.CallOptions | undefined): Promise<PromisePending>
}

/**
 * Submits a request that may have a body.
 *
 * @since 0.1.0
 * @category models
 */
export interface PromiseBodySubmit {
  <E = never>(url: string | URL, options?: Request.RequestOptions<E> | undefined): Promise<PromisePending>
}

/**
 * A block of requests that run at once. `for await` gives all answers in the order of completion, until none is pending.
 *
 * @since 0.1.0
 * @category models
 */
export interface PromiseParallel extends AsyncIterable<PromiseResponse>, AsyncDisposable {
  readonly get: PromiseSubmit
  readonly head: PromiseSubmit
  readonly options: PromiseSubmit
  readonly post: PromiseBodySubmit
  readonly put: PromiseBodySubmit
  readonly patch: PromiseBodySubmit
  readonly del: PromiseBodySubmit
  readonly request: <E = never>(
    method: string,
    url: string | URL,
    options?: Request.RequestOptions<E> | undefined
  ) => Promise<PromisePending>
  /** The next answer in the order of completion that nobody has claimed; rejects with that request's error. */
  readonly nextResponse: (options?: WaitOptions | undefined) => Promise<PromiseResponse>
  /** Whether there are requests that nobody has claimed or cancelled, finished or not. */
  readonly hasPendingResponses: () => Promise<boolean>
  /** Leaves the block: cancels what still runs, and waits until its connections are released. */
  readonly close: () => Promise<void>
}

/** The block of a client, while it is held. */
export const promiseParallel = (
  { release, value: block }: Held<Parallel.Parallel>,
  runner: Runner<Client.Client>
): PromiseParallel => {
  const submit = async <E>(submitted: Effect.Effect<Parallel.Pending<Response, E>>): Promise<PromisePending> =>
    promisePending(await runner.run(submitted))
  const request: PromiseParallel["request"] = (method, url, options) => submit(block.request(method, url, options))
  const verb =
    (method: string): PromiseBodySubmit =>
    (url, options) =>
      request(method, url, options)
  return {
    ...verbs(verb),
    request,
    nextResponse: async (options) => new PromiseResponse(await settled(block.nextResponse, options?.signal)),
    hasPendingResponses: () => settled(block.hasPendingResponses),
    close: release,
    [Symbol.asyncIterator]: () => responsesOf(block),
    [Symbol.asyncDispose]: release
  }
}

const promisePending = <E>(pending: Parallel.Pending<Response, E>): PromisePending => ({
  getResponse: async (options) => new PromiseResponse(await settled(pending.getResponse, options?.signal)),
  cancel: () => settled(pending.cancel),
  tag: pending.tag
})

async function* responsesOf(block: Parallel.Parallel): AsyncGenerator<PromiseResponse, void, void> {
  for (;;) {
    const next = await settled(block.nextResponseOption)
    if (Option.isNone(next)) return
    yield new PromiseResponse(next.value)
  }
}
