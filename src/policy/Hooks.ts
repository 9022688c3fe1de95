/**
 * Effects of the caller's around every message: what a request looks like just before it is sent, what a response looks
 * like when its head has come.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type { Request } from "../Request.js"
import type { Response } from "../Response.js"

/**
 * Runs before each request is sent, redirected and repeated ones too, with its final fields. May give another to be sent
 * in its place.
 *
 * @since 0.1.0
 * @category models
 */
export type RequestHook<R = never> = <E>(request: Request<E>) => Effect.Effect<Request<E> | void, unknown, R>

/**
 * Runs when the head of each answer has come, before its body is read and before anything is decided by it.
 *
 * @since 0.1.0
 * @category models
 */
export type ResponseHook<R = never> = (response: Response) => Effect.Effect<void, unknown, R>

/**
 * @since 0.1.0
 * @category options
 */
export interface HooksOptions<out R = never> {
  /** In their order. Default: none. */
  readonly request?: RequestHook<R> | ReadonlyArray<RequestHook<R>> | undefined
  /** In their order. Default: none. */
  readonly response?: ResponseHook<R> | ReadonlyArray<ResponseHook<R>> | undefined
}
