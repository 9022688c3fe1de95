/**
 * The ways to send many requests, for a client that is found when they are used.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Client } from "../Client.js"
import type * as HttpxError from "../HttpxError.js"
import type { All, Opening, Parallel, Race } from "../Parallel.js"
import type { FailingOptions, ParallelOptions } from "./BlockOptions.js"
import type { AllOptions, RequestInputs } from "./gather.js"
import type { AnyRequestInput, InputContext } from "./Input.js"
import type { OverOptions, Outcomes } from "./over.js"

/** `find` is asked at the time of the call. */
export const accessorsOf = <C>(find: Effect.Effect<Client, never, C>) => {
  function use<A, E, R>(
    f: (parallel: Parallel) => Effect.Effect<A, E, R>,
    options: FailingOptions
  ): Effect.Effect<A, E | HttpxError.UnobservedFailures, R | C>
  function use<A, E, R>(
    f: (parallel: Parallel) => Effect.Effect<A, E, R>,
    options?: ParallelOptions
  ): Effect.Effect<A, E, R | C>
  function use<A, E, R>(f: (parallel: Parallel) => Effect.Effect<A, E, R>, options?: FailingOptions | ParallelOptions) {
    // @effect-diagnostics-next-line missingEffectError:off missingEffectContext:off -- overloads are compared with each other
    return Effect.flatMap(find, ({ parallel }): Effect.Effect<A, E | HttpxError.UnobservedFailures, R> =>
      isFailing(options) ? parallel.use(f, options) : parallel.use(f, options)
    )
  }

  function over<A, I extends AnyRequestInput>(
    input: Iterable<A>,
    f: (item: A, index: number) => I,
    options?: OverOptions
  ): Outcomes<A, never, C, I>
  function over<A, E, R, I extends AnyRequestInput>(
    input: Stream.Stream<A, E, R>,
    f: (item: A, index: number) => I,
    options?: OverOptions
  ): Outcomes<A, E, R | C, I>
  function over<A, E, R, I extends AnyRequestInput>(
    input: Iterable<A> | Stream.Stream<A, E, R>,
    f: (item: A, index: number) => I,
    options?: OverOptions
  ) {
    // @effect-diagnostics-next-line missingEffectError:off missingEffectContext:off -- overloads are compared with each other
    return Stream.unwrap(
      Effect.map(find, ({ parallel }): Outcomes<A, E, R, I> =>
        Symbol.iterator in input ? parallel.over(input, f, options) : parallel.over(input, f, options)
      )
    )
  }

  const open = (options?: ParallelOptions) => Effect.flatMap(find, ({ parallel }) => parallel(options))
  const parallel: Opening<C> = Object.assign(open, { use, over })

  const all: All<C> = <const T extends RequestInputs>(requests: T, options?: AllOptions) =>
    Effect.flatMap(
      find,
      (client): Effect.Effect<never, never, InputContext<T[keyof T]>> =>
        // What is given out, and what can fail, is for the type to say, which knows the mode.
        client.all(requests, options as AllOptions & { readonly mode: "either" }) as Effect.Effect<never>
    )

  const race: Race<C> = (requests, options) => Effect.flatMap(find, (client) => client.race(requests, options))

  return { parallel, all, race }
}

const isFailing = (options: FailingOptions | ParallelOptions | undefined): options is FailingOptions =>
  options?.onUnobserved === "fail"
