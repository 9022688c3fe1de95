/** After 101, or a 2xx to CONNECT, a connection is the caller's, in both directions, with all bytes that came. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Scope, Stream, TestClock } from "effect"
import type { HttpxError, Response } from "effect-httpx"
import { atRest, connected, eventually, failsWith } from "./support/failing.js"
import { ok, once, type Script, scripted, silent } from "./support/scripted.js"
import { clientSockets } from "./support/sockets.js"
import { aFewTurns, settled } from "./support/turns.js"
import {
  bytes,
  collected,
  headers,
  listening,
  sender,
  switched,
  switches,
  switching,
  upgrade
} from "./support/upgrading.js"

describe("an upgraded connection", () => {
  it.scopedLive("is spoken to and listened to, beginning with what came with the head", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) =>
        switches("hello ")(c).pipe(
          Effect.zipRight(Effect.forever(Effect.flatMap(c.takeBytes(4), (said) => c.send(`<${said}>`))))
        )
      )
      const { client, stats } = yield* connected()
      const response = yield* upgrade(client, server.url())
      expect([response.status, response.headers.upgrade]).toEqual([101, "echo"])
      expect(server.connections[0]!.received).toMatch(/connection: Upgrade\r\nupgrade: echo\r\n/i)
      const { write } = sender(response)
      const heard = yield* listening(response)
      yield* write(bytes("ping"))
      yield* eventually(() => heard.text === "hello <ping>")
      yield* write(new Uint8Array(0))
      yield* write(bytes("po"))
      yield* write(bytes("ng"))
      yield* eventually(() => heard.text === "hello <ping><pong>")
      expect(response.numBytesDownloaded).toBe(18)
      expect(yield* stats).toEqual({ ...atRest(0), active: 1, exchanges: 1 })
    })
  )

  it.scopedLive("loses nothing however head and bytes are split", () =>
    Effect.gen(function* () {
      const all = `${switching}HTTP/1.1 200 OK\r\n\r\n`
      for (let at = switching.length - 4; at <= switching.length + 4; at++) {
        const server = yield* scripted((c) =>
          once(all.slice(0, at))(c).pipe(
            Effect.zipRight(aFewTurns),
            Effect.zipRight(c.send(all.slice(at))),
            Effect.zipRight(c.close)
          )
        )
        const { client } = yield* connected()
        const response = yield* upgrade(client, server.url())
        expect(yield* collected(response)).toBe("HTTP/1.1 200 OK\r\n\r\n")
      }
    })
  )

  it.scopedLive("ends in order when the peer ends, after what was written has been sent", () =>
    Effect.gen(function* () {
      const { peer, response, stats } = yield* switched
      // More than a socket takes at once when nobody reads.
      peer.socket.pause()
      const { write } = sender(response)
      let written = 0
      const writing = yield* Effect.fork(
        Effect.forever(Effect.tap(write(new Uint8Array(10_000)), () => Effect.sync(() => (written += 10_000))))
      )
      yield* settled(() => written)
      peer.end("bye")
      peer.socket.resume()
      expect(yield* collected(response)).toBe("bye")
      yield* failsWith(Fiber.join(writing), "WriteError")
      yield* eventually(() => peer.isEnded)
      const [, received = ""] = peer.received.split("\r\n\r\n")
      expect(received.length).toBeGreaterThanOrEqual(written)
      yield* eventually(() => peer.isClosed)
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive("is closed even if a peer that has ended takes nothing", () =>
    Effect.gen(function* () {
      const sockets = yield* clientSockets
      const { peer, response, stats } = yield* switched
      peer.socket.pause()
      const writing = yield* Effect.fork(sender(response).write(new Uint8Array(64_000_000)))
      yield* aFewTurns
      peer.end()
      expect(yield* collected(response)).toBe("")
      yield* failsWith(Fiber.join(writing), "WriteError")
      yield* eventually(() => sockets.every((socket) => socket.closed))
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive("that the peer breaks is ReadError for who reads and WriteError for who writes", () =>
    Effect.gen(function* () {
      const server = yield* scripted(switches("hello"))
      const { client, stats } = yield* connected()
      const response = yield* upgrade(client, server.url())
      const reading = yield* Effect.fork(failsWith(collected(response), "ReadError"))
      yield* eventually(() => response.numBytesDownloaded === 5)
      yield* server.connections[0]!.reset
      const error = yield* Fiber.join(reading)
      expect(error).toMatchObject({ phase: "read", delivery: "answered" })
      expect(error.message).toMatch(/lost after 5 bytes .*ECONNRESET/)
      const late = yield* failsWith(sender(response).write(bytes("x")), "WriteError")
      expect(late.message).toContain("is closed")
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive("fails who waits to write when the peer breaks it", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) => Effect.zipRight(switches()(c), c.pause))
      const { client } = yield* connected()
      const response = yield* upgrade(client, server.url())
      const { write } = sender(response)
      const writers = yield* Effect.forEach([1, 2, 3], () => Effect.fork(write(new Uint8Array(32_000_000))))
      yield* aFewTurns
      yield* server.connections[0]!.reset
      for (const writer of writers) yield* failsWith(Fiber.join(writer), "WriteError")
    })
  )

  it.scopedLive("is half-closed by `end`, and what the peer still sends arrives", () =>
    Effect.gen(function* () {
      const { peer, response, stats } = yield* switched
      const { end, write } = sender(response)
      expect(peer.isEnded).toBe(false)
      yield* write(bytes("all I have to say"))
      yield* end
      yield* end
      yield* eventually(() => peer.isEnded)
      expect(peer.received).toMatch(/all I have to say$/)
      const error = yield* failsWith(write(bytes("and more")), "WriteError")
      expect(error.message).toContain("after `end`")
      peer.send("an ")
      peer.end("answer")
      expect(yield* collected(response)).toBe("an answer")
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive("is ended after what still waits to be written", () =>
    Effect.gen(function* () {
      const { peer, response } = yield* switched
      peer.socket.pause()
      const { end, write } = sender(response)
      const sizes = [8_000_000, 3, 0, 8_000_000]
      const writers = yield* Effect.forEach(sizes, (size) => Effect.fork(write(new Uint8Array(size))))
      yield* aFewTurns
      yield* end
      peer.socket.resume()
      for (const writer of writers) yield* Fiber.join(writer)
      yield* eventually(() => peer.isEnded)
      expect(peer.received.split("\r\n\r\n")[1]!.length).toBe(16_000_003)
    })
  )

  it.scopedLive("never mixes what several write, nor takes back a piece that is on its way", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) => Effect.zipRight(switches()(c), c.pause))
      const { client } = yield* connected()
      const { write } = sender(yield* upgrade(client, server.url()))
      const size = 6_000_000
      const pieces = ["a", "b", "c", "d"].map((letter) => bytes(letter.repeat(size)))
      const writers = yield* Effect.forEach(pieces, (piece) => Effect.fork(write(piece)))
      yield* aFewTurns
      yield* Fiber.interrupt(writers[0]!)
      yield* Fiber.interrupt(writers[2]!)
      yield* server.connections[0]!.resume
      yield* Fiber.join(writers[1]!)
      yield* Fiber.join(writers[3]!)
      const connection = server.connections[0]!
      yield* eventually(() => connection.received.length >= 3 * size)
      const [, received = ""] = connection.received.split("\r\n\r\n")
      expect(received === ["a", "b", "d"].map((letter) => letter.repeat(size)).join("")).toBe(true)
    })
  )

  it.scopedLive("makes the peer wait while nobody reads, and who writes while the peer does not", () =>
    Effect.gen(function* () {
      const size = 32_000_000
      let sent = 0
      const server = yield* scripted((c) =>
        switches()(c).pipe(
          Effect.zipRight(c.pause),
          Effect.zipRight(
            Effect.forEach(
              Array.from({ length: size / 1_000_000 }),
              () => Effect.tap(c.send(new Uint8Array(1_000_000)), () => Effect.sync(() => (sent += 1_000_000))),
              { discard: true }
            )
          ),
          Effect.zipRight(c.resume)
        )
      )
      const { client } = yield* connected()
      const response = yield* upgrade(client, server.url())
      let written = 0
      const piece = new Uint8Array(100_000)
      const writing = yield* Effect.fork(
        Effect.repeatN(
          Effect.tap(sender(response).write(piece), () => Effect.sync(() => (written += piece.length))),
          size / piece.length - 1
        )
      )
      yield* settled(() => response.numBytesDownloaded + sent + written)
      expect(response.numBytesDownloaded).toBeLessThan(1_000_000)
      expect(sent).toBeLessThan(20_000_000)
      expect(written).toBeLessThan(20_000_000)

      let received = 0
      const reading = Stream.runForEach(response.raw, (piece) => Effect.sync(() => (received += piece.length)))
      yield* Effect.forkScoped(reading)
      yield* Fiber.join(writing)
      yield* eventually(() => received === size)
      yield* Effect.flatMap(server.connection(0), (c) => c.takeBytes(size))
    })
  )

  const endings = {
    "by `close`": (response: Response.Response) => response.close,
    "by a reader that has enough": (response: Response.Response) => Stream.runDrain(Stream.take(response.raw, 1)),
    "by leaving its scope": () => Effect.void
  }

  it.scopedLive.each(Object.entries(endings))("is closed %s, and that is waited for", ([, leave]) =>
    Effect.gen(function* () {
      const server = yield* scripted(switches("hello"))
      const sockets = yield* clientSockets
      const { client, stats } = yield* connected()
      const late = yield* Effect.scoped(Effect.tap(upgrade(client, server.url()), leave))
      expect(sockets.map((socket) => socket.closed)).toEqual([true])
      expect(yield* stats).toEqual(atRest(0))
      yield* failsWith(sender(late).write(bytes("x")), "WriteError")
      yield* sender(late).end
      yield* server.untilOpen(0)
    })
  )

  it.scopedLive("is closed with its transport", () =>
    Effect.gen(function* () {
      const server = yield* scripted(switches())
      const scope = yield* Scope.make()
      const { client } = yield* Scope.extend(connected(), scope)
      const response = yield* upgrade(client, server.url())
      const reading = yield* Effect.fork(failsWith(collected(response), "ReadError"))
      yield* Scope.close(scope, Exit.void)
      expect((yield* Fiber.join(reading)).message).toContain("transport was closed")
      yield* server.untilOpen(0)
    })
  )

  it.scoped("may be silent for longer than any phase may last, and not for longer than the call may", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) => Effect.zipRight(switches()(c), c.pause))
      const { client, stats } = yield* connected()
      const timeout = { read: "1 seconds", write: "1 seconds", total: "3 hours" } as const
      const response = yield* client.stream("GET", server.url(), { headers, timeout })
      const heard = yield* listening(response)
      // Resting and waiting for room are both no failure.
      yield* TestClock.adjust("1 hour")
      const writing = yield* Effect.fork(sender(response).write(new Uint8Array(32_000_000)))
      yield* aFewTurns
      yield* TestClock.adjust("1 hour")
      yield* server.connections[0]!.send("still here")
      yield* eventually(() => heard.text === "still here")
      yield* TestClock.adjust("1 hour")
      yield* failsWith(Fiber.join(writing), "WriteError")
      expect(yield* stats).toEqual(atRest(0))
      yield* server.connections[0]!.resume
      yield* server.untilOpen(0)
    })
  )
})

describe("a call that is interrupted", () => {
  it.scopedLive.each([
    ["before the switch", silent, false],
    ["inside the head of the switch", once(switching.slice(0, 40)), false],
    ["while it reads", switches("hello"), true],
    ["while it writes", ((c) => Effect.zipRight(switches("hello")(c), c.pause)) as Script, true]
  ] as const)("leaves nothing open: %s", ([where, script, isUpgraded]) =>
    Effect.gen(function* () {
      const server = yield* scripted(script)
      const sockets = yield* clientSockets
      const { client, stats } = yield* connected()
      let upgraded = false
      const call = Effect.gen(function* () {
        const response = yield* upgrade(client, server.url())
        upgraded = true
        if (where === "while it writes") yield* sender(response).write(new Uint8Array(64_000_000))
        yield* collected(response)
      })
      const fiber = yield* Effect.fork(Effect.scoped(call))
      yield* Effect.flatMap(server.connection(0), (c) => c.seen("\r\n\r\n"))
      yield* eventually(() => upgraded === isUpgraded)
      yield* aFewTurns
      expect(Exit.isInterrupted(yield* Fiber.interrupt(fiber))).toBe(true)
      expect(yield* stats).toEqual(atRest(0))
      expect(sockets.map((socket) => socket.closed)).toEqual([true])
      yield* server.connections[0]!.resume
      yield* server.untilOpen(0)
    })
  )
})

describe("CONNECT", () => {
  const target = "origin.example:443"

  it.scopedLive("hands the connection over on a 2xx, whatever length that says it has", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) =>
        once("HTTP/1.1 200 Connection established\r\nContent-Length: 5\r\n\r\nhello ")(c).pipe(
          Effect.zipRight(Effect.flatMap(c.takeBytes(4), (said) => c.send(`<${said}>`))),
          Effect.zipRight(c.close)
        )
      )
      const { client, stats } = yield* connected()
      const response = yield* client.stream("CONNECT", server.url(), { target })
      expect(server.connections[0]!.received).toMatch(
        /^CONNECT origin\.example:443 HTTP\/1\.1\r\nHost: origin\.example:443\r\n/i
      )
      yield* sender(response).write(bytes("ping"))
      expect(yield* collected(response)).toBe("hello <ping>")
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive("is answered as any request when the answer is no 2xx", () =>
    Effect.gen(function* () {
      const refused = ok("who are you?").replace("200 OK", "407 Proxy Authentication Required")
      const server = yield* scripted((c) => Effect.forever(once(refused)(c)))
      const { client, stats } = yield* connected()
      for (let i = 0; i < 2; i++) {
        const response = yield* client.stream("CONNECT", server.url(), { target })
        expect([response.status, response.upgraded]).toEqual([407, Option.none()])
        expect(yield* response.text).toBe("who are you?")
      }
      expect(yield* stats).toEqual(atRest(1))
    })
  )
})

describe("a switch that nobody can follow", () => {
  const refused = (effect: Effect.Effect<unknown, HttpxError.HttpxError, Scope.Scope>) =>
    Effect.map(failsWith(effect, "RemoteProtocolError"), (error) => error.message)

  it.scopedLive("is RemoteProtocolError, and its connection is closed", () =>
    Effect.gen(function* () {
      const server = yield* scripted(switches())
      const tunnel = yield* scripted(once("HTTP/1.1 200 OK\r\n\r\n"))
      const { client, stats } = yield* connected()
      const target = "origin.example:443"
      expect(yield* refused(client.get(server.url()))).toContain("not asked for")
      expect(yield* refused(client.stream("GET", server.url()))).toContain("not asked for")
      expect(yield* refused(client.get(server.url(), { headers }))).toContain("use `client.stream`")
      expect(yield* refused(client.request("CONNECT", tunnel.url(), { target }))).toContain("use `client.stream`")
      const content = Stream.never
      expect(yield* refused(client.stream("POST", server.url(), { headers, content }))).toContain("the whole request")
      expect(yield* stats).toEqual(atRest(0))
      yield* server.untilOpen(0)
      yield* tunnel.untilOpen(0)
    })
  )

  it.scopedLive("is an ordinary answer where the server declines", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) => Effect.forever(once(ok("HTTP it is"))(c)))
      const { client, stats } = yield* connected()
      const response = yield* upgrade(client, server.url())
      expect([response.status, yield* response.text, response.upgraded]).toEqual([200, "HTTP it is", Option.none()])
      expect(yield* stats).toEqual(atRest(1))
    })
  )
})
