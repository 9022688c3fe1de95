/** Loops of a client whose requests are Effects: as many fibers, each looping, as `promiseLoops` has async functions. */
import { Effect } from "effect"
import type { Gate } from "./client.js"
import { recordedSpans, recording } from "./tracer.js"

export const fiberLoops = <E>(
  get: Effect.Effect<string, E>,
  concurrency: number,
  gate: Gate
): Effect.Effect<void, E> => {
  const loop = Effect.whileLoop({ while: () => !gate.closed, body: () => get, step: (text) => gate.complete(text) })
  return Effect.forEach(Array.from({ length: concurrency }), () => loop, { concurrency: "unbounded", discard: true })
}

/**
 * Switch tracing off unless this row is to show what it costs: then every request must have had a span. Either way for the
 * whole program, not each request.
 */
export const tracing =
  (traced: boolean) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    traced ? Effect.zipLeft(Effect.withTracer(effect, recording), checkSpans) : Effect.withTracerEnabled(effect, false)

const checkSpans = Effect.suspend(() =>
  recordedSpans() > 0 ? Effect.void : Effect.dieMessage("the tracer was given no span")
)
