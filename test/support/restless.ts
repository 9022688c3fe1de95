/** Fibers that give way where they need not: whatever can fall between two steps then does, sooner or later. */
import { Effect, Scheduler } from "effect"

/** Numbers between 0 and 1, the same for the same seed. */
export const numbers = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Runs an effect, and all that it forks, so that each step may be followed by a step of another fiber. */
export const restless = (seed: number) => {
  const next = numbers(seed)
  // Giving way takes some steps by itself: much more often than this, and a fiber does nothing else.
  const scheduler: Scheduler.Scheduler = {
    shouldYield: () => (next() < 0.06 ? 0 : false),
    scheduleTask: (task, priority, fiber) => Scheduler.defaultScheduler.scheduleTask(task, priority, fiber)
  }
  return Effect.withScheduler(scheduler)
}
