/**
 * Time for the hot path: the machine's own timers and clock, unless another clock (a test's) is installed. A native timer
 * costs a fiftieth of `Effect.timeout`.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

const live = Context.get(DefaultServices.liveServices, Clock.Clock)

/** The fiber's clock, or `undefined` when it is the machine's. */
export const clockOf = (fiber: Fiber.RuntimeFiber<unknown, unknown>): Clock.Clock | undefined => {
  const clock = Context.get(fiber.currentDefaultServices, Clock.Clock)
  return clock === live ? undefined : clock
}

/** Milliseconds, with their fraction where the machine's clock is used; only differences mean anything. */
export const now = (clock: Clock.Clock | undefined): number =>
  clock === undefined ? performance.now() : clock.unsafeCurrentTimeMillis()

/** Calls back once after some milliseconds; returns what stops it. */
export const startTimer = (clock: Clock.Clock | undefined, ms: number, onTime: () => void): (() => void) => {
  if (clock === undefined) {
    // Above 2^31-1 ms a native timer would fire at once.
    const timer = setTimeout(onTime, Math.min(ms, 0x7fffffff))
    return () => clearTimeout(timer)
  }
  const fiber = Effect.runFork(Effect.andThen(clock.sleep(Duration.millis(ms)), Effect.sync(onTime)))
  return () => fiber.unsafeInterruptAsFork(fiber.id())
}
