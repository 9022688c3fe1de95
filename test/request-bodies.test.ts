/** Bodies of every kind: how each is framed, whether it can be sent again, and that its source is let go of. */
import { describe, expect, it } from "@effect/vitest"
import { Context, Data, Deferred, Effect, Fiber, Layer, Schema, Stream } from "effect"
import { Client, Exchange, Request } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import { Readable } from "node:stream"
import { inspect } from "node:util"
import { wireOf } from "../src/transport/platform/FromPlatform.js"
import { atRest, connected, eventually, failsWith } from "./support/failing.js"
import { answering, ok, type Script, scripted, silent } from "./support/scripted.js"

const bytes = (text: string) => new TextEncoder().encode(text)

/** Answers each request with what it was: its framing fields, its type and its body as it is on the wire. */
const framed: Script = (c) =>
  Effect.forever(
    Effect.gen(function* () {
      const head = yield* c.request
      const length = /content-length: (\d+)/i.exec(head)?.[1]
      const body = /transfer-encoding: chunked/i.test(head)
        ? yield* c.take("0\r\n\r\n")
        : yield* c.takeBytes(Number(length ?? 0))
      const fields = head.split("\r\n").filter((line) => /^(content-|transfer-)/i.test(line))
      yield* c.send(ok(JSON.stringify({ fields, body })))
    })
  )

const sent = Effect.gen(function* () {
  const server = yield* scripted(framed)
  const { client, stats } = yield* connected()
  const post = <E = never, R = never>(content: Request.ContentInput<E, R>, options: Request.CallOptions = {}) =>
    Effect.flatMap(client.post(server.url(), { ...options, content }), (response) => response.json)
  return { client, post, server, stats }
})

function* generated(...pieces: ReadonlyArray<string | Uint8Array>) {
  yield* pieces
}

async function* generatedAsync(...pieces: ReadonlyArray<string | Uint8Array>) {
  yield* pieces
}

const readable = (...pieces: ReadonlyArray<string>) =>
  new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const piece of pieces) controller.enqueue(bytes(piece))
      controller.close()
    }
  })

const withLength = { fields: ["Content-Length: 4"], body: "text" }
const inChunks = { fields: ["Transfer-Encoding: chunked"], body: "2\r\nte\r\n2\r\nxt\r\n0\r\n\r\n" }

describe("content", () => {
  it.scopedLive.each([
    ["text", () => "text"],
    ["a Uint8Array", () => bytes("text")],
    ["an ArrayBuffer", () => Uint8Array.from(bytes("text")).buffer],
    ["a DataView", () => new DataView(bytes("a text").buffer, 2)],
    ["another view", () => new Uint16Array(bytes("text").buffer)],
    ["a Blob", () => new Blob(["te", "xt"])]
  ] as ReadonlyArray<readonly [string, () => Request.Content]>)(
    "that knows its length is sent with it: %s",
    ([, content]) =>
      Effect.gen(function* () {
        const { client, post, server } = yield* sent
        expect(yield* post(content())).toEqual(withLength)
        const request = Request.make("POST", server.url(), { content: content() })
        expect(request.isRepeatable).toBe(true)
        for (const _ of [1, 2]) expect(yield* (yield* client.send(request)).json).toEqual(withLength)
      })
  )

  it.scopedLive.each([
    ["a Stream", () => Stream.make(bytes("te"), bytes("xt"))],
    ["a ReadableStream", () => readable("te", "xt")],
    ["a list of pieces", () => [bytes("te"), bytes("xt")]],
    ["an iterable of text", () => new Set(["te", "xt"])],
    ["a generator", () => generated("te", bytes("xt"))],
    ["an async generator", () => generatedAsync("te", bytes("xt"))],
    ["a Readable of Node", () => Readable.from([bytes("te"), bytes("xt")])]
  ] as const)("that does not is sent in chunks, and once: %s", ([, content]) =>
    Effect.gen(function* () {
      const { client, post, server } = yield* sent
      expect(yield* post(content())).toEqual(inChunks)
      const request = Request.make("POST", server.url(), { content: content() })
      expect(request.isRepeatable).toBe(false)
      expect(yield* (yield* client.send(request)).json).toEqual(inChunks)
      const { length } = server.connections[0]!.received
      const error = yield* failsWith(client.send(request), "StreamConsumed")
      expect(error).toMatchObject({ phase: "prepare", delivery: "unsent" })
      expect(error.message).toContain("give a function")
      expect(server.connections[0]!.received.length).toBe(length)
    })
  )

  it.scopedLive.each([
    ["a Stream", () => Stream.make(bytes("te"), bytes("xt"))],
    ["a ReadableStream", () => readable("te", "xt")],
    ["a generator", () => generated("te", "xt")],
    ["bytes", () => ["te", "xt"]]
  ] as const)("that a function makes can be sent again: %s", ([, content]) =>
    Effect.gen(function* () {
      const { client, server } = yield* sent
      const request = Request.make("POST", server.url(), { content })
      expect(request.isRepeatable).toBe(true)
      for (const _ of [1, 2, 3]) expect(yield* (yield* client.send(request)).json).toEqual(inChunks)
    })
  )

  it.scopedLive("of a Stream can be sent again if that is said of it", () =>
    Effect.gen(function* () {
      const { client, server } = yield* sent
      const content = Request.repeatable(Stream.make(bytes("te"), bytes("xt")))
      const request = Request.make("POST", server.url(), { content })
      for (const _ of [1, 2]) expect(yield* (yield* client.send(request)).json).toEqual(inChunks)
    })
  )

  it.scopedLive("whose length is given is not sent in chunks", () =>
    Effect.gen(function* () {
      const { client, server } = yield* sent
      for (const content of [Stream.make(bytes("text")), readable("te", "xt"), () => generated("te", "xt")]) {
        const response = yield* client.post(server.url(), { content, contentLength: 4 })
        expect(yield* response.json).toEqual(withLength)
      }
      const empty = yield* client.put(server.url(), { content: new Blob([]) })
      expect(yield* empty.json).toEqual({ fields: ["Content-Length: 0"], body: "" })
    })
  )

  it.scopedLive.each([
    ["fewer", 5, "te", "xt"],
    ["more", 3, "te", "xt"]
  ] as const)(
    "with %s bytes than its contentLength is LocalProtocolError, and its connection is closed",
    ([word, contentLength, ...pieces]) =>
      Effect.gen(function* () {
        const server = yield* scripted(silent)
        const { client, stats } = yield* connected()
        const call = client.post(server.url(), { content: readable(...pieces), contentLength })
        expect((yield* failsWith(call, "LocalProtocolError")).message).toContain(
          `${word} bytes than its Content-Length`
        )
        yield* server.untilOpen(0)
        expect(yield* stats).toEqual(atRest(0))
      })
  )

  it.scopedLive.each([
    [{ content: "text", contentLength: 5 }, "has 4 bytes"],
    [{ content: new Blob(["text"]), contentLength: 3 }, "has 4 bytes"],
    [{ content: readable("text"), contentLength: -1 }, "whole number"],
    [{ content: readable("text"), contentLength: 1.5 }, "whole number"],
    [{ content: 5 as never }, "content is none of"]
  ] as const)("that makes no sense is LocalProtocolError before anything is opened: %#", ([options, why]) =>
    Effect.gen(function* () {
      const { client, server } = yield* sent
      const error = yield* failsWith(client.post(server.url(), options), "LocalProtocolError")
      expect(error).toMatchObject({ phase: "prepare", delivery: "unsent" })
      expect(error.message).toContain(why)
      expect(server.connections).toEqual([])
    })
  )

  it.scopedLive("of a Blob has the type of that, unless another is given", () =>
    Effect.gen(function* () {
      const { client, post, server } = yield* sent
      const content = new Blob(["text"], { type: "text/css" })
      expect(yield* post(content)).toMatchObject({ fields: ["Content-Type: text/css", "Content-Length: 4"] })
      const other = yield* client.post(server.url(), { content, headers: { "content-type": "text/plain" } })
      expect(yield* other.json).toMatchObject({ fields: ["content-type: text/plain", "Content-Length: 4"] })
    })
  )

  it.scopedLive("may go with any method by request", () =>
    Effect.gen(function* () {
      const { client, server } = yield* sent
      for (const method of ["GET", "OPTIONS", "DELETE", "QUERY"])
        yield* client.request(method, server.url(), { content: "text" })
      expect(server.connections[0]!.received.match(/Content-Length: 4/g)).toHaveLength(4)
    })
  )
})

describe("a body that flows once", () => {
  it.scopedLive.each([
    ["a ReadableStream", () => readable("te", "xt")],
    ["a generator", () => generated("te", "xt")],
    ["an async generator", () => generatedAsync("te", "xt")],
    ["a Readable of Node", () => Readable.from([bytes("te"), bytes("xt")])]
  ] as const)("is never sent empty, whichever call it is given to: %s", ([, make]) =>
    Effect.gen(function* () {
      const { client, post, server } = yield* sent
      const content = make()
      const call = post(content)
      expect(yield* call).toEqual(inChunks)
      const { length } = server.connections[0]!.received
      yield* failsWith(call, "StreamConsumed")
      yield* failsWith(post(content), "StreamConsumed")
      yield* failsWith(client.all([{ method: "POST", url: server.url(), content }]), "StreamConsumed")
      expect(server.connections[0]!.received.length).toBe(length)
      const late = yield* failsWith(
        post(() => content),
        "StreamConsumed"
      )
      expect(late).toMatchObject({ phase: "send", delivery: "unknown" })
    })
  )

  it.scopedLive("is never sent empty where an iterable gives the same iterator each time", () =>
    Effect.gen(function* () {
      const { post } = yield* sent
      const iterator = generated("te", "xt")
      const content = { [Symbol.iterator]: () => iterator }
      expect(yield* post(content)).toEqual(inChunks)
      yield* failsWith(post(content), "StreamConsumed")
    })
  )

  it.scopedLive("is sent by one of two that send it at once", () =>
    Effect.gen(function* () {
      const { client, server } = yield* sent
      const request = Request.make("POST", server.url(), { content: Stream.make(bytes("text")) })
      const [one, other] = yield* Effect.all([Effect.exit(client.send(request)), Effect.exit(client.send(request))], {
        concurrency: 2
      })
      expect([one._tag, other._tag].sort()).toEqual(["Failure", "Success"])
      expect(server.connections).toHaveLength(1)
    })
  )

  it.scopedLive("can be sent by another call when the first reached nobody", () =>
    Effect.gen(function* () {
      const { client, server } = yield* sent
      const closed = yield* Effect.scoped(scripted())
      const content = generated("te", "xt")
      yield* failsWith(client.post(closed.url(), { content }), "ConnectError")
      expect(yield* (yield* client.post(server.url(), { content })).json).toEqual(inChunks)
      const request = Request.make("POST", closed.url(), { content: readable("te", "xt") })
      for (const _ of [1, 2]) yield* failsWith(client.send(request), "ConnectError")
    })
  )

  it.scopedLive("is StreamConsumed when a policy sends it again within its call; what can be sent again is", () =>
    Effect.gen(function* () {
      const server = yield* scripted(framed)
      const { httpClient, stats } = yield* connected()
      const { exchange } = wireOf(httpClient)
      const twice: Exchange.Exchange = (request) =>
        Effect.flatMap(exchange(request), (response) => Effect.zipRight(response.read, exchange(request)))
      const sentTwice = (content: Request.ContentInput) =>
        Exchange.asReadCall(Request.make("PUT", server.url(), { content }), twice)
      const error = yield* failsWith(sentTwice(generated("te", "xt")), "StreamConsumed")
      expect(error).toMatchObject({ phase: "prepare", delivery: "unsent" })
      expect(yield* (yield* sentTwice(() => generated("te", "xt"))).json).toEqual(inChunks)
      expect(yield* (yield* sentTwice(new Blob(["text"]))).json).toEqual(withLength)
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.effect("is the same over a server that is a function", () =>
    Effect.gen(function* () {
      const request = Request.make("POST", "http://h.test/", { content: readable("te", "xt") })
      expect(yield* (yield* Client.send(request)).text).toBe("text")
      yield* failsWith(Client.send(request), "StreamConsumed")
    }).pipe(
      Effect.provide(
        Layer.provide(
          Client.layer(),
          InProcess.layer((request) => Effect.map(request.body, (body) => ({ body })))
        )
      )
    )
  )
})

describe("the source of a body is let go of", () => {
  /** Sources that give one piece and then wait, and say when they are ended. */
  const sources = [
    [
      "a ReadableStream",
      (left: () => void) => new ReadableStream<Uint8Array>({ start: (c) => c.enqueue(bytes("x")), cancel: left })
    ],
    [
      "an iterator",
      (left: () => void): AsyncIterable<string> => {
        let given = false
        return {
          [Symbol.asyncIterator]: () => ({
            next: () => {
              if (given) return new Promise(() => undefined)
              given = true
              return Promise.resolve({ done: false, value: "x" })
            },
            return: () => {
              left()
              return Promise.reject(new Error("too late"))
            }
          })
        }
      }
    ],
    [
      "an iterator without end",
      (left: () => void): Iterable<string> => ({
        [Symbol.iterator]: () => ({
          next: () => ({ done: false, value: "x" }),
          return: () => {
            left()
            throw new Error("too late")
          }
        })
      })
    ]
  ] as const

  it.scopedLive.each(sources)("when the call is interrupted: %s", ([, make]) =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client, stats } = yield* connected()
      let left = 0
      const fiber = yield* Effect.fork(client.post(server.url(), { content: make(() => left++) }))
      yield* server.untilOpen(1)
      yield* server.connections[0]!.seen("1\r\nx\r\n")
      yield* Fiber.interrupt(fiber)
      yield* eventually(() => left === 1)
      yield* server.untilOpen(0)
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive.each(sources)("when the answer comes before its end: %s", ([, make]) =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("early")))
      const { client } = yield* connected()
      let left = 0
      const response = yield* client.post(server.url(), { content: make(() => left++) })
      expect(yield* response.text).toBe("early")
      yield* eventually(() => left === 1)
    })
  )

  it.scopedLive("and not touched before a connection is there", () =>
    Effect.gen(function* () {
      const closed = yield* Effect.scoped(scripted())
      const { client } = yield* connected()
      const content = readable("text")
      yield* failsWith(client.post(closed.url(), { content }), "ConnectError")
      expect(content.locked).toBe(false)
    })
  )
})

describe("a body that breaks", () => {
  const cause = new Error("the disk is gone")
  const broken = function* () {
    yield "x"
    throw cause
  }
  const thrown = (): never => {
    throw cause
  }

  it.scopedLive.each([
    ["a ReadableStream", () => new ReadableStream<Uint8Array>({ pull: (c) => c.error(cause) })],
    ["a generator", () => broken()],
    ["an async iterator", () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(cause) }) })],
    ["an iterable", () => ({ [Symbol.iterator]: thrown })],
    ["a reader", () => ({ getReader: thrown }) as never],
    ["a function", () => thrown]
  ] as const)("is LocalProtocolError with what it threw as cause: %s", ([, make]) =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client, stats } = yield* connected()
      const error = yield* failsWith(client.post(server.url(), { content: make() }), "LocalProtocolError")
      expect(error).toMatchObject({ phase: "send", delivery: "unknown", cause })
      expect(yield* stats).toEqual(atRest(0))
      yield* server.untilOpen(0)
      expect(server.connections[0]!.received).not.toContain("0\r\n\r\n")
    })
  )

  it.scopedLive.each([
    ["a set of numbers", new Set([1, 2])],
    ["a form", new URLSearchParams({ a: "1" })],
    ["an iterator that gives no results", { [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve() }) }],
    ["a reader that gives none", { getReader: () => ({ read: () => undefined, cancel: () => Promise.resolve() }) }],
    ["what a function gives that is nothing", () => undefined]
  ])("is not made of what is not bytes: %s", ([, content]) =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client } = yield* connected()
      yield* failsWith(client.post(server.url(), { content: content as never }), "LocalProtocolError")
      yield* server.untilOpen(0)
    })
  )

  it.scopedLive("of a function's Stream is BodyError with its own error, in the context of who sends it", () =>
    Effect.gen(function* () {
      class DiskError extends Data.TaggedError("DiskError")<{ readonly path: string }> {}
      class Path extends Context.Tag("Path")<Path, string>() {}
      const server = yield* scripted(silent)
      const { client } = yield* connected()
      const content = () => Stream.fromEffect(Effect.flatMap(Path, (path) => Effect.fail(new DiskError({ path }))))
      const call = client.post(server.url(), { content })
      const error = yield* failsWith(Effect.provideService(call, Path, "/p"), "BodyError")
      expect(error.error).toEqual(new DiskError({ path: "/p" }))
      const all = client.all([{ method: "POST", url: server.url(), content }])
      const same = yield* failsWith(Effect.provideService(all, Path, "/q"), "BodyError")
      expect(same.error.path).toBe("/q")
    })
  )
})

describe("json", () => {
  const received = (server: { readonly connections: ReadonlyArray<{ readonly received: string }> }) =>
    server.connections[0]!.received.split("\r\n\r\n").at(-1)

  it.scopedLive("is written by the client's own function, or by that of the call", () =>
    Effect.gen(function* () {
      const server = yield* scripted(framed)
      const stringify = (value: unknown) =>
        JSON.stringify(value, (_, each) => (typeof each === "bigint" ? String(each) : each))
      const { client } = yield* connected({}, { stringify })
      yield* client.post(server.url(), { json: { id: 1n } })
      expect(received(server)).toBe('{"id":"1"}')
      yield* client.post(server.url(), { json: { b: 1 }, stringify: (value) => JSON.stringify(value, null, 1) })
      expect(received(server)).toBe('{\n "b": 1\n}')
    })
  )

  it.scopedLive.each([
    [() => undefined as never, "no JSON form"],
    [
      (): string => {
        throw new Error("not this one")
      },
      "not this one"
    ]
  ] as const)("of a function that gives none is LocalProtocolError: %#", ([stringify, why]) =>
    Effect.gen(function* () {
      const { client, server } = yield* sent
      const error = yield* failsWith(client.post(server.url(), { json: 1, stringify }), "LocalProtocolError")
      expect(error.message).toContain(why)
      expect(server.connections).toEqual([])
    })
  )

  const User = Schema.Struct({ born: Schema.Date, tags: Schema.Array(Schema.NonEmptyString) })

  it.scopedLive("is encoded by a schema", () =>
    Effect.gen(function* () {
      const { client, server } = yield* sent
      const json = Request.jsonOf(User)({ born: new Date(0), tags: ["a"] })
      const headers = { "content-type": "application/vnd.user+json" }
      const response = yield* client.put(server.url(), { json, headers })
      expect(yield* response.json).toEqual({
        fields: ["content-type: application/vnd.user+json", "Content-Length: 48"],
        body: '{"born":"1970-01-01T00:00:00.000Z","tags":["a"]}'
      })
    })
  )

  it.scopedLive("that does not fit its schema says where, and shows nothing of it", () =>
    Effect.gen(function* () {
      const { client, server } = yield* sent
      const secret = { born: new Date(0), tags: ["s3cret", ""], token: "s3cret" }
      const call = client.post(server.url(), { json: Request.jsonOf(User)(secret) })
      const error = yield* failsWith(call, "LocalProtocolError")
      expect(error.message).toContain('json does not fit its schema: ["tags"]["1"]')
      expect(inspect(error, { depth: 9 })).not.toContain("s3cret")
      const whole = client.post(server.url(), { json: Request.jsonOf(Schema.NonEmptyString)("") })
      expect((yield* failsWith(whole, "LocalProtocolError")).message).toContain("the value itself")
      expect(server.connections).toEqual([])
    })
  )
})

describe("a form", () => {
  it.scopedLive.each([
    ["a record", { a: ["1", "x y"], b: true }, "a=1&a=x+y&b=true"],
    [
      "pairs",
      [
        ["b", 1],
        ["a", "&"]
      ],
      "b=1&a=%26"
    ],
    ["URLSearchParams", new URLSearchParams("a=x+y&b=~"), "a=x+y&b=%7E"]
  ] as ReadonlyArray<readonly [string, Request.ParamsInput, string]>)("is made of %s", ([, form, body]) =>
    Effect.gen(function* () {
      const { client, server } = yield* sent
      const response = yield* client.post(server.url(), { form })
      expect(yield* response.json).toEqual({
        fields: ["Content-Type: application/x-www-form-urlencoded", `Content-Length: ${body.length}`],
        body
      })
    })
  )
})

describe("every option goes along with a stream that needs a context", () => {
  class Text extends Context.Tag("Text")<Text, string>() {}
  const content = Stream.fromEffect(Effect.map(Text, bytes))

  it.scopedLive.each(["post", "all"] as const)("by %s", (by) =>
    Effect.gen(function* () {
      const server = yield* scripted((c) =>
        c.request.pipe(Effect.zipRight(c.send("HTTP/1.1 103 Early Hints\r\n\r\n")), Effect.zipRight(c.send(ok("done"))))
      )
      const { client } = yield* connected()
      const told = yield* Deferred.make<number>()
      const options = {
        content,
        contentLength: 4,
        headers: { "x-a": "1" },
        params: { b: 2 },
        target: "/other",
        timeout: "5 seconds",
        tag: "mine",
        onInformational: ({ status }: { readonly status: number }) => Deferred.unsafeDone(told, Effect.succeed(status))
      } as const
      const call =
        by === "post"
          ? client.post(server.url(), options)
          : Effect.map(client.all([{ method: "POST", url: server.url(), ...options }]), ([response]) => response)
      const { request } = yield* Effect.provideService(call, Text, "text")
      expect(request.summary).toMatchObject({ tag: "mine" })
      expect(request.settings.timeouts.total).toBe(5000)
      expect(yield* Deferred.await(told)).toBe(103)
      const { received } = server.connections[0]!
      expect(received).toMatch(/^POST \/other HTTP/)
      expect(received).toContain("x-a: 1\r\nContent-Length: 4\r\n\r\ntext")
      expect(request.url).toContain("?b=2")
    })
  )
})
