/** A request with `Expect: 100-continue` sends its body when the server asks for it, or says nothing for a second. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Stream, TestClock } from "effect"
import { atRest, connected, eventually, failsWith } from "./support/failing.js"
import { ok, once, type Script, scripted, silent } from "./support/scripted.js"
import { clientSockets } from "./support/sockets.js"
import { aFewTurns } from "./support/turns.js"

const headers = { expect: "100-continue" }
const goOn = "HTTP/1.1 100 Continue\r\n\r\n"

const text = (body: string) => new TextEncoder().encode(body)

const bodyOf = (received: string): string => received.slice(received.indexOf("\r\n\r\n") + 4)

const large = "0123456789".repeat(100_000)

/** Bodies of all kinds, and what the server sees of them. */
const bodies: ReadonlyArray<
  readonly [string, { readonly content: string | Uint8Array | Stream.Stream<Uint8Array>; readonly seen: string }]
> = [
  ["a few bytes", { content: "a few", seen: "a few" }],
  ["many bytes", { content: large, seen: large }],
  ["a stream", { content: Stream.make(text("one"), text("two")), seen: "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n" }],
  ["an empty stream", { content: Stream.empty, seen: "0\r\n\r\n" }]
]

describe("a body that is announced by Expect: 100-continue", () => {
  it.scopedLive.each(bodies)("is sent when the server says 100: %s", ([, { content, seen }]) =>
    Effect.gen(function* () {
      const before: Array<string> = []
      const server = yield* scripted((c) =>
        Effect.forever(
          Effect.gen(function* () {
            yield* c.request
            yield* aFewTurns
            before.push(c.received.slice(c.received.lastIndexOf("PUT ")))
            yield* c.send(goOn)
            yield* c.takeBytes(seen.length)
            yield* c.send(ok("taken"))
          })
        )
      )
      const { client, stats } = yield* connected()
      for (let i = 0; i < 2; i++) {
        const response = yield* client.put(server.url(), { content, headers })
        expect(yield* response.text).toBe("taken")
        expect(bodyOf(before[i]!)).toBe("")
      }
      expect(server.connections[0]!.received.split(seen).length).toBe(3)
      expect(server.connections.length).toBe(1)
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scoped.each(bodies)("is sent when the server has said nothing for a second: %s", ([, { content, seen }]) =>
    Effect.gen(function* () {
      const server = yield* scripted((c) =>
        c.request.pipe(Effect.zipRight(c.takeBytes(seen.length)), Effect.zipRight(c.send(ok("taken"))))
      )
      // What waits for 100 is neither writing nor reading.
      const timeout = { read: "500 millis", write: "500 millis" } as const
      const { client, stats } = yield* connected({ timeout })
      const fiber = yield* Effect.fork(client.put(server.url(), { content, headers }))
      yield* Effect.flatMap(server.connection(0), (c) => c.seen("\r\n\r\n"))
      yield* TestClock.adjust("999 millis")
      yield* aFewTurns
      expect(bodyOf(server.connections[0]!.received)).toBe("")

      yield* TestClock.adjust("1 millis")
      expect(yield* (yield* Fiber.join(fiber)).text).toBe("taken")
      expect(bodyOf(server.connections[0]!.received)).toBe(seen)
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive.each(bodies)("is never sent when the server answers instead: %s", ([, { content }]) =>
    Effect.gen(function* () {
      const refusal = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 4\r\n\r\nstop"
      const server = yield* scripted(once(refusal))
      const { client, stats } = yield* connected()
      let runs = 0
      const counted = Stream.suspend(() => {
        runs++
        return content instanceof Uint8Array || typeof content === "string" ? Stream.empty : content
      })
      const isStream = typeof content !== "string" && !(content instanceof Uint8Array)
      const response = yield* client.put(server.url(), { content: isStream ? counted : content, headers })
      expect([response.status, yield* response.text]).toEqual([417, "stop"])
      // RFC 9112 §9.3: who has not sent all of a request cannot send another one.
      yield* server.connections[0]!.closed
      expect(bodyOf(server.connections[0]!.received)).toBe("")
      expect(runs).toBe(0)
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scoped("is not sent in the midst of such an answer, whose silence has the limit of reading", () =>
    Effect.gen(function* () {
      const server = yield* scripted(once("HTTP/1.1 413 Content Too Large\r\nContent-Length: 10\r\n\r\n12345"))
      const { client, stats } = yield* connected({ timeout: { read: "3 seconds" } })
      const response = yield* client.stream("POST", server.url(), { content: "body", headers })
      const fiber = yield* Effect.fork(failsWith(response.read, "ReadTimeout"))
      yield* TestClock.adjust("3 seconds")
      expect((yield* Fiber.join(fiber)).limit).toBe(3_000)
      yield* server.untilOpen(0)
      expect(bodyOf(server.connections[0]!.received)).toBe("")
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive("is sent once, however often the server says 100", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) =>
        c.request.pipe(
          Effect.zipRight(c.send(goOn + goOn)),
          Effect.zipRight(c.take("body")),
          Effect.zipRight(c.send(goOn + ok("taken")))
        )
      )
      const { client, stats } = yield* connected()
      const response = yield* client.post(server.url(), { content: "body", headers })
      expect(yield* response.text).toBe("taken")
      expect(bodyOf(server.connections[0]!.received)).toBe("body")
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("waits for 100 and for no other 1xx", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) =>
        Effect.gen(function* () {
          yield* c.request
          yield* c.send("HTTP/1.1 103 Early Hints\r\n\r\n")
          yield* aFewTurns
          const early = bodyOf(c.received)
          yield* c.send(goOn)
          yield* c.take("body")
          yield* c.send(ok(`[${early}]`))
        })
      )
      const { client } = yield* connected()
      const told: Array<number> = []
      const onInformational = ({ status }: { readonly status: number }) => void told.push(status)
      const response = yield* client.post(server.url(), { content: "body", headers, onInformational })
      expect(yield* response.text).toBe("[]")
      expect(told).toEqual([103, 100])
    })
  )

  it.scoped("is not waited for when there is none", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) =>
        Effect.forever(Effect.flatMap(c.request, () => c.send(ok("no body is needed"))))
      )
      const { client, stats } = yield* connected()
      yield* client.request("POST", server.url(), { headers })
      yield* client.post(server.url(), { content: "", headers })
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("is sent at once where it is not announced, and a 100 is skipped", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) => c.take("body").pipe(Effect.zipRight(c.send(goOn + goOn + ok("taken")))))
      const { client, stats } = yield* connected()
      expect(yield* (yield* client.post(server.url(), { content: "body" })).text).toBe("taken")
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("is announced again when its kept connection turns out to be closed", () =>
    Effect.gen(function* () {
      const stale: Script = (c) => once(ok("first"))(c).pipe(Effect.zipRight(c.request), Effect.zipRight(c.close))
      const server = yield* scripted(stale, (c) =>
        c.request.pipe(
          Effect.zipRight(c.send(goOn)),
          Effect.zipRight(c.take("body")),
          Effect.zipRight(c.send(ok("taken")))
        )
      )
      const { client, stats } = yield* connected()
      yield* client.get(server.url())
      const response = yield* client.put(server.url(), { content: "body", headers })
      expect(yield* response.text).toBe("taken")
      expect(bodyOf(server.connections[0]!.received)).not.toContain("body")
      expect(bodyOf(server.connections[1]!.received)).toBe("body")
      expect(yield* stats).toEqual(atRest(1))
    })
  )
})

describe("a call that waits for 100", () => {
  it.scopedLive.each(bodies)("leaves nothing behind when it is interrupted: %s", ([, { content }]) =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const sockets = yield* clientSockets
      const { client, stats } = yield* connected()
      const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length
      const before = timers()
      const fiber = yield* Effect.fork(client.put(server.url(), { content, headers }))
      yield* Effect.flatMap(server.connection(0), (c) => c.request)
      yield* Fiber.interrupt(fiber)
      expect(yield* stats).toEqual(atRest(0))
      expect(sockets.map((socket) => socket.closed)).toEqual([true])
      yield* eventually(() => timers() <= before)
      yield* server.untilOpen(0)
    })
  )

  it.scoped("ends with its own limit", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client, stats } = yield* connected()
      const call = client.post(server.url(), { content: "body", headers, timeout: "700 millis" })
      const fiber = yield* Effect.fork(failsWith(call, "TotalTimeout"))
      yield* Effect.flatMap(server.connection(0), (c) => c.request)
      yield* TestClock.adjust("700 millis")
      expect(yield* Fiber.join(fiber)).toMatchObject({ phase: "wait", limit: 700 })
      expect(yield* stats).toEqual(atRest(0))
      yield* server.untilOpen(0)
      expect(bodyOf(server.connections[0]!.received)).toBe("")
    })
  )

  it.scopedLive("fails when the connection ends, and says that the body was not taken", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) => Effect.zipRight(c.request, c.close))
      const { client, stats } = yield* connected()
      const error = yield* failsWith(client.post(server.url(), { content: "body", headers }), "WriteError")
      expect(error).toMatchObject({ phase: "send", delivery: "unknown" })
      expect(error.message).toContain("before a response")
      expect(yield* stats).toEqual(atRest(0))
    })
  )
})
