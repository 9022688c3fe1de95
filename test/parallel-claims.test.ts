// Who is given which answer, when several wait. The numbers are those of the questions in test/parallel.test.ts.
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, FiberId } from "effect"
import { gated, started, told } from "./support/gatedServer.js"
import { restless } from "./support/restless.js"

const seeds = Array.from({ length: 300 }, (_, seed) => seed)

/** Interrupts a fiber before it can take notice of anything else. */
const interruptNow = <A, E>(fiber: Fiber.RuntimeFiber<A, E>): void => fiber.unsafeInterruptAsFork(FiberId.none)

describe("getResponse", () => {
  it.scoped("4. claims when it is called: nextResponse skips what it has claimed", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      const claimed = yield* parallel.get("/claimed")
      yield* parallel.get("/free")
      const waiter = yield* started(told(claimed.getResponse))
      const next = yield* started(told(parallel.nextResponse))
      yield* server.answer("/claimed")
      expect(yield* Fiber.join(waiter)).toBe("/claimed")
      expect(next.unsafePoll()).toBeNull()
      yield* server.answer("/free")
      expect(yield* Fiber.join(next)).toBe("/free")
    })
  )

  it.scoped("4. claims what is complete too", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      const [first, second] = [yield* parallel.get("/first"), yield* parallel.get("/second")]
      yield* server.answer("/first")
      yield* server.answer("/second")
      expect(yield* told(second.getResponse)).toBe("/second")
      expect(yield* told(parallel.nextResponse)).toBe("/first")
      expect(yield* told(parallel.nextResponse)).toBe("NoPendingResponses")
      expect(yield* told(first.getResponse)).toBe("/first")
    })
  )

  it.scoped("4. gives its claim back when it is interrupted", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      const pending = yield* parallel.get("/a")
      yield* Fiber.interrupt(yield* started(pending.getResponse))
      yield* server.answer("/a")
      expect(yield* told(parallel.nextResponse)).toBe("/a")
    })
  )

  it.scoped("4. keeps the claim while one of several who ask still waits", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      const pending = yield* parallel.get("/a")
      const [one, two] = [yield* started(pending.getResponse), yield* started(pending.getResponse)]
      yield* Fiber.interrupt(one)
      expect(yield* told(parallel.nextResponse)).toBe("NoPendingResponses")
      yield* server.answer("/a")
      expect(yield* told(Fiber.join(two))).toBe("/a")
    })
  )

  it.scoped("4. interrupted as the answer comes, leaves it to who waits in nextResponse", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      const pending = yield* parallel.get("/contested")
      yield* parallel.get("/other")
      yield* server.arrived("/other")
      const waiter = yield* started(pending.getResponse)
      const next = yield* started(parallel.nextOutcome)
      yield* Effect.sync(() => {
        server.breakOffNow("/contested")
        interruptNow(waiter)
      })
      expect(Exit.isInterrupted(yield* Fiber.await(waiter))).toBe(true)
      expect((yield* Fiber.join(next)).pending).toBe(pending)
      expect(yield* parallel.pendingCount).toBe(1)
    })
  )

  it.scoped("4. interrupted as the answer comes, leaves it at its place in the order of completion", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      const [early, late] = [yield* parallel.get("/early"), yield* parallel.get("/late")]
      yield* server.arrived("/late")
      yield* server.breakOff("/early")
      const waiter = yield* started(late.getResponse)
      yield* Effect.sync(() => {
        server.breakOffNow("/late")
        interruptNow(waiter)
      })
      yield* Fiber.await(waiter)
      expect((yield* parallel.nextOutcome).pending).toBe(early)
      expect((yield* parallel.nextOutcome).pending).toBe(late)
    })
  )

  it.scoped("5. after nextResponse has taken the answer gives the same one", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      const pending = yield* parallel.get("/a")
      const next = yield* started(parallel.nextResponse)
      yield* server.answer("/a")
      const response = yield* Fiber.join(next)
      expect(yield* pending.getResponse).toBe(response)
      expect(yield* pending.getResponse).toBe(response)
    })
  )

  it.scoped("19. interrupted, does not cancel the request", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      const pending = yield* parallel.get("/a")
      yield* server.arrived("/a")
      yield* Fiber.interrupt(yield* started(pending.getResponse))
      yield* Fiber.interrupt(yield* started(parallel.nextResponse))
      expect(server.serving).toEqual(new Set(["/a"]))
      yield* server.answer("/a")
      expect(yield* told(pending.getResponse)).toBe("/a")
    })
  )

  it.effect("4. gives its claim back whenever the interruption comes", () =>
    Effect.forEach(
      seeds,
      (seed) =>
        Effect.gen(function* () {
          const { client } = yield* gated
          const parallel = yield* client.parallel()
          const pending = yield* parallel.get("/a")
          const waiter = yield* Effect.fork(restless(seed)(pending.getResponse))
          for (let i = 0; i < seed % 10; i++) yield* Effect.yieldNow()
          yield* Fiber.interrupt(waiter)
          expect(yield* parallel.pendingCount).toBe(1)
        }).pipe(Effect.scoped),
      { discard: true }
    )
  )
})

describe("who waits in nextResponse", () => {
  it.scoped("8. is told so when the last request is claimed by another", () =>
    Effect.gen(function* () {
      const { client } = yield* gated
      const parallel = yield* client.parallel()
      const pending = yield* parallel.get("/a")
      const waiters = [yield* started(told(parallel.nextResponse)), yield* started(told(parallel.nextResponse))]
      yield* started(pending.getResponse)
      expect(yield* Fiber.join(Fiber.all(waiters))).toEqual(["NoPendingResponses", "NoPendingResponses"])
    })
  )

  it.scoped("8. is told so when the last request is cancelled", () =>
    Effect.gen(function* () {
      const { client } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 1 })
      const [running, queued] = [yield* parallel.get("/running"), yield* parallel.get("/queued")]
      const waiter = yield* started(told(parallel.nextResponse))
      yield* running.cancel
      expect(waiter.unsafePoll()).toBeNull()
      yield* queued.cancel
      expect(yield* Fiber.join(waiter)).toBe("NoPendingResponses")
    })
  )

  it.scoped("8. is told so when the last answer goes to another who waits", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      yield* parallel.get("/only")
      const first = yield* started(told(parallel.nextResponse))
      const second = yield* started(told(parallel.nextResponse))
      yield* server.answer("/only")
      expect([yield* Fiber.join(first), yield* Fiber.join(second)]).toEqual(["/only", "NoPendingResponses"])
    })
  )

  it.effect("8. is told so when the block is left", () =>
    Effect.gen(function* () {
      const { client } = yield* gated
      const waiter = yield* Effect.scoped(
        Effect.gen(function* () {
          const parallel = yield* client.parallel()
          yield* parallel.get("/a")
          const waiter = yield* Effect.forkDaemon(told(parallel.nextResponse))
          yield* Effect.yieldNow()
          return waiter
        })
      )
      expect(yield* Fiber.join(waiter)).toBe("NoPendingResponses")
    })
  )

  it.effect("8. is told so whatever falls between its look and its waiting", () =>
    Effect.forEach(
      seeds,
      (seed) =>
        Effect.gen(function* () {
          const { client } = yield* gated
          const parallel = yield* client.parallel()
          const pending = yield* parallel.get("/a")
          const waiter = yield* Effect.fork(restless(seed)(told(parallel.nextResponse)))
          for (let i = 0; i < seed % 10; i++) yield* Effect.yieldNow()
          yield* pending.cancel
          expect(yield* Fiber.join(waiter)).toBe("NoPendingResponses")
        }).pipe(Effect.scoped),
      { discard: true }
    )
  )

  it.effect("12. gets what came between its look and its waiting", () =>
    Effect.forEach(
      seeds,
      (seed) =>
        Effect.gen(function* () {
          const { client, server } = yield* gated
          const parallel = yield* client.parallel()
          yield* parallel.get("/a")
          yield* parallel.get("/never")
          yield* server.arrived("/never")
          const waiter = yield* Effect.fork(restless(seed)(told(parallel.nextResponse)))
          for (let i = 0; i < seed % 5; i++) yield* Effect.yieldNow()
          yield* server.answer("/a")
          expect(yield* Fiber.join(waiter)).toBe("/a")
        }).pipe(Effect.scoped),
      { discard: true }
    )
  )

  it.scoped("12. gets an answer of its own, in the order in which they began to wait", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      const paths = ["/a", "/b", "/c", "/d"]
      for (const path of paths) yield* parallel.get(path)
      const waiters = yield* Effect.forEach(paths, () => started(told(parallel.nextResponse)))
      yield* Fiber.interrupt(waiters[1]!)
      for (const path of ["/d", "/b", "/a", "/c"]) yield* server.answer(path)
      expect(yield* Fiber.join(waiters[0]!)).toBe("/d")
      expect(yield* Fiber.join(waiters[2]!)).toBe("/b")
      expect(yield* Fiber.join(waiters[3]!)).toBe("/a")
      expect(yield* told(parallel.nextResponse)).toBe("/c")
    })
  )

  it.scoped("12. interrupted as its answer comes, leaves it to the next who waits", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      const [first] = [yield* parallel.get("/first"), yield* parallel.get("/second")]
      yield* server.arrived("/second")
      const leaving = yield* started(parallel.nextOutcome)
      const staying = yield* started(parallel.nextOutcome)
      yield* Effect.sync(() => {
        server.breakOffNow("/first")
        interruptNow(leaving)
      })
      expect((yield* Fiber.join(staying)).pending).toBe(first)
      expect(yield* parallel.pendingCount).toBe(1)
    })
  )

  it.scoped("11. interrupted as their answers come, leave them in the order of completion", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      const paths = ["/a", "/b", "/c"]
      const pendings = yield* Effect.forEach(paths, (path) => parallel.get(path))
      yield* server.arrived("/c")
      const waiters = yield* Effect.forEach(paths, () => started(parallel.nextOutcome))
      yield* Effect.sync(() => {
        for (const path of paths) server.breakOffNow(path)
        for (const waiter of waiters) interruptNow(waiter)
      })
      yield* Fiber.awaitAll(waiters)
      const outcomes = [yield* parallel.nextOutcome, yield* parallel.nextOutcome, yield* parallel.nextOutcome]
      expect(outcomes.map(({ pending }) => pending)).toEqual(pendings)
    })
  )
})
