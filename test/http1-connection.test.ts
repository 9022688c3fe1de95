/** What a connection says beside the answer, what becomes of it when an answer is not wanted, and how it breaks. */
import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Queue, Scope, Stream, TestClock } from "effect"
import type { Client, Response } from "effect-httpx"
import { atRest, connected, eventually, failsWith } from "./support/failing.js"
import { answering, ok, once, type Script, scripted } from "./support/scripted.js"
import { clientSockets } from "./support/sockets.js"
import { aFewTurns } from "./support/turns.js"

const head = (...fields: ReadonlyArray<string>) => ["HTTP/1.1 200 OK", ...fields, "", ""].join("\r\n")
const chunked = (body: string) => head("Transfer-Encoding: chunked") + body

const bytes = (text: string) => new TextEncoder().encode(text)

describe("what a server says before its answer", () => {
  it.scopedLive("is told to `onInformational` when it comes", () =>
    Effect.gen(function* () {
      const told: Array<unknown> = []
      const server = yield* scripted((c) =>
        Effect.gen(function* () {
          yield* c.request
          yield* c.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nLink: </b.css>\r\n\r\n")
          yield* eventually(() => told.length === 1)
          yield* c.send("HTTP/1.1 199\r\n\r\nHTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n")
          yield* eventually(() => told.length === 3)
          yield* c.send(ok("answer"))
        })
      )
      const { client, stats } = yield* connected()
      const response = yield* client.get(server.url(), { onInformational: (each) => void told.push(each) })
      expect(yield* response.text).toBe("answer")
      const links = [
        ["Link", "</a.css>"],
        ["Link", "</b.css>"]
      ]
      expect(told).toEqual([
        { status: 103, reasonPhrase: "Early Hints", rawHeaders: links },
        { status: 199, reasonPhrase: "", rawHeaders: [] },
        { status: 103, reasonPhrase: "Early Hints", rawHeaders: [["X", "y"]] }
      ])
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("ends the call with the caller's own defect when the callback throws", () =>
    Effect.gen(function* () {
      const server = yield* scripted(once(`HTTP/1.1 103 Early Hints\r\n\r\n${ok("answer")}`))
      const { client, stats } = yield* connected()
      const defect = new Error("a mistake of the caller")
      const onInformational = () => {
        throw defect
      }
      const exit = yield* Effect.exit(client.get(server.url(), { onInformational }))
      expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toBe(defect)
      expect(yield* stats).toEqual(atRest(0))
      yield* server.untilOpen(0)
    })
  )
})

describe("trailers", () => {
  const all = chunked("5\r\n12345\r\n0\r\nDigest: abc\r\nX: 1\r\nX: 2\r\n\r\n")
  const fields = [
    ["Digest", "abc"],
    ["X", "1"],
    ["X", "2"]
  ]
  it.scopedLive.each([
    ["read", (response: Response.Response) => response.read],
    ["stream", (response: Response.Response) => Stream.runDrain(response.stream)],
    ["raw", (response: Response.Response) => Stream.runDrain(response.raw)]
  ] as const)("are there after the body, and not before: %s", ([, read]) =>
    Effect.gen(function* () {
      const at = all.indexOf("Digest")
      const server = yield* scripted((c) =>
        Effect.zipRight(once(all.slice(0, at))(c), Effect.zipRight(c.take("go"), c.send(all.slice(at))))
      )
      const { client } = yield* connected()
      const pieces = yield* Queue.unbounded<Uint8Array>()
      const response = yield* client.stream("POST", server.url(), { content: Stream.fromQueue(pieces) })
      yield* eventually(() => response.numBytesDownloaded === 5)
      expect(response.trailers).toEqual([])
      yield* Queue.offer(pieces, bytes("go"))
      yield* read(response)
      expect(response.trailers).toEqual(fields)
    })
  )

  it.scopedLive("are there in a response that is read to its end", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(all))
      const { client } = yield* connected()
      expect((yield* client.get(server.url())).trailers).toEqual(fields)
    })
  )
})

describe("the rest of a response that is closed", () => {
  const piece = "x".repeat(1000)
  const chunks = (count: number) => `3e8\r\n${piece}\r\n`.repeat(count)
  const large = "x".repeat(300_000)

  /** Sends the beginning, and when that has been looked at, the rest. */
  const inTwo =
    (beginning: string, rest: string): Script =>
    (c) =>
      Effect.forever(
        once(beginning)(c).pipe(Effect.zipRight(aFewTurns), Effect.zipRight(rest === "" ? Effect.void : c.send(rest)))
      )

  const leaving: Record<string, (client: Client.Client, url: string) => Effect.Effect<unknown, unknown, Scope.Scope>> =
    {
      close: (client, url) => Effect.tap(client.stream("GET", url), (response) => response.close),
      "leaving the scope": (client, url) => Effect.scoped(client.stream("GET", url)),
      raiseForStatus: (client, url) =>
        Effect.scoped(Effect.flatMap(client.stream("GET", url), (response) => Effect.exit(response.raiseForStatus))),
      "a part of the stream": (client, url) =>
        Effect.flatMap(client.stream("GET", url), (response) => Stream.runDrain(Stream.take(response.raw, 1)))
    }

  it.scopedLive.each(Object.entries(leaving))("is thrown away, and the connection used again: %s", ([, leave]) =>
    Effect.gen(function* () {
      const server = yield* scripted(inTwo(`${head("Content-Length: 64000")}${piece}`, "y".repeat(63_000)))
      const { client, stats } = yield* connected()
      for (let i = 0; i < 3; i++) {
        yield* leave(client, server.url())
        expect(yield* stats).toEqual(atRest(1))
      }
      expect(server.connections.length).toBe(1)
    })
  )

  it.scopedLive.each([
    ["chunks", chunked(chunks(1)), `${chunks(60)}0\r\nTrailer: x\r\n\r\n`],
    [
      "the end of what stopped the flow",
      head("Content-Length: 300000") + large.slice(0, 299_000),
      large.slice(299_000)
    ],
    ["one that came whole", head("Content-Length: 1000"), piece]
  ])("is shown to nobody, nor to the next request: %s", ([, beginning, rest]) =>
    Effect.gen(function* () {
      const server = yield* scripted((c) =>
        Effect.zipRight(
          Effect.zipRight(once(beginning!)(c), Effect.zipRight(aFewTurns, c.send(rest!))),
          answering(ok("next"))(c)
        )
      )
      const { client, stats } = yield* connected()
      const response = yield* client.stream("GET", server.url())
      // What nobody reads stops the flow in the end.
      if (beginning!.length > large.length - 2_000) yield* eventually(() => response.numBytesDownloaded > 256 * 1024)
      const before = response.numBytesDownloaded
      yield* response.close
      expect(yield* stats).toEqual(atRest(1))
      expect(response.trailers).toEqual([])
      expect(response.numBytesDownloaded).toBe(before)
      yield* failsWith(response.read, "StreamClosed")
      expect(yield* (yield* client.get(server.url())).text).toBe("next")
      expect(server.connections.length).toBe(1)
    })
  )

  it.scopedLive.each([
    ["it is long", head("Content-Length: 66000"), ""],
    ["its chunks are many", chunked(chunks(1)), chunks(80)],
    ["it has no end but that of the connection", head(), piece],
    ["it is HTTP/1.0", head("Content-Length: 1000").replace("1.1", "1.0"), piece],
    ["the server will close the connection", head("Content-Length: 1000", "Connection: close"), piece],
    ["it is not HTTP", chunked(chunks(1)), "no chunk"],
    ["more comes than there is", head("Content-Length: 10"), piece]
  ])("costs the connection when %s", ([, beginning, rest]) =>
    Effect.gen(function* () {
      const server = yield* scripted(inTwo(beginning!, rest!))
      const sockets = yield* clientSockets
      const { client, stats } = yield* connected()
      yield* Effect.scoped(client.stream("GET", server.url()))
      expect(yield* stats).toEqual(atRest(0))
      expect(sockets.map((socket) => socket.closed)).toEqual([true])
    })
  )

  it.scopedLive("costs the connection when the request is not sent whole, or the server leaves", () =>
    Effect.gen(function* () {
      const short = `${head("Content-Length: 10")}12345`
      const server = yield* scripted(once(short), (c) => Effect.zipRight(once(short)(c), c.close))
      const { client, stats } = yield* connected()
      yield* Effect.scoped(client.stream("POST", server.url(), { content: Stream.never }))
      expect(yield* stats).toEqual(atRest(0))
      yield* Effect.scoped(client.stream("GET", server.url()))
      expect(yield* stats).toEqual(atRest(0))
      yield* server.untilOpen(0)
    })
  )

  // The clock of this test stands still.
  it.scoped("holds nobody up for longer than a moment when it does not come", () =>
    Effect.gen(function* () {
      const server = yield* scripted(once(`${head("Content-Length: 10")}12345`))
      const sockets = yield* clientSockets
      const { client, stats } = yield* connected({ limits: { connections: 1 } })
      const response = yield* client.stream("GET", server.url())
      const before = performance.now()
      const closing = yield* Effect.fork(response.close)
      yield* aFewTurns
      expect(yield* stats).toEqual({ ...atRest(0), active: 1 })
      yield* Fiber.join(closing)
      expect(performance.now() - before).toBeLessThan(1_500)
      expect(yield* stats).toEqual(atRest(0))
      expect(sockets.map((socket) => socket.closed)).toEqual([true])
    })
  )

  it.scopedLive("holds up no transport that closes", () =>
    Effect.gen(function* () {
      const server = yield* scripted(once(`${head("Content-Length: 10")}12345`))
      const scope = yield* Scope.make()
      const { client } = yield* Scope.extend(connected(), scope)
      const response = yield* client.stream("GET", server.url())
      const closing = yield* Effect.fork(response.close)
      yield* aFewTurns
      yield* Scope.close(scope, Exit.void)
      yield* Fiber.join(closing)
      yield* server.untilOpen(0)
    })
  )
})

describe("a connection that is reset", () => {
  it.scopedLive.each([
    ["inside the head", "HTTP/1.1 200 OK\r\nA: ", undefined, "after 20 bytes of a head"],
    ["inside a length", head("Content-Length: 1000") + "x".repeat(512), 512, "after 512 of 1000 bytes of the body"],
    ["inside chunks", chunked("5\r\n12345\r\n"), 5, "after 5 bytes of a chunked body"],
    ["inside what ends with it", `${head()}123456`, 6, "after 6 bytes of the body"]
  ] as const)("says how far the answer had come: %s", ([, sent, received, why]) =>
    Effect.gen(function* () {
      const server = yield* scripted(once(sent))
      const { client, stats } = yield* connected()
      const arrived = (response: Response.Response) => eventually(() => response.numBytesDownloaded === received)
      const call = Effect.flatMap(client.stream("GET", server.url()), (response) =>
        arrived(response).pipe(Effect.zipRight(server.connections[0]!.reset), Effect.zipRight(response.read))
      )
      const fiber = yield* Effect.fork(failsWith(call, "ReadError"))
      if (received === undefined) {
        yield* Effect.flatMap(server.connection(0), (c) => c.seen("\r\n\r\n"))
        yield* aFewTurns
        yield* server.connections[0]!.reset
      }
      const error = yield* Fiber.join(fiber)
      expect(error.message).toContain(why)
      expect(error.message).toContain("ECONNRESET")
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive.each([
    ["GET", "", true],
    ["DELETE", "", true],
    ["PUT", "x".repeat(8_000_000), true],
    ["POST", "x".repeat(8_000_000), false],
    ["PATCH", "a body", false]
  ] as const)(
    "at the moment of the next request is replaced if that can be sent again: %s",
    ([method, content, again]) =>
      Effect.gen(function* () {
        const server = yield* scripted(once(ok("first")), (c) =>
          c.request.pipe(Effect.zipRight(c.takeBytes(content.length)), Effect.zipRight(c.send(ok("second"))))
        )
        const { client, stats } = yield* connected()
        yield* client.get(server.url())
        // Nothing has been heard of it when the request is written.
        yield* server.connections[0]!.reset
        const call = client.request(method, server.url(), content === "" ? {} : { content })
        const outcome = yield* Effect.either(call)
        expect(outcome._tag).toBe(again ? "Right" : "Left")
        expect(server.connections.length).toBe(again ? 2 : 1)
        expect(yield* stats).toEqual(atRest(again ? 1 : 0))
      })
  )

  it.scopedLive.each([["close"], ["reset"]] as const)("while it is idle is dropped at once: %s", ([ending]) =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("fresh")))
      const { client, stats } = yield* connected()
      yield* client.get(server.url())
      expect(yield* stats).toEqual(atRest(1))
      yield* server.connections[0]![ending]
      yield* aFewTurns
      expect(yield* stats).toEqual(atRest(0))
      expect(yield* (yield* client.post(server.url(), { content: "not sent twice" })).text).toBe("fresh")
    })
  )
})

describe("request and answer", () => {
  it.scopedLive("go on at the same time, each as the other goes", () =>
    Effect.gen(function* () {
      const echo: Script = (c) =>
        Effect.gen(function* () {
          yield* c.request
          yield* c.send(chunked(""))
          for (let i = 0; i < 50; i++) {
            const said = /\r\n(.*)\r\n$/.exec(yield* c.take(`${i};\r\n`))![1]!
            yield* c.send(`${said.length.toString(16)}\r\n${said}\r\n`)
          }
          yield* c.take("0\r\n\r\n")
          yield* c.send("0\r\n\r\n")
        })
      const server = yield* scripted(echo)
      const { client, stats } = yield* connected()
      const pieces = yield* Queue.unbounded<Uint8Array>()
      const response = yield* client.stream("POST", server.url(), { content: Stream.fromQueue(pieces) })
      const heard: Array<string> = []
      yield* Queue.offer(pieces, bytes("0;"))
      yield* Stream.runForEach(response.stream, (piece) => {
        heard.push(Buffer.from(piece).toString())
        return heard.length < 50 ? Queue.offer(pieces, bytes(`${heard.length};`)) : Queue.shutdown(pieces)
      })
      expect(heard).toEqual(Array.from({ length: 50 }, (_, i) => `${i};`))
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("cost one write each way when the body is small", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) =>
        Effect.forever(Effect.zipRight(c.request, Effect.zipRight(c.takeBytes(16_384), c.send(ok("taken")))))
      )
      const sockets = yield* clientSockets
      const { client } = yield* connected()
      const content = new Uint8Array(16_384)
      yield* client.post(server.url(), { content })
      const socket = sockets[0]!
      let writes = 0
      const { write } = socket
      socket.write = (...given: ReadonlyArray<unknown>) => {
        writes++
        return Reflect.apply(write, socket, given)
      }
      yield* client.post(server.url(), { content })
      expect([writes, sockets.length]).toEqual([1, 1])
    })
  )

  it.scoped("have the limits of their call, on whatever connection", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) =>
        Effect.forever(
          Effect.flatMap(c.request, (asked) => {
            if (asked.includes("/ok")) return c.send(ok("ok"))
            return asked.includes("/blocked") ? c.pause : Effect.void
          })
        )
      )
      const { client, stats } = yield* connected()
      yield* client.get(server.url("/ok"), { timeout: { read: "1 hour" } })
      const reading = yield* Effect.fork(
        failsWith(client.get(server.url("/silent"), { timeout: { read: "1 seconds" } }), "ReadTimeout")
      )
      yield* server.connections[0]!.seen("/silent")
      yield* TestClock.adjust("1 seconds")
      expect((yield* Fiber.join(reading)).limit).toBe(1_000)

      const content = new Uint8Array(32_000_000)
      const timeout = { write: "2 seconds", read: "1 seconds" } as const
      const writing = yield* Effect.fork(
        failsWith(client.post(server.url("/blocked"), { content, timeout }), "WriteTimeout")
      )
      yield* Effect.flatMap(server.connection(1), (c) => c.seen("/blocked"))
      yield* aFewTurns
      yield* TestClock.adjust("2 seconds")
      expect((yield* Fiber.join(writing)).limit).toBe(2_000)
      expect(yield* stats).toEqual(atRest(0))
      yield* server.connections[1]!.resume
      yield* server.untilOpen(0)
    })
  )
})
