// What a block limits: requests to one origin, in some time, until a deadline; whose turn is first; what nobody has seen.
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Logger, Metric, MetricState, TestClock } from "effect"
import { type Parallel } from "effect-httpx"
import { gated, gatedOnSocket, started, told } from "./support/gatedServer.js"

const origin = (name: string, path: string) => `http://${name}.test${path}`
const turn = Effect.repeatN(Effect.yieldNow(), 40)

describe("perOrigin", () => {
  it.scoped("23. limits the requests to one origin, which hold up no other", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 3, perOrigin: 1 })
      for (const path of ["/a1", "/a2", "/a3"]) yield* parallel.get(origin("a", path))
      yield* parallel.get(origin("b", "/b1"))
      yield* server.arrived("/b1")
      expect([...server.serving]).toEqual(["/a1", "/b1"])
      yield* server.answer("/a1")
      yield* server.arrived("/a2")
      expect([...server.serving].sort()).toEqual(["/a2", "/b1"])
      for (const path of ["/a2", "/a3", "/b1"]) yield* server.answer(path)
      expect(server.seen).toEqual(["/a1", "/b1", "/a2", "/a3"])
    })
  )

  it.scoped("23. one that is cancelled while it waits for its origin is never sent", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel({ perOrigin: 1 })
      yield* parallel.get("/first")
      const second = yield* parallel.get("/second")
      yield* parallel.get("/third")
      yield* server.arrived("/first")
      yield* second.cancel
      yield* server.answer("/first")
      yield* server.answer("/third")
      expect(server.seen).toEqual(["/first", "/third"])
    })
  )

  it.effect("16. leaving the block cancels those that wait for their origin", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const waiting = yield* Effect.scoped(
        Effect.gen(function* () {
          const parallel = yield* client.parallel({ perOrigin: 1 })
          yield* parallel.get("/first")
          yield* server.arrived("/first")
          return yield* parallel.get("/second")
        })
      )
      expect(yield* told(waiting.getResponse)).toBe("RequestCancelled")
      expect(server.seen).toEqual(["/first"])
    })
  )
})

describe("rate", () => {
  it.scoped("23. lets so many begin within any such time, and no more", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel({ rate: { requests: 2, per: "1 second" } })
      for (let i = 0; i < 5; i++) yield* parallel.get(`/now/${i}`)
      yield* turn
      expect(server.seen).toHaveLength(2)
      yield* TestClock.adjust("999 millis")
      expect(server.seen).toHaveLength(2)
      yield* TestClock.adjust("1 millis")
      yield* turn
      expect(server.seen).toHaveLength(4)
      yield* TestClock.adjust("1 second")
      yield* turn
      expect(server.seen).toHaveLength(5)
    })
  )
})

describe("withPriority", () => {
  it.scoped("submits what has its turn before or after all others that wait", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 1 })
      yield* parallel.get("/running")
      yield* server.arrived("/running")
      yield* parallel.withPriority("low").get("/now/low")
      yield* parallel.get("/now/normal")
      yield* parallel.withPriority("high").get("/now/high")
      yield* server.answer("/running")
      for (let i = 0; i < 4; i++) yield* parallel.nextResponse
      expect(server.seen).toEqual(["/running", "/now/high", "/now/normal", "/now/low"])
    })
  )
})

describe("deadline", () => {
  it.scoped("33. ends what has not been answered, with TotalTimeout", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 1, deadline: "5 seconds" })
      const quick = yield* parallel.get("/now/quick")
      expect(yield* told(quick.getResponse)).toBe("/now/quick")
      const running = yield* parallel.get("/running")
      const waiting = yield* parallel.get("/waiting")
      yield* server.arrived("/running")
      yield* TestClock.adjust("5 seconds")
      yield* server.left("/running")
      expect(yield* Effect.flip(running.getResponse)).toMatchObject({
        _tag: "TotalTimeout",
        delivery: "unknown",
        limit: 5_000
      })
      expect(yield* Effect.flip(waiting.getResponse)).toMatchObject({ _tag: "TotalTimeout", delivery: "unsent" })
      const late = yield* parallel.get("/now/late")
      expect(yield* told(late.getResponse)).toBe("TotalTimeout")
      expect(server.seen).toEqual(["/now/quick", "/running"])
    })
  )

  it.scopedLive("33. breaks exchanges off on the wire", () =>
    Effect.gen(function* () {
      const { client, server, transport } = yield* gatedOnSocket()
      const parallel = yield* client.parallel({ deadline: "50 millis" })
      yield* parallel.get("/stuck")
      yield* server.arrived("/stuck")
      expect((yield* Effect.flip(parallel.nextResponse))._tag).toBe("TotalTimeout")
      yield* server.left("/stuck")
      expect((yield* transport.stats).exchanges).toBe(0)
    })
  )
})

describe("options that make no sense", () => {
  it.scoped.each<Parallel.ParallelOptions>([
    { concurrency: 0 },
    { concurrency: NaN },
    { perOrigin: 1.5 },
    { rate: { requests: 0, per: "1 second" } },
    { deadline: NaN }
  ])("%j fail each request with a typed error, and send nothing", (options) =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel(options)
      yield* parallel.get("/a")
      expect((yield* Effect.flip(parallel.nextResponse))._tag).toBe("LocalProtocolError")
      expect(server.seen).toEqual([])
    })
  )
})

describe("failures that nobody has looked at", () => {
  const messages = () => {
    const seen: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => seen.push(`${logLevel.label} ${String(message)}`))
    return { seen, layer: Logger.replace(Logger.defaultLogger, logger) }
  }
  const counted = Effect.map(Metric.snapshot, (pairs) => {
    const pair = pairs.find(({ metricKey }) => metricKey.name === "effect_httpx_parallel_unobserved")
    return pair !== undefined && MetricState.isCounterState(pair.metricState) ? Number(pair.metricState.count) : 0
  })

  it.effect('17. are named by a warning with "log", and counted', () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const { layer, seen } = messages()
      const before = yield* counted
      yield* Effect.gen(function* () {
        const parallel = yield* client.parallel({ onUnobserved: "log" })
        yield* parallel.get("/broken")
        yield* server.breakOff("/broken")
        yield* turn
      }).pipe(Effect.scoped, Effect.provide(layer))
      expect(seen).toEqual([
        expect.stringMatching(/^WARN 1 failed requests .*\nReadError: GET http:\/\/server\.test\/broken/)
      ])
      expect((yield* counted) - before).toBe(1)
    })
  )

  it.effect('17. fail a block around an effect with "fail", if that succeeded', () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const block = client.parallel.use(
        (parallel) =>
          Effect.gen(function* () {
            yield* parallel.get("/broken")
            const seen = yield* parallel.get("/seen")
            yield* server.breakOff("/broken")
            yield* server.breakOff("/seen")
            yield* told(seen.getResponse)
          }),
        { onUnobserved: "fail" }
      )
      const error = yield* Effect.flip(block)
      expect(error._tag).toBe("UnobservedFailures")
      expect(error.failures.map((failure) => failure._tag)).toEqual(["ReadError"])
    })
  )

  it.effect("18. leave its own failure as it is", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const block = client.parallel.use(
        (parallel) =>
          parallel
            .get("/broken")
            .pipe(Effect.zipRight(server.breakOff("/broken")), Effect.zipRight(Effect.fail("mine"))),
        { onUnobserved: "fail" }
      )
      expect(yield* Effect.exit(block)).toEqual(Exit.fail("mine"))
    })
  )
})

describe("client.parallel.use", () => {
  it.effect("16. is left when its effect is interrupted, and waits for what runs", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const block = yield* started(client.parallel.use((parallel) => Effect.zipRight(parallel.get("/a"), Effect.never)))
      yield* server.arrived("/a")
      yield* Fiber.interrupt(block)
      expect(server.serving.size).toBe(0)
    })
  )
})

describe("nextResponseOption", () => {
  it.scoped("7. is nothing when nothing is pending", () =>
    Effect.gen(function* () {
      const { client } = yield* gated
      const parallel = yield* client.parallel()
      yield* parallel.get("/now/1")
      expect((yield* parallel.nextResponseOption)._tag).toBe("Some")
      expect((yield* parallel.nextResponseOption)._tag).toBe("None")
    })
  )
})
