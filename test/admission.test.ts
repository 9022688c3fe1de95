/** Whoever finds no connection free waits for its turn: so long, in order, at the cost of a record. */
import { describe, expect, it } from "@effect/vitest"
import { type Duration, Effect, Fiber, Metric, MetricState, TestClock } from "effect"
import { Request } from "effect-httpx"
import { Call } from "../src/Exchange.js"
import { limitsOf, notGiven } from "../src/request/Timeouts.js"
import { direct } from "../src/transport/connect/Route.js"
import { Pool } from "../src/transport/pool/Pool.js"
import { WireExchange } from "../src/transport/WireExchange.js"
import { atRest, connected, eventually, failsWith } from "./support/failing.js"
import { answering, ok, once, scripted, silent } from "./support/scripted.js"

const stillRuns = <A, E>(fiber: Fiber.RuntimeFiber<A, E>) => Effect.map(Fiber.status(fiber), (s) => s._tag !== "Done")

describe("timeout.pool", () => {
  it.scoped("is the longest wait for a connection: 5 seconds, unless given", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const limits = { connections: 1 }
      const { client, stats } = yield* connected({ limits, timeout: { read: Infinity } })
      const holder = yield* Effect.fork(client.get(server.url("/1")))
      yield* (yield* server.connection(0)).request
      const waiting = yield* Effect.fork(failsWith(client.post(server.url("/2")), "PoolTimeout"))
      yield* TestClock.adjust("4999 millis")
      expect(yield* stillRuns(waiting)).toBe(true)

      yield* TestClock.adjust("1 millis")
      const error = yield* Fiber.join(waiting)
      expect(error).toMatchObject({ limit: 5_000, elapsed: 5_000, phase: "queue", delivery: "unsent" })
      expect(error.message).toContain("limits.connections")
      expect(yield* stillRuns(holder)).toBe(true)
      expect(yield* stats).toMatchObject({ queued: 0, active: 1 })
      expect(server.connections[0]!.received).not.toContain("/2")
    })
  )

  it.scoped("is each waiter's own: of the transport, of the client, of the call, or none", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const limits = { connections: 1 }
      const timeout = { read: Infinity, pool: "3 seconds" } as const
      const { client } = yield* connected({ limits, timeout })
      yield* Effect.fork(client.get(server.url("/holder")))
      yield* (yield* server.connection(0)).request
      const wait = (pool?: Duration.DurationInput) =>
        Effect.fork(Effect.exit(client.get(server.url(), pool === undefined ? {} : { timeout: { pool } })))
      const usual = yield* wait()
      const short = yield* wait("1 seconds")
      const endless = yield* wait(Infinity)
      const running = Effect.forEach([usual, short, endless], stillRuns)
      yield* TestClock.adjust("999 millis")
      expect(yield* running).toEqual([true, true, true])
      yield* TestClock.adjust("1 millis")
      expect(yield* running).toEqual([true, false, true])
      yield* TestClock.adjust("2 seconds")
      expect(yield* running).toEqual([false, false, true])
      yield* TestClock.adjust("1 hours")
      expect(yield* running).toEqual([false, false, true])
    })
  )

  it.scoped("starts for each when it comes, and ends them one by one", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client, stats } = yield* connected({ limits: { connections: 1 }, timeout: { read: Infinity } })
      yield* Effect.fork(client.get(server.url("/holder")))
      yield* (yield* server.connection(0)).request
      for (let i = 0; i < 4; i++) {
        yield* Effect.fork(client.get(server.url(`/${i}`)))
        yield* TestClock.adjust("1 seconds")
      }
      const queued = Effect.map(stats, (s) => s.queued)
      expect(yield* queued).toBe(4)
      for (const left of [3, 2, 1, 0]) {
        yield* TestClock.adjust("1 seconds")
        expect(yield* queued).toBe(left)
      }
    })
  )

  it.scopedLive("of zero fails only who would have to wait, as long as another response is open", () =>
    Effect.gen(function* () {
      const server = yield* scripted(once("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"))
      const { client, stats } = yield* connected({ limits: { connections: 1 }, timeout: { pool: 0 } })
      const response = yield* client.stream("GET", server.url())
      const error = yield* failsWith(client.get(server.url()), "PoolTimeout")
      expect(error).toMatchObject({ limit: 0, delivery: "unsent" })
      yield* response.close
      expect((yield* client.stream("GET", server.url())).status).toBe(200)
      expect(yield* stats).toMatchObject({ queued: 0, active: 1 })
    })
  )

  it.scoped("does not count the time in which a connection is being opened", () =>
    Effect.gen(function* () {
      // It accepts, and never speaks TLS.
      const server = yield* scripted(silent)
      const { client } = yield* connected({ timeout: { pool: "1 seconds", connect: "4 seconds" } })
      const url = server.url().replace("http:", "https:")
      const calls = yield* Effect.forEach(Array(3), () => Effect.fork(failsWith(client.get(url), "ConnectTimeout")))
      yield* server.connection(0)
      yield* TestClock.adjust("3999 millis")
      for (const call of calls) expect(yield* stillRuns(call)).toBe(true)
      yield* TestClock.adjust("1 millis")
      for (const call of calls) expect(yield* Fiber.join(call)).toMatchObject({ limit: 4_000, phase: "tls" })
    })
  )

  it.scoped("does not count the wait at a parallel block's own gate", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) =>
        Effect.forever(Effect.zipRight(c.request, Effect.zipRight(Effect.sleep("3 seconds"), c.send(ok("late")))))
      )
      const { client } = yield* connected({ timeout: { pool: "1 seconds" } })
      const parallel = yield* client.parallel({ concurrency: 1 })
      const pendings = yield* Effect.forEach(["/1", "/2", "/3"], (path) => parallel.get(server.url(path)))
      const all = yield* Effect.fork(Effect.forEach(pendings, (pending) => pending.getResponse))
      for (let i = 1; i <= 3; i++) {
        const heads = () => (server.connections[0]?.received.match(/GET/g) ?? []).length
        yield* eventually(() => heads() === i)
        yield* TestClock.adjust("3 seconds")
      }
      expect((yield* Fiber.join(all)).map((response) => response.status)).toEqual([200, 200, 200])
    })
  )
})

describe("limits.keepAlive", () => {
  it.scopedLive("is how many idle connections are kept: those used last", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("x")))
      const { client, stats } = yield* connected({ limits: { keepAlive: 2 } })
      yield* Effect.forEach(Array(6), () => client.get(server.url()), { concurrency: "unbounded" })
      yield* server.untilOpen(2)
      expect(yield* stats).toEqual(atRest(2))
    })
  )

  it.scopedLive("closes no idle connection because others are busy", () =>
    Effect.gen(function* () {
      const busy = yield* scripted(silent)
      const server = yield* scripted(answering(ok("x")))
      const { client, stats } = yield* connected({ limits: { keepAlive: 2 } })
      yield* client.get(server.url())
      for (let i = 0; i < 3; i++) {
        yield* Effect.fork(client.get(busy.url()))
        yield* busy.connection(i)
      }
      yield* eventually(() => busy.open === 3)
      yield* client.get(server.url())
      expect(server.connections.length).toBe(1)
      expect(yield* stats).toMatchObject({ active: 3, idle: 1 })
    })
  )

  it.scopedLive("of 0 keeps none", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("x")))
      const { client, stats } = yield* connected({ limits: { keepAlive: 0 } })
      for (let i = 0; i < 3; i++) {
        yield* client.get(server.url())
        yield* server.untilOpen(0)
      }
      expect(yield* stats).toEqual(atRest(0))
    })
  )
})

describe("a queue of a hundred thousand", () => {
  const size = 100_000
  const url = "http://127.0.0.1:1/"

  /** A pool that never gets a connection, and its exchanges. */
  const crowd = () => {
    const pool = new Pool(
      {
        dial: () => Effect.runFork(Effect.never),
        connection: () => expect.fail(),
        protocolOf: () => "http/1.1",
        changed: () => {}
      },
      { connections: 1, connectionsPerOrigin: 1, keepAlive: 1, keepAliveExpiry: undefined, pool: 5_000 },
      undefined
    )
    const request = Request.make("GET", url)
    const { target } = request
    if (target instanceof Error) return expect.fail()
    const serialized = { head: "GET / HTTP/1.1\r\n\r\n", chunked: false, contentLength: undefined }
    const limits = limitsOf({ ...notGiven, pool: 5_000 })
    const wiring = { admission: pool, decoders: undefined, expectContinue: 1_000 }
    const submit = () => {
      const call = new Call(undefined, true, false)
      const exchange = new WireExchange(request.as(call), target, direct, serialized, limits, call, wiring)
      exchange.start(() => {})
      return exchange
    }
    return { pool, submit }
  }

  it("costs no more than a record each, and less than a second to cancel", async () => {
    const { pool, submit } = crowd()
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    const exchanges = Array.from({ length: size }, submit)
    globalThis.gc?.()
    const bytes = (process.memoryUsage().heapUsed - before) / size
    expect(pool.stats).toMatchObject({ queued: size, connecting: 1 })
    // Of which the request, its call and what it parsed are a third.
    expect(bytes).toBeLessThan(2_500)
    const start = process.cpuUsage()
    await Effect.runPromise(Effect.forEach(exchanges, (exchange) => exchange.abort, { discard: true }))
    const { system, user } = process.cpuUsage(start)
    expect((user + system) / 1_000).toBeLessThan(1_000)
    expect(exchanges.every((exchange) => exchange.over)).toBe(true)
    expect(pool.stats).toMatchObject({ queued: 0, connecting: 0 })
  })
})

describe("metrics", () => {
  it.scopedLive("say what connections and exchanges of all transports do, and forget those that are closed", () =>
    Effect.gen(function* () {
      const state = (name: string, value: string) =>
        Effect.map(Metric.snapshot, (pairs) => {
          const found = pairs.find(
            ({ metricKey }) => metricKey.name === name && metricKey.tags.some((tag) => tag.value === value)
          )
          return MetricState.isCounterState(found?.metricState) ? Number(found.metricState.count) : 0
        })
      const server = yield* scripted(once(ok("x")), silent)
      const before = yield* state("effect_httpx_connections", "active")
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { client } = yield* connected({ limits: { connections: 1 } })
          yield* Effect.fork(client.get(server.url("/1")))
          yield* Effect.fork(Effect.ignore(client.get(server.url("/2"))))
          const until = (name: string, value: string, count: number) =>
            Effect.repeat(Effect.delay(state(name, value), 20), { until: (now) => now === count, times: 100 })
          expect(yield* until("effect_httpx_connections", "active", before + 1)).toBe(before + 1)
          expect(yield* until("effect_httpx_exchanges", "active", 1)).toBe(1)
          // What changes without another request is told too.
          const idle = yield* state("effect_httpx_connections", "idle")
          const late = yield* scripted((c) => Effect.zipRight(c.request, Effect.delay(c.send(ok("late")), 250)))
          const { client: other } = yield* connected()
          yield* other.get(late.url())
          expect(yield* until("effect_httpx_connections", "idle", idle + 1)).toBe(idle + 1)
          expect(yield* until("effect_httpx_connections", "active", before + 1)).toBe(before + 1)
          const waiting = yield* Effect.fork(
            failsWith(client.get(server.url("/3"), { timeout: { pool: "250 millis" } }), "PoolTimeout")
          )
          expect(yield* until("effect_httpx_exchanges", "queued", 1)).toBe(1)
          yield* Fiber.join(waiting)
          expect(yield* until("effect_httpx_exchanges", "queued", 0)).toBe(0)
        })
      )
      expect(yield* state("effect_httpx_connections", "active")).toBe(before)
      expect(yield* state("effect_httpx_exchanges", "active")).toBe(0)
    })
  )
})
