/**
 * The pipeline's one type. Who moves bytes is an exchange, a policy takes one and gives one, and a client is one with
 * verbs in front.
 *
 * When to use: to write a policy or a transport. An application calls a `Client`.
 *
 * What to know: on success the receiver owns the response, and reads it to its end or closes it; on failure or
 * interruption nothing stays open. Ownership rather than a `Scope`, because one scope with one finalizer costs more than
 * a whole request on the wire.
 *
 * @example
 * ```ts
 * import { Exchange } from "effect-httpx"
 * import { Effect } from "effect"
 *
 * // A policy: config first, exchange second, exchange out.
 * const logged = (prefix: string) => (exchange: Exchange.Exchange): Exchange.Exchange => (request) =>
 *   Effect.tap(exchange(request), (response) => Effect.log(`${prefix} ${request.method} ${response.status}`))
 * ```
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import type { Decoders } from "./content/ContentEncoding.js"
import type { Encoders } from "./content/Encoders.js"
import type { HttpxError, Phase, ReadFailure } from "./HttpxError.js"
import type { Request } from "./Request.js"
import type { Response } from "./Response.js"
import { clockOf, now } from "./transport/Timer.js"

/**
 * One request to one response. `E` is the error of the request's own body stream.
 *
 * @since 0.1.0
 * @category models
 */
export type Exchange = <E>(request: Request<E>) => Effect.Effect<Response, HttpxError | E>

/**
 * An exchange that ends on a wire, and what a client must know of that wire.
 *
 * @since 0.1.0
 * @category models
 */
export interface Wire {
  readonly exchange: Exchange
  /** The content codings that responses are decoded from, or `undefined` when the wire decodes them itself. */
  readonly decoders: Decoders | undefined
  /** What request bodies are compressed by, or `undefined` for what the runtime has. */
  readonly encoders?: Encoders | undefined
  /** How many exchanges can run at once. */
  readonly connections: number
  /** The exchange by a callback, where the wire has nothing to do that needs a fiber. */
  readonly start?: Start | undefined
}

/**
 * Runs a request without a body stream as part of a call that is not traced, and calls back once. Whoever starts it ends
 * it by `call.release`, after which it does not call back.
 *
 * What it calls back with is an `Exit`, or any other effect where there is more to do that needs a fiber: `asRest` is how
 * that is run.
 *
 * @since 0.1.0
 * @category models
 */
export type Start = (
  request: Request<unknown>,
  call: Call,
  answered: (answer: Effect.Effect<Response, unknown>) => void
) => void

/**
 * The property under which a platform `HttpClient` of ours carries its wire, so that it is not wrapped twice.
 *
 * @since 0.1.0
 * @category symbols
 */
export const WireSymbol: unique symbol = Symbol.for("effect-httpx/Exchange/Wire")

/**
 * Something that a call has open and that can be ended.
 *
 * @since 0.1.0
 * @category models
 */
export interface Open {
  /** Ends it, and waits until what it held is released. Harmless when it has ended. */
  readonly abort: Effect.Effect<void>
  /** What is being done for it now, where that is known. */
  readonly phase?: Phase | undefined
}

/**
 * One run of a request, through all its policies and attempts: when it began, by which clock, and what it has open.
 *
 * Policies hand a response on as a plain value. If an interruption falls between two of them, no value holds the
 * response any more; the call still does, and closes it.
 *
 * @since 0.1.0
 * @category models
 */
export class Call {
  readonly startedAt: number
  /** Whether a policy is to see the head when it comes, also of a response that is read to its end. */
  wantsHead = false
  /** How many spans it has had, one for each attempt. */
  spans = 0
  private open: Open | undefined

  constructor(
    /** The clock that timers run by, or `undefined` for the machine's own. */
    readonly clock: Clock.Clock | undefined,
    /** Whether the response is read to its end before the caller sees it. */
    readonly buffered: boolean,
    /** Whether the caller's tracer is on. */
    readonly traced: boolean
  ) {
    this.startedAt = now(clock)
  }

  /** Milliseconds since the call began. */
  get elapsed(): number {
    return now(this.clock) - this.startedAt
  }

  /** What is being done for the call now; `undefined` while it has nothing open, and where that is not known. */
  get phase(): Phase | undefined {
    return this.open?.phase
  }

  /** Takes note of what is open; the previous one has ended, for a policy closes before it goes on. */
  opened(open: Open): void {
    this.open = open
  }

  /** Forgets what has ended, so that a finished call keeps nothing alive. */
  ended(open: Open): void {
    if (this.open === open) this.open = undefined
  }

  /** Whether something is open. */
  get isOpen(): boolean {
    return this.open !== undefined
  }

  get release(): Effect.Effect<void> {
    return this.open === undefined ? Effect.void : this.open.abort
  }
}

/**
 * Runs a request as a call of its own: whatever it has open is closed when it fails or is interrupted.
 *
 * These are the only frames that a call costs, however many policies it passes through: one uninterruptible region with
 * one interruptible region inside it. A returned canceller of `Effect.async` would cost four times as much.
 *
 * @since 0.1.0
 * @category running
 */
export const asCall = <E, E2>(
  request: Request<E>,
  exchange: (request: Request<E>) => Effect.Effect<Response, E2>
): Effect.Effect<Response, E2> => asOpenCall(request, exchange, Effect.succeed)

/**
 * The same for a response that is read to its end. One whose body has come with its head, as most do, is given out without
 * another step.
 *
 * @since 0.1.0
 * @category running
 */
export const asReadCall = <E, E2>(
  request: Request<E>,
  exchange: (request: Request<E>) => Effect.Effect<Response, E2>
): Effect.Effect<Response, E2 | ReadFailure> =>
  Effect.withFiberRuntime((fiber) => {
    const call = callOf(fiber, true)
    const answered = exchange(request.as(call))
    return Effect.uninterruptibleMask((restore) =>
      Effect.matchCauseEffect(restore(answered), {
        onFailure: (cause) => releaseAfter(call, cause),
        onSuccess: (response): Effect.Effect<Response, ReadFailure> =>
          response.readNow() ? Effect.succeed(response) : guarded(call, Effect.as(response.read, response))(restore)
      })
    )
  })

/**
 * The rest of a call that was started without a fiber, its response read to its end.
 *
 * @since 0.1.0
 * @category running
 */
export const asRest = <E>(call: Call, answer: Effect.Effect<Response, E>): Effect.Effect<Response, E | ReadFailure> =>
  Effect.uninterruptibleMask(
    guarded(
      call,
      Effect.flatMap(answer, (response) => Effect.as(response.read, response))
    )
  )

/**
 * The same for a response that stays open: `keep` takes it where no interruption can come between, and is itself not
 * interruptible.
 *
 * @since 0.1.0
 * @category running
 */
export const asOpenCall = <E, E2, B, R>(
  request: Request<E>,
  exchange: (request: Request<E>) => Effect.Effect<Response, E2>,
  keep: (response: Response) => Effect.Effect<B, never, R>
): Effect.Effect<B, E2, R> =>
  Effect.withFiberRuntime((fiber) => {
    const call = callOf(fiber, false)
    const answered = exchange(request.as(call))
    return Effect.uninterruptibleMask((restore) =>
      Effect.matchCauseEffect(restore(answered), {
        onFailure: (cause) => releaseAfter(call, cause),
        onSuccess: keep
      })
    )
  })

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

const callOf = (fiber: Fiber.RuntimeFiber<unknown, unknown>, buffered: boolean): Call =>
  new Call(clockOf(fiber), buffered, fiber.getFiberRef(FiberRef.currentTracerEnabled))

const guarded =
  <A, E>(call: Call, running: Effect.Effect<A, E>) =>
  (restore: Restore): Effect.Effect<A, E> =>
    Effect.catchAllCause(restore(running), (cause) => releaseAfter(call, cause))

const releaseAfter = <E>(call: Call, cause: Cause.Cause<E>): Effect.Effect<never, E> =>
  Effect.zipRight(call.release, Effect.failCause(cause))
