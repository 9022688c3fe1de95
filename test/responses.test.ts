/** Responses over our own wire: what only that can tell, and the details of reading. */
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Deferred, Effect, Fiber, Stream, TestClock } from "effect"
import { Client } from "effect-httpx"
import { isResponse } from "effect-httpx/Response"
import type { InProcess } from "effect-httpx/testing"
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib"
import { type Answers, withServer } from "./support/bridge.js"

const opened = (answers?: Answers) =>
  Effect.gen(function* () {
    const server = yield* withServer(answers)
    const client = yield* Effect.provide(Client.make({ baseUrl: server.url }), server.under)
    return { ...server, client }
  })

const always =
  (reply: InProcess.Reply): Answers =>
  () =>
    Effect.succeed(reply)

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

const tagOf = <A, E extends { readonly _tag: string }>(effect: Effect.Effect<A, E>) =>
  Effect.map(Effect.flip(effect), (error) => error._tag)

describe("a response", () => {
  it.scopedLive("knows what only the wire can tell", () =>
    Effect.gen(function* () {
      const { client, url } = yield* opened()
      const response = yield* client.get("/status/299?a=1")
      expect(response).toMatchObject({ status: 299, reasonPhrase: "As Asked", httpVersion: "HTTP/1.1" })
      expect(response.url).toBe(`${url}/status/299?a=1`)
      expect(response.remoteAddress).toMatchObject({ value: "127.0.0.1" })
      expect(response.numBytesDownloaded).toBe(10)
      expect(isResponse(response)).toBe(true)
      expect(isResponse({ status: 200 })).toBe(false)
      expect(isResponse(null)).toBe(false)
    })
  )

  it.scopedLive("measures from the start of the call to the end of its body", () =>
    Effect.gen(function* () {
      const { client, open } = yield* opened()
      const response = yield* client.stream("GET", "/gated?id=elapsed")
      const before = response.elapsed
      yield* open("elapsed")
      yield* response.read
      const after = response.elapsed
      expect(after).toBeGreaterThanOrEqual(before)
      yield* Effect.promise(() => new Promise(setImmediate))
      expect(response.elapsed).toBe(after)
    })
  )

  it.scopedLive("counts bytes as they are on the wire", () =>
    Effect.gen(function* () {
      const coded = gzipSync("x".repeat(10_000))
      const { client } = yield* opened(always({ headers: { "content-encoding": "gzip" }, body: coded }))
      const response = yield* client.get("/")
      expect((yield* response.read).length).toBe(10_000)
      expect(response.numBytesDownloaded).toBe(coded.length)
      expect(response.headers["content-encoding"]).toBe("gzip")
    })
  )

  it.scopedLive("shows how far it has been read", () =>
    Effect.gen(function* () {
      const { client } = yield* opened()
      const shown = (response: { readonly toJSON: () => unknown }) => response.toJSON()
      const response = yield* client.stream("GET", "/json")
      expect(shown(response)).toMatchObject({ status: 200, httpVersion: "HTTP/1.1", body: "unread" })
      expect(JSON.parse(String(response))).toEqual(shown(response))
      yield* response.read
      expect(shown(response)).toMatchObject({ body: "21 bytes" })
      const streamed = yield* client.stream("GET", "/json")
      yield* Stream.runDrain(streamed.stream)
      expect(shown(streamed)).toMatchObject({ body: "streamed" })
      const closed = yield* client.stream("GET", "/json")
      yield* closed.close
      expect(shown(closed)).toMatchObject({ body: "closed" })
    })
  )

  it.scopedLive("gives bytes whose buffer holds nothing else, read, streamed or as on the wire", () =>
    Effect.gen(function* () {
      const { client } = yield* opened(always({ body: "small" }))
      const alone = (bytes: Uint8Array) => bytes.buffer.byteLength === bytes.byteLength && text(bytes) === "small"
      const buffered = yield* client.get("/")
      expect(yield* buffered.text).toBe("small")
      expect(alone(yield* buffered.read)).toBe(true)
      expect(yield* buffered.read).toBe(yield* buffered.read)
      expect(Chunk.toReadonlyArray(yield* Stream.runCollect(buffered.stream)).map(alone)).toEqual([true])
      const streamed = yield* client.stream("GET", "/")
      expect(Chunk.toReadonlyArray(yield* Stream.runCollect(streamed.stream)).map(alone)).toEqual([true])
      const raw = yield* client.stream("GET", "/")
      expect(Chunk.toReadonlyArray(yield* Stream.runCollect(raw.raw)).map(alone)).toEqual([true])
    })
  )

  it.scopedLive("gives an ArrayBuffer of its own each time", () =>
    Effect.gen(function* () {
      const { client } = yield* opened()
      const response = yield* client.get("/json")
      new Uint8Array(yield* response.arrayBuffer).fill(0)
      expect(yield* response.json).toEqual({ id: 7, name: "Ada" })
    })
  )
})

describe("a coded body", () => {
  const plain = "plain text ".repeat(20_000)

  it.scopedLive.each([
    ["gzip", gzipSync(plain)],
    ["x-gzip", gzipSync(plain)],
    ["deflate", deflateSync(plain)],
    ["br", brotliCompressSync(plain)],
    ["deflate, gzip", gzipSync(deflateSync(plain))],
    ["identity", Buffer.from(plain)],
    ["unknown", Buffer.from(plain)]
  ] as const)("is decoded, read or streamed: %s", ([coding, body]) =>
    Effect.gen(function* () {
      const { client } = yield* opened(always({ headers: { "content-encoding": coding }, body }))
      expect(yield* (yield* client.get("/")).text).toBe(plain)
      const { stream } = yield* client.stream("GET", "/")
      expect(text(Buffer.concat([...(yield* Stream.runCollect(stream))]))).toBe(plain)
      const { raw } = yield* client.stream("GET", "/")
      expect(Buffer.compare(Buffer.concat([...(yield* Stream.runCollect(raw))]), body)).toBe(0)
    })
  )

  it.scopedLive.each([
    ["that is cut off", "gzip", gzipSync(plain).subarray(0, 200)],
    ["that is not what it says", "gzip", Buffer.from("not gzip")],
    ["of more than five codings", "gzip,gzip,gzip,gzip,gzip,gzip", gzipSync(plain)],
    [
      "that is cut off and large",
      "gzip",
      gzipSync(Buffer.concat([0, 1, 2].map(() => crypto.getRandomValues(new Uint8Array(60_000))))).subarray(0, 150_000)
    ]
  ] as const)("%s is a DecodingError, and its connection is free", ([, coding, body]) =>
    Effect.gen(function* () {
      const { client, stats } = yield* opened(always({ headers: { "content-encoding": coding }, body }))
      expect(yield* tagOf(client.get("/"))).toBe("DecodingError")
      const { stream } = yield* client.stream("GET", "/")
      expect(yield* tagOf(Stream.runDrain(stream))).toBe("DecodingError")
      expect((yield* stats).active).toBe(0)
    })
  )

  it.scopedLive("large in memory is decoded in pieces", () =>
    Effect.gen(function* () {
      const bytes = Buffer.concat([0, 1, 2].map(() => crypto.getRandomValues(new Uint8Array(60_000))))
      const reply = { headers: { "content-encoding": "gzip" }, body: gzipSync(bytes) }
      const { client } = yield* opened(always(reply))
      expect(Buffer.compare(yield* (yield* client.get("/")).read, bytes)).toBe(0)
    })
  )
})

describe("lines", () => {
  it.scopedLive("are decoded by charset, and replay after read", () =>
    Effect.gen(function* () {
      const headers = { "content-type": "text/plain; charset=latin1" }
      const { client } = yield* opened(always({ headers, body: Uint8Array.of(0xe9, 0x0a, 0xe8) }))
      const response = yield* client.get("/")
      for (const _ of [1, 2]) {
        expect(Chunk.toArray(yield* Stream.runCollect(response.lines))).toEqual(["é", "è"])
      }
      const open = yield* client.stream("GET", "/")
      expect(Chunk.toArray(yield* Stream.runCollect(open.lines))).toEqual(["é", "è"])
      expect(yield* tagOf(Stream.runDrain(open.lines))).toBe("StreamConsumed")
    })
  )
})

describe("JSON that is none", () => {
  it.scopedLive("says what the body is", () =>
    Effect.gen(function* () {
      const messageOf = (body: string) =>
        Effect.gen(function* () {
          const { client } = yield* opened(always({ body }))
          const error = yield* Effect.flip((yield* client.get("/")).json)
          expect(error._tag).toBe("DecodingError")
          return error.message
        })
      expect(yield* messageOf("<html>")).toContain("of 6 characters, character 1 cannot be there")
      expect(yield* messageOf("")).toContain("the body is empty")
      expect((yield* messageOf("x".repeat(10_000))).length).toBeLessThan(200)
    })
  )
})

describe("an open response", () => {
  it.scopedLive("stops its connection while nobody reads, and loses nothing", () =>
    Effect.gen(function* () {
      const { client } = yield* opened()
      const response = yield* client.stream("GET", "/bytes/4000000")
      const other = yield* client.get("/bytes/1000")
      expect((yield* other.read).length).toBe(1000)
      expect(response.isClosed).toBe(false)
      expect(response.numBytesDownloaded).toBeLessThan(4_000_000)
      expect((yield* response.read).length).toBe(4_000_000)
    })
  )

  it.scopedLive("tells when it is over", () =>
    Effect.gen(function* () {
      const { client } = yield* opened()
      const response = yield* client.stream("GET", "/gated?id=over")
      const over = yield* Effect.fork(response.awaitClosed)
      yield* response.close
      yield* Fiber.join(over)
      yield* response.awaitClosed
      expect(response.isClosed).toBe(true)
    })
  )

  it.scopedLive("is closed by interrupting its stream", () =>
    Effect.gen(function* () {
      const { client, left, stats } = yield* opened()
      const response = yield* client.stream("GET", "/gated?id=interrupted")
      const begun = yield* Deferred.make<void>()
      const reader = yield* Effect.fork(Stream.runForEach(response.stream, () => Deferred.succeed(begun, undefined)))
      yield* Deferred.await(begun)
      yield* Fiber.interrupt(reader)
      yield* left("interrupted")
      expect(response.isClosed).toBe(true)
      expect((yield* stats).active).toBe(0)
      expect(yield* tagOf(response.read)).toBe("StreamConsumed")
    })
  )

  it.scoped("is ended by the total timeout, though nobody reads it", () =>
    Effect.gen(function* () {
      const { client, left, stats } = yield* opened()
      const response = yield* client.stream("GET", "/endless?id=nobody", { timeout: "1 seconds" })
      yield* TestClock.adjust("1 seconds")
      yield* left("nobody")
      expect(response.isClosed).toBe(true)
      expect((yield* stats).active).toBe(0)
      expect(yield* Effect.flip(response.read)).toMatchObject({ _tag: "TotalTimeout", limit: 1000, elapsed: 1000 })
    })
  )
})
