/** A server that is a function, for tests of code that calls HTTP. */
import { HttpClient } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Context, Deferred, Effect, Fiber, Layer, Stream, TestClock } from "effect"
import { Client, Request } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import { wireOf } from "../src/transport/platform/FromPlatform.js"

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

const over = (handler: InProcess.Handler, options?: Client.ClientOptions) =>
  Effect.provide(Client.make({ baseUrl: "https://api.test/v1", ...options }), InProcess.layer(handler))

describe("the server function", () => {
  it.effect("sees the request as it would be sent", () =>
    Effect.gen(function* () {
      let seen: InProcess.Incoming | undefined
      const client = yield* over((request) => {
        seen = request
        return Effect.as(request.body, {})
      })
      const url = "https://user:pw@api.test/a/../b%20c?x=1&x=%32#part"
      yield* client.post(url, { json: { a: 1 }, headers: { "X-Own": ["1", "2"] } })
      expect(seen).toMatchObject({ method: "POST", url: "https://api.test/b%20c?x=1&x=%32", path: "/b%20c" })
      expect(seen?.query.getAll("x")).toEqual(["1", "2"])
      expect(seen?.headers.getAll("x-own")).toEqual(["1", "2"])
      expect(new TextDecoder().decode(yield* seen!.body)).toBe('{"a":1}')
    })
  )

  it.effect("answers with text, bytes, a stream, JSON, or nothing", () =>
    Effect.gen(function* () {
      const replies: Record<string, InProcess.Reply> = {
        "/v1/text": { body: "text" },
        "/v1/bytes": { body: text("bytes"), status: 202, reasonPhrase: "Later" },
        "/v1/stream": { body: Stream.make(text("str"), text("eam")), headers: { "x-a": ["1", "2"] } },
        "/v1/json": InProcess.json({ a: 1 }, { status: 201, headers: { "X-B": "3" } }),
        "/v1/nothing": {}
      }
      const client = yield* over((request) => Effect.succeed(replies[request.path] ?? { status: 404 }))
      expect(yield* (yield* client.get("/text")).text).toBe("text")
      const bytes = yield* client.get("/bytes")
      expect([bytes.status, bytes.reasonPhrase, yield* bytes.text]).toEqual([202, "Later", "bytes"])
      const stream = yield* client.get("/stream")
      expect([yield* stream.text, stream.headers["x-a"], stream.httpVersion]).toEqual(["stream", "1, 2", "HTTP/1.1"])
      const json = yield* client.get("/json")
      expect([json.status, yield* json.json, json.headers["content-type"]]).toEqual([201, { a: 1 }, "application/json"])
      expect(json.headers["x-b"]).toBe("3")
      const nothing = yield* client.get("/nothing")
      expect([nothing.status, yield* nothing.text]).toEqual([200, ""])
      expect((yield* client.get("/else")).status).toBe(404)
    })
  )

  it.effect("has its body left out where HTTP has none", () =>
    Effect.gen(function* () {
      const client = yield* over(({ path }) => Effect.succeed({ status: Number(path.slice(4)), body: "too much" }))
      expect(yield* (yield* client.head("/200")).text).toBe("")
      expect(yield* (yield* client.get("/204")).text).toBe("")
      expect(yield* (yield* client.get("/304")).text).toBe("")
    })
  )

  it.effect("that fails, dies or cannot be asked is a connection that broke", () =>
    Effect.gen(function* () {
      const client = yield* over(({ path }) => {
        if (path === "/v1/throws") throw new Error("thrown")
        return path === "/v1/dies" ? Effect.die("died") : Effect.fail("failed")
      })
      for (const path of ["/fails", "/dies", "/throws"]) {
        const error = yield* Effect.flip(client.get(path))
        expect(error).toMatchObject({ _tag: "ReadError", delivery: "unknown", phase: "wait" })
      }
    })
  )

  it.effect("that passes on the failure of the request's body leaves that error to the caller", () =>
    Effect.gen(function* () {
      const client = yield* over((request) => Effect.as(request.body, {}))
      const error = yield* Effect.flip(client.post("/", { content: Stream.fail("mine" as const) }))
      expect(error).toMatchObject({ _tag: "BodyError", error: "mine" })
    })
  )

  it.effect("that does not want the body answers without it", () =>
    Effect.gen(function* () {
      const client = yield* over(() => Effect.succeed({ status: 413 }))
      expect((yield* client.post("/", { content: Stream.die("never run") })).status).toBe(413)
    })
  )

  it.effect("is stopped with the call, and the stream of its answer is released with the response", () =>
    Effect.gen(function* () {
      const stopped = yield* Deferred.make<void>()
      const waits = yield* over(() => Effect.onInterrupt(Effect.never, () => Deferred.succeed(stopped, undefined)))
      const call = yield* Effect.fork(waits.get("/"))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(call)
      yield* Deferred.await(stopped)
      const events: Array<string> = []
      const endless = Stream.ensuring(
        Stream.repeatValue(text("x")),
        Effect.sync(() => events.push("released"))
      )
      const streams = yield* over(() => Effect.succeed({ body: endless }))
      yield* Effect.scoped(
        Effect.flatMap(streams.stream("GET", "/"), ({ stream }) => Stream.runDrain(Stream.take(stream, 1)))
      )
      events.push("left the scope")
      expect(events).toEqual(["released", "left the scope"])
    })
  )

  it.effect("is timed by the test's clock", () =>
    Effect.gen(function* () {
      const client = yield* over(() => Effect.delay(Effect.succeed({ body: "late" }), "2 seconds"), {
        timeout: "3 seconds"
      })
      const inTime = yield* Effect.fork(client.get("/"))
      yield* TestClock.adjust("2 seconds")
      const response = yield* Fiber.join(inTime)
      expect(response.elapsed).toBe(2000)
      const tooLate = yield* Effect.fork(Effect.flip(client.get("/", { timeout: "1 seconds" })))
      yield* TestClock.adjust("1 seconds")
      expect(yield* Fiber.join(tooLate)).toMatchObject({ _tag: "TotalTimeout", limit: 1000, elapsed: 1000 })
    })
  )

  it.effect("can stop a body at its timeout, though nobody pulls", () =>
    Effect.gen(function* () {
      const client = yield* over(() => Effect.succeed({ body: Stream.concat(Stream.make(text("one")), Stream.never) }))
      yield* Effect.scoped(
        Effect.gen(function* () {
          const response = yield* client.stream("GET", "/", { timeout: "1 seconds" })
          yield* TestClock.adjust("1 seconds")
          expect(response.isClosed).toBe(true)
          expect(yield* Effect.flip(response.text)).toMatchObject({ _tag: "TotalTimeout" })
        })
      )
    })
  )

  it.effect("is an exchange of its own too, below any client", () =>
    Effect.gen(function* () {
      const bare = yield* Effect.provide(
        Effect.map(HttpClient.HttpClient, wireOf),
        InProcess.layer(() => Effect.succeed({ body: "bare" }))
      )
      const response = yield* bare.exchange(Request.make("GET", "https://api.test/"))
      expect(yield* response.text).toBe("bare")
    })
  )

  it.effect("may have its answer read by pieces, to the end and not beyond", () =>
    Effect.gen(function* () {
      const body = Stream.concat(Stream.make(text("a"), text(""), text("b")), Stream.empty)
      const { exchange } = wireOf(InProcess.make(() => Effect.succeed({ body })))
      const source = yield* exchange(Request.make("GET", "https://api.test/"))
      expect(yield* Stream.runCollect(Stream.map(source.stream, (piece) => piece.length))).toEqual(Chunk.make(1, 1))
      expect(source.isClosed).toBe(true)
      yield* source.close
    })
  )

  it.effect("serves several clients, one tag each", () =>
    Effect.gen(function* () {
      class Users extends Context.Tag("test/Users")<Users, Client.Client>() {}
      class Orders extends Context.Tag("test/Orders")<Orders, Client.Client>() {}
      const clients = Layer.merge(
        Layer.effect(Users, Client.make({ baseUrl: "https://users.test" })),
        Layer.effect(Orders, Client.make({ baseUrl: "https://orders.test" }))
      )
      const server = InProcess.layer(({ url }) => Effect.succeed({ body: url }))
      const both = Effect.gen(function* () {
        const users = yield* (yield* Users).get("/1")
        const orders = yield* (yield* Orders).get("/2")
        return [yield* users.text, yield* orders.text]
      })
      const texts = yield* Effect.provide(both, Layer.provide(clients, server))
      expect(texts).toEqual(["https://users.test/1", "https://orders.test/2"])
    })
  )
})
