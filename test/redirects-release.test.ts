/** However a chain of redirects ends, its connection is free again or closed, and whoever ended it has waited for that. */
import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Stream } from "effect"
import type { Client } from "effect-httpx"
import { atRest, connected, eventually, failsWith } from "./support/failing.js"
import { h2Server } from "./support/h2server.js"
import { chain, twoServers } from "./support/redirecting.js"
import { ok, scripted, type Script } from "./support/scripted.js"
import { clientSockets } from "./support/sockets.js"

type Way = (client: Client.Client, url: string) => Effect.Effect<unknown, unknown>

const ways: Record<string, Way> = {
  get: (client, url) => client.get(url),
  "put with a body": (client, url) => client.put(url, { json: 1 }),
  stream: (client, url) => Effect.scoped(Effect.flatMap(client.stream("GET", url), (response) => response.read)),
  "a block, without a fiber": (client, url) => client.all([url]),
  "a block, in a fiber": (client, url) =>
    Effect.scoped(
      Effect.gen(function* () {
        const parallel = yield* client.parallel()
        const pending = yield* parallel.stream("GET", url)
        return yield* Effect.flatMap(pending.getResponse, (response) => response.read)
      })
    )
}

const eachWay = Object.entries(ways)

const moved = (fields: string, body = "") => `HTTP/1.1 307 Moved\r\nLocation: /next\r\n${fields}\r\n\r\n${body}`

/** Redirects so many requests of a connection, and then does something else. */
const redirecting =
  (count: number, then: Script, answer = moved("Content-Length: 5", "moved")): Script =>
  (c) =>
    Effect.gen(function* () {
      for (let i = 0; i < count; i++) yield* Effect.zipRight(c.request, c.send(answer))
      yield* then(c)
    })

describe("the connection", () => {
  it.scopedLive.each(eachWay)("of a redirect serves the next request: %s", ([, run]) =>
    Effect.gen(function* () {
      const sockets = yield* clientSockets
      const server = yield* scripted(redirecting(20, (c) => Effect.zipRight(c.request, c.send(ok("end")))))
      const { client, stats } = yield* connected()
      yield* run(client, server.url())
      expect(yield* stats).toEqual(atRest(1))
      expect(sockets.length).toBe(1)
    })
  )

  it.scopedLive.each(eachWay)("of a redirect with an endless body is closed before the next request: %s", ([, run]) =>
    Effect.gen(function* () {
      const endless = moved("Transfer-Encoding: chunked", "20000\r\n" + "x".repeat(0x20000))
      const server = yield* scripted(
        redirecting(1, () => Effect.void, endless),
        (c) => Effect.zipRight(c.request, c.send(ok("end")))
      )
      const { client, stats } = yield* connected({ limits: { connections: 1 } })
      yield* run(client, server.url())
      expect(yield* stats).toEqual(atRest(1))
      yield* server.untilOpen(1)
      expect([server.connections.length, server.connections[0]!.isClosed]).toEqual([2, true])
    })
  )

  it.scopedLive("over HTTP/2 stays: only the stream of an endless body is ended", () =>
    Effect.gen(function* () {
      const server = yield* h2Server((stream, headers) => {
        if (headers[":path"] === "/end") return stream.respond({ ":status": 200 }, { endStream: true })
        stream.respond({ ":status": 302, location: headers[":path"] === "/" ? "/endless" : "/end" })
        if (headers[":path"] === "/") stream.end("moved")
        else stream.write("x".repeat(0x20000))
      })
      const { client, stats } = yield* connected({ http2: true, http1: false })
      for (const [, run] of eachWay) {
        yield* run(client, server.url())
        expect(yield* stats).toEqual(atRest(1))
        yield* eventually(() => server.openStreams === 0)
      }
      expect(server.sessions.length).toBe(1)
    })
  )

  it.scopedLive("of a redirect that cannot be followed is free, and its body in memory", () =>
    Effect.gen(function* () {
      const { client, stats } = yield* twoServers()
      const error = yield* failsWith(client.get("/302?to=data:,x"), "RedirectRefused")
      expect([error.response.isClosed, yield* error.response.text]).toEqual([true, "moved by 302"])
      expect(yield* stats).toEqual(atRest(1))
      yield* failsWith(client.get(chain(21)), "TooManyRedirects")
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("of a redirect that is not followed is the caller's", () =>
    Effect.gen(function* () {
      const { client, stats } = yield* twoServers({ followRedirects: false })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const response = yield* client.stream("GET", chain(1))
          expect(yield* Stream.runFold(response.stream, 0, (total, bytes) => total + bytes.length)).toBe(12)
        })
      )
      expect(yield* stats).toEqual(atRest(1))
    })
  )
})

describe("a chain that is interrupted", () => {
  const moments: Record<string, (hop: number) => Script> = {
    "waiting for an answer": (hop) => redirecting(hop, (c) => Effect.zipRight(c.request, Effect.never)),
    "inside a head": (hop) =>
      redirecting(hop, (c) => Effect.zipRight(c.request, Effect.zipRight(c.send("HTTP/1.1 307"), Effect.never))),
    "inside a redirect's body": (hop) =>
      redirecting(hop, (c) =>
        Effect.zipRight(c.request, Effect.zipRight(c.send(moved("Content-Length: 50", "half")), Effect.never))
      ),
    "inside the body at its end": (hop) =>
      redirecting(hop, (c) => Effect.zipRight(c.request, Effect.zipRight(c.send(ok("xx").slice(0, -1)), Effect.never)))
  }

  for (const [name, run] of eachWay) {
    for (const [moment, script] of Object.entries(moments)) {
      it.scopedLive.each([0, 1, 2, 3])(`has nothing open when that is done: ${name}, ${moment}, at hop %i`, (hop) =>
        Effect.gen(function* () {
          const server = yield* scripted(script(hop))
          const sockets = yield* clientSockets
          const { client, stats } = yield* connected()
          const fiber = yield* Effect.fork(run(client, server.url()))
          const connection = yield* server.connection(0)
          for (let i = 0; i <= hop; i++) yield* connection.seen("\r\n\r\n")
          yield* eventually(() => connection.received.split(" HTTP/1.1\r\n").length > hop + 1)
          yield* aFewTurns
          const exit = yield* Fiber.interrupt(fiber)
          expect(Exit.isInterrupted(exit)).toBe(true)
          expect(yield* stats).toEqual(atRest(0))
          expect(sockets.filter((socket) => !socket.closed)).toEqual([])
          yield* server.untilOpen(0)
        })
      )
    }
  }

  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)

  it.scopedLive(`leaks nothing at any moment (SEED=${seed})`, () =>
    Effect.gen(function* () {
      let state = seed
      const upTo = (count: number) => (state = (state * 48271 + 11) % 0x7fffffff) % count
      const server = yield* scripted((c) =>
        Effect.forever(
          Effect.gen(function* () {
            yield* c.request
            const big = moved("Content-Length: 100000", "x".repeat(100_000))
            const answer = [moved("Content-Length: 5", "moved"), moved("Content-Length: 0"), big, ok("end")][upTo(4)]!
            const cut = upTo(answer.length)
            yield* c.send(answer.slice(0, cut))
            if (upTo(2) === 0) yield* Effect.yieldNow()
            yield* c.send(answer.slice(cut))
          })
        )
      )
      const sockets = yield* clientSockets
      const { client, stats } = yield* connected({ limits: { connections: 3 } })
      const readable = eachWay.filter(([name]) => !name.startsWith("put"))
      const oneLoop = Effect.gen(function* () {
        for (let i = 0; i < 80; i++) {
          const run = readable[upTo(readable.length)]![1]
          const fiber = yield* Effect.fork(run(client, server.url()))
          for (let turns = upTo(16); turns > 0; turns--) yield* turn
          const exit = yield* Fiber.interrupt(fiber)
          if (Exit.isFailure(exit)) expect(Cause.isInterrupted(exit.cause), Cause.pretty(exit.cause)).toBe(true)
        }
      })
      yield* Effect.all([oneLoop, oneLoop, oneLoop, oneLoop], { concurrency: "unbounded" })
      const { idle } = yield* stats
      expect(yield* stats).toEqual(atRest(idle))
      yield* eventually(() => server.open === idle && sockets.filter((socket) => !socket.closed).length === idle)
    })
  )
})

const turn = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))

/** Lets what is under way in this process arrive. */
const aFewTurns = Effect.repeatN(turn, 8)
