/** What comes back, and the ways to read it. */
import { Cookies } from "@effect/platform"
import { expect } from "@effect/vitest"
import { Chunk, Deferred, Effect, Fiber, Inspectable, Stream } from "effect"
import { Client } from "effect-httpx"
import type { Response } from "effect-httpx/Response"
import { gunzipSync } from "node:zlib"
import type { Cases } from "./contract.js"
import { bytesOf, Server } from "./routes.js"

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

const sizeOf = <E>(stream: Stream.Stream<Uint8Array, E>) =>
  Stream.runFold(stream, 0, (size, bytes) => size + bytes.length)

const tagOf = <A, E extends { readonly _tag: string }>(effect: Effect.Effect<A, E>) =>
  Effect.map(Effect.flip(effect), (error) => error._tag)

const drained = (response: Response) => Stream.runDrain(response.stream)

export const bodyCases: Cases = (it, can) => {
  it.effect("a response has its status, fields and cookies", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const response = yield* client.get("/fields?a=1")
      expect(response.status).toBe(200)
      expect(response.headers["x-two"]).toBe("a, c")
      expect(response.url).toBe(`${(yield* Server).url}/fields?a=1`)
      expect(response.httpVersion).toBe(can.httpVersion ? "HTTP/1.1" : "")
      expect(response.isClosed).toBe(true)
      expect(response.elapsed).toBeGreaterThanOrEqual(0)
      expect(Cookies.toRecord(response.cookies)).toEqual({ sid: "1", theme: "dark" })
      if (!can.fieldsAsWritten) return
      expect(response.rawHeaders.slice(0, 3)).toEqual([
        ["X-Two", "a"],
        ["x-ONE", "b"],
        ["x-two", "c"]
      ])
    })
  )

  it.effect("a read response is had in every form, as often as wanted", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const response = yield* client.get("/json")
      const text = '{"id":7,"name":"Ada"}'
      for (const _ of [1, 2]) {
        expect(decode(yield* response.read)).toBe(text)
        expect(yield* response.text).toBe(text)
        expect(yield* response.json).toEqual({ id: 7, name: "Ada" })
        expect(decode(new Uint8Array(yield* response.arrayBuffer))).toBe(text)
        expect(yield* sizeOf(response.stream)).toBe(text.length)
        expect(Chunk.toArray(yield* Stream.runCollect(response.lines))).toEqual([text])
      }
      expect(yield* (yield* client.get("/form")).urlParamsBody).toEqual([
        ["a", "1"],
        ["b", "x y"]
      ])
    })
  )

  it.effect("text goes by its charset, JSON by its byte order mark", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      expect(yield* (yield* client.get("/latin1")).text).toBe("café")
      expect(yield* (yield* client.get("/bom")).json).toEqual({ id: 7 })
    })
  )

  it.scoped("lines end at CR, LF and CRLF, wherever the pieces are cut", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const response = yield* client.stream("GET", "/lines")
      const lines = yield* Stream.runCollect(response.lines)
      expect(Chunk.toArray(lines)).toEqual(["one", "two", "thr\u2028ee", "", "five"])
    })
  )

  it.effect("answers without a body are empty, not failures", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const answers = [
        client.head("/bytes/10"),
        client.get("/no-content"),
        client.get("/not-modified"),
        client.get("/empty")
      ]
      for (const answer of answers) {
        const response = yield* answer
        expect(yield* response.text).toBe("")
        expect(yield* sizeOf(response.stream)).toBe(0)
        expect(yield* tagOf(response.json)).toBe("DecodingError")
      }
      for (const path of ["/no-content", "/not-modified", "/empty"]) {
        const streamed = Effect.flatMap(client.stream("GET", path), (response) => sizeOf(response.stream))
        expect(yield* Effect.scoped(streamed)).toBe(0)
      }
      expect((yield* client.head("/bytes/10")).headers["content-length"]).toBe("10")
    })
  )

  it.effect("a body of a megabyte is whole", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const size = 1_048_576
      const response = yield* client.get(`/bytes/${size}`)
      expect(Buffer.compare(yield* response.read, bytesOf(size))).toBe(0)
      const streamed = Effect.flatMap(client.stream("GET", `/bytes/${size}`), (open) => sizeOf(open.stream))
      expect(yield* Effect.scoped(streamed)).toBe(size)
    })
  )

  if (can.contentDecoding) {
    it.scoped("a coded body is decoded, and raw gives it as it came", () =>
      Effect.gen(function* () {
        const client = yield* Client.Client
        expect(yield* (yield* client.get("/gzip")).text).toBe("unzipped")
        const open = yield* client.stream("GET", "/gzip")
        expect(decode(Buffer.concat([...(yield* Stream.runCollect(open.stream))]))).toBe("unzipped")
        if (!can.rawBytes) return
        const raw = yield* Stream.runCollect((yield* client.stream("GET", "/gzip")).raw)
        expect(decode(gunzipSync(Buffer.concat([...raw])))).toBe("unzipped")
      })
    )
  }

  it.scoped("a stream gives each piece as it arrives", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const server = yield* Server
      const response = yield* client.stream("GET", "/gated?id=pieces")
      const first = yield* Deferred.make<string>()
      const rest = yield* Effect.fork(
        Stream.runFold(response.stream, "", (text, bytes) => {
          Deferred.unsafeDone(first, Effect.succeed(decode(bytes)))
          return text + decode(bytes)
        })
      )
      expect(yield* Deferred.await(first)).toBe("one ")
      expect(response.isClosed).toBe(false)
      yield* server.open("pieces")
      expect(yield* Fiber.join(rest)).toBe("one two")
      expect(response.isClosed).toBe(true)
      expect(response.numBytesDownloaded).toBe(7)
    })
  )

  it.scoped("a stream that is left early ends the exchange", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const server = yield* Server
      const response = yield* client.stream("GET", "/endless?id=left-early")
      const size = yield* sizeOf(Stream.take(response.stream, 2))
      expect(size).toBeGreaterThan(0)
      yield* server.left("left-early")
      expect(response.isClosed).toBe(true)
    })
  )

  it.effect("leaving the scope closes a response that nobody read", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const server = yield* Server
      const response = yield* Effect.scoped(client.stream("GET", "/gated?id=scope"))
      if (can.sendsUnread) yield* server.left("scope")
      expect(response.isClosed).toBe(true)
      expect(yield* tagOf(response.read)).toBe("StreamClosed")
    })
  )

  it.scoped("a body flows once: a second stream is StreamConsumed", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const response = yield* client.stream("GET", "/json")
      yield* drained(response)
      expect(yield* tagOf(drained(response))).toBe("StreamConsumed")
      expect(yield* tagOf(Stream.runDrain(response.raw))).toBe("StreamConsumed")
      expect(yield* tagOf(response.read)).toBe("StreamConsumed")
      expect(yield* tagOf(response.text)).toBe("StreamConsumed")
      const raw = yield* client.stream("GET", "/json")
      expect(yield* sizeOf(raw.raw)).toBe(21)
      expect(yield* tagOf(raw.read)).toBe("StreamConsumed")
      const part = yield* client.stream("GET", "/endless?id=part")
      yield* Stream.runDrain(Stream.take(part.stream, 1))
      expect(yield* tagOf(part.read)).toBe("StreamConsumed")
    })
  )

  it.scoped("after close a body is StreamClosed, however often it was closed", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const server = yield* Server
      const response = yield* client.stream("GET", "/gated?id=closed")
      yield* response.close
      yield* response.close
      yield* response.awaitClosed
      if (can.sendsUnread) yield* server.left("closed")
      expect(yield* tagOf(response.read)).toBe("StreamClosed")
      expect(yield* tagOf(response.json)).toBe("StreamClosed")
      expect(yield* tagOf(drained(response))).toBe("StreamClosed")
      expect(yield* tagOf(Stream.runDrain(response.raw))).toBe("StreamClosed")
      expect(response.status).toBe(200)
    })
  )

  it.scoped("after read everything replays, but raw is StreamConsumed", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const response = yield* client.stream("GET", "/json")
      expect((yield* response.read).length).toBe(21)
      expect(yield* sizeOf(response.stream)).toBe(21)
      expect(yield* sizeOf(response.stream)).toBe(21)
      expect(yield* tagOf(Stream.runDrain(response.raw))).toBe("StreamConsumed")
      yield* response.close
      yield* response.close
      expect(yield* response.json).toEqual({ id: 7, name: "Ada" })
      expect(yield* sizeOf(response.stream)).toBe(21)
    })
  )

  it.scoped("close while another fiber reads fails that reader, and does not end its body short", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const server = yield* Server
      const response = yield* client.stream("GET", "/gated?id=closed-read")
      const reader = yield* Effect.fork(tagOf(response.read))
      yield* server.arrived("closed-read")
      yield* Effect.yieldNow()
      yield* response.close
      expect(yield* Fiber.join(reader)).toBe("StreamClosed")
      const streamed = yield* client.stream("GET", "/gated?id=closed-stream")
      const pulled = yield* Deferred.make<void>()
      const puller = yield* Effect.fork(
        tagOf(Stream.runForEach(streamed.stream, () => Deferred.succeed(pulled, undefined)))
      )
      yield* Deferred.await(pulled)
      yield* streamed.close
      yield* streamed.close
      expect(yield* Fiber.join(puller)).toBe("StreamClosed")
    })
  )

  it.scoped("interrupting one reader leaves the bytes for the others", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const server = yield* Server
      const response = yield* client.stream("GET", "/gated?id=readers")
      const [one, two] = yield* Effect.all([Effect.fork(response.read), Effect.fork(response.text)])
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(one)
      const impatient = yield* Effect.timeoutOption(response.text, 10)
      expect(impatient._tag).toBe("None")
      yield* server.open("readers")
      expect(yield* Fiber.join(two)).toBe("one two")
      expect(yield* response.text).toBe("one two")
    })
  )

  it.scoped("a reader that gave up can come back", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const server = yield* Server
      const response = yield* client.stream("GET", "/gated?id=comes-back")
      expect((yield* Effect.timeoutOption(response.text, 10))._tag).toBe("None")
      yield* server.open("comes-back")
      expect(yield* response.text).toBe("one two")
    })
  )

  it.scoped("printing a response reads nothing and shows no secret", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const headers = { authorization: "Bearer s3cret", "x-api-key": "s3cret" }
      const response = yield* client.stream("POST", "/fields?token=s3cret#s3cret", { headers, json: "s3cret" })
      const printed = [
        JSON.stringify(response),
        String(response),
        Inspectable.toStringUnknown(response),
        JSON.stringify(response.request),
        String(response.request)
      ].join("\n")
      yield* Effect.log(response)
      expect(printed).not.toContain("s3cret")
      expect(printed).not.toContain("sid=1")
      expect(printed).toContain("/fields?token=<redacted>")
      expect(yield* response.text).toBe("fields")
    })
  )
}
