/** Reading a response: once, again, from memory, too late. The cases of HTTPX's own tests, and what its parsed fields say. */
import { HttpIncomingMessage } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Option, Schema, Stream } from "effect"
import { Client, HttpxError } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import { gzipSync } from "node:zlib"
import { type Answers, withServer } from "./support/bridge.js"
import { connected } from "./support/failing.js"
import { scripted } from "./support/scripted.js"
import { switches, upgrade } from "./support/upgrading.js"

const opened = (answers?: Answers) =>
  Effect.gen(function* () {
    const server = yield* withServer(answers)
    const client = yield* Effect.provide(Client.make({ baseUrl: server.url }), server.under)
    return { ...server, client }
  })

const inProcess = (reply: InProcess.Reply) =>
  Effect.flatMap(
    Effect.provide(
      Client.make(),
      InProcess.layer(() => Effect.succeed(reply))
    ),
    (client) => client.get("http://h.test/a/b?c=d")
  )

const tagOf = <A, E extends { readonly _tag: string }>(effect: Effect.Effect<A, E>) =>
  Effect.map(Effect.flip(effect), (error) => error._tag)

const drained = <A, E>(stream: Stream.Stream<A, E>) => Effect.map(Stream.runCollect(stream), Chunk.toArray)

describe("a body that was streamed", () => {
  it.scopedLive.each(["stream", "raw", "textStream", "lines"] as const)("by %s cannot be read in any form", (by) =>
    Effect.gen(function* () {
      const { client } = yield* opened()
      for (const whole of [true, false]) {
        const response = yield* client.stream("GET", "/json")
        const stream: Stream.Stream<unknown, HttpxError.ReadFailure> = response[by]
        yield* Stream.runDrain(whole ? stream : Stream.take(stream, 1))
        for (const read of [response.read, response.text, response.json, response.arrayBuffer, response.formData]) {
          expect(yield* tagOf<unknown, HttpxError.ReadFailure>(read)).toBe("StreamConsumed")
        }
        const streams: ReadonlyArray<Stream.Stream<unknown, HttpxError.ReadFailure | HttpxError.InvalidLine>> = [
          response.stream,
          response.raw,
          response.textStream,
          response.lines,
          response.ndjson()
        ]
        for (const again of streams) expect(yield* tagOf(Stream.runDrain(again))).toBe("StreamConsumed")
      }
    })
  )
})

describe("a body that was closed unread", () => {
  it.scopedLive("is StreamClosed in every form", () =>
    Effect.gen(function* () {
      const { client } = yield* opened()
      const response = yield* client.stream("GET", "/json")
      yield* response.close
      for (const read of [response.read, response.text, response.json, response.formData, response.urlParamsBody]) {
        expect(yield* tagOf<unknown, HttpxError.ReadFailure>(read)).toBe("StreamClosed")
      }
      const streams: ReadonlyArray<Stream.Stream<unknown, HttpxError.ReadFailure>> = [
        response.stream,
        response.raw,
        response.textStream,
        response.lines
      ]
      for (const stream of streams) {
        expect(yield* tagOf(Stream.runDrain(stream))).toBe("StreamClosed")
      }
    })
  )
})

describe("a body that was read", () => {
  it.scopedLive("replays in every form but raw, also after close", () =>
    Effect.gen(function* () {
      const { client } = yield* opened()
      const response = yield* client.stream("GET", "/json")
      const text = yield* response.text
      yield* response.close
      expect((yield* drained(response.textStream)).join("")).toBe(text)
      expect(yield* drained(response.lines)).toEqual([text])
      expect(yield* drained(response.ndjson())).toEqual([JSON.parse(text)])
      expect(Buffer.concat(yield* drained(response.stream)).toString()).toBe(text)
      expect(yield* tagOf(Stream.runDrain(response.raw))).toBe("StreamConsumed")
    })
  )
})

describe("a stream", () => {
  it.scopedLive("gives no empty pieces, and counts what came before decoding", () =>
    Effect.gen(function* () {
      const coded = gzipSync("x".repeat(100_000))
      const pieces = Stream.fromIterable([coded.subarray(0, 5), new Uint8Array(0), coded.subarray(5)])
      const { client } = yield* opened(() => Effect.succeed({ headers: { "content-encoding": "gzip" }, body: pieces }))
      for (const by of ["stream", "raw"] as const) {
        const response = yield* client.stream("GET", "/")
        let before = 0
        yield* Stream.runForEach(response[by], (piece) =>
          Effect.sync(() => {
            expect(piece.length).toBeGreaterThan(0)
            expect(response.numBytesDownloaded).toBeGreaterThanOrEqual(before)
            before = response.numBytesDownloaded
          })
        )
        expect(response.numBytesDownloaded).toBe(coded.length)
      }
      const empty = yield* inProcess({ body: "" })
      expect(yield* drained(empty.stream)).toEqual([])
      expect(yield* drained(empty.textStream)).toEqual([])
    })
  )

  it.scopedLive("of an answer that has no body is empty: 204, 304, HEAD", () =>
    Effect.gen(function* () {
      const { client } = yield* opened()
      for (const [method, path] of [
        ["GET", "/no-content"],
        ["GET", "/not-modified"],
        ["HEAD", "/bytes/10"]
      ] as const) {
        const response = yield* client.stream(method, path)
        expect(yield* drained(response.stream)).toEqual([])
      }
    })
  )
})

describe("a body that cannot be had", () => {
  it.scopedLive("tells a connection that was lost from data that are wrong", () =>
    Effect.gen(function* () {
      const whole = gzipSync(crypto.getRandomValues(new Uint8Array(10_000)))
      const cut = whole.subarray(0, 5_000)
      const coded = { "content-encoding": "gzip" }
      const { client } = yield* opened(({ path }) =>
        path === "/lost"
          ? Effect.succeed({ headers: coded, body: Stream.concat(Stream.make(cut), Stream.fail("lost")) })
          : Effect.succeed({ headers: coded, body: cut })
      )
      const streamed = (path: string) =>
        Effect.flatMap(client.stream("GET", path), (response) => tagOf(Stream.runDrain(response.stream)))
      expect([yield* tagOf(client.get("/lost")), yield* streamed("/lost")]).toEqual(["ReadError", "ReadError"])
      expect([yield* tagOf(client.get("/cut")), yield* streamed("/cut")]).toEqual(["DecodingError", "DecodingError"])
    })
  )

  it.effect("says so if it is empty and JSON is wanted, rather than giving null", () =>
    Effect.gen(function* () {
      const response = yield* inProcess({ headers: { "content-type": "application/json" }, body: "" })
      const decode = HttpIncomingMessage.schemaBodyJson(Schema.NullOr(Schema.String))
      for (const read of [response.json, decode(response)]) {
        const error = yield* Effect.flip(read)
        expect(error._tag).toBe("DecodingError")
        expect(error.message).toContain('the body is empty, not JSON (its type is "application/json")')
      }
    })
  )

  it.effect("shows nothing of what is no JSON, only how long it is and where it goes wrong", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip((yield* inProcess({ body: '{"password":"hunter2",}' })).json)
      expect(error).toMatchObject({ _tag: "DecodingError", cause: undefined })
      expect(error.message).toContain("of 23 characters, character 23 cannot be there")
      expect(error.message).not.toContain("hunter2")
      const early = yield* Effect.flip((yield* inProcess({ body: '{"password":"hunter2"' })).json)
      expect(early.message).toMatch(/of 21 characters, it ends too early$/)
    })
  )
})

describe("form data", () => {
  it.effect("is read with its files, multipart or urlencoded", () =>
    Effect.gen(function* () {
      const form = new FormData()
      form.append("name", "Ada")
      form.append("file", new File(["content"], "a.txt", { type: "text/plain" }))
      const encoded = new globalThis.Response(form)
      const body = new Uint8Array(yield* Effect.promise(() => encoded.arrayBuffer()))
      const headers = { "content-type": encoded.headers.get("content-type") ?? "" }
      const response = yield* inProcess({ headers, body })
      for (const _ of [1, 2]) {
        const read = yield* response.formData
        expect(read.get("name")).toBe("Ada")
        const file = read.get("file")
        if (!(file instanceof File)) return expect.unreachable()
        expect(yield* Effect.promise(() => file.text())).toBe("content")
      }
      const urlencoded = { "content-type": "application/x-www-form-urlencoded" }
      const fields = yield* (yield* inProcess({ headers: urlencoded, body: "a=1&b=x+y" })).formData
      expect([...fields]).toEqual([
        ["a", "1"],
        ["b", "x y"]
      ])
    })
  )

  it.effect("that is none is a DecodingError that shows nothing of it", () =>
    Effect.gen(function* () {
      const bad: ReadonlyArray<InProcess.Reply> = [
        { body: "hunter2" },
        { headers: { "content-type": "application/json" }, body: "hunter2" },
        { headers: { "content-type": "multipart/form-data; boundary=x" }, body: "hunter2" }
      ]
      for (const reply of bad) {
        const error = yield* Effect.flip((yield* inProcess(reply)).formData)
        expect(error).toMatchObject({ _tag: "DecodingError", cause: undefined })
        expect(error.message).toMatch(/the body is not form data$/)
      }
    })
  )
})

describe("what the fields of an answer say", () => {
  it.effect("its links, resolved against its URL, from all of its Link fields", () =>
    Effect.gen(function* () {
      const headers: InProcess.Reply["headers"] = [
        ["Link", '<?page=2>; rel="next"'],
        ["link", "</>; rel=start"]
      ]
      const { links } = yield* inProcess({ headers })
      expect(links.list.map(({ url }) => url)).toEqual(["http://h.test/a/b?page=2", "http://h.test/"])
      expect(links.byRel["next"]?.url).toBe("http://h.test/a/b?page=2")
      expect((yield* inProcess({})).links.list).toEqual([])
    })
  )

  it.effect("its media type", () =>
    Effect.gen(function* () {
      const { contentType } = yield* inProcess({ headers: { "content-type": "Text/HTML; Charset=x" } })
      expect(Option.getOrThrow(contentType)).toEqual({ type: "text/html", parameters: new Map([["charset", "x"]]) })
      expect((yield* inProcess({})).contentType).toEqual(Option.none())
    })
  )

  it.effect("what to do with its body, and a name for it that does no harm", () =>
    Effect.gen(function* () {
      const headers = { "content-disposition": 'attachment; filename="../../etc/passwd"' }
      const disposition = Option.getOrThrow(yield* (yield* inProcess({ headers })).contentDisposition)
      expect(disposition).toMatchObject({ type: "attachment", fileName: Option.some("passwd") })
      expect(disposition.parameters.get("filename")).toBe("../../etc/passwd")
      expect(yield* (yield* inProcess({})).contentDisposition).toEqual(Option.none())
      const nonsense = yield* inProcess({ headers: { "content-disposition": "=" } })
      expect(yield* nonsense.contentDisposition).toEqual(Option.none())
    })
  )

  it.scopedLive(
    "nothing, if its connection speaks another protocol now: that status is raised, and nothing is taken",
    () =>
      Effect.gen(function* () {
        const server = yield* scripted(switches("hello"))
        const { client } = yield* connected()
        const response = yield* upgrade(client, server.url())
        expect(response).toMatchObject({ isInformational: true, isSuccess: false, isError: false })
        const error = yield* Effect.flip(response.raiseForStatus)
        expect(error).toMatchObject({ status: 101, body: { text: "", truncated: true } })
        expect(yield* Stream.mkString(Stream.take(Stream.decodeText(response.raw), 1))).toBe("hello")
      })
  )
})
