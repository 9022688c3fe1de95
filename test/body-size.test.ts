/** How much of a body is taken into memory: whole, decoded, or never. */
import { HttpClient, HttpIncomingMessage } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Option, Stream } from "effect"
import { Client, Request, Response } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import { brotliCompressSync, gzipSync } from "node:zlib"
import { type Answers, withServer } from "./support/bridge.js"

const opened = (answers?: Answers, options?: Client.ClientOptions) =>
  Effect.gen(function* () {
    const server = yield* withServer(answers)
    const client = yield* Effect.provide(Client.make({ baseUrl: server.url, ...options }), server.under)
    return { ...server, client }
  })

const always =
  (reply: InProcess.Reply): Answers =>
  () =>
    Effect.succeed(reply)

const sized = (size: number): InProcess.Reply => ({ body: new Uint8Array(size) })

const inProcess = (reply: InProcess.Reply, options?: Client.ClientOptions) =>
  Effect.provide(
    Client.make({ baseUrl: "http://size.test", ...options }),
    InProcess.layer(() => Effect.succeed(reply))
  )

describe("a body", () => {
  // Small enough to come with its head, larger, and more than a connection holds unread.
  it.scopedLive.each([10, 100_000, 1_000_000])("of %i bytes is taken up to exactly its size", (size) =>
    Effect.gen(function* () {
      const { client, stats } = yield* opened(always(sized(size)))
      expect((yield* (yield* client.get("/", { maxBodySize: size })).read).length).toBe(size)
      const error = yield* Effect.flip(client.get("/", { maxBodySize: size - 1 }))
      expect(error).toMatchObject({ _tag: "BodyTooLarge", limit: size - 1, phase: "read", delivery: "answered" })
      expect(error.message).toContain(`larger than the ${size - 1} bytes that are allowed`)
      expect((yield* stats).active).toBe(0)
    })
  )

  it.effect.each([10, 100_000])("of %i bytes is counted in process too", (size) =>
    Effect.gen(function* () {
      const body = Stream.flatMap(Stream.range(1, 10), () => Stream.make(new Uint8Array(size / 10)))
      const client = yield* inProcess({ body })
      expect((yield* (yield* client.get("/", { maxBodySize: size })).read).length).toBe(size)
      expect(yield* Effect.flip(client.get("/", { maxBodySize: size - 1 }))).toMatchObject({ _tag: "BodyTooLarge" })
    })
  )

  it.scopedLive("that never ends is left as soon as it is too large", () =>
    Effect.gen(function* () {
      const { client, left, stats } = yield* opened(undefined, { maxBodySize: 1_000_000 })
      expect(yield* Effect.flip(client.get("/endless?id=get"))).toMatchObject({
        _tag: "BodyTooLarge",
        limit: 1_000_000
      })
      yield* left("get")
      const response = yield* client.stream("GET", "/endless?id=read")
      for (const _ of [1, 2]) {
        expect(yield* Effect.flip(response.text)).toMatchObject({ _tag: "BodyTooLarge" })
        expect(response.isClosed).toBe(true)
      }
      yield* left("read")
      expect(response.numBytesDownloaded).toBeLessThan(2_000_000)
      expect((yield* stats).active).toBe(0)
    })
  )

  it.scopedLive("that is streamed has no limit, and those who read one body may have limits of their own", () =>
    Effect.gen(function* () {
      const { client } = yield* opened(undefined, { maxBodySize: 10 })
      const streamed = yield* client.stream("GET", "/bytes/1000000")
      expect(yield* Stream.runFold(streamed.stream, 0, (size, bytes) => size + bytes.length)).toBe(1_000_000)
      const shared = yield* client.stream("GET", "/gated?id=shared", { maxBodySize: Infinity })
      const small = yield* Effect.fork(Effect.exit(shared.upTo(3)))
      const large = yield* Effect.fork(shared.upTo(100))
      expect(Exit.isFailure(yield* Fiber.join(small))).toBe(true)
      // Whoever finds it too large ends it for all.
      expect(Exit.isFailure(yield* Fiber.await(large))).toBe(true)
    })
  )

  it.scopedLive("is limited by the call, else by the client, else to 256 MiB", () =>
    Effect.gen(function* () {
      const { client } = yield* opened(undefined, { maxBodySize: 10 })
      const tag = (options?: Request.CallOptions) =>
        Effect.map(Effect.either(client.get("/bytes/100", options)), (either) => either._tag)
      expect(yield* tag()).toBe("Left")
      expect(yield* tag({ maxBodySize: 100 })).toBe("Right")
      expect(yield* tag({ maxBodySize: Infinity })).toBe("Right")
      expect(yield* tag({ defaultEncoding: "utf-8" })).toBe("Left")
      const made = Request.make("GET", "http://h.test/")
      expect(made.settings.reading.maxBodySize).toBeUndefined()
    })
  )

  it.effect.each([NaN, -1])("limited to %d is not sent for", (maxBodySize) =>
    Effect.gen(function* () {
      const client = yield* inProcess(sized(1))
      const error = yield* Effect.flip(client.get("/", { maxBodySize }))
      expect(error._tag).toBe("LocalProtocolError")
      expect(error.message).toContain(`maxBodySize is ${maxBodySize}`)
      const wrong = yield* inProcess(sized(1), { maxBodySize })
      expect(yield* Effect.flip(wrong.get("/"))).toMatchObject({ _tag: "LocalProtocolError", delivery: "unsent" })
    })
  )

  it.effect("of a block's requests is limited too", () =>
    Effect.gen(function* () {
      const client = yield* inProcess(sized(100), { maxBodySize: 99 })
      const results = yield* Effect.either(client.all(["/", { url: "/", maxBodySize: 100 }]))
      expect(results).toMatchObject({ _tag: "Left", left: { _tag: "BodyTooLarge" } })
    })
  )
})

describe("a coded body", () => {
  // Fifty megabytes of nothing in fifty kilobytes, or in fifty bytes.
  const bombs = {
    gzip: gzipSync(new Uint8Array(50_000_000)),
    br: brotliCompressSync(new Uint8Array(50_000_000)),
    "gzip, gzip": gzipSync(gzipSync(new Uint8Array(50_000_000)))
  }

  it.scopedLive.each(Object.entries(bombs))("is limited by what it decodes to: %s", ([coding, body]) =>
    Effect.gen(function* () {
      const reply = { headers: { "content-encoding": coding }, body }
      const { client, stats } = yield* opened(always(reply), { maxBodySize: 10_000_000 })
      const error = yield* Effect.flip(client.get("/"))
      expect(error).toMatchObject({ _tag: "BodyTooLarge", limit: 10_000_000 })
      const whole = yield* client.get("/", { maxBodySize: 50_000_000 })
      expect((yield* whole.read).length).toBe(50_000_000)
      expect((yield* stats).active).toBe(0)
    })
  )

  it.scopedLive("small as it came and large as it is does not hold up others while it is decoded", () =>
    Effect.gen(function* () {
      const reply = { headers: { "content-encoding": "br" }, body: bombs.br }
      const { client } = yield* opened(always(reply))
      let turns = 0
      const turning = yield* Effect.fork(
        Effect.forever(Effect.promise(() => new Promise((resolve) => setImmediate(() => resolve(turns++)))))
      )
      const before = turns
      yield* client.get("/")
      expect(turns - before).toBeGreaterThan(50)
      yield* Fiber.interrupt(turning)
    })
  )

  it.scopedLive("within its limit has none", () =>
    Effect.gen(function* () {
      const reply = { headers: { "content-encoding": "gzip" }, body: gzipSync("x".repeat(1000)) }
      const { client } = yield* opened(always(reply))
      expect((yield* (yield* client.get("/", { maxBodySize: 1000 })).read).length).toBe(1000)
      expect(yield* Effect.flip(client.get("/", { maxBodySize: 999 }))).toMatchObject({
        _tag: "BodyTooLarge",
        limit: 999
      })
    })
  )
})

describe("a text", () => {
  it.effect("cannot be longer than the runtime has strings", () =>
    Effect.gen(function* () {
      const whole = new Uint8Array(0x1fffffe9)
      const source: Response.Source = {
        whole,
        ahead: [],
        arrived: () => Effect.void,
        received: whole.length,
        endedAfter: 0,
        pull: Effect.succeed([]),
        collect: () => Effect.succeed(whole),
        trailers: [],
        upgraded: undefined,
        onOver: (watcher) => watcher(),
        abort: Effect.void
      }
      const request = Request.make("GET", "http://h.test/", { maxBodySize: Infinity })
      const init = Response.initOf(200, "", "HTTP/1.1", [])
      const response = new Response.Response(request, init, source, undefined, undefined)
      expect(response.readNow()).toBe(true)
      for (const reading of [response.text, response.json, Effect.asVoid(response.urlParamsBody)]) {
        const error = yield* Effect.flip(reading)
        expect(error).toMatchObject({ _tag: "BodyTooLarge", limit: 0x1fffffe8 })
        expect(error.message).toContain("536870889 bytes, more than a text can have")
      }
    })
  )
})

describe("the platform's MaxBodySize", () => {
  it.scopedLive.each([10, 1_000_000])("holds for what is read whole, of %i bytes", (size) =>
    Effect.gen(function* () {
      const { as, bare } = yield* withServer()
      const server = yield* withServer(always(sized(size)))
      for (const client of [server.bare, yield* server.as({}), bare, yield* as({})]) {
        const target = `${server.url}/`
        const read = (
          most: number,
          of: (response: HttpIncomingMessage.HttpIncomingMessage<unknown>) => Effect.Effect<unknown, unknown>
        ) =>
          client.get(target).pipe(
            Effect.flatMap((response) => Effect.exit(of(response))),
            HttpIncomingMessage.withMaxBodySize(Option.some(most)),
            Effect.scoped
          )
        for (const of of [
          (r: HttpIncomingMessage.HttpIncomingMessage<unknown>) => r.text,
          (r: HttpIncomingMessage.HttpIncomingMessage<unknown>) => r.arrayBuffer
        ]) {
          expect(yield* read(size, of)).toMatchObject({ _tag: "Success" })
          expect(yield* read(size - 1, of)).toMatchObject({
            _tag: "Failure",
            cause: {
              error: { _tag: "ResponseError", reason: "Decode", cause: { _tag: "BodyTooLarge", limit: size - 1 } }
            }
          })
        }
      }
    })
  )

  it.effect("does not lift the client's own limit", () =>
    Effect.gen(function* () {
      const layer = Layer.provide(
        Client.layerHttpClient({ maxBodySize: 10 }),
        InProcess.layer(() => Effect.succeed(sized(11)))
      )
      const error = yield* HttpClient.get("http://h.test/").pipe(
        Effect.flatMap((response) => Effect.flip(response.text)),
        HttpIncomingMessage.withMaxBodySize(Option.some(1000)),
        Effect.provide(layer)
      )
      expect(error).toMatchObject({ cause: { _tag: "BodyTooLarge", limit: 10 } })
    })
  )
})
