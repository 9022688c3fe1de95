// A block of requests, from submission to the last answer. The numbers are those of the questions that the design of
// `parallel()` answers; those that do not apply here are at the end.
import { describe, expect, it } from "@effect/vitest"
import { Cause, Chunk, Effect, Exit, Fiber, Option, Scope, Stream, TestClock } from "effect"
import { clientOf, gated, gatedOnSocket, started, told } from "./support/gatedServer.js"

describe("submitting", () => {
  it.scoped("1. succeeds at once with a pending, and waits neither for the network nor for its turn", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 1 })
      const first = yield* parallel.get("/first")
      const second = yield* parallel.get("/second")
      expect([first.request?.url, second.request?.url]).toEqual([
        "http://server.test/first",
        "http://server.test/second"
      ])
      yield* server.arrived("/first")
      expect(server.seen).toEqual(["/first"])
      yield* server.answer("/first")
      yield* server.answer("/second")
      expect([yield* told(first.getResponse), yield* told(second.getResponse)]).toEqual(["/first", "/second"])
    })
  )

  it.scoped("2. never fails: what is wrong with a request comes out of getResponse and nextResponse", () =>
    Effect.gen(function* () {
      const { client } = yield* gated
      const parallel = yield* client.parallel()
      const circular: Array<unknown> = []
      circular.push(circular)
      const pendings = [
        yield* parallel.get("http://a b/"),
        yield* parallel.get("ftp://example.com/"),
        yield* parallel.post("/", { json: circular }),
        yield* parallel.post("/", { json: 1n }),
        yield* parallel.get("/", { headers: { "bad name": "x" } }),
        yield* parallel.request("bad method", "/"),
        yield* parallel.stream("GET", "http://a b/")
      ]
      const tags = yield* Effect.forEach(pendings, (pending) => told(pending.getResponse))
      expect(tags).toEqual([
        "InvalidUrl",
        "UnsupportedProtocol",
        "LocalProtocolError",
        "LocalProtocolError",
        "LocalProtocolError",
        "LocalProtocolError",
        "InvalidUrl"
      ])
      yield* parallel.get("http://a b/")
      expect(yield* told(parallel.nextResponse)).toBe("InvalidUrl")
    })
  )

  it.effect("2. does not fail after the block was left either", () =>
    Effect.gen(function* () {
      const { client } = yield* gated
      const parallel = yield* Effect.scoped(client.parallel())
      const late = yield* parallel.get("/now/late")
      const error = yield* Effect.flip(late.getResponse)
      expect(error).toMatchObject({ _tag: "RequestCancelled", request: { method: "GET" } })
      expect(yield* parallel.hasPendingResponses).toBe(false)
      expect(yield* told(parallel.nextResponse)).toBe("NoPendingResponses")
    })
  )

  it.scoped("3. starts requests at once, and when there is a limit in the order of submission", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 2 })
      const paths = ["/a", "/b", "/c", "/d"]
      for (const path of paths) yield* parallel.get(path)
      yield* server.arrived("/b")
      expect(server.seen).toEqual(["/a", "/b"])
      yield* server.answer("/b")
      yield* server.arrived("/c")
      yield* server.answer("/c")
      yield* server.arrived("/d")
      expect(server.seen).toEqual(paths)
    })
  )

  it.scoped("24. takes any number: those that wait their turn are neither fibers nor requests", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 3 })
      for (let i = 0; i < 1000; i++) yield* parallel.get(`/${i}`)
      yield* server.arrived("/2")
      expect(yield* parallel.pendingCount).toBe(1000)
      expect(server.seen).toEqual(["/0", "/1", "/2"])
    })
  )

  it.scoped("36. has every verb of the client, each with every option", () =>
    Effect.gen(function* () {
      const client = yield* clientOf(({ body, headers, method, url }) =>
        Effect.map(body, (bytes) => ({
          headers: { "x-seen": [method, url, headers.get("x-id"), bytes.length].join(" ") },
          body: method
        }))
      )
      const parallel = yield* client.parallel()
      const bare = { params: { page: 2 }, headers: { "x-id": "7" }, tag: "mine" }
      const full = { ...bare, json: [1] }
      const pendings = [
        yield* parallel.get("/?a=1", bare),
        yield* parallel.head("/?a=1", bare),
        yield* parallel.options("/?a=1", bare),
        yield* parallel.post("/?a=1", full),
        yield* parallel.put("/?a=1", full),
        yield* parallel.patch("/?a=1", full),
        yield* parallel.del("/?a=1", full),
        yield* parallel.request("REPORT", "/?a=1", full),
        yield* parallel.stream("QUERY", "/?a=1", full)
      ]
      const responses = yield* Effect.forEach(pendings, (pending) => pending.getResponse)
      const seen = (method: string, bytes: number) => `${method} http://server.test/?a=1&page=2 7 ${bytes}`
      expect(responses.map((response) => response.headers["x-seen"])).toEqual([
        ...["GET", "HEAD", "OPTIONS"].map((method) => seen(method, 0)),
        ...["POST", "PUT", "PATCH", "DELETE", "REPORT", "QUERY"].map((method) => seen(method, 3))
      ])
      expect(pendings.map((pending) => pending.tag)).toEqual(pendings.map(() => "mine"))
    })
  )

  it.scoped("36. takes a request that was made before, and sends it again as often as it is submitted", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      const request = (yield* parallel.get("/now/again")).request!
      const submit = parallel.send(request)
      yield* submit
      yield* submit
      for (let i = 0; i < 3; i++) expect(yield* told(parallel.nextResponse)).toBe("/now/again")
      expect(server.seen).toHaveLength(3)
    })
  )
})

describe("concurrency", () => {
  it.scoped("23. is respected at each moment", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 3 })
      const pendings = yield* Effect.forEach(
        Array.from({ length: 30 }, (_, i) => `/${i}`),
        (path) => parallel.get(path)
      )
      for (const [i, pending] of pendings.entries()) {
        yield* server.arrived(`/${i}`)
        expect(server.serving.size).toBeLessThanOrEqual(3)
        if (i % 3 === 0) yield* pending.cancel
        else if (i % 3 === 1) yield* server.breakOff(`/${i}`)
        else yield* server.answer(`/${i}`)
      }
      while (yield* parallel.hasPendingResponses) yield* told(parallel.nextResponse)
      expect(server.seen).toHaveLength(30)
      expect(server.peak).toBe(3)
    })
  )

  it.scoped("23. is by default the number of connections that the client has", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gatedOnSocket({ limits: { connections: 4 } })
      const parallel = yield* client.parallel()
      for (let i = 0; i < 10; i++) yield* parallel.get(`/${i}`)
      for (let i = 0; i < 4; i++) yield* server.arrived(`/${i}`)
      for (let i = 0; i < 10; i++) {
        yield* server.answer(`/${i}`)
        yield* parallel.nextResponse
      }
      expect(server.peak).toBe(4)
    })
  )

  it.scoped("23. the time that a request waits its turn does not count for its timeout", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 1 })
      yield* parallel.get("/slow")
      const hasty = yield* parallel.get("/hasty", { timeout: "1 second" })
      yield* server.arrived("/slow")
      yield* TestClock.adjust("1 hour")
      yield* server.answer("/slow")
      yield* server.arrived("/hasty")
      yield* TestClock.adjust("999 millis")
      yield* server.answer("/hasty")
      expect(yield* told(hasty.getResponse)).toBe("/hasty")
    })
  )

  it.scoped("27. is over the same connections as the client's own calls", () =>
    Effect.gen(function* () {
      const { client, transport } = yield* gatedOnSocket()
      yield* client.get("/now/alone")
      const parallel = yield* client.parallel({ concurrency: 1 })
      for (let i = 0; i < 3; i++) yield* parallel.get(`/now/${i}`)
      yield* Stream.runDrain(parallel.responses)
      expect(yield* transport.stats).toMatchObject({ queued: 0, connecting: 0, active: 0, idle: 1 })
    })
  )

  it.scoped("34. an origin that is slow holds up no other", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gatedOnSocket({ limits: { connectionsPerOrigin: 1 } })
      const other = yield* gatedOnSocket()
      const parallel = yield* client.parallel()
      yield* parallel.get("/slow")
      yield* parallel.get("/waits")
      yield* server.arrived("/slow")
      yield* parallel.get(`${other.url}/now/quick`)
      expect(yield* told(parallel.nextResponse)).toBe("/now/quick")
      expect(server.seen).toEqual(["/slow"])
    })
  )
})

describe("answers", () => {
  it.scoped("5. are the same as often as they are asked for, and after nextResponse gave them out", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      const good = yield* parallel.get("/now/good")
      const response = yield* good.getResponse
      expect(yield* good.getResponse).toBe(response)
      const bad = yield* parallel.get("/bad")
      yield* server.breakOff("/bad")
      const error = yield* Effect.flip(bad.getResponse)
      expect(yield* Effect.flip(bad.getResponse)).toBe(error)
      const next = yield* parallel.get("/now/next")
      const given = yield* parallel.nextResponse
      expect(yield* next.getResponse).toBe(given)
      expect(yield* parallel.pendingCount).toBe(0)
    })
  )

  it.scoped(
    "6. hasPendingResponses and pendingCount tell of requests not yet claimed or cancelled, finished or not",
    () =>
      Effect.gen(function* () {
        const { client, server } = yield* gated
        const parallel = yield* client.parallel({ concurrency: 2 })
        expect(yield* parallel.hasPendingResponses).toBe(false)
        const pendings = yield* Effect.forEach(["/a", "/b", "/c", "/d", "/e"], (path) => parallel.get(path))
        expect(yield* parallel.pendingCount).toBe(5)
        yield* server.answer("/a")
        yield* server.arrived("/c")
        expect(yield* parallel.pendingCount).toBe(5)
        const waiter = yield* started(pendings[1]!.getResponse)
        expect(yield* parallel.pendingCount).toBe(4)
        yield* Fiber.interrupt(waiter)
        expect(yield* parallel.pendingCount).toBe(5)
        yield* pendings[4]!.cancel
        yield* pendings[4]!.cancel
        expect(yield* parallel.pendingCount).toBe(4)
        yield* parallel.nextResponse
        expect(yield* parallel.pendingCount).toBe(3)
        expect(yield* parallel.hasPendingResponses).toBe(true)
      })
  )

  it.scoped("7. nextResponse fails at once when nothing is pending", () =>
    Effect.gen(function* () {
      const { client } = yield* gated
      const parallel = yield* client.parallel()
      expect((yield* Effect.flip(parallel.nextResponse))._tag).toBe("NoPendingResponses")
      expect((yield* Effect.flip(parallel.nextOutcome))._tag).toBe("NoPendingResponses")
    })
  )

  it.scoped("9. that are errors take their request out, tell which it was, and leave the others running", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      const bad = yield* parallel.get("/bad?key=secret", { tag: 7 })
      yield* parallel.get("/good")
      yield* server.breakOff("/bad")
      const error = yield* Effect.flip(parallel.nextResponse)
      expect(error).toMatchObject({ _tag: "ReadError", request: { method: "GET", tag: 7 } })
      expect(JSON.stringify(error)).not.toContain("secret")
      if (error._tag === "NoPendingResponses") return
      expect(parallel.pendingOf(error)).toEqual(Option.some(bad))
      expect(yield* parallel.pendingCount).toBe(1)
      yield* server.answer("/good")
      expect(yield* told(parallel.nextResponse)).toBe("/good")
    })
  )

  it.scoped("10. belong to a request: response.request, nextOutcome, and a tag of one's own", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      const one = yield* parallel.get("/one", { tag: { id: 1 } })
      const two = yield* parallel.get("/two")
      yield* server.answer("/two")
      const second = yield* parallel.nextOutcome
      expect(second.pending).toBe(two)
      expect(Exit.map(second.exit, (response) => response.request.url)).toEqual(Exit.succeed("http://server.test/two"))
      yield* server.breakOff("/one")
      const first = yield* parallel.nextOutcome
      expect(first.pending).toBe(one)
      expect(first.pending.tag).toEqual({ id: 1 })
      expect(Exit.isFailure(first.exit) && Cause.isFailType(first.exit.cause)).toBe(true)
    })
  )

  it.scoped("11. come in the order of completion", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      const paths = ["/a", "/b", "/c", "/d", "/last"]
      yield* Effect.forEach(paths, (path) => parallel.get(path))
      for (const path of ["/c", "/a", "/d", "/b", "/last"]) yield* server.answer(path)
      const bodies = yield* Effect.forEach(paths, () => told(parallel.nextResponse))
      expect(bodies).toEqual(["/c", "/a", "/d", "/b", "/last"])
    })
  )

  it.scoped("13. are complete when the body is read and the connection is free", () =>
    Effect.gen(function* () {
      const { client, server, transport } = yield* gatedOnSocket()
      const parallel = yield* client.parallel()
      const pending = yield* parallel.get("/body")
      const waiter = yield* started(pending.getResponse)
      const text = new TextEncoder()
      const rest = Stream.fromEffect(Effect.as(server.arrived("/rest"), text.encode("there")))
      yield* server.answer("/body", { body: Stream.concat(Stream.make(text.encode("here, ")), rest) })
      yield* client.get("/now/other")
      expect(waiter.unsafePoll()).toBeNull()
      expect(yield* transport.stats).toMatchObject({ active: 1, idle: 1 })
      const other = yield* Effect.fork(client.get("/rest"))
      const response = yield* Fiber.join(waiter)
      expect(response.isClosed).toBe(true)
      expect(yield* response.text).toBe("here, there")
      yield* server.answer("/rest")
      yield* Fiber.join(other)
      expect(yield* transport.stats).toMatchObject({ active: 0, idle: 2 })
    })
  )

  it.scoped("25. are a stream too: responses ends with the first failure, outcomes with the last pending", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      const collected = (stream: Stream.Stream<unknown>) => Effect.map(Stream.runCollect(stream), Chunk.toArray)
      expect(yield* Stream.runCollect(parallel.responses)).toEqual(Chunk.empty())
      yield* parallel.get("/now/a")
      yield* parallel.get("/bad")
      yield* parallel.get("/c")
      yield* server.breakOff("/bad")
      const bodies = parallel.responses.pipe(
        Stream.mapEffect((response) => response.text),
        Stream.catchAll((error) => Stream.make(error._tag))
      )
      expect(yield* collected(bodies)).toEqual(["/now/a", "ReadError"])
      yield* server.answer("/c")
      yield* parallel.get("/worse")
      yield* server.breakOff("/worse")
      const successes = Stream.map(parallel.outcomes, ({ exit }) => Exit.isSuccess(exit))
      expect(yield* collected(successes)).toEqual([true, false])
    })
  )

  it.scoped("35. that were claimed are dropped from the block, only their handle keeps them", () =>
    Effect.gen(function* () {
      const { client } = yield* gated
      const scope = yield* Scope.make()
      const parallel = yield* Scope.extend(client.parallel(), scope)
      const pending = yield* parallel.get("/now/kept")
      const response = yield* parallel.nextResponse
      yield* Scope.close(scope, Exit.void)
      expect(yield* told(parallel.nextResponse)).toBe("NoPendingResponses")
      expect(yield* pending.getResponse).toBe(response)
    })
  )
})

// Elsewhere: 7, 17, 23, 33 in parallel-limits.test.ts; 22 in parallel-own-client.test.ts; 24 and 25 (all, race) in
// parallel-many.test.ts; 28 in http2-connections.test.ts; 29 and 31 in parallel-policies.test.ts; 30 in
// parallel-auth.test.ts; 38 in promises.test.ts. 37 is a name, not a behaviour: `hasPendingResponses` and `pendingCount`
// are used above.
