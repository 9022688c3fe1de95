/** How far an upload is: what is counted, when it ends, and that looking at it costs the upload nothing. */
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Deferred, Effect, Exit, Fiber, Scope, Stream } from "effect"
import { Request, Upload } from "effect-httpx"
import { atRest, connected, eventually, failsWith } from "./support/failing.js"
import { ok, type Script, scripted, silent } from "./support/scripted.js"

const bytes = (text: string) => new TextEncoder().encode(text)

/** Takes bodies of a known length, and answers. */
const taking: Script = (c) =>
  Effect.forever(
    Effect.gen(function* () {
      const length = /content-length: (\d+)/i.exec(yield* c.request)?.[1]
      if (length === undefined) yield* c.take("0\r\n\r\n")
      else yield* c.takeBytes(Number(length))
      yield* c.send(ok("taken"))
    })
  )

/** All that there was to see, gathered by a fiber that is begun now. */
const watched = ({ progress }: Upload.Tracked) =>
  Effect.map(Effect.forkScoped(Stream.runCollect(progress)), (fiber) =>
    Effect.map(Fiber.join(fiber), Chunk.toReadonlyArray)
  )

describe("progress", () => {
  it.scopedLive("counts the bytes of content as it is sent, up to its length", () =>
    Effect.gen(function* () {
      const server = yield* scripted(taking)
      const { client, stats } = yield* connected()
      const size = 1_000_000
      const upload = yield* Upload.track(new Uint8Array(size))
      const seen = yield* watched(upload)
      yield* client.put(server.url(), { content: upload.content })
      const all = yield* seen
      expect(all.at(-1)).toEqual({ sent: size, total: size })
      expect(all.map(({ sent }) => sent)).toEqual(all.map(({ sent }) => sent).sort((a, b) => a - b))
      expect(server.connections[0]!.received).toContain(`Content-Length: ${size}\r\n`)
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("counts a piece when the connection has taken it", () =>
    Effect.gen(function* () {
      const server = yield* scripted(taking)
      const { client } = yield* connected()
      const seen: Array<number> = []
      const piece = (before: number) =>
        Effect.as(
          eventually(() => seen.at(-1) === before),
          bytes("text")
        )
      const content = Stream.mapEffect(Stream.make(0, 4, 8), piece)
      const upload = yield* Upload.track(content, { total: 12 })
      const reader = yield* Effect.fork(
        Stream.runForEach(upload.progress, ({ sent }) => Effect.sync(() => seen.push(sent)))
      )
      yield* client.post(server.url(), { content: upload.content })
      yield* Fiber.join(reader)
      expect(seen).toEqual([0, 4, 8, 12])
    })
  )

  it.scopedLive.each([
    ["text", () => "text", 4],
    ["a Blob", () => new Blob(["text"], { type: "text/plain" }), 4],
    ["a Stream", () => Stream.make(bytes("te"), bytes("xt")), undefined],
    ["a generator", () => ["te", "xt"].values(), undefined],
    ["a function", () => () => "text", undefined]
  ] as ReadonlyArray<readonly [string, () => Request.ContentInput, number | undefined]>)(
    "is there for any content, which is sent as it would be without: %s",
    ([, make, total]) =>
      Effect.gen(function* () {
        const server = yield* scripted(taking)
        const { client } = yield* connected()
        const upload = yield* Upload.track(make())
        const seen = yield* watched(upload)
        yield* client.post(server.url(), { content: upload.content })
        expect((yield* seen).at(-1)).toEqual({ sent: 4, total })
        const request = Request.make("POST", server.url(), { content: make() })
        const tracked = Request.make("POST", server.url(), { content: upload.content })
        expect(tracked.isRepeatable).toBe(request.isRepeatable)
        expect(tracked.headers.toJSON()).toEqual(request.headers.toJSON())
      })
  )

  it.scopedLive("has the total that is given, where the content does not know it", () =>
    Effect.gen(function* () {
      const server = yield* scripted(taking)
      const { client } = yield* connected()
      const upload = yield* Upload.track(Stream.make(bytes("text")), { total: 4 })
      const seen = yield* watched(upload)
      yield* client.post(server.url(), { content: upload.content, contentLength: 4 })
      expect((yield* seen).at(-1)).toEqual({ sent: 4, total: 4 })
      expect(server.connections[0]!.received).toContain("Content-Length: 4\r\n")
    })
  )

  it.scopedLive("counts what the connection has taken, and no more", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) => c.pause)
      const { client } = yield* connected()
      const size = 32_000_000
      const upload = yield* Upload.track(new Uint8Array(size))
      let last = 0
      yield* Effect.forkScoped(Stream.runForEach(upload.progress, ({ sent }) => Effect.sync(() => (last = sent))))
      const fiber = yield* Effect.fork(client.post(server.url(), { content: upload.content }))
      yield* eventually(() => last > 0)
      let unchanged = 0
      let before = -1
      yield* eventually(() => {
        unchanged = last === before ? unchanged + 1 : 0
        before = last
        return unchanged > 100
      })
      expect(last).toBeLessThan(size)
      yield* Fiber.interrupt(fiber)
    })
  )

  it.scopedLive("that is read slowly, or not at all, does not slow the upload", () =>
    Effect.gen(function* () {
      const server = yield* scripted(taking)
      const { client } = yield* connected()
      const upload = yield* Upload.track(new Uint8Array(5_000_000))
      const goOn = yield* Deferred.make<void>()
      const seen: Array<number> = []
      const slow = yield* Effect.fork(
        Stream.runForEach(upload.progress, ({ sent }) =>
          Effect.zipRight(
            Effect.sync(() => seen.push(sent)),
            Deferred.await(goOn)
          )
        )
      )
      expect(yield* (yield* client.post(server.url(), { content: upload.content })).text).toBe("taken")
      expect(seen).toHaveLength(1)
      yield* Deferred.succeed(goOn, undefined)
      yield* Fiber.join(slow)
      expect(seen.slice(1)).toEqual([5_000_000])
      expect(yield* Stream.runCollect(upload.progress)).toEqual(Chunk.of({ sent: 5_000_000, total: 5_000_000 }))
    })
  )
})

describe("progress ends", () => {
  it.scopedLive("when the caller's stream fails", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client } = yield* connected()
      const content = Stream.concat(Stream.make(bytes("te"), bytes("xt")), Stream.fail("no more" as const))
      const upload = yield* Upload.track(content)
      const seen = yield* Effect.forkScoped(Stream.runLast(upload.progress))
      const error = yield* failsWith(client.post(server.url(), { content: upload.content }), "BodyError")
      expect(error.error).toBe("no more")
      yield* Fiber.join(seen)
    })
  )

  it.scopedLive("when the call is interrupted", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client, stats } = yield* connected()
      const upload = yield* Upload.track(Stream.concat(Stream.make(bytes("text")), Stream.never))
      const seen = yield* watched(upload)
      const fiber = yield* Effect.fork(client.post(server.url(), { content: upload.content }))
      yield* server.untilOpen(1)
      yield* server.connections[0]!.take("text\r\n")
      yield* Fiber.interrupt(fiber)
      for (const { sent, total } of yield* seen) expect([sent <= 4, total]).toEqual([true, undefined])
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive("when the answer comes first", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) => Effect.zipRight(c.request, c.send(ok("enough"))))
      const { client } = yield* connected()
      const upload = yield* Upload.track(Stream.concat(Stream.make(bytes("text")), Stream.never))
      const seen = yield* watched(upload)
      yield* client.post(server.url(), { content: upload.content })
      yield* seen
    })
  )

  it.live("with the scope, when the upload never begins", () =>
    Effect.gen(function* () {
      const closed = yield* Effect.scoped(scripted())
      const scope = yield* Scope.make()
      const { client } = yield* Scope.extend(connected(), scope)
      const upload = yield* Scope.extend(Upload.track("text"), scope)
      const seen = yield* Effect.fork(Stream.runCollect(upload.progress))
      yield* failsWith(client.post(closed.url(), { content: upload.content }), "ConnectError")
      yield* Scope.close(scope, Exit.void)
      expect(yield* Fiber.join(seen)).toEqual(Chunk.empty())
    })
  )

  it.scopedLive("and a reader that leaves is forgotten", () =>
    Effect.gen(function* () {
      const server = yield* scripted(taking)
      const { client } = yield* connected()
      const upload = yield* Upload.track("text")
      const reader = yield* Effect.fork(Stream.runDrain(upload.progress))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(reader)
      yield* client.post(server.url(), { content: upload.content })
      expect((yield* Stream.runLast(upload.progress))._tag).toBe("Some")
    })
  )
})

describe("an upload that is tracked", () => {
  it.scopedLive("can be sent again if its content can, and counts anew", () =>
    Effect.gen(function* () {
      const server = yield* scripted(taking)
      const { client } = yield* connected()
      const upload = yield* Upload.track("text")
      const request = Request.make("POST", server.url(), { content: upload.content })
      for (const _ of [1, 2]) {
        yield* client.send(request)
        expect((yield* Stream.runCollect(upload.progress)).pipe(Chunk.toReadonlyArray)).toEqual([{ sent: 4, total: 4 }])
      }
      const once = yield* Upload.track(["te", "xt"].values())
      const call = client.post(server.url(), { content: once.content })
      yield* call
      yield* failsWith(call, "StreamConsumed")
    })
  )

  it.scopedLive("of nothing that can be sent fails with a typed error", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client } = yield* connected()
      const upload = yield* Upload.track(5 as never)
      yield* failsWith(client.post(server.url(), { content: upload.content }), "LocalProtocolError")
      for (const piece of ["text", null]) {
        const wrong = yield* Upload.track(Stream.make(piece as never))
        yield* failsWith(client.post(server.url(), { content: wrong.content }), "LocalProtocolError")
      }
    })
  )
})
