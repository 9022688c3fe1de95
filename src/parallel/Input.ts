/**
 * What a request can be made from, where many are given at once.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Request from "../Request.js"

/**
 * A request for `parallel.over`, `all` and `race`: a URL to GET, a record of method (default: GET), URL and options, or a
 * request that was made before, which is sent as it is.
 *
 * @since 0.1.0
 * @category models
 */
export type RequestInput<E = never, R = never> =
  | string
  | URL
  | Request.Request<E>
  | ({ readonly method?: string | undefined; readonly url: string | URL } & Request.RequestOptions<E, R>)

/** Any of them: what it fails with and needs on account of its body is found in its type. */
export type AnyRequestInput = RequestInput<unknown, unknown>

/**
 * What a request made from this can fail with on account of its own body.
 *
 * @since 0.1.0
 * @category models
 */
export type InputFailure<I> =
  I extends Request.Request<infer E>
    ? E
    : I extends { readonly content: infer C }
      ? Request.BodyFailure<Request.ContentError<C>>
      : never

/**
 * What the body of a request made from this needs.
 *
 * @since 0.1.0
 * @category models
 */
export type InputContext<I> = I extends { readonly content: infer C } ? Request.ContentContext<C> : never

/** How a client makes a request: with its base URL and default fields. */
export type Build = <E>(
  method: string,
  url: string | URL,
  options: Request.RequestOptions<E> | undefined
) => Request.Request<Request.BodyFailure<E>>

/** What the bodies of inputs need; their caller has it in the type, each input has not. */
export const contextOf = <I>(): Effect.Effect<Context.Context<unknown>, never, InputContext<I>> =>
  Effect.map(Effect.context<InputContext<I>>(), (context) => context as Context.Context<unknown>)

/** Makes the request, its body stream in the context of whoever gave it. */
export const requestOf = (
  build: Build,
  input: AnyRequestInput,
  context: Context.Context<unknown>
): Request.Request<unknown> => {
  if (typeof input === "string" || input instanceof URL) return build<never>("GET", input, undefined)
  if (Request.isRequest(input)) return input
  const { method = "GET", url } = input
  return build<unknown>(method, url, Request.providedOptions(input, context))
}
