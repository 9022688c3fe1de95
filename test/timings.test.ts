/** `response.timings`: where the time of a response went. */
import { FetchHttpClient } from "@effect/platform"
import { describe, expect, it, test } from "@effect/vitest"
import { Duration, Effect, Fiber, Stream } from "effect"
import { Client, Exchange, Request, type Response } from "effect-httpx"
import type { Transport } from "effect-httpx/node"
import { InProcess } from "effect-httpx/testing"
import { authority, localhost } from "./support/certificates.js"
import { connected, eventually } from "./support/failing.js"
import { h2Server, h2TlsServer } from "./support/h2server.js"
import { answering, ok, scripted, scriptedTls, silent } from "./support/scripted.js"
import { aFewTurns } from "./support/turns.js"
import { headers, switches } from "./support/upgrading.js"
import { timingsOf } from "../src/response/Timings.js"
import { wireOf } from "../src/transport/platform/FromPlatform.js"

const number = expect.any(Number)

const none = { dns: undefined, connect: undefined, proxy: undefined, tls: undefined }

/** All parts that are known, together. */
const sum = (timings: Response.Timings): number =>
  Object.values(timings).reduce((total, part) => total + (part ?? 0), 0)

/** Waits until this many requests are queued or served. */
const untilQueued = (stats: Effect.Effect<Transport.PoolStats>, count: number): Effect.Effect<unknown> =>
  Effect.repeat(Effect.zipLeft(stats, Effect.yieldNow()), {
    until: ({ exchanges, queued }) => exchanges === 1 && exchanges + queued === count
  })

const expectWhole = (response: Response.Response): void => {
  for (const part of Object.values(response.timings)) expect(part ?? 0).toBeGreaterThanOrEqual(0)
  expect(sum(response.timings)).toBeCloseTo(response.elapsed, 3)
}

describe("the timings of a response", () => {
  it.scopedLive("tell the opening of a connection to the request that it was opened for, and not to the next", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("hello")))
      const { client } = yield* connected()
      const first = yield* client.get(server.url("/", "localhost"))
      const steps = { dns: number, connect: number, proxy: undefined, tls: undefined }
      expect(first.timings).toEqual({ queued: number, ...steps, wait: number, download: number })
      expectWhole(first)
      const second = yield* client.get(server.url("/", "localhost"))
      expect(second.timings).toEqual({ queued: number, ...none, wait: number, download: number })
      expectWhole(second)
      expect(second.connection).toEqual(first.connection)
    })
  )

  it.scopedLive("have TLS in them over https", () =>
    Effect.gen(function* () {
      const server = yield* scriptedTls(localhost, answering(ok("hello")))
      const { client } = yield* connected({ tls: { ca: authority } })
      const response = yield* client.get(server.url("/", "localhost"))
      expect(response.timings).toMatchObject({ connect: number, proxy: undefined, tls: number })
      expectWhole(response)
      expect((yield* client.get(server.url("/", "localhost"))).timings).toMatchObject(none)
    })
  )

  it.scopedLive("are those of the first stream alone that opens an HTTP/2 connection", () =>
    Effect.gen(function* () {
      const server = yield* h2TlsServer((stream) => {
        stream.respond({ ":status": 200 })
        stream.end("x")
      })
      const { client } = yield* connected({ tls: { ca: authority } })
      const responses = yield* Effect.all(
        Array.from({ length: 3 }, () => client.get(server.url())),
        { concurrency: "unbounded" }
      )
      expect(server.sessions.length).toBe(1)
      expect(responses.map(({ timings }) => timings.tls !== undefined)).toEqual([true, false, false])
      responses.forEach(expectWhole)
      expect((yield* client.get(server.url())).timings).toMatchObject(none)
    })
  )

  it.scopedLive("count the wait for a connection that is busy as queued", () =>
    Effect.gen(function* () {
      const release = Effect.unsafeMakeSemaphore(0)
      const server = yield* scripted((c) =>
        Effect.gen(function* () {
          yield* c.request
          yield* release.take(1)
          yield* c.send(ok("one"))
          yield* answering(ok("two"))(c)
        })
      )
      const { client, stats } = yield* connected({ limits: { connectionsPerOrigin: 1 } })
      const one = yield* Effect.fork(client.get(server.url("/1")))
      yield* untilQueued(stats, 1)
      const two = yield* Effect.fork(client.get(server.url("/2")))
      yield* untilQueued(stats, 2)
      const [waited] = yield* Effect.timed(aFewTurns)
      yield* release.release(1)
      expect((yield* Fiber.join(one)).timings.wait).toBeGreaterThan(Duration.toMillis(waited))
      const second = yield* Fiber.join(two)
      expect(second.timings.queued).toBeGreaterThan(Duration.toMillis(waited))
      expect(second.timings).toMatchObject(none)
      expectWhole(second)
    })
  )

  it.scopedLive("are there from the head on; the download when it is over", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) =>
        Effect.gen(function* () {
          yield* c.request
          yield* c.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha")
          yield* c.take("more")
        })
      )
      const { client } = yield* connected()
      const response = yield* client.stream("GET", server.url())
      const { download, ...until } = response.timings
      expect({ download, wait: until.wait }).toEqual({ download: undefined, wait: number })
      yield* response.close
      expect(response.timings).toEqual({ ...until, download: number })
      expectWhole(response)
    })
  )

  it.scopedLive("stay when the body has been read", () =>
    Effect.gen(function* () {
      const server = yield* h2Server((stream) => {
        stream.respond({ ":status": 200 })
        stream.end("x".repeat(100_000))
      })
      const { client } = yield* connected({ http1: false })
      const response = yield* client.stream("GET", server.url())
      yield* Stream.runDrain(response.stream)
      const { timings } = response
      expect(timings).toMatchObject({ connect: number, download: number })
      expect(yield* Effect.as(response.close, response.timings)).toEqual(timings)
    })
  )

  it.scopedLive("are told of a connection that has been upgraded", () =>
    Effect.gen(function* () {
      const server = yield* scripted(switches())
      const { client } = yield* connected()
      const response = yield* client.stream("GET", server.url(), { headers })
      expect(response.status).toBe(101)
      expect(response.timings).toMatchObject({ connect: number, wait: number, download: undefined })
    })
  )

  it.effect("are the wait and the download where nothing more can be known", () =>
    Effect.gen(function* () {
      const served = yield* Client.make().pipe(Effect.provide(InProcess.layer(() => Effect.succeed({ body: "x" }))))
      const response = yield* served.get("http://localhost/")
      expect(response.timings).toEqual({ queued: undefined, ...none, wait: 0, download: 0 })
    })
  )

  it.scopedLive("of a foreign client are those too", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("hello")))
      const client = yield* Client.make().pipe(Effect.provide(FetchHttpClient.layer))
      const response = yield* client.get(server.url())
      expect(response.timings).toEqual({ queued: undefined, ...none, wait: number, download: number })
      expectWhole(response)
    })
  )

  test("are no longer than the call, which may have come to a connection that was being opened already", () => {
    const opening = { dns: 40, connect: 30, proxy: undefined, tls: 20 }
    const marks = { carriedAfter: 35, answeredAfter: 50, endedAfter: 51, opening }
    expect(timingsOf(marks)).toEqual({
      queued: 0,
      dns: 0,
      connect: 15,
      proxy: undefined,
      tls: 20,
      wait: 15,
      download: 1
    })
    expect(timingsOf({ ...marks, carriedAfter: 100, answeredAfter: 100 })).toMatchObject({ queued: 10, wait: 0 })
  })
})

describe("the phase of a call", () => {
  it.scopedLive("is known while it has something open", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { httpClient } = yield* connected()
      const call = new Exchange.Call(undefined, false, false)
      expect(call.phase).toBeUndefined()
      const sending = wireOf(httpClient).exchange(Request.make("GET", server.url()).as(call))
      const fiber = yield* Effect.fork(
        Effect.ensuring(
          sending,
          Effect.suspend(() => call.release)
        )
      )
      yield* eventually(() => call.phase === "wait")
      yield* Fiber.interrupt(fiber)
      expect(call.phase).toBeUndefined()
    })
  )
})
