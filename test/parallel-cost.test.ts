// What many pendings cost. The bounds are far from what is measured: they fail when something grows with the square of
// the number, not on a slow machine.
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { InProcess } from "effect-httpx/testing"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { clientOf, gated } from "./support/gatedServer.js"

const instant: InProcess.Handler = () => Effect.fail("answered at once")

/** Milliseconds for each of so many requests, from the first submission to the last answer. */
const perRequest = (count: number) =>
  Effect.gen(function* () {
    const parallel = yield* (yield* clientOf(instant)).parallel({ concurrency: 64 })
    const start = performance.now()
    for (let i = 0; i < count; i++) yield* parallel.get("/")
    let answers = 0
    while (yield* parallel.hasPendingResponses) {
      yield* parallel.nextOutcome
      answers++
    }
    expect(answers).toBe(count)
    return (performance.now() - start) / count
  }).pipe(Effect.scoped)

/** The best of some runs: what else the machine does only adds. */
const best = (runs: number, count: number) =>
  Effect.map(Effect.replicateEffect(perRequest(count), runs), (times) => Math.min(...times))

const collectGarbage = (): void => {
  setFlagsFromString("--expose-gc")
  const collect: () => void = runInNewContext("gc")
  collect()
}

describe("the cost of a pending", () => {
  it.live(
    "does not grow with their number",
    () =>
      Effect.gen(function* () {
        yield* perRequest(2_000)
        const few = yield* best(3, 2_000)
        const many = yield* best(2, 20_000)
        expect(many / few).toBeLessThan(3)
      }),
    60_000
  )

  it.live(
    "16. is little when the block is left with a hundred thousand of them",
    () =>
      Effect.gen(function* () {
        const { client } = yield* gated
        const scope = yield* Scope.make()
        const parallel = yield* Scope.extend(client.parallel({ concurrency: 10 }), scope)
        for (let i = 0; i < 100_000; i++) yield* parallel.get("/a")
        const start = performance.now()
        yield* Scope.close(scope, Exit.void)
        expect(performance.now() - start).toBeLessThan(2_000)
        expect(yield* parallel.hasPendingResponses).toBe(false)
      }),
    60_000
  )

  it.live("35. ends when it was given out and its handle is dropped, though the block goes on", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 2 })
      const handles: Array<WeakRef<object>> = []
      for (let i = 0; i < 50; i++) handles.push(new WeakRef(yield* parallel.get(`/now/${i}`)))
      for (let i = 0; i < 50; i++) yield* parallel.nextOutcome
      for (let i = 0; i < 50; i++) {
        const cancelled = yield* parallel.get(`/cancelled/${i}`)
        yield* server.arrived(`/cancelled/${i}`)
        yield* cancelled.cancel
        handles.push(new WeakRef(cancelled))
      }
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      collectGarbage()
      // The last ones may still be on somebody's stack.
      expect(handles.filter((handle) => handle.deref() !== undefined).length).toBeLessThan(10)
    }).pipe(Effect.scoped)
  )
})
