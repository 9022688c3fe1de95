/** Bodies that are sent: bytes at once, streams as they come and no faster than the server takes them. */
import { describe, expect, expectTypeOf, it } from "@effect/vitest"
import { Cause, Context, Data, Deferred, Effect, Exit, Fiber, Stream } from "effect"
import type { HttpxError, Response } from "effect-httpx"
import { abrupt } from "./support/abrupt.js"
import { atRest, connected, eventually, failsWith } from "./support/failing.js"
import { answering, ok, once, type Script, scripted, silent } from "./support/scripted.js"

const bytes = (text: string) => new TextEncoder().encode(text)

const texts = (...pieces: ReadonlyArray<string>) => Stream.fromIterable(pieces.map(bytes))

/** Takes a chunked request to its end, then answers it. */
const takesChunked: Script = (c) =>
  Effect.forever(c.request.pipe(Effect.zipRight(c.take("0\r\n\r\n")), Effect.zipRight(c.send(ok("taken")))))

const bodyOf = (received: string): string => received.slice(received.indexOf("\r\n\r\n") + 4)

class DiskError extends Data.TaggedError("DiskError")<{ readonly path: string }> {}

describe("a body that is a stream", () => {
  it.scopedLive("is sent in chunks", () =>
    Effect.gen(function* () {
      const server = yield* scripted(takesChunked)
      const { client, stats } = yield* connected()
      const response = yield* client.post(server.url(), { content: texts("one", "and two") })
      expect(yield* response.text).toBe("taken")
      expect(server.connections[0]!.received).toContain("Transfer-Encoding: chunked\r\n")
      expect(server.connections[0]!.received).not.toMatch(/content-length/i)
      expect(bodyOf(server.connections[0]!.received)).toBe("3\r\none\r\n7\r\nand two\r\n0\r\n\r\n")
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("is sent as it is when its content-length is given", () =>
    Effect.gen(function* () {
      const server = yield* scripted(once(ok("taken")))
      const { client } = yield* connected()
      const headers = { "content-length": "10" }
      yield* client.put(server.url(), { content: texts("one", "and two"), headers })
      expect(server.connections[0]!.received).not.toMatch(/transfer-encoding/i)
      expect(bodyOf(server.connections[0]!.received)).toBe("oneand two")
    })
  )

  it.scopedLive("may have empty pieces, or be empty", () =>
    Effect.gen(function* () {
      const server = yield* scripted(takesChunked)
      const { client } = yield* connected()
      yield* client.post(server.url(), { content: texts("", "a", "", "b", "") })
      yield* client.post(server.url(), { content: Stream.empty })
      const [, first, , second] = server.connections[0]!.received.split(/(?<=\r\n\r\n)/)
      expect(first).toBe("1\r\na\r\n1\r\nb\r\n0\r\n\r\n")
      expect(second).toBe("0\r\n\r\n")
    })
  )

  it.scopedLive("runs when the connection is there, and once for each request", () =>
    Effect.gen(function* () {
      const server = yield* scripted(takesChunked)
      const { client } = yield* connected()
      let runs = 0
      const content = Stream.suspend(() => {
        runs++
        return texts("again")
      })
      const upload = client.post(server.url(), { content })
      expect(runs).toBe(0)
      yield* upload
      yield* upload
      expect(runs).toBe(2)

      const closed = yield* Effect.scoped(scripted())
      yield* failsWith(client.post(closed.url(), { content }), "ConnectError")
      expect(runs).toBe(2)
    })
  )

  it.scopedLive("runs in the context of who sends it", () =>
    Effect.gen(function* () {
      class Name extends Context.Tag("Name")<Name, string>() {}
      const server = yield* scripted(takesChunked)
      const { client } = yield* connected()
      const content = Stream.fromEffect(Effect.map(Name, bytes))
      const upload = client.post(server.url(), { content })
      expectTypeOf(upload).toEqualTypeOf<Effect.Effect<Response.Response, HttpxError.HttpxError, Name>>()
      yield* Effect.provideService(upload, Name, "in context")
      expect(server.connections[0]!.received).toContain("\r\nin context\r\n")
    })
  )

  it.scopedLive("that fails is BodyError with its own error, and the server sees no whole request", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client, stats } = yield* connected()
      const content = Stream.concat(texts("a part"), Stream.fail(new DiskError({ path: "/dev/sda" })))
      const upload = client.post(server.url("/?key=secret"), { content })
      expectTypeOf(upload).toEqualTypeOf<
        Effect.Effect<Response.Response, HttpxError.HttpxError | HttpxError.BodyError<DiskError>>
      >()
      const error = yield* failsWith(upload, "BodyError")
      expectTypeOf(error.error).toEqualTypeOf<DiskError>()
      expect(error.error).toEqual(new DiskError({ path: "/dev/sda" }))
      expect(error).toMatchObject({ phase: "send", request: { url: server.url("/?key=<redacted>") } })
      expect(yield* stats).toEqual(atRest(0))
      yield* server.untilOpen(0)
      expect(server.connections[0]!.received).not.toContain("0\r\n\r\n")
    })
  )

  it.scopedLive("that fails by parallel is the same there", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client, stats } = yield* connected()
      const parallel = yield* client.parallel()
      const content = Stream.fail(new DiskError({ path: "/" }))
      const pending = yield* parallel.post(server.url(), { content })
      const error = yield* Effect.flip(pending.getResponse)
      expect(error).toMatchObject({ _tag: "BodyError", error: { _tag: "DiskError" } })
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive("that dies is a defect of the caller, and the connection is closed all the same", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client, stats } = yield* connected()
      const exit = yield* Effect.exit(client.post(server.url(), { content: Stream.die("a mistake") }))
      expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toBe("a mistake")
      expect(yield* stats).toEqual(atRest(0))
      yield* server.untilOpen(0)
    })
  )

  it.scopedLive.each([
    ["more", "3", ["on", "e two"]],
    ["fewer", "8", ["one", " two"]],
    ["no", "3", []]
  ] as const)("with %s bytes than its content-length is LocalProtocolError", ([, length, pieces]) =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client, stats } = yield* connected()
      const headers = { "content-length": length }
      const error = yield* failsWith(
        client.post(server.url(), { content: texts(...pieces), headers }),
        "LocalProtocolError"
      )
      expect(error).toMatchObject({ phase: "send", delivery: "unknown" })
      expect(error.message).toContain(`than its Content-Length of ${length}`)
      expect(yield* stats).toEqual(atRest(0))
      yield* server.untilOpen(0)
      expect(bodyOf(server.connections[0]!.received).length).toBeLessThan(8)
    })
  )

  it.scopedLive.each([
    ["text", "snow ☃"],
    ["a number", 5],
    ["null", null]
  ])("of anything but bytes is LocalProtocolError: %s", ([, piece]) =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client } = yield* connected()
      const content = Stream.make(piece as never as Uint8Array)
      const error = yield* failsWith(client.post(server.url(), { content }), "LocalProtocolError")
      expect(error.message).toContain("not bytes")
      yield* server.untilOpen(0)
      expect(bodyOf(server.connections[0]!.received)).toBe("")
    })
  )

  it.scopedLive("goes no faster than the server takes it", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) => c.pause)
      const { client } = yield* connected()
      const piece = new Uint8Array(64 * 1024)
      let produced = 0
      const content = Stream.repeatEffect(
        Effect.sync(() => {
          produced += piece.length
          return piece
        })
      )
      const fiber = yield* Effect.fork(client.post(server.url(), { content }))
      let before = -1
      let unchanged = 0
      yield* eventually(() => {
        unchanged = produced > 0 && produced === before ? unchanged + 1 : 0
        before = produced
        return unchanged > 100
      })
      // What the system holds for both sockets, and no more.
      expect(produced).toBeLessThan(20_000_000)
      yield* server.connections[0]!.resume
      const paused = produced
      yield* eventually(() => produced > paused + 1_000_000)
      yield* Fiber.interrupt(fiber)
      yield* server.untilOpen(0)
    })
  )
})

describe("an answer that comes before the body is sent", () => {
  const tooLarge = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nstop"

  const answers: ReadonlyArray<readonly [string, Script]> = [
    ["keeps the connection", once(tooLarge)],
    ["closes the connection", (c) => Effect.zipRight(once(tooLarge)(c), c.close)],
    [
      "closes it and reads nothing more",
      (c) => c.request.pipe(Effect.zipRight(c.pause), Effect.zipRight(c.send(tooLarge)), Effect.zipRight(c.close))
    ]
  ]

  it.scopedLive.each(answers)("is given, and the stream is interrupted, when the server %s", ([, script]) =>
    Effect.gen(function* () {
      const server = yield* scripted(script, answering(ok("next")))
      const { client, stats } = yield* connected()
      const interrupted = yield* Deferred.make<void>()
      const content = Stream.repeatEffect(Effect.as(Effect.sleep("1 millis"), new Uint8Array(1024))).pipe(
        Stream.ensuring(Deferred.succeed(interrupted, undefined))
      )
      const response = yield* client.post(server.url(), { content })
      expect([response.status, yield* response.text]).toEqual([413, "stop"])
      yield* Deferred.await(interrupted)
      expect(yield* stats).toEqual(atRest(0))
      expect(yield* (yield* client.get(server.url())).text).toBe("next")
    })
  )

  it.scopedLive.each(answers)("is given when the body is bytes, when the server %s", ([, script]) =>
    Effect.gen(function* () {
      const server = yield* scripted(script, answering(ok("next")))
      const { client, stats } = yield* connected()
      const response = yield* client.post(server.url(), { content: new Uint8Array(32_000_000) })
      expect([response.status, yield* response.text]).toEqual([413, "stop"])
      expect(yield* stats).toEqual(atRest(0))
      expect(yield* (yield* client.get(server.url())).text).toBe("next")
    })
  )

  it.scopedLive.each([
    ["a stream", Stream.repeatValue(new Uint8Array(65_536))],
    ["a stream of small pieces", Stream.repeatValue(new Uint8Array(100))],
    ["bytes", new Uint8Array(32_000_000)]
  ] as const)("is given though the connection breaks while it is on its way: %s", ([, content]) =>
    Effect.gen(function* () {
      const url = yield* abrupt(200_000, tooLarge)
      const { client, stats } = yield* connected()
      for (let i = 0; i < 20; i++) {
        const response = yield* client.post(url, { content })
        expect([response.status, yield* response.text]).toEqual([413, "stop"])
        expect(yield* stats).toEqual(atRest(0))
      }
    })
  )

  it.scopedLive("can be read while the body is still sent", () =>
    Effect.gen(function* () {
      const echo: Script = (c) =>
        Effect.gen(function* () {
          yield* c.request
          yield* c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
          for (const text of ["one", "two"]) {
            yield* c.take(text)
            yield* c.send(`3\r\n${text}\r\n`)
          }
          yield* c.take("0\r\n\r\n")
          yield* c.send("0\r\n\r\n")
        })
      const server = yield* scripted(echo)
      const { client, stats } = yield* connected()
      const heard = yield* Deferred.make<void>()
      const content = Stream.concat(texts("one"), Stream.fromEffect(Effect.as(Deferred.await(heard), bytes("two"))))
      const response = yield* client.stream("POST", server.url(), { content })
      const received = yield* Stream.runFold(
        Stream.tap(response.stream, () => Deferred.succeed(heard, undefined)),
        "",
        (text, piece) => text + new TextDecoder().decode(piece)
      )
      expect(received).toBe("onetwo")
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("that breaks off is a failure to read, as is the failure of the stream by then", () =>
    Effect.gen(function* () {
      const begins: Script = (c) => once("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")(c)
      const server = yield* scripted(begins)
      const { client, stats } = yield* connected()
      const broken = yield* client.stream("POST", server.url(), { content: Stream.never })
      yield* server.connections[0]!.close
      yield* failsWith(broken.read, "ReadError")

      const fails = yield* Deferred.make<never, DiskError>()
      const failing = yield* client.stream("POST", server.url(), { content: Stream.fromEffect(Deferred.await(fails)) })
      yield* Deferred.fail(fails, new DiskError({ path: "/" }))
      const error = yield* failsWith(failing.read, "ReadError")
      expect(error.message).toContain("body stream failed")
      expect(yield* stats).toEqual(atRest(0))
      yield* server.untilOpen(0)
    })
  )
})

describe("a body of bytes", () => {
  it.scopedLive.each([0, 1, 16 * 1024, 16 * 1024 + 1, 64 * 1024 + 1, 5_000_000])(
    "arrives as it is: %d of them",
    (size) =>
      Effect.gen(function* () {
        const server = yield* scripted((c) =>
          Effect.forever(Effect.flatMap(Effect.zipRight(c.request, c.takeBytes(size)), (body) => c.send(ok(body))))
        )
        const { client, stats } = yield* connected()
        const content = new Uint8Array(size).map((_, i) => i % 251)
        for (let i = 0; i < 2; i++) {
          const response = yield* client.post(server.url(), { content })
          expect(Buffer.compare(yield* response.read, content)).toBe(0)
        }
        expect(server.connections[0]!.received).toContain(`Content-Length: ${size}\r\n`)
        expect(yield* stats).toEqual(atRest(1))
      })
  )

  it.scopedLive.each(["", "short", "x".repeat(200_000)])("is sent in chunks when that is asked for", (content) =>
    Effect.gen(function* () {
      const server = yield* scripted(takesChunked)
      const { client, stats } = yield* connected()
      const headers = { "transfer-encoding": "chunked" }
      for (let i = 0; i < 2; i++) yield* client.post(server.url(), { content, headers })
      expect(bodyOf(server.connections[0]!.received)).toMatch(content === "" ? /^0\r\n\r\n/ : /^[1-9a-f][0-9a-f]*\r\n/)
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("that the server does not want to the end is WriteError when it breaks the connection", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) => c.request.pipe(Effect.zipRight(c.pause), Effect.zipRight(c.reset)))
      const { client, stats } = yield* connected()
      const error = yield* failsWith(client.post(server.url(), { content: new Uint8Array(32_000_000) }), "WriteError")
      expect(error).toMatchObject({ phase: "send", delivery: "unknown" })
      expect(error.message).toMatch(/ECONNRESET|EPIPE/)
      expect(yield* stats).toEqual(atRest(0))
    })
  )
})
