/** A connection can be closed in one direction: by the server, who then hears us still; by us never before the answer. */
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Stream } from "effect"
import type { Client } from "effect-httpx"
import { atRest, connected, eventually, failsWith } from "./support/failing.js"
import { halfOpen, type Peer } from "./support/halfOpen.js"
import { ok } from "./support/scripted.js"

const withLength = (length: number) => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`

/** Uploads that last until they are answered, of either kind. */
const uploads = [
  ["a stream", () => Stream.repeatValue(new Uint8Array(1024))],
  ["a stream that rests", () => Stream.concat(Stream.make(new Uint8Array(1024)), Stream.never)],
  ["bytes", () => new Uint8Array(32_000_000)]
] as const

/** Starts a call, and waits until the server has begun to hear it. */
const heard = <A, E, R>(call: (client: Client.Client, url: string) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const server = yield* halfOpen
    const { client, stats } = yield* connected()
    const fiber = yield* Effect.fork(call(client, server.url))
    yield* eventually(() => server.peers[0]?.received.includes("\r\n\r\n") === true)
    return { client, fiber, peer: server.peers[0]!, server, stats }
  })

const isGone = (peer: Peer) => {
  peer.socket.resume()
  return eventually(() => peer.isClosed || peer.isEnded)
}

describe("a server that sends no more while a body is still sent", () => {
  for (const [name, content] of uploads) {
    it.scopedLive(`has its whole answer given: ${name}`, () =>
      Effect.gen(function* () {
        const { fiber, peer, stats } = yield* heard((client, url) => client.post(url, { content: content() }))
        peer.end(ok("enough"))
        const response = yield* Fiber.join(fiber)
        expect([response.status, yield* response.text]).toEqual([200, "enough"])
        expect(yield* stats).toEqual(atRest(0))
        yield* isGone(peer)
      })
    )

    it.scopedLive(`ends by that an answer that has no other end: ${name}`, () =>
      Effect.gen(function* () {
        const { fiber, peer, stats } = yield* heard((client, url) => client.post(url, { content: content() }))
        peer.end("HTTP/1.0 413 Content Too Large\r\n\r\nall of it")
        const response = yield* Fiber.join(fiber)
        expect([response.status, yield* response.text]).toEqual([413, "all of it"])
        expect(yield* stats).toEqual(atRest(0))
        yield* isGone(peer)
      })
    )

    it.scopedLive.each([
      ["before the head", "", "before a response"],
      ["inside the head", "HTTP/1.1 200 OK\r\nA: ", "bytes of a head"]
    ] as const)(`fails the call as one that was not sent whole: ${name}, %s`, ([, bytes, why]) =>
      Effect.gen(function* () {
        const { fiber, peer, stats } = yield* heard((client, url) =>
          failsWith(client.post(url, { content: content() }), "WriteError")
        )
        peer.end(bytes)
        const error = yield* Fiber.join(fiber)
        expect(error).toMatchObject({ phase: "send", delivery: "unknown" })
        expect(error.message).toContain(why)
        expect(yield* stats).toEqual(atRest(0))
        yield* isGone(peer)
      })
    )

    it.scopedLive(`fails who reads the answer, inside its body: ${name}`, () =>
      Effect.gen(function* () {
        const { fiber, peer, stats } = yield* heard((client, url) => client.stream("POST", url, { content: content() }))
        peer.send(`${withLength(10)}12345`)
        const response = yield* Fiber.join(fiber)
        peer.end()
        const error = yield* failsWith(response.read, "ReadError")
        expect(error.message).toContain("after 5 of 10 bytes of the body")
        expect(yield* stats).toEqual(atRest(0))
        yield* isGone(peer)
      })
    )
  }
})

describe("we", () => {
  it.scopedLive.each([
    ["nothing", undefined],
    ["bytes", "a body"],
    ["a stream", Stream.make(new TextEncoder().encode("a body"))]
  ] as const)("never half-close before the answer, nor after it: %s", ([, content]) =>
    Effect.gen(function* () {
      const { fiber, peer, stats } = yield* heard((client, url) =>
        client.post(url, content === undefined ? {} : { content })
      )
      if (content !== undefined) yield* eventually(() => /a body(\r\n0\r\n\r\n)?$/.test(peer.received))
      peer.send("HTTP/1.1 102 Processing\r\n\r\n")
      peer.send(withLength(2))
      expect(peer.isEnded).toBe(false)
      peer.send("ok")
      expect(yield* (yield* Fiber.join(fiber)).text).toBe("ok")
      expect(peer.isEnded).toBe(false)
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("use no connection again whose server has said that it sends no more", () =>
    Effect.gen(function* () {
      const { client, fiber, peer, server, stats } = yield* heard((client, url) => client.get(url))
      peer.send(ok("first"))
      yield* Fiber.join(fiber)
      expect(yield* stats).toEqual(atRest(1))
      peer.end()
      yield* isGone(peer)
      expect(yield* stats).toEqual(atRest(0))
      const next = yield* Effect.fork(client.get(server.url))
      yield* eventually(() => server.peers[1]?.received.includes("\r\n\r\n") === true)
      server.peers[1]!.send(ok("second"))
      expect(yield* (yield* Fiber.join(next)).text).toBe("second")
    })
  )

  it.scopedLive("go on sending to a server whose answer has begun and not ended", () =>
    Effect.gen(function* () {
      const more = yield* Deferred.make<Uint8Array>()
      const { fiber, peer, stats } = yield* heard((client, url) =>
        client.stream("POST", url, { content: Stream.fromEffect(Deferred.await(more)) })
      )
      peer.send(withLength(4))
      const response = yield* Fiber.join(fiber)
      yield* Deferred.succeed(more, new TextEncoder().encode("late"))
      yield* eventually(() => peer.received.endsWith("late\r\n0\r\n\r\n"))
      peer.end("done")
      expect(yield* response.text).toBe("done")
      yield* isGone(peer)
      expect(yield* stats).toEqual(atRest(0))
    })
  )
})
