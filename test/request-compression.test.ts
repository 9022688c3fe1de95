/** Bodies that are compressed before they are sent: which, how they say so, and what is left alone. */
import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { afterEach, describe, expect, it, vi } from "@effect/vitest"
import { Data, Effect, Fiber, Stream } from "effect"
import { Client, type Request } from "effect-httpx"
import * as zlib from "node:zlib"
import { encodeAll } from "../src/content/Encoders.js"
import { webEncoders } from "../src/content/webEncoders.js"
import { nodeEncoders } from "../src/transport/zlibEncoders.js"
import { bytesOf, concat, decodeWhole, noise, textOf } from "./support/codings.js"
import { atRest, connected, eventually, failsWith } from "./support/failing.js"
import { type Connection, ok, type Script, scripted, silent } from "./support/scripted.js"

const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))

/** The bytes of a body in chunks, taken to its end. */
const takeChunks = (c: Connection): Effect.Effect<ReadonlyArray<Uint8Array>> =>
  Effect.flatMap(c.take("\r\n"), (size) => {
    const length = parseInt(size, 16)
    if (length === 0) return Effect.as(c.take("\r\n"), [])
    const chunk = Effect.zipLeft(c.takeBytes(length), c.take("\r\n"))
    return Effect.zipWith(
      chunk,
      Effect.suspend(() => takeChunks(c)),
      (first, rest) => [latin1(first), ...rest]
    )
  })

/** Keeps the heads and bodies that it is sent. */
const keeping = Effect.gen(function* () {
  const requests: Array<{ readonly head: string; readonly body: Uint8Array }> = []
  const script: Script = (c) =>
    Effect.forever(
      Effect.gen(function* () {
        const head = yield* c.request
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
        const body = /chunked/i.test(head) ? concat(...(yield* takeChunks(c))) : latin1(yield* c.takeBytes(length))
        requests.push({ head, body })
        yield* c.send(ok("kept"))
      })
    )
  const server = yield* scripted(script)
  return { server, requests, last: () => requests.at(-1)! }
})

const long = "all work and no play makes Jack a dull boy; ".repeat(100)

const pieces = (text: string, count: number): ReadonlyArray<Uint8Array> => {
  const size = Math.ceil(text.length / count)
  return Array.from({ length: count }, (_, i) => bytesOf(text.slice(i * size, (i + 1) * size)))
}

afterEach(() => vi.unstubAllGlobals())

describe("a body", () => {
  it.scopedLive.each(nodeEncoders.codings)(
    "is sent in the coding that is asked for, with its new length: %s",
    (coding) =>
      Effect.gen(function* () {
        const { last, server } = yield* keeping
        const { client } = yield* connected()
        yield* client.post(server.url(), { content: long, compress: coding as Request.ContentCoding })
        const { body, head } = last()
        expect(head).toContain(`Content-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n`)
        expect(body.length).toBeLessThan(long.length / 4)
        expect(textOf(yield* decodeWhole([coding], body))).toBe(long)
      })
  )

  it.scopedLive.each(nodeEncoders.codings)("that is a stream is compressed as it flows: %s", (coding) =>
    Effect.gen(function* () {
      const { last, server } = yield* keeping
      const { client, stats } = yield* connected()
      const all = noise(3_000_000)
      const content = Stream.fromIterable([0, 1, 2].map((at) => all.subarray(at * 1_000_000, (at + 1) * 1_000_000)))
      yield* client.post(server.url(), { content, compress: coding as Request.ContentCoding })
      const { body, head } = last()
      expect(head).toMatch(/Content-Encoding: \w+\r\nTransfer-Encoding: chunked/)
      expect(Buffer.compare(yield* decodeWhole([coding], body), all)).toBe(0)
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("of any kind is compressed: JSON, a form, a Blob, a stream with a length, an empty stream", () =>
    Effect.gen(function* () {
      const { last, server } = yield* keeping
      const { client } = yield* connected({}, { compress: "gzip" })
      const sent = (options: Request.RequestOptions) =>
        Effect.map(client.post(server.url(), options), () => {
          expect(last().head).toContain("Content-Encoding: gzip")
          return zlib.gunzipSync(last().body).toString()
        })
      expect(yield* sent({ json: { long } })).toBe(JSON.stringify({ long }))
      expect(last().head).toContain("Content-Type: application/json")
      expect(yield* sent({ form: { a: "b".repeat(2000) } })).toBe(`a=${"b".repeat(2000)}`)
      expect(yield* sent({ content: new Blob([long]) })).toBe(long)
      expect(yield* sent({ content: Stream.fromIterable(pieces(long, 5)), contentLength: long.length })).toBe(long)
      expect(last().head).not.toMatch(/content-length/i)
      const headers = { "content-length": String(long.length) }
      expect(yield* sent({ content: Stream.fromIterable(pieces(long, 5)), headers })).toBe(long)
      expect(last().head).not.toMatch(/content-length/i)
      expect(yield* sent({ content: Stream.empty })).toBe("")
    })
  )

  it.scopedLive.each<readonly [string, Request.RequestOptions, string]>([
    ["bytes", { content: "x".repeat(2000) }, "Content-Length is 5, but the body has 2000 bytes"],
    ["a stream", { content: Stream.make(new Uint8Array(2000)) }, "more bytes than its length of 5"]
  ])("is sent with the length that its caller says, or not at all: %s", ([, options, why]) =>
    Effect.gen(function* () {
      const { server } = yield* keeping
      const { client } = yield* connected({}, { compress: "gzip" })
      const call = client.post(server.url(), { ...options, headers: { "Content-Length": "5" } })
      expect((yield* failsWith(call, "LocalProtocolError")).message).toContain(why)
    })
  )

  it.scopedLive("that is small is left alone", () =>
    Effect.gen(function* () {
      const { last, server } = yield* keeping
      const { client } = yield* connected({}, { compress: "gzip" })
      const isCompressed = (options: Request.RequestOptions) =>
        Effect.map(client.post(server.url(), options), () => last().head.includes("Content-Encoding"))
      expect(yield* isCompressed({ content: "x".repeat(1023) })).toBe(false)
      expect(yield* isCompressed({ content: "x".repeat(1024) })).toBe(true)
      expect(yield* isCompressed({ content: new Blob(["x".repeat(1023)]) })).toBe(false)
      expect(yield* isCompressed({})).toBe(false)
      const compress = { coding: "deflate", threshold: 0 } as const
      expect(yield* isCompressed({ content: "", compress })).toBe(true)
      expect(yield* isCompressed({ content: long, compress: { ...compress, threshold: Infinity } })).toBe(false)
    })
  )

  it.scopedLive("whose caller names its coding goes untouched", () =>
    Effect.gen(function* () {
      const { last, server } = yield* keeping
      const { client } = yield* connected({}, { compress: "br" })
      const content = zlib.gzipSync(noise(5000))
      yield* client.post(server.url(), { content, headers: { "content-encoding": "gzip" } })
      expect(last().head).toContain("content-encoding: gzip\r\n")
      expect(last().head).not.toContain("Content-Encoding")
      expect(Buffer.compare(last().body, content)).toBe(0)
    })
  )

  it.scopedLive("is compressed as the client says, unless the call says otherwise", () =>
    Effect.gen(function* () {
      const { last, server } = yield* keeping
      const { client, httpClient } = yield* connected({}, { compress: "gzip" })
      yield* client.post(server.url(), { content: long, compress: null })
      expect(textOf(last().body)).toBe(long)
      yield* client.post(server.url(), { content: long, compress: undefined, timeout: "5 seconds" })
      expect(last().head).toContain("Content-Encoding: gzip")
      yield* client.post(server.url(), { content: long, compress: "deflate" })
      expect(last().head).toContain("Content-Encoding: deflate")
      const platform = yield* HttpClient.HttpClient.pipe(
        Effect.provide(Client.layerHttpClient({ compress: "gzip" })),
        Effect.provideService(HttpClient.HttpClient, httpClient)
      )
      yield* platform.execute(HttpClientRequest.post(server.url()).pipe(HttpClientRequest.bodyText(long)))
      expect(zlib.gunzipSync(last().body).toString()).toBe(long)
    })
  )

  it.scopedLive("of a parallel block is compressed too", () =>
    Effect.gen(function* () {
      const { requests, server } = yield* keeping
      const { client } = yield* connected({}, { compress: "gzip" })
      yield* client.all([
        { method: "POST", url: server.url(), content: long },
        { method: "POST", url: server.url(), content: "short" }
      ])
      const heads = requests.map(({ head }) => head.includes("Content-Encoding: gzip"))
      expect(heads.sort()).toEqual([false, true])
    })
  )
})

describe("what cannot be compressed", () => {
  it.scopedLive.each([
    ["a coding that nobody knows", "lzw" as never, 'nothing here compresses by "lzw"; there is gzip, deflate, br'],
    ["no coding", { coding: 5 as never }, "names no coding"],
    ["a threshold that is none", { coding: "gzip" as const, threshold: NaN }, "compress.threshold is NaN"]
  ] as const)("is LocalProtocolError before anything is opened: %s", ([, compress, why]) =>
    Effect.gen(function* () {
      const { server } = yield* keeping
      const { client } = yield* connected()
      const error = yield* failsWith(client.post(server.url(), { content: long, compress }), "LocalProtocolError")
      expect(error).toMatchObject({ phase: "prepare", delivery: "unsent" })
      expect(error.message).toContain(why)
      expect(server.connections).toEqual([])
    })
  )

  it.scopedLive.each([
    ["has fewer bytes than were announced", Stream.make(bytesOf("x")), "has fewer bytes than its length of 2000"],
    ["has pieces that are no bytes", Stream.make("x" as never), "not bytes"]
  ] as const)("is LocalProtocolError while it is sent: a stream that %s", ([, content, why]) =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client, stats } = yield* connected({}, { compress: "gzip" })
      const call = client.post(server.url(), { content, contentLength: 2000 })
      const error = yield* failsWith(call, "LocalProtocolError")
      expect(error).toMatchObject({ phase: "send", delivery: "unknown" })
      expect(error.message).toContain(why)
      yield* server.untilOpen(0)
      expect(server.connections[0]!.received).not.toContain("0\r\n\r\n")
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive("keeps the error of the caller's stream, and that it flows once", () =>
    Effect.gen(function* () {
      class DiskError extends Data.TaggedError("DiskError")<{ readonly path: string }> {}
      const { server } = yield* keeping
      const { client } = yield* connected({}, { compress: "gzip" })
      const content = Stream.concat(Stream.make(bytesOf(long)), Stream.fail(new DiskError({ path: "/" })))
      const error = yield* failsWith(client.post(server.url(), { content }), "BodyError")
      expect(error.error).toEqual(new DiskError({ path: "/" }))
      const generator = (function* () {
        yield long
      })()
      yield* client.post(server.url(), { content: generator })
      yield* failsWith(client.post(server.url(), { content: generator }), "StreamConsumed")
    })
  )

  it.scopedLive("ends its source when the call is interrupted", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client, stats } = yield* connected({}, { compress: "gzip" })
      let ended = false
      const content = Stream.ensuring(
        Stream.repeatValue(noise(100_000)),
        Effect.sync(() => (ended = true))
      )
      const fiber = yield* Effect.fork(client.post(server.url(), { content }))
      yield* server.untilOpen(1)
      yield* server.connections[0]!.takeBytes(50_000)
      yield* Fiber.interrupt(fiber)
      yield* eventually(() => ended)
      expect(yield* stats).toEqual(atRest(0))
    })
  )
})

describe("over another client, the runtime's CompressionStream", () => {
  const overFetch = <A, E>(use: (client: Client.Client) => Effect.Effect<A, E>) =>
    Effect.flatMap(Client.make({ compress: "gzip" }), use).pipe(Effect.provide(FetchHttpClient.layer))

  it.scopedLive.each(["gzip", "deflate"] as const)("compresses: %s", (compress) =>
    Effect.gen(function* () {
      const { last, server } = yield* keeping
      yield* overFetch((client) => client.post(server.url(), { content: long, compress }))
      expect(last().head).toMatch(new RegExp(`content-encoding: ${compress}`, "i"))
      expect(textOf(yield* decodeWhole([compress], last().body))).toBe(long)
      const content = Stream.fromIterable(pieces(long, 7))
      yield* overFetch((client) => client.post(server.url(), { content, compress }))
      expect(textOf(yield* decodeWhole([compress], last().body))).toBe(long)
    })
  )

  it.scopedLive("has no other codings", () =>
    Effect.gen(function* () {
      const { server } = yield* keeping
      const call = overFetch((client) => client.post(server.url(), { content: long, compress: "br" }))
      expect((yield* failsWith(call, "LocalProtocolError")).message).toContain("there is gzip, deflate")
    })
  )

  it.scopedLive("is LocalProtocolError where there is none", () =>
    Effect.gen(function* () {
      vi.stubGlobal("CompressionStream", undefined)
      const { server } = yield* keeping
      const call = overFetch((client) => client.post(server.url(), { content: long }))
      expect((yield* failsWith(call, "LocalProtocolError")).message).toContain("there is none")
    })
  )

  it.effect("takes bytes that are shared between threads", () =>
    Effect.gen(function* () {
      const shared = new Uint8Array(new SharedArrayBuffer(4))
      shared.set(bytesOf("text"))
      const encoded = yield* encodeAll(webEncoders()!, "gzip", shared)
      expect(zlib.gunzipSync(encoded).toString()).toBe("text")
    })
  )
})
