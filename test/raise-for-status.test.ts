/** A status as a failure, with what the server said about it. */
import { HttpClientResponse, HttpIncomingMessage } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Deferred, Effect, Fiber, Inspectable, Option, Schema, Stream, TestClock } from "effect"
import { Client, HttpxError, Response } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import { inspect } from "node:util"
import { gzipSync } from "node:zlib"
import { withServer } from "./support/bridge.js"

const url = "http://status.test/x?token=s3cret"

const clientOf = (reply: InProcess.Reply) =>
  Effect.provide(
    Client.make({ followRedirects: false }),
    InProcess.layer(() => Effect.succeed(reply))
  )

/** Over a real socket, where bodies are decoded. */
const served = (reply: InProcess.Reply) =>
  Effect.gen(function* () {
    const { stats, under, url } = yield* withServer(() => Effect.succeed(reply))
    const client = yield* Effect.provide(Client.make({ baseUrl: url }), under)
    return { client, stats }
  })

const raised = (reply: InProcess.Reply) =>
  Effect.gen(function* () {
    const response = yield* (yield* clientOf(reply)).get(url)
    return yield* Effect.flip(response.raiseForStatus)
  })

/** Everything that printing or logging an error may show. */
const shown = (error: unknown): string =>
  [inspect(error, { depth: 9 }), JSON.stringify(error), String(error), Inspectable.format(error)].join("\n")

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

const problemType = { "content-type": "application/problem+json; charset=utf-8" }

describe("a status", () => {
  it.effect.each([200, 204, 299])("of %i is no failure", (status) =>
    Effect.gen(function* () {
      const response = yield* (yield* clientOf({ status })).get(url)
      expect(yield* response.raiseForStatus).toBe(response)
      expect(yield* response.raiseForStatusWith(Schema.Unknown)).toBe(response)
      expect(response).toMatchObject({ isSuccess: true, isError: false, isRedirect: false })
    })
  )

  it.effect.each([
    [300, "Multiple Choices", { isRedirect: true, isError: false }],
    [301, "Moved", { isRedirect: true, isError: false }],
    [304, "Not Modified", { isRedirect: true, isError: false }],
    [404, "Not Found", { isClientError: true, isError: true }],
    [500, "Oh No", { isServerError: true, isError: true }],
    [600, "", { isError: false, isServerError: false }]
  ] as const)("of %i is one, whose message says what, to which request", ([status, reasonPhrase, kinds]) =>
    Effect.gen(function* () {
      const error = yield* raised({ status, reasonPhrase })
      expect(error).toMatchObject({ _tag: "StatusError", status, phase: "read", delivery: "answered" })
      expect(error.message).toBe(
        `GET http://status.test/x?token=<redacted>: answered ${`${status} ${reasonPhrase}`.trim()}`
      )
      expect(error.response).toMatchObject({ isSuccess: false, isInformational: false, ...kinds })
    })
  )

  it.effect("that redirects says where to, without what is secret there", () =>
    Effect.gen(function* () {
      const headers = { location: "https://jo:s3cret@other.test/login?code=s3cret#s3cret" }
      const error = yield* raised({ status: 302, reasonPhrase: "Found", headers })
      expect(error.message).toMatch(
        /answered 302 Found, redirecting to https:\/\/<redacted>@other\.test\/login\?code=<redacted>$/
      )
      expect(shown(error)).not.toContain("s3cret")
    })
  )

  it.effect("redirects if it is one of five, and has a Location", () =>
    Effect.gen(function* () {
      const has = (status: number, headers: Record<string, string>) =>
        Effect.map(
          Effect.flatMap(clientOf({ status, headers }), ({ get }) => get(url)),
          (r) => r.hasRedirectLocation
        )
      for (const status of [301, 302, 303, 307, 308]) {
        expect(yield* has(status, { location: "/" })).toBe(true)
        expect(yield* has(status, {})).toBe(false)
      }
      for (const status of [200, 201, 300, 304, 305]) expect(yield* has(status, { location: "/" })).toBe(false)
    })
  )
})

describe("what the server said", () => {
  it.effect("is in the error, and can be read still", () =>
    Effect.gen(function* () {
      const body = "no such café"
      const error = yield* raised({ status: 404, headers: { "content-type": "text/plain; charset=utf-8" }, body })
      expect(error.body).toMatchObject({ text: body, truncated: false, contentType: "text/plain; charset=utf-8" })
      expect(error.body.bytes).toEqual(utf8(body))
      expect(Option.isNone(error.body.json)).toBe(true)
      expect(yield* error.response.text).toBe(body)
    })
  )

  it.effect("is not in what is printed", () =>
    Effect.gen(function* () {
      const body = JSON.stringify({ title: "hunter2", detail: "hunter2" })
      const response = yield* (yield* clientOf({ status: 500, headers: problemType, body })).get(url)
      const error = yield* Effect.flip(response.raiseForStatusWith(Schema.Unknown))
      expect(Option.isSome(error.error)).toBe(true)
      expect(shown(error)).not.toMatch(/hunter2|s3cret/)
      expect(shown(error.body)).not.toContain("hunter2")
      expect(shown(error.body)).toContain(`${body.length}`)
    })
  )

  it.effect("is cut at 64 KiB, or where one says", () =>
    Effect.gen(function* () {
      const response = yield* (yield* clientOf({ status: 500, body: "x".repeat(100_000) })).get(url)
      const { body } = yield* Effect.flip(response.raiseForStatus)
      expect([body.bytes.length, body.truncated]).toEqual([65_536, true])
      const { body: less } = yield* Effect.flip(response.raiseForStatusWith(Schema.Unknown, { bodyLimit: 10 }))
      expect([less.text, less.truncated]).toEqual(["xxxxxxxxxx", true])
      const { body: all } = yield* Effect.flip(response.raiseForStatusWith(Schema.Unknown, { bodyLimit: 100_000 }))
      expect([all.bytes.length, all.truncated]).toEqual([100_000, false])
    })
  )

  it.effect("is what a schema makes of it, with its type, or nothing", () =>
    Effect.gen(function* () {
      const ApiError = Schema.Struct({ code: Schema.Literal("NO_FUNDS"), at: Schema.DateFromString })
      const errorOf = (body: string) =>
        Effect.gen(function* () {
          const response = yield* (yield* clientOf({ status: 402, body })).get(url)
          return (yield* Effect.flip(response.raiseForStatusWith(ApiError))).error
        })
      expect(yield* errorOf('{"code":"NO_FUNDS","at":"2026-01-01"}')).toEqual(
        Option.some({ code: "NO_FUNDS", at: new Date("2026-01-01") })
      )
      for (const body of ['{"code":"ELSE"}', "<html>", "", `{"code":"NO_FUNDS"${" ".repeat(70_000)}}`]) {
        expect(yield* errorOf(body)).toEqual(Option.none())
      }
    })
  )

  it.effect("is caught by its tag, with its type", () =>
    Effect.gen(function* () {
      const client = yield* clientOf({ status: 409, body: '{"code":7}' })
      const code = yield* client.get(url).pipe(
        Effect.flatMap((response) => response.raiseForStatusWith(Schema.Struct({ code: Schema.Number }))),
        Effect.map((response) => response.status),
        Effect.catchTag("StatusError", ({ error }) => Effect.succeed(Option.map(error, ({ code }) => code)))
      )
      expect(code).toEqual(Option.some(7))
    })
  )
})

describe("a problem document (RFC 9457)", () => {
  it.effect("is read with its other members", () =>
    Effect.gen(function* () {
      // §3
      const { problem } = yield* raised({
        status: 403,
        headers: problemType,
        body: JSON.stringify({
          type: "https://example.com/probs/out-of-credit",
          title: "You do not have enough credit.",
          status: 403,
          detail: "Your current balance is 30, but that costs 50.",
          instance: "/account/12345/msgs/abc",
          balance: 30,
          accounts: ["/account/12345", "/account/67890"]
        })
      })
      expect(Option.getOrThrow(problem)).toBeInstanceOf(Response.ProblemDetails)
      expect(Option.getOrThrow(problem)).toMatchObject({
        type: "https://example.com/probs/out-of-credit",
        title: "You do not have enough credit.",
        status: 403,
        detail: "Your current balance is 30, but that costs 50.",
        instance: "/account/12345/msgs/abc",
        extensions: { balance: 30, accounts: ["/account/12345", "/account/67890"] }
      })
    })
  )

  it("keeps a member that is called __proto__ as one", () => {
    const problem = Response.ProblemDetails.fromJson(JSON.parse('{"__proto__":{"x":1}}'))
    const { extensions } = Option.getOrThrow(problem)
    expect(Object.entries(extensions)).toEqual([["__proto__", { x: 1 }]])
    expect(extensions["x"]).toBeUndefined()
  })

  it.effect("may say nothing, and what it says in a wrong type is as if not said", () =>
    Effect.gen(function* () {
      const problemOf = (body: string, type = "application/problem+json") =>
        Effect.map(raised({ status: 500, headers: { "content-type": type }, body }), ({ problem }) => problem)
      expect(Option.getOrThrow(yield* problemOf("{}"))).toMatchObject({ type: "about:blank", extensions: {} })
      expect(
        Option.getOrThrow(yield* problemOf('{"type":1,"title":null,"status":"500","detail":[],"__proto__":1}'))
      ).toMatchObject({ type: "about:blank", title: undefined, status: undefined, detail: undefined })
      for (const body of ["[]", "null", "1", "", "{"]) expect(Option.isNone(yield* problemOf(body))).toBe(true)
      expect(Option.isNone(yield* problemOf("{}", "application/json"))).toBe(true)
      expect(Option.isSome(yield* problemOf("{}", "Application/Problem+JSON"))).toBe(true)
    })
  )
})

describe("of a body that still flows", () => {
  const gated = (pieces: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const [first, ...rest] = pieces.map(utf8)
      const body = Stream.concat(
        Stream.make(first!),
        Stream.concat(Stream.drain(Stream.fromEffect(Deferred.await(gate))), Stream.fromIterable(rest))
      )
      return { gate, reply: { status: 500, body } }
    })

  /** Until the first bytes are here: a socket needs turns of the event loop, which no clock gives. */
  const begun = (response: Response.Response) =>
    Effect.repeat(
      Effect.promise(() => new Promise(setImmediate)),
      { until: () => response.numBytesDownloaded > 0 }
    )

  const ways = [
    ["in process", clientOf],
    ["over a socket", (reply: InProcess.Reply) => Effect.map(served(reply), ({ client }) => client)]
  ] as const

  it.scoped.each(ways)("the error has what has come within a second, and nothing of it is lost: %s", ([, make]) =>
    Effect.gen(function* () {
      const readers: ReadonlyArray<(response: Response.Response) => Effect.Effect<string, HttpxError.ReadFailure>> = [
        (response) => response.text,
        (response) => Stream.mkString(response.textStream),
        (response) => Effect.map(Stream.runCollect(response.raw), (pieces) => Buffer.concat([...pieces]).toString())
      ]
      for (const read of readers) {
        const { gate, reply } = yield* gated(["one ", "two"])
        const response = yield* (yield* make(reply)).stream("GET", make === clientOf ? url : "/")
        const raising = yield* Effect.fork(Effect.flip(response.raiseForStatus))
        yield* begun(response)
        yield* TestClock.adjust("1 seconds")
        const { body } = yield* Fiber.join(raising)
        expect(body).toMatchObject({ text: "one ", truncated: true })
        expect(response.isClosed).toBe(false)
        yield* Deferred.succeed(gate, undefined)
        expect(yield* read(response)).toBe("one two")
      }
    })
  )

  it.scoped.each(ways)("the error has 64 KiB at once, and the rest flows on: %s", ([, make]) =>
    Effect.gen(function* () {
      const { gate, reply } = yield* gated(["x".repeat(70_000), "end"])
      const response = yield* (yield* make(reply)).stream("GET", make === clientOf ? url : "/")
      const { body } = yield* Effect.flip(response.raiseForStatus)
      expect([body.bytes.length, body.truncated]).toEqual([65_536, true])
      yield* Deferred.succeed(gate, undefined)
      expect((yield* response.read).length).toBe(70_003)
    })
  )

  it.scoped.each(ways)("whoever gives up waiting for the error takes nothing with it: %s", ([, make]) =>
    Effect.gen(function* () {
      const { gate, reply } = yield* gated(["one ", "two"])
      const response = yield* (yield* make(reply)).stream("GET", make === clientOf ? url : "/")
      const raising = yield* Effect.fork(response.raiseForStatus)
      yield* begun(response)
      yield* Fiber.interrupt(raising)
      yield* Deferred.succeed(gate, undefined)
      expect(yield* response.text).toBe("one two")
    })
  )

  it.scoped("a short body is whole, and is read at once", () =>
    Effect.gen(function* () {
      const { client, stats } = yield* served({ status: 400, body: "short" })
      const response = yield* client.stream("GET", "/")
      const { body } = yield* Effect.flip(response.raiseForStatus)
      expect(body).toMatchObject({ text: "short", truncated: false })
      expect(yield* Stream.mkString(Stream.decodeText(response.raw))).toBe("short")
      expect((yield* stats).active).toBe(0)
    })
  )

  it.scoped("a body that another streams or has closed is not taken from it", () =>
    Effect.gen(function* () {
      const { client } = yield* served({ status: 400, body: "short" })
      const streamed = yield* client.stream("GET", "/")
      yield* Stream.runDrain(streamed.stream)
      const closed = yield* client.stream("GET", "/")
      yield* closed.close
      for (const response of [streamed, closed]) {
        expect((yield* Effect.flip(response.raiseForStatus)).body).toMatchObject({ text: "", truncated: true })
      }
    })
  )

  it.scopedLive("a body whose connection breaks gives what had come", () =>
    Effect.gen(function* () {
      const body = Stream.concat(Stream.make(utf8("one ")), Stream.fail("broken"))
      for (const make of [clientOf, (reply: InProcess.Reply) => Effect.map(served(reply), ({ client }) => client)]) {
        const client = yield* make({ status: 500, body })
        const response = yield* client.stream("GET", make === clientOf ? url : "/")
        const error = yield* Effect.flip(response.raiseForStatus)
        expect(error.body).toMatchObject({ text: "one ", truncated: true })
        expect(yield* Effect.flip(response.text)).toMatchObject({ _tag: "ReadError" })
      }
    })
  )

  it.scoped("a coded body is decoded as far as it has come", () =>
    Effect.gen(function* () {
      const coded = gzipSync(Buffer.from(crypto.getRandomValues(new Uint8Array(60_000)).toString()))
      const cases = [
        { body: gzipSync("whole"), text: /^whole$/, truncated: false },
        { body: coded.subarray(0, 10_000), text: /^\d+(,\d+)*,?$/, truncated: true },
        { body: coded, text: /^[\d,]{65536}$/, truncated: true },
        { body: Buffer.from("not gzip"), text: /^$/, truncated: true }
      ]
      for (const { body, text, truncated } of cases) {
        const { client } = yield* served({ status: 500, headers: { "content-encoding": "gzip" }, body })
        const response = yield* client.stream("GET", "/")
        const error = yield* Effect.flip(response.raiseForStatus)
        expect(error.body.text).toMatch(text)
        expect(error.body.truncated).toBe(truncated)
      }
      const { client } = yield* served({ status: 500, headers: { "content-encoding": "a,b,c,d,e,f" }, body: "x" })
      const response = yield* client.stream("GET", "/")
      expect((yield* Effect.flip(response.raiseForStatus)).body).toMatchObject({ text: "", truncated: true })
    })
  )
})

describe("on the platform's side", () => {
  it.scopedLive("a failed status filter leaves the body readable, for its schema helpers too", () =>
    Effect.gen(function* () {
      const { bare, url } = yield* withServer(() =>
        Effect.succeed({ status: 422, headers: { "content-type": "application/json" }, body: '{"code":7}' })
      )
      const error = yield* Effect.flip(Effect.flatMap(bare.get(url), HttpClientResponse.filterStatusOk))
      if (error._tag !== "ResponseError") return expect.unreachable()
      expect(error.reason).toBe("StatusCode")
      const decode = HttpIncomingMessage.schemaBodyJson(Schema.Struct({ code: Schema.Number }))
      expect(yield* decode(error.response)).toEqual({ code: 7 })
      expect(yield* error.response.text).toBe('{"code":7}')
      expect(Chunk.size(yield* Stream.runCollect(error.response.stream))).toBe(1)
    })
  )
})
