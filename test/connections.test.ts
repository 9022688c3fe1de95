/** Connections are kept while they are good, limited in number, shared fairly, and closed with their transport. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope, Stream, TestClock } from "effect"
import type { Request } from "effect-httpx"
import type { Transport } from "effect-httpx/node"
import { atRest, connected, eventually, failsWith } from "./support/failing.js"
import { answering, type Connection, ok, once, type Script, scripted, silent } from "./support/scripted.js"

const path = (head: string): string => head.split(" ")[1]!

/** Answers each request with its own path, when the gate of that path is open. */
const gated = () => {
  const waiting = new Map<string, () => void>()
  const order: Array<string> = []
  const script: Script = (c) =>
    Effect.forever(
      Effect.gen(function* () {
        const asked = path(yield* c.request)
        order.push(asked)
        yield* Effect.async<void>((resume) => void waiting.set(asked, () => resume(Effect.void)))
        yield* c.send(ok(asked))
      })
    )
  /** Lets the answer go out, once the request has come. */
  const open = (asked: string) =>
    Effect.zipRight(
      eventually(() => waiting.has(asked)),
      Effect.sync(() => {
        waiting.get(asked)?.()
        waiting.delete(asked)
      })
    )
  return { script, open, order, waiting }
}

describe("a connection", () => {
  it.scopedLive("is kept and used again", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("again")))
      const { client, stats } = yield* connected()
      for (let i = 0; i < 5; i++) {
        yield* client.get(server.url(`/${i}`))
        yield* client.post(server.url(`/${i}`), { json: i })
      }
      expect(server.connections.length).toBe(1)
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("is used again after an error status, a chunked body, and a body that was streamed", () =>
    Effect.gen(function* () {
      const answers: Script = (c) =>
        Effect.forEach(
          [
            ok("no").replace("200 OK", "404 Not Found"),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            ok("x".repeat(1_000_000)),
            ok("last")
          ],
          (answer) => once(answer)(c),
          { discard: true }
        )
      const server = yield* scripted(answers)
      const { client, stats } = yield* connected()
      yield* client.get(server.url())
      yield* client.get(server.url())
      const streamed = yield* client.stream("GET", server.url())
      yield* Stream.runDrain(streamed.stream)
      expect(yield* stats).toEqual(atRest(1))
      expect(yield* (yield* client.get(server.url())).text).toBe("last")
      expect(server.connections.length).toBe(1)
    })
  )

  it.scopedLive("is used again when a large body has arrived whole though nobody reads it", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("x".repeat(300_000))))
      const { client, stats } = yield* connected()
      const unread = yield* client.stream("GET", server.url())
      yield* eventually(() => unread.isClosed || unread.numBytesDownloaded > 262_144)
      if (!unread.isClosed) yield* unread.read
      expect(yield* stats).toEqual(atRest(1))
      expect((yield* (yield* client.get(server.url())).text).length).toBe(300_000)
      expect(server.connections.length).toBe(1)
    })
  )

  it.scopedLive.each<readonly [string, string, Request.FieldsInput]>([
    ["the server says close", ok("x", "Connection: close"), {}],
    ["the server says close among other words", ok("x", "Connection: x, Close"), {}],
    ["the client says close", ok("x"), { connection: "close" }],
    ["the server speaks HTTP/1.0", ok("x").replace("1.1", "1.0"), {}]
  ])("is not used again when %s", ([, answer, headers]) =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(answer))
      const { client, stats } = yield* connected()
      yield* client.get(server.url(), { headers })
      expect(yield* stats).toEqual(atRest(0))
      yield* client.get(server.url(), { headers })
      expect(server.connections.length).toBe(2)
      yield* server.untilOpen(0)
    })
  )

  it.scopedLive("of HTTP/1.0 is used again when its server says so", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("x", "Connection: keep-alive").replace("1.1", "1.0")))
      const { client } = yield* connected()
      yield* client.get(server.url())
      yield* client.get(server.url())
      expect(server.connections.length).toBe(1)
    })
  )

  it.scoped("is closed when it has been idle for `keepAliveExpiry`, 5 seconds unless given", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("x")))
      const { client, stats } = yield* connected()
      yield* client.get(server.url())
      yield* TestClock.adjust("4 seconds")
      yield* client.get(server.url())
      yield* TestClock.adjust("4999 millis")
      expect(yield* stats).toEqual(atRest(1))
      yield* TestClock.adjust("1 millis")
      yield* server.untilOpen(0)
      expect(yield* stats).toEqual(atRest(0))
      expect(server.connections.length).toBe(1)
      yield* client.get(server.url())
      expect(server.connections.length).toBe(2)
    })
  )

  it.scopedLive("is dropped when its server closes it while it is idle", () =>
    Effect.gen(function* () {
      const server = yield* scripted(once(ok("x")))
      const { client, stats } = yield* connected()
      yield* client.get(server.url())
      yield* server.connections[0]!.close
      yield* eventually(() => server.open === 0)
      expect(yield* stats).toEqual(atRest(0))
      yield* client.post(server.url())
      expect(server.connections.length).toBe(2)
    })
  )
})

describe("a kept connection that its server closes just as it is used again", () => {
  /** Answers once; the next request finds the connection closed without a byte of an answer. */
  const stale: Script = (c) => once(ok("first"))(c).pipe(Effect.zipRight(c.request), Effect.zipRight(c.close))

  it.scopedLive.each(["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])("is replaced, and %s goes out again", (method) =>
    Effect.gen(function* () {
      const server = yield* scripted(stale, answering(ok("")))
      const { client } = yield* connected()
      yield* client.get(server.url("/first"))
      const content = method === "PUT" ? "a body" : undefined
      const response = yield* client.request(method, server.url("/again"), content === undefined ? {} : { content })
      expect(response.status).toBe(200)
      expect(server.connections.length).toBe(2)
      expect(server.connections[1]!.received).toBe(
        server.connections[0]!.received.split("\r\n\r\n").slice(1).join("\r\n\r\n")
      )
    })
  )

  it.scopedLive("is replaced, and a stream that can be run again goes out again, from its beginning", () =>
    Effect.gen(function* () {
      const server = yield* scripted(stale, answering(ok("")))
      const { client, stats } = yield* connected()
      yield* client.get(server.url("/first"))
      const log: Array<string> = []
      const run = Effect.acquireRelease(
        Effect.sync(() => log.push("opened")),
        () => Effect.sync(() => log.push("closed"))
      )
      const content = () => Stream.zipRight(Stream.scoped(run), Stream.make(new TextEncoder().encode("body")))
      const response = yield* client.put(server.url("/again"), { content, headers: { "content-length": "4" } })
      expect(response.status).toBe(200)
      expect(server.connections.length).toBe(2)
      expect(server.connections[1]!.received).toMatch(/^PUT \/again [^]*\r\n\r\nbody$/)
      expect(log).toEqual(["opened", "closed", "opened", "closed"])
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("is replaced in the midst of such a stream, which has ended before it begins anew", () =>
    Effect.gen(function* () {
      const broken: Script = (c) => once(ok("first"))(c).pipe(Effect.zipRight(c.seen("half")), Effect.zipRight(c.close))
      const server = yield* scripted(broken, answering(ok("")))
      const { client, stats } = yield* connected()
      yield* client.get(server.url("/first"))
      const log: Array<string> = []
      const half = Stream.make(new TextEncoder().encode("half"))
      const content = () => {
        const first = log.length === 0
        log.push("begun")
        return Stream.ensuring(
          Stream.concat(half, first ? Stream.never : half),
          Effect.sync(() => log.push("ended"))
        )
      }
      const headers = { "content-length": "8" }
      expect((yield* client.put(server.url("/again"), { content, headers })).status).toBe(200)
      expect(server.connections[1]!.received).toMatch(/\r\n\r\nhalfhalf$/)
      expect(log).toEqual(["begun", "ended", "begun", "ended"])
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("fails what may not be sent twice: POST, PATCH and a stream that flows once", () =>
    Effect.gen(function* () {
      const server = yield* scripted(stale)
      const { client } = yield* connected()
      const once = Stream.make(new Uint8Array(3))
      for (const send of [
        client.post(server.url(), { json: 1 }),
        client.patch(server.url(), { json: 1 }),
        client.post(server.url(), { content: () => once }),
        client.put(server.url(), { content: once })
      ]) {
        yield* client.get(server.url("/first"))
        const before = server.connections.length
        const error = yield* failsWith(send, "ReadError")
        expect(error).toMatchObject({ phase: "wait", delivery: "unknown" })
        expect(server.connections.length).toBe(before)
      }
    })
  )

  it.scopedLive("is replaced by a new one, and not by one as old that has just served another request", () =>
    Effect.gen(function* () {
      const asked = new Map<string, Connection>()
      const old: Script = (c) =>
        Effect.gen(function* () {
          yield* once(ok("first"))(c)
          asked.set(path(yield* c.request), c)
          const lost = asked.get("/lost")
          const other = asked.get("/other")
          if (lost === undefined || other === undefined) return
          // As a server does that is being reloaded.
          yield* lost.close
          yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
          yield* other.send(ok("other"))
          yield* other.close
        })
      const server = yield* scripted(old, old, answering(ok("new")))
      const { client, stats } = yield* connected({ limits: { connectionsPerOrigin: 2 } })
      const text = (path: string) => Effect.flatMap(client.get(server.url(path)), (response) => response.text)
      yield* Effect.all([text("/a"), text("/b")], { concurrency: 2 })
      expect(yield* Effect.all([text("/lost"), text("/other")], { concurrency: 2 })).toEqual(["new", "other"])
      expect(server.connections.length).toBe(3)
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("fails what meets the same end on a new connection", () =>
    Effect.gen(function* () {
      const server = yield* scripted(stale, (c) => Effect.zipRight(c.request, c.close))
      const { client, stats } = yield* connected()
      yield* client.get(server.url())
      yield* failsWith(client.get(server.url()), "ReadError")
      expect(server.connections.length).toBe(2)
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive("fails what had an answer begun", () =>
    Effect.gen(function* () {
      const half: Script = (c) =>
        once(ok("first"))(c).pipe(Effect.zipRight(once("HTTP/1.1 200")(c)), Effect.zipRight(c.close))
      const server = yield* scripted(half)
      const { client } = yield* connected()
      yield* client.get(server.url())
      yield* failsWith(client.get(server.url()), "ReadError")
      expect(server.connections.length).toBe(1)
    })
  )

  it.scopedLive("is not taken for one that was never good", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) => Effect.zipRight(c.request, c.close))
      const { client } = yield* connected()
      yield* failsWith(client.get(server.url()), "ReadError")
      expect(server.connections.length).toBe(1)
    })
  )

  it.scopedLive("takes its idle siblings with it, which are as old", () =>
    Effect.gen(function* () {
      const { open, script } = gated()
      const server = yield* scripted(script, script, answering(ok("fresh")))
      const { client } = yield* connected()
      const both = yield* Effect.fork(
        Effect.all([client.get(server.url("/a")), client.get(server.url("/b"))], { concurrency: 2 })
      )
      yield* open("/a")
      yield* open("/b")
      yield* Fiber.join(both)
      const again = yield* Effect.fork(client.get(server.url("/c")))
      yield* eventually(() => server.connections.some((c) => c.received.includes("/c")))
      const used = server.connections.find((c) => c.received.includes("/c"))!
      yield* used.reset
      expect(yield* (yield* Fiber.join(again)).text).toBe("fresh")
      yield* server.untilOpen(1)
    })
  )
})

describe("limits", () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `/${i}`)

  it.scopedLive.each<readonly [string, Transport.Limits]>([
    ["connections", { connections: 3 }],
    ["connectionsPerOrigin", { connections: 10, connectionsPerOrigin: 3 }]
  ])("`%s` is never exceeded, and all are served in their order", ([, limits]) =>
    Effect.gen(function* () {
      const { open, order, script } = gated()
      const server = yield* scripted(script)
      const { client, stats } = yield* connected({ limits })
      const fibers = yield* Effect.forEach(many(12), (each) => Effect.fork(client.get(server.url(each))))
      yield* eventually(() => order.length === 3)
      expect(yield* stats).toMatchObject({ queued: 9, connecting: 0, active: 3, idle: 0 })
      for (const each of many(12)) yield* open(each)
      yield* Fiber.joinAll(fibers)
      expect(order.slice(3)).toEqual(many(12).slice(3))
      expect([...order].sort()).toEqual(many(12).sort())
      expect(server.peak).toBe(3)
      expect(server.connections.length).toBe(3)
      expect(yield* stats).toEqual(atRest(3))
    })
  )

  it.scopedLive("hold when connections are not kept", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("x", "Connection: close")))
      const { client, stats } = yield* connected({ limits: { connections: 2 } })
      yield* Effect.forEach(many(20), (each) => client.get(server.url(each)), { concurrency: "unbounded" })
      expect(server.connections.length).toBe(20)
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive("of one origin hold up no other", () =>
    Effect.gen(function* () {
      const slow = yield* scripted(silent)
      const fast = yield* scripted(answering(ok("fast")))
      const { client, stats } = yield* connected({ limits: { connectionsPerOrigin: 1 } })
      yield* Effect.forEach(many(5), (each) => Effect.fork(client.get(slow.url(each))))
      yield* slow.connection(0)
      for (const each of many(5)) expect(yield* (yield* client.get(fast.url(each))).text).toBe("fast")
      expect(yield* stats).toMatchObject({ queued: 4, connecting: 0, active: 1, idle: 1 })
    })
  )

  it.scopedLive("in total are made room for by closing an idle connection of another origin", () =>
    Effect.gen(function* () {
      const one = yield* scripted(answering(ok("one")))
      const two = yield* scripted(answering(ok("two")))
      const { client, stats } = yield* connected({ limits: { connections: 1 } })
      for (let i = 0; i < 3; i++) {
        expect(yield* (yield* client.get(one.url())).text).toBe("one")
        yield* two.untilOpen(0)
        expect(yield* (yield* client.get(two.url())).text).toBe("two")
        yield* one.untilOpen(0)
      }
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("in total are shared in the order of arrival, whatever the origin", () =>
    Effect.gen(function* () {
      const { open, order, script } = gated()
      const busy = yield* scripted(script)
      const starved = yield* scripted(script)
      const { client } = yield* connected({ limits: { connections: 1 } })
      const calls = [busy.url("/1"), busy.url("/2"), starved.url("/3"), busy.url("/4"), starved.url("/5")]
      const fibers = yield* Effect.forEach(calls, (url) => Effect.fork(client.get(url)))
      for (const each of ["/1", "/2", "/3", "/4", "/5"]) yield* open(each)
      yield* Fiber.joinAll(fibers)
      expect(order).toEqual(["/1", "/2", "/3", "/4", "/5"])
    })
  )

  it.scopedLive("let through what waits when one who waited before it is interrupted", () =>
    Effect.gen(function* () {
      const { open, script } = gated()
      const server = yield* scripted(script)
      const { client, stats } = yield* connected({ limits: { connections: 1 } })
      const first = yield* Effect.fork(client.get(server.url("/1")))
      const second = yield* Effect.fork(client.get(server.url("/2")))
      const third = yield* Effect.fork(client.get(server.url("/3")))
      yield* eventually(() => server.connections[0]?.received.includes("/1") === true)
      yield* Fiber.interrupt(second)
      expect(yield* stats).toMatchObject({ queued: 1, connecting: 0, active: 1, idle: 0 })
      yield* open("/1")
      yield* open("/3")
      yield* Fiber.joinAll([first, third])
      expect(yield* stats).toEqual(atRest(1))
    })
  )
})

describe("closing the transport", () => {
  it.scopedLive("ends what runs with ReadError, wherever it is, and closes all connections", () =>
    Effect.gen(function* () {
      const server = yield* scripted(
        silent,
        once("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"),
        answering(ok("idle"))
      )
      const stalled = yield* scripted(silent)
      const scope = yield* Scope.make()
      const limits = { connections: 4, connectionsPerOrigin: 3 }
      const { client, stats } = yield* Scope.extend(connected({ limits }), scope)

      const waiting = yield* Effect.fork(failsWith(client.post(server.url("/waiting")), "ReadError"))
      yield* (yield* server.connection(0)).request
      const reading = yield* client.stream("GET", server.url("/reading"))
      yield* client.get(server.url("/idle"))
      const connecting = yield* Effect.fork(
        failsWith(client.get(stalled.url().replace("http:", "https:")), "ReadError")
      )
      yield* stalled.connection(0)
      const another = yield* client.stream("GET", server.url("/idle"))
      yield* another.read
      const queued = yield* Effect.fork(failsWith(client.get(stalled.url("/queued")), "ReadError"))
      yield* Effect.yieldNow()
      const { active, connecting: opening } = yield* stats
      expect([active, opening]).toEqual([2, expect.any(Number)])

      yield* Scope.close(scope, Exit.void)
      expect(yield* stats).toEqual(atRest(0))
      expect(yield* Fiber.join(waiting)).toMatchObject({ delivery: "unknown" })
      expect(yield* Fiber.join(connecting)).toMatchObject({ delivery: "unsent" })
      expect(yield* Fiber.join(queued)).toMatchObject({ delivery: "unsent" })
      expect(yield* failsWith(reading.read, "ReadError")).toMatchObject({ delivery: "answered" })
      yield* Effect.all([server.untilOpen(0), stalled.untilOpen(0)])

      const late = yield* failsWith(client.get(server.url()), "ReadError")
      expect(late).toMatchObject({ phase: "queue", delivery: "unsent" })
      expect(late.message).toContain("the transport was closed")
    })
  )
})
