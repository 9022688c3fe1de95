// Ending requests: one by one, all with the block, and what is forked. The numbers are those of the questions in
// test/parallel.test.ts.
import { describe, expect, it } from "@effect/vitest"
import { Cause, Context, Deferred, Effect, Exit, Fiber, Logger, LogLevel, Scope } from "effect"
import type { Parallel } from "effect-httpx"
import { clientOf, gated, gatedOnSocket, started, told } from "./support/gatedServer.js"
import { restless } from "./support/restless.js"

/** A server that never answers, and needs a signal to let go of a request. */
const clinging = Effect.gen(function* () {
  const arrived = yield* Deferred.make<void>()
  const leaving = yield* Deferred.make<void>()
  const release = yield* Deferred.make<void>()
  const client = yield* clientOf(({ path }) =>
    path.startsWith("/now/")
      ? Effect.succeed({ body: path })
      : Deferred.succeed(arrived, undefined).pipe(
          Effect.zipRight(Effect.never),
          Effect.onInterrupt(() => Deferred.succeed(leaving, undefined)),
          Effect.onInterrupt(() => Deferred.await(release))
        )
  )
  return { client, arrived, leaving, release }
})

/** A block in a scope that the test closes. */
const openBlock = (block: Effect.Effect<Parallel.Parallel, never, Scope.Scope>) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const parallel = yield* Scope.extend(block, scope)
    return { parallel, leave: Scope.close(scope, Exit.void) }
  })

describe("cancel", () => {
  it.scoped("20. of a request that waits its turn: it is never sent", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 1 })
      yield* parallel.get("/a")
      const pending = yield* parallel.get("/b", { tag: 7 })
      yield* parallel.get("/c")
      yield* pending.cancel
      yield* server.answer("/a")
      yield* server.answer("/c")
      expect(server.seen).toEqual(["/a", "/c"])
      const error = yield* Effect.flip(pending.getResponse)
      expect(error).toMatchObject({ _tag: "RequestCancelled", request: { url: "http://server.test/b", tag: 7 } })
    })
  )

  it.scoped("20. of a request that runs: waits until it has let go, and fails who asked for it", () =>
    Effect.gen(function* () {
      const { arrived, client, leaving, release } = yield* clinging
      const parallel = yield* client.parallel()
      const pending = yield* parallel.get("/a")
      const waiter = yield* started(told(pending.getResponse))
      yield* Deferred.await(arrived)
      const [one, two] = [yield* started(pending.cancel), yield* started(pending.cancel)]
      yield* Deferred.await(leaving)
      expect(yield* Fiber.join(waiter)).toBe("RequestCancelled")
      expect([one.unsafePoll(), two.unsafePoll()]).toEqual([null, null])
      yield* Deferred.succeed(release, undefined)
      yield* Fiber.joinAll([one, two])
    })
  )

  it.scoped("20. of a complete answer that nobody has taken: nextResponse does not give it out", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      const pending = yield* parallel.get("/a")
      yield* server.answer("/a")
      const next = yield* parallel.get("/b")
      yield* server.answer("/b")
      yield* pending.cancel
      expect(yield* told(parallel.nextResponse)).toBe("/b")
      expect(yield* told(parallel.nextResponse)).toBe("NoPendingResponses")
      expect(yield* told(pending.getResponse)).toBe("RequestCancelled")
      yield* next.cancel
      expect(yield* told(next.getResponse)).toBe("/b")
    })
  )

  it.scoped("20. is a failure for who asks, and interrupts nobody", () =>
    Effect.gen(function* () {
      const { client } = yield* gated
      const parallel = yield* client.parallel()
      const pending = yield* parallel.get("/a")
      const waiter = yield* started(pending.getResponse)
      yield* pending.cancel
      const exit = yield* Fiber.await(waiter)
      expect(Exit.isFailure(exit) && Cause.isFailType(exit.cause)).toBe(true)
    })
  )

  it.scoped("20. leaves the place to the next that waits", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 1 })
      const pendings = yield* Effect.forEach(["/a", "/b", "/c", "/d"], (path) => parallel.get(path))
      for (const [i, path] of ["/a", "/b", "/c"].entries()) {
        yield* server.arrived(path)
        yield* pendings[i]!.cancel
        yield* server.left(path)
      }
      yield* server.answer("/d")
      expect(yield* told(parallel.nextResponse)).toBe("/d")
      expect(server.peak).toBe(1)
    })
  )

  it.effect("20. at the very moment of the answer does not touch the request that comes next", () =>
    Effect.forEach(
      Array.from({ length: 200 }, (_, seed) => seed),
      (seed) =>
        Effect.gen(function* () {
          const { client, server } = yield* gated
          const parallel = yield* client.parallel({ concurrency: 1 })
          const first = yield* parallel.get("/first")
          const second = yield* parallel.get("/second")
          yield* server.arrived("/first")
          const cancelling = yield* Effect.fork(restless(seed)(first.cancel))
          for (let i = 0; i < seed % 5; i++) yield* Effect.yieldNow()
          server.breakOffNow("/first")
          yield* Fiber.join(cancelling)
          yield* server.answer("/second")
          expect(yield* told(second.getResponse)).toBe("/second")
        }).pipe(Effect.scoped),
      { discard: true }
    )
  )

  it.scoped("20. that is itself interrupted still ends the request and serves the next", () =>
    Effect.gen(function* () {
      const { arrived, client, leaving, release } = yield* clinging
      const parallel = yield* client.parallel({ concurrency: 1 })
      const pending = yield* parallel.get("/a")
      yield* parallel.get("/now/next")
      yield* Deferred.await(arrived)
      const cancelling = yield* started(pending.cancel)
      yield* Deferred.await(leaving)
      yield* Fiber.interrupt(cancelling)
      yield* Deferred.succeed(release, undefined)
      expect(yield* told(parallel.nextResponse)).toBe("/now/next")
    })
  )

  it.scopedLive("20. breaks the exchange off on the wire", () =>
    Effect.gen(function* () {
      const { client, server, transport } = yield* gatedOnSocket()
      const parallel = yield* client.parallel()
      const pending = yield* parallel.get("/a")
      yield* server.arrived("/a")
      yield* pending.cancel
      expect(yield* transport.stats).toMatchObject({ active: 0, connecting: 0, queued: 0 })
      yield* server.left("/a")
    })
  )
})

describe("leaving the block", () => {
  it.effect("16. interrupts what runs and waits until it has let go", () =>
    Effect.gen(function* () {
      const { arrived, client, leaving, release } = yield* clinging
      const { leave, parallel } = yield* openBlock(client.parallel())
      const pending = yield* parallel.get("/a")
      yield* Deferred.await(arrived)
      const left = yield* started(leave)
      yield* Deferred.await(leaving)
      expect(left.unsafePoll()).toBeNull()
      expect(yield* told(pending.getResponse)).toBe("RequestCancelled")
      yield* Deferred.succeed(release, undefined)
      yield* Fiber.join(left)
    })
  )

  it.effect("16. waits for what is being cancelled too", () =>
    Effect.gen(function* () {
      const { arrived, client, leaving, release } = yield* clinging
      const { leave, parallel } = yield* openBlock(client.parallel())
      const pending = yield* parallel.get("/a")
      yield* Deferred.await(arrived)
      yield* started(pending.cancel)
      yield* Deferred.await(leaving)
      const left = yield* started(leave)
      expect(left.unsafePoll()).toBeNull()
      yield* Deferred.succeed(release, undefined)
      yield* Fiber.join(left)
    })
  )

  it.scopedLive("16. leaves no socket behind", () =>
    Effect.gen(function* () {
      const { client, server, transport } = yield* gatedOnSocket({ limits: { connections: 3 } })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const parallel = yield* client.parallel({ concurrency: 5 })
          for (let i = 0; i < 10; i++) yield* parallel.get(`/${i}`)
          yield* server.arrived("/0")
          yield* server.arrived("/2")
        })
      )
      expect(yield* transport.stats).toMatchObject({ active: 0, connecting: 0, queued: 0, idle: 0 })
      for (const path of ["/0", "/1", "/2"]) yield* server.left(path)
      expect(server.seen).toHaveLength(3)
    })
  )

  it.effect("17. with failures that nobody looked at is quiet, but for a debug line", () =>
    Effect.gen(function* () {
      const lines: Array<unknown> = []
      const logger = Logger.make(({ message }) => lines.push(message))
      const { client, server } = yield* gated
      yield* Effect.gen(function* () {
        const parallel = yield* client.parallel()
        yield* parallel.get("/bad")
        yield* parallel.get("/worse")
        yield* parallel.get("/now/good")
        yield* server.breakOff("/bad")
        yield* server.breakOff("/worse")
      }).pipe(
        Effect.scoped,
        Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
        Logger.withMinimumLogLevel(LogLevel.Debug)
      )
      expect(lines).toEqual([["2 failed requests of a parallel block were never looked at"]])
    })
  )

  it.effect("18. because its body failed passes that failure on unchanged", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const failure = new Error("the caller's own")
      const exit = yield* Effect.gen(function* () {
        const parallel = yield* client.parallel()
        yield* parallel.get("/a")
        yield* server.arrived("/a")
        return yield* Effect.fail(failure)
      }).pipe(Effect.scoped, Effect.exit)
      expect(exit).toEqual(Exit.fail(failure))
      yield* server.left("/a")
    })
  )

  it.effect("21. finished answers can still be had from memory, all others are cancelled", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const { leave, parallel } = yield* openBlock(client.parallel({ concurrency: 1 }))
      const finished = yield* parallel.get("/finished")
      const [running, queued] = [yield* parallel.get("/running"), yield* parallel.get("/queued")]
      yield* server.answer("/finished")
      yield* server.arrived("/running")
      yield* leave
      expect(yield* told(finished.getResponse)).toBe("/finished")
      expect(yield* told(running.getResponse)).toBe("RequestCancelled")
      expect(yield* told(queued.getResponse)).toBe("RequestCancelled")
      yield* running.cancel
      expect(yield* parallel.hasPendingResponses).toBe(false)
      expect(server.seen).toEqual(["/finished", "/running"])
    })
  )

  it.effect("22. leaves the client as it was", () =>
    Effect.gen(function* () {
      const { client } = yield* gated
      yield* Effect.scoped(Effect.flatMap(client.parallel(), (parallel) => parallel.get("/a")))
      expect(yield* told(client.get("/now/after"))).toBe("/now/after")
    })
  )

  it.effect("33. because it was interrupted cancels everything", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const block = yield* Effect.gen(function* () {
        const parallel = yield* client.parallel({ concurrency: 2 })
        for (const path of ["/a", "/b", "/c"]) yield* parallel.get(path)
        return yield* parallel.nextResponse
      }).pipe(Effect.scoped, Effect.fork)
      yield* server.arrived("/b")
      yield* Fiber.interrupt(block)
      expect(server.serving.size).toBe(0)
      expect(server.seen).toEqual(["/a", "/b"])
    })
  )
})

class Name extends Context.Tag("test/Name")<Name, string>() {}

describe("fork", () => {
  it.scoped("26. runs any effect among the requests, and keeps its result for its handle", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 1 })
      yield* parallel.get("/a")
      const good = yield* Effect.provideService(parallel.fork(Name), Name, "given")
      const bad = yield* parallel.fork(Effect.fail("bad" as const))
      expect(yield* parallel.pendingCount).toBe(1)
      yield* server.answer("/a")
      expect(yield* good.getResponse).toBe("given")
      expect(yield* Effect.flip(bad.getResponse)).toBe("bad")
      expect([good.request, good.tag]).toEqual([undefined, undefined])
      expect(yield* told(parallel.nextResponse)).toBe("/a")
    })
  )

  it.scoped("26. an effect that dies kills who asks for it, and nothing else", () =>
    Effect.gen(function* () {
      const { client } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 1 })
      const pending = yield* parallel.fork(Effect.die("defect"))
      yield* parallel.get("/now/next")
      expect(yield* Effect.exit(pending.getResponse)).toEqual(Exit.die("defect"))
      expect(yield* told(parallel.nextResponse)).toBe("/now/next")
    })
  )

  it.scoped.each([
    ["says that it was", Effect.interrupt],
    ["really was", Effect.withFiberRuntime<void>((self) => Fiber.interrupt(self))],
    ["was as it ended", Effect.withFiberRuntime<void>((self) => Fiber.interruptFork(self))]
  ] as const)("26. an effect that is interrupted from within (%s) ends alone", ([how, effect]) =>
    Effect.gen(function* () {
      const { client } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 1 })
      const pending = yield* parallel.fork(effect)
      yield* parallel.get("/now/next")
      expect(yield* told(parallel.nextResponse)).toBe("/now/next")
      const exit = yield* Effect.exit(pending.getResponse)
      if (how !== "was as it ended") expect(Exit.isFailure(exit) && Cause.isFailType(exit.cause)).toBe(true)
    })
  )

  it.scoped("26. what an effect forks ends with it", () =>
    Effect.gen(function* () {
      const { client } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 1 })
      const ended = yield* Deferred.make<void>()
      const child = Effect.onInterrupt(Effect.never, () => Deferred.succeed(ended, undefined))
      yield* parallel.fork(Effect.zipRight(Effect.fork(child), Effect.yieldNow()))
      yield* Deferred.await(ended)
    })
  )

  it.effect("26. an effect may leave its own block", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const { leave, parallel } = yield* openBlock(client.parallel())
      yield* parallel.get("/a")
      yield* server.arrived("/a")
      const done = yield* Deferred.make<void>()
      yield* parallel.fork(Effect.zipRight(leave, Deferred.succeed(done, undefined)))
      yield* Deferred.await(done)
      expect(server.serving.size).toBe(0)
    })
  )

  it.scoped("26. an effect may cancel itself", () =>
    Effect.gen(function* () {
      const { client } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 1 })
      const itself = yield* Deferred.make<Effect.Effect<void>>()
      const pending = yield* parallel.fork(Effect.flatten(Deferred.await(itself)))
      yield* Deferred.succeed(itself, pending.cancel)
      const exit = yield* Effect.exit(pending.getResponse)
      expect(Exit.isFailure(exit) && Cause.isFailType(exit.cause)).toBe(true)
      yield* parallel.get("/now/next")
      expect(yield* told(parallel.nextResponse)).toBe("/now/next")
    })
  )
})
