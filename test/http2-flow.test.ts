/** Streams of one connection share it, and nothing else: flow, timeouts and endings are each stream's own. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Random, type Scope, Stream } from "effect"
import type { ServerHttp2Stream } from "node:http2"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { authority } from "./support/certificates.js"
import { atRest, connected, eventually, failsWith } from "./support/failing.js"
import * as h2 from "./support/h2frames.js"
import { type H2Server, h2Server, h2TlsServer, type OnStream } from "./support/h2server.js"
import { clientSockets } from "./support/sockets.js"

const priorKnowledge = { http1: false } as const

const answer = (stream: ServerHttp2Stream, body: string | Uint8Array = "x") => {
  stream.respond({ ":status": 200 })
  stream.end(body)
}

describe("a body that nobody reads", () => {
  it.scopedLive("stops its own stream, and no other", () =>
    Effect.gen(function* () {
      let sent = 0
      const server = yield* h2Server((stream, headers) => {
        if (headers[":path"] !== "/endless") return answer(stream)
        stream.respond({ ":status": 200 })
        const piece = Buffer.alloc(65_536)
        const more = () => {
          while (!stream.destroyed) {
            const room = stream.write(piece, () => (sent += piece.length))
            if (!room) return
          }
        }
        stream.on("drain", more)
        more()
      })
      const { client, stats } = yield* connected(priorKnowledge)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const response = yield* client.stream("GET", server.url("/endless"))
          // Its window, and what the exchange holds before it stops the stream.
          yield* eventually(() => sent > 2_000_000)
          for (let i = 0; i < 50; i++) yield* client.get(server.url("/sibling"))
          expect(sent).toBeLessThan(2 * 1024 * 1024 + 512 * 1024)
          const read = yield* Stream.runFold(Stream.take(response.raw, 40), 0, (sum, bytes) => sum + bytes.length)
          expect(read).toBeGreaterThan(0)
        })
      )
      expect(server.sessions.length).toBe(1)
      yield* eventually(() => server.openStreams === 0)
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("goes on when it is read", () =>
    Effect.gen(function* () {
      const size = 20_000_000
      const server = yield* h2Server((stream) => answer(stream, Buffer.alloc(size, "a")), { maxSessionMemory: 100 })
      const { client } = yield* connected(priorKnowledge)
      const response = yield* client.stream("GET", server.url())
      yield* client.stream("GET", server.url()).pipe(Effect.flatMap((other) => other.read))
      const read = yield* Stream.runFold(response.raw, 0, (sum, bytes) => sum + bytes.length)
      expect(read).toBe(size)
      expect(server.sessions.length).toBe(1)
    })
  )
})

describe("an upload", () => {
  it.scopedLive("of a stream of some MB arrives whole, beside others", () =>
    Effect.gen(function* () {
      const server = yield* h2Server((stream) => {
        let received = 0
        stream.on("data", (bytes: Buffer) => (received += bytes.length))
        stream.on("end", () => answer(stream, String(received)))
      })
      const { client, stats } = yield* connected(priorKnowledge)
      const upload = (pieces: number, size: number) =>
        client
          .post(server.url(), { content: Stream.range(1, pieces).pipe(Stream.map(() => new Uint8Array(size))) })
          .pipe(Effect.flatMap((response) => response.text))
      const sizes = yield* Effect.all([upload(100, 100_000), upload(1, 8_000_000), upload(5_000, 10), upload(0, 0)], {
        concurrency: "unbounded"
      })
      expect(sizes).toEqual(["10000000", "8000000", "50000", "0"])
      expect(server.sessions.length).toBe(1)
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("takes no more from its stream than the server takes", () =>
    Effect.gen(function* () {
      let taken = 0
      const server = yield* h2Server((stream, headers) => {
        if (headers[":path"] === "/sibling") return answer(stream)
      })
      const { client, stats } = yield* connected(priorKnowledge)
      const content = Stream.repeatEffect(
        Effect.sync(() => {
          taken += 10_000
          return new Uint8Array(10_000)
        })
      )
      const call = yield* Effect.fork(client.post(server.url(), { content }))
      yield* eventually(() => taken > 60_000)
      for (let i = 0; i < 50; i++) yield* client.get(server.url("/sibling"))
      expect(taken).toBeLessThan(1_000_000)
      yield* Fiber.interrupt(call)
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("of which the server takes nothing is WriteTimeout, for that stream alone", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) =>
        Effect.gen(function* () {
          yield* peer.send(h2.settings())
          const upload = yield* peer.request
          const sibling = yield* peer.request
          yield* peer.send(h2.headers(sibling, [h2.status(200)]))
          const [reset, code] = yield* peer.reset
          expect([reset, code]).toEqual([upload, 8])
          yield* peer.send(h2.lastData(sibling, "fine"))
        })
      )
      const { client } = yield* connected(priorKnowledge)
      const failing = yield* Effect.fork(
        failsWith(
          client.post(server.url(), { content: new Uint8Array(1_000_000), timeout: { write: "100 millis" } }),
          "WriteTimeout"
        )
      )
      yield* server.connection(0)
      const response = yield* client.get(server.url())
      expect(yield* response.text).toBe("fine")
      const error = yield* Fiber.join(failing)
      expect(error).toMatchObject({ limit: 100, phase: "send", delivery: "unknown" })
      expect(server.connections.length).toBe(1)
    })
  )
})

describe("a stream that is too slow", () => {
  it.scopedLive("is ReadTimeout after the head as before it, and its siblings go on", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) =>
        Effect.gen(function* () {
          yield* peer.send(h2.settings())
          const slow = yield* peer.request
          const sibling = yield* peer.request
          yield* peer.send(h2.headers(slow, [h2.status(200)]), h2.data(slow, "a part"))
          yield* peer.send(h2.headers(sibling, [h2.status(200)]))
          expect(yield* peer.reset).toEqual([slow, 8])
          yield* peer.send(h2.lastData(sibling, "fine"))
        })
      )
      const { client } = yield* connected(priorKnowledge)
      const failing = yield* Effect.fork(
        failsWith(client.get(server.url(), { timeout: { read: "100 millis" } }), "ReadTimeout")
      )
      yield* server.connection(0)
      expect(yield* (yield* client.get(server.url())).text).toBe("fine")
      expect(yield* Fiber.join(failing)).toMatchObject({ phase: "read", delivery: "answered" })
    })
  )

  it.scopedLive("but sends something now and then is waited for", () =>
    Effect.gen(function* () {
      const server = yield* h2Server((stream) => {
        stream.respond({ ":status": 200 })
        let left = 10
        const timer = setInterval(() => {
          if (left-- > 0) stream.write("x")
          else stream.end()
        }, 50)
        stream.on("close", () => clearInterval(timer))
      })
      const { client } = yield* connected({ ...priorKnowledge, timeout: { read: "250 millis" } })
      expect(yield* (yield* client.get(server.url())).text).toBe("x".repeat(10))
    })
  )
})

describe("a stream that is given up", () => {
  const slowly: OnStream = (stream, headers) => {
    const how = Number(headers["x-how"] ?? 0)
    stream.resume()
    setTimeout(() => {
      if (stream.destroyed) return
      stream.respond({ ":status": 200 })
      stream.write("a".repeat(how * 10_000))
      setTimeout(() => stream.destroyed || stream.end("end"), how)
    }, how)
  }

  it.scopedLive("is reset with CANCEL, and the connection serves on", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) =>
        Effect.gen(function* () {
          yield* peer.send(h2.settings())
          const id = yield* peer.request
          expect(yield* peer.reset).toEqual([id, 8])
          yield* peer.send(h2.ok(yield* peer.request, "next"))
        })
      )
      const { client, stats } = yield* connected(priorKnowledge)
      yield* Effect.timeoutOption(client.get(server.url()), "50 millis")
      expect(yield* stats).toEqual(atRest(1))
      expect(yield* (yield* client.get(server.url())).text).toBe("next")
      expect(server.connections.length).toBe(1)
    })
  )

  it.scopedLive.each<readonly [string, Effect.Effect<H2Server, never, Scope.Scope>]>([
    ["without TLS", h2Server(slowly)],
    ["over TLS", h2TlsServer(slowly)]
  ])(
    "at any moment leaves no stream, no socket and no timer, %s",
    ([how, serving]) =>
      Effect.gen(function* () {
        const sockets = yield* clientSockets
        const server = yield* serving
        const timersBefore = process.getActiveResourcesInfo().filter((each) => each === "Timeout").length
        yield* Effect.scoped(
          Effect.gen(function* () {
            const options = how === "over TLS" ? { tls: { ca: authority } } : priorKnowledge
            const { client, stats } = yield* connected(options)
            const one = Effect.gen(function* () {
              const how = yield* Random.nextIntBetween(0, 12)
              const patience = yield* Random.nextIntBetween(0, 30)
              const headers = { "X-How": String(how) }
              const content = Stream.range(1, 5).pipe(Stream.map(() => new Uint8Array(how * 3000)))
              const call =
                how % 2 === 0 ? client.get(server.url(), { headers }) : client.post(server.url(), { headers, content })
              const fiber = yield* Effect.fork(call)
              yield* Effect.sleep(patience)
              yield* Fiber.interrupt(fiber)
            })
            yield* Effect.all(
              Array.from({ length: 400 }, () => one),
              { concurrency: 25, discard: true }
            )
            expect(yield* stats).toEqual(atRest(1))
            yield* eventually(() => server.openStreams === 0)
            expect(server.sessions.length).toBe(1)
            expect(yield* (yield* client.get(server.url())).text).toBe("end")
          })
        )
        expect(sockets.every((socket) => socket.closed)).toBe(true)
        yield* eventually(() => server.openStreams === 0)
        yield* eventually(
          () => process.getActiveResourcesInfo().filter((each) => each === "Timeout").length <= timersBefore
        )
      }),
    30_000
  )

  it.scopedLive("by the end of its transport is ReadError, and everything is closed", () =>
    Effect.gen(function* () {
      const sockets = yield* clientSockets
      const server = yield* h2Server((stream) => stream.respond({ ":status": 200 }))
      const fibers = yield* Effect.scoped(
        Effect.gen(function* () {
          const { client } = yield* connected(priorKnowledge)
          const fibers = yield* Effect.all(
            Array.from({ length: 5 }, () => Effect.forkDaemon(failsWith(client.get(server.url()), "ReadError")))
          )
          yield* eventually(() => server.openStreams === 5)
          return fibers
        })
      )
      expect(sockets.map((socket) => socket.closed)).toEqual([true])
      for (const error of yield* Fiber.join(Fiber.all(fibers))) expect(error.message).toContain("transport was closed")
    })
  )
})

describe("a connection that serves many", () => {
  it.scopedLive("holds nothing of the exchanges that have ended", () =>
    Effect.gen(function* () {
      setFlagsFromString("--expose-gc")
      const collectGarbage: unknown = runInNewContext("gc")
      const server = yield* h2Server((stream) => answer(stream))
      const { client } = yield* connected(priorKnowledge)
      const responses: Array<WeakRef<object>> = []
      const call = Effect.map(client.get(server.url()), (response) => void responses.push(new WeakRef(response)))
      yield* Effect.repeatN(call, 49)
      const kept = Effect.promise(async () => {
        await new Promise(setImmediate)
        if (typeof collectGarbage === "function") collectGarbage()
        return responses.filter((each) => each.deref() !== undefined).length
      })
      for (let i = 0; i < 20 && (yield* kept) > 1; i++) continue
      expect(responses.length).toBe(50)
      // What was used last may still stand in a register.
      expect(yield* kept).toBeLessThanOrEqual(1)
      expect(server.sessions.length).toBe(1)
    })
  )
})
