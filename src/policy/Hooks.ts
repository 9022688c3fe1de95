/**
 * Effects of the caller's around every message: what a request looks like just before it is sent, what a response looks
 * like when its head has come.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Tracer from "effect/Tracer"
import { asCall, type Call, type Exchange } from "../Exchange.js"
import * as HttpxError from "../HttpxError.js"
import { type Request, isRequest } from "../Request.js"
import { problemOf } from "../request/problem.js"
import { noSettings } from "../request/Settings.js"
import { limitsOf } from "../request/Timeouts.js"
import type { Response } from "../Response.js"
import type { Policy } from "./Policy.js"
import { refusing } from "./refusing.js"

/**
 * Runs before each request is sent, redirected and repeated ones too, with its final fields. May give another to be sent
 * in its place. `B` is the error of the request's body.
 *
 * @since 0.1.0
 * @category models
 */
export type RequestHook<E = unknown, R = never> = <B>(request: Request<B>) => Effect.Effect<Request<B> | void, E, R>

/**
 * Runs when the head of each answer has come, before its body is read and before anything is decided by it.
 *
 * @since 0.1.0
 * @category models
 */
export type ResponseHook<E = unknown, R = never> = (response: Response) => Effect.Effect<unknown, E, R>

/**
 * `R` is what the hooks need.
 *
 * @since 0.1.0
 * @category options
 */
export interface HooksOptions<out R = never> {
  /** In their order; each is given what the one before it has left. Default: none. */
  readonly request?: RequestHook<unknown, R> | ReadonlyArray<RequestHook<unknown, R>> | undefined
  /** In their order. Default: none. */
  readonly response?: ResponseHook<unknown, R> | ReadonlyArray<ResponseHook<unknown, R>> | undefined
}

/** What a failing hook makes the call fail with. */
export type HookFailure = (error: unknown, request: Request<unknown>, call: Call, side: Side) => unknown

type Side = "request" | "response"

/** Hooks that need nothing that is not there when they run. */
interface Around {
  readonly request: ReadonlyArray<RequestHook<unknown, unknown>>
  readonly response: ReadonlyArray<ResponseHook<unknown, unknown>>
  readonly failure: HookFailure
}

/** The hooks of a client; they run in the context that it was made in. `undefined` if there are none. */
export const clientHooks = <R>(
  options: HooksOptions<R> | undefined,
  context: Context.Context<R>
): Policy | undefined => {
  const request = listed<RequestHook<unknown, R>>(options?.request)
  const response = listed<ResponseHook<unknown, R>>(options?.response)
  if (request.length === 0 && response.length === 0) return undefined
  if (!areHooks([...request, ...response])) return refusing(noHook)
  // The span that a hook belongs to is the caller's.
  const own = Context.omit(Tracer.ParentSpan)(context) as Context.Context<R>
  return hooks({
    request: request.map(
      (hook): RequestHook =>
        (request) =>
          Effect.provide(hook(request), own)
    ),
    response: response.map(
      (hook): ResponseHook =>
        (response) =>
          Effect.provide(hook(response), own)
    ),
    failure: hookError
  })
}

/** Hooks as a policy. What they need is in the fiber that sends. */
export const hooks = (around: Around): Policy =>
  areHooks([...around.request, ...around.response]) ? running(around) : refusing(noHook)

const areHooks = (given: ReadonlyArray<unknown>): boolean => given.every((hook) => typeof hook === "function")

const noHook = "a hook is no function"

const running = (around: Around): Policy => ({
  exchange: (exchange) => {
    const hooked: Exchange = (request) => {
      const { call } = request
      if (call === undefined) return asCall(request, hooked)
      // One that cannot be sent is no message.
      if (problemOf(request) !== undefined) return exchange(request)
      if (around.response.length > 0) call.wantsHead = true
      return Effect.flatMap(prepared(around, request, call), (sent) =>
        Effect.flatMap(exchange(sent), (response) => announced(around, sent, call, response))
      )
    }
    return hooked
  }
})

/** The request as the hooks leave it. */
const prepared = <B>(around: Around, request: Request<B>, call: Call): Effect.Effect<Request<B>, never> =>
  around.request.reduce(
    (before, hook) =>
      Effect.flatMap(before, (request) =>
        Effect.map(run(around, hook, request, request, call, "request"), (given) =>
          isRequest(given) ? inPlaceOf(given, request, call) : request
        )
      ),
    Effect.succeed(request)
  )

/** A request that was made without this call joins it, with the call's timeouts where it gives none. */
const inPlaceOf = <B>(given: Request<B>, { settings }: Request<B>, call: Call): Request<B> => {
  if (given.call === call) return given
  const defaults = { ...noSettings, timeouts: settings.timeouts }
  return given.over(given.url, undefined, given.headers, defaults).as(call)
}

/** The response, when all hooks have seen it. */
const announced = (
  around: Around,
  request: Request<unknown>,
  call: Call,
  response: Response
): Effect.Effect<Response, never> =>
  around.response.reduce(
    (before, hook) =>
      Effect.zipLeft(
        before,
        Effect.catchAllCause(run(around, hook, response, request, call, "response"), (cause) =>
          Effect.zipRight(response.close, Effect.failCause(cause))
        )
      ),
    Effect.succeed(response)
  )

/** Runs a hook no longer than the call may take. One that throws is a defect, as anywhere in an effect. */
const run = <M, A>(
  { failure }: Around,
  hook: (message: M) => Effect.Effect<A, unknown, unknown>,
  message: M,
  request: Request<unknown>,
  call: Call,
  side: Side
): Effect.Effect<A, never> => {
  const effect = Effect.mapError(
    Effect.suspend(() => hook(message)),
    (error) => failure(error, request, call, side)
  )
  const limit = limitsOf(request.settings.timeouts).total
  const timed =
    limit === undefined
      ? effect
      : Effect.timeoutFail(effect, {
          duration: Math.max(0, limit - call.elapsed),
          onTimeout: () => overdue(request, call, side, limit)
        })
  // What a hook needs is given to it, or is in the fiber; what it fails with, in the type of whoever put it there. An
  // exchange names neither.
  return timed as Effect.Effect<A, never>
}

const listed = <H>(given: H | ReadonlyArray<H> | undefined): ReadonlyArray<H> =>
  given === undefined ? [] : Array.isArray(given) ? given : [given as H]

const hookError: HookFailure = (cause, request, call, side) =>
  new HttpxError.HookError({ ...details(request, call, side, `a ${side} hook failed${because(cause)}`), cause })

const because = (error: unknown): string => (error instanceof Error && error.message !== "" ? `: ${error.message}` : "")

const overdue = (request: Request<unknown>, call: Call, side: Side, limit: number): HttpxError.TotalTimeout => {
  const what = `the call took longer than its timeout of ${limit} ms, in a ${side} hook`
  return new HttpxError.TotalTimeout({ ...details(request, call, side, what), limit })
}

const details = ({ summary }: Request<unknown>, { elapsed }: Call, side: Side, what: string): HttpxError.Details => ({
  request: summary,
  phase: side === "request" ? "prepare" : "read",
  delivery: side === "request" ? "unsent" : "answered",
  elapsed,
  message: `${summary.method} ${summary.url}: ${what}`
})
