/**
 * How a client opens parallel blocks.
 */
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type * as HttpxError from "../HttpxError.js"
import type { Opening, Parallel } from "../Parallel.js"
import type { BlockClient } from "./BlockClient.js"
import { type FailingOptions, type ParallelOptions, settingsOf } from "./BlockOptions.js"
import type { AnyRequestInput } from "./Input.js"
import { openAround, openScoped } from "./open.js"
import { type Outcomes, over, type OverOptions } from "./over.js"
import { parallelOf } from "./parallelOf.js"

export const openingOf = (client: BlockClient): Opening => {
  const open = (options?: ParallelOptions) =>
    Effect.map(openScoped(settingsOf(options, client.connections)), (block) => parallelOf(client, block))

  function use<A, E, R>(f: (parallel: Parallel) => Effect.Effect<A, E, R>, options: FailingOptions): Using<A, E, R>
  function use<A, E, R>(
    f: (parallel: Parallel) => Effect.Effect<A, E, R>,
    options?: ParallelOptions
  ): Effect.Effect<A, E, R>
  function use<A, E, R>(f: (parallel: Parallel) => Effect.Effect<A, E, R>, options?: FailingOptions | ParallelOptions) {
    // @effect-diagnostics-next-line missingEffectError:off missingEffectContext:off -- overloads are compared with each other
    return openAround(settingsOf(options, client.connections), (block) => f(parallelOf(client, block)))
  }

  function overInput<A, I extends AnyRequestInput>(
    input: Iterable<A>,
    f: (item: A, index: number) => I,
    options?: OverOptions
  ): Outcomes<A, never, never, I>
  function overInput<A, E, R, I extends AnyRequestInput>(
    input: Stream.Stream<A, E, R>,
    f: (item: A, index: number) => I,
    options?: OverOptions
  ): Outcomes<A, E, R, I>
  function overInput<A, E, R, I extends AnyRequestInput>(
    input: Iterable<A> | Stream.Stream<A, E, R>,
    f: (item: A, index: number) => I,
    options?: OverOptions
  ) {
    // @effect-diagnostics-next-line missingEffectError:off missingEffectContext:off -- overloads are compared with each other
    return over(client, input, f, options)
  }

  return Object.assign(open, { use, over: overInput })
}

type Using<A, E, R> = Effect.Effect<A, E | HttpxError.UnobservedFailures, R>
