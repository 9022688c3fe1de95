/** Requests as values, and what clients make of them. */
import { HttpClientRequest } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Config, Effect, Layer, Stream } from "effect"
import { Client, Request } from "effect-httpx"
import type { Response } from "effect-httpx/Response"
import { InProcess } from "effect-httpx/testing"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { withServer } from "./support/bridge.js"
import { connected } from "./support/failing.js"
import { h2Server } from "./support/h2server.js"

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** Answers with the method, URL, fields and body it was sent. */
const echo = InProcess.layer((request) =>
  Effect.map(request.body, (body) =>
    InProcess.json({
      method: request.method,
      url: request.url,
      headers: [...request.headers],
      body: new TextDecoder().decode(body)
    })
  )
)

describe("a request", () => {
  it.effect("can be built by a client, and sent later as it is", () =>
    Effect.gen(function* () {
      const client = yield* Client.make({ baseUrl: "http://h.test/v1", headers: { "x-own": "1" }, params: { a: 1 } })
      const request = client.build("put", "/users", { params: { b: 2 }, json: [1] })
      expect(request).toMatchObject({ method: "PUT", url: "http://h.test/v1/users?a=1&b=2" })
      const sent = yield* (yield* client.send(request)).json
      expect(sent).toEqual(yield* (yield* client.put("/users", { params: { b: 2 }, json: [1] })).json)
    }).pipe(Effect.provide(echo))
  )

  it("is a value that shows what will be sent", () => {
    const request = Request.make("post", "http://h.test/p?a=1", {
      json: [1],
      params: { b: 2 },
      tag: "mine",
      timeout: 5
    })
    expect(request).toMatchObject({ method: "POST", url: "http://h.test/p?a=1&b=2", tag: "mine" })
    expect(request.settings.timeouts).toMatchObject({ total: 5, connect: undefined })
    expect([...request.headers]).toEqual([["Content-Type", "application/json"]])
    expect(request.body).toEqual({ _tag: "Bytes", bytes: text("[1]") })
    expect(request.target).toMatchObject({ hostname: "h.test", pathAndQuery: "/p?a=1&b=2" })
    expect(request.toJSON()).toEqual({
      _id: "effect-httpx/Request",
      method: "POST",
      url: "http://h.test/p?a=<redacted>&b=<redacted>",
      tag: "mine",
      headers: [["Content-Type", "application/json"]],
      body: "Bytes"
    })
    expect(Request.isRequest(request)).toBe(true)
    expect(Request.isRequest(HttpClientRequest.get("/"))).toBe(false)
  })

  it("upper-cases the common methods and no other", () => {
    expect(Request.make("patch", "/").method).toBe("PATCH")
    expect(Request.make("propfind", "/").method).toBe("propfind")
  })

  it("takes a body once: text, bytes, a stream, JSON or a form", () => {
    const bodyOf = (options: Request.RequestOptions<string>) => Request.make("POST", "/", options).body
    expect(bodyOf({ content: "ü" })).toEqual({ _tag: "Bytes", bytes: text("ü") })
    expect(bodyOf({ content: Uint8Array.of(1) })).toEqual({ _tag: "Bytes", bytes: Uint8Array.of(1) })
    expect(bodyOf({ content: Stream.fail("x") })._tag).toBe("Stream")
    expect(bodyOf({ json: null })).toEqual({ _tag: "Bytes", bytes: text("null") })
    expect(bodyOf({ form: { a: [1, 2] } })).toEqual({ _tag: "Bytes", bytes: text("a=1&a=2") })
    expect(bodyOf({})._tag).toBe("Empty")
    // @ts-expect-error two bodies
    bodyOf({ json: 1, content: "2" })
    // @ts-expect-error a form and JSON
    bodyOf({ json: 1, form: {} })
  })

  it("that cannot be made knows why, and fails when it is sent", () => {
    const problemOf = (options: string) => Request.make("POST", "http://h.test/", JSON.parse(options)).problem
    expect(problemOf('{"params":{"a":null}}')?._tag).toBe("InvalidUrl")
    expect(problemOf('{"form":{"a":{}}}')?._tag).toBe("LocalProtocolError")
    expect(problemOf('{"content":{}}')?._tag).toBe("LocalProtocolError")
    expect(Request.make("POST", "http://h.test/", { json: 1n }).problem).toMatchObject({
      _tag: "LocalProtocolError",
      delivery: "unsent",
      phase: "prepare"
    })
  })

  it.scopedLive("is answered early if the server will not have its body", () =>
    Effect.gen(function* () {
      const { under, url } = yield* withServer(() => Effect.succeed({ status: 413, body: "too large" }))
      const client = yield* Effect.provide(Client.make(), under)
      const content = Stream.repeatValue(new Uint8Array(65_536))
      const response = yield* client.post(url, { content })
      expect([response.status, yield* response.text]).toEqual([413, "too large"])
    })
  )
})

describe("the body of a request", () => {
  const contents = {
    bytes: (bytes: Uint8Array) => bytes,
    "a list": (bytes: Uint8Array) => [bytes],
    "a stream": (bytes: Uint8Array) => Stream.make(bytes),
    "a function": (bytes: Uint8Array) => () => Stream.make(bytes)
  }

  /** A client of a server that answers "one " when it has the body, and goes on with "two" when it is let. */
  const servers = {
    "HTTP/1.1": Effect.gen(function* () {
      const { open, under, url } = yield* withServer()
      const client = yield* Effect.provide(Client.make(), under)
      return { client, url: `${url}/gated?id=large`, goOn: open("large") }
    }),
    "HTTP/2": Effect.gen(function* () {
      let goOn = () => {}
      const server = yield* h2Server((stream) => {
        stream.resume().on("end", () => {
          stream.respond({ ":status": 200 })
          stream.write("one ")
        })
        goOn = () => stream.end("two")
      })
      const { client } = yield* connected({ http1: false })
      return { client, url: server.url(), goOn: Effect.sync(() => goOn()) }
    })
  }

  const ways = Object.entries(servers).flatMap(([version, server]) =>
    Object.entries(contents).map(([what, contentOf]) => [`${what}, ${version}`, server, contentOf] as const)
  )

  it.scopedLive.each(ways)("is not kept in memory by its answer: %s", ([, server, contentOf]) =>
    Effect.gen(function* () {
      setFlagsFromString("--expose-gc")
      const collectGarbage: unknown = runInNewContext("gc")
      const { client, goOn, url } = yield* server
      const kept: Array<WeakRef<Uint8Array>> = []
      const upload = Effect.suspend(() => {
        const content = new Uint8Array(1_000_000)
        kept.push(new WeakRef(content))
        return client.stream("POST", url, { content: contentOf(content) })
      })
      const response = yield* upload
      const isKept = Effect.promise(async () => {
        await new Promise(setImmediate)
        if (typeof collectGarbage === "function") collectGarbage()
        return kept[0]?.deref() !== undefined
      })
      for (let i = 0; i < 20 && (yield* isKept); i++) continue
      expect(yield* isKept).toBe(false)
      yield* goOn
      expect(yield* response.text).toBe("one two")
    })
  )
})

describe("a client", () => {
  it.effect("is had by its tag, and its verbs without it", () =>
    Effect.gen(function* () {
      const sent = <E, R>(call: Effect.Effect<Response, E, R>) => Effect.flatMap(call, (response) => response.json)
      expect(yield* sent(Client.get("/get", { params: { a: 1 } }))).toMatchObject({
        method: "GET",
        url: "https://api.test/v1/get?a=1"
      })
      expect((yield* Client.head("/head")).status).toBe(200)
      expect(yield* sent(Client.options("/"))).toMatchObject({ method: "OPTIONS" })
      expect(yield* sent(Client.post("/", { content: "post" }))).toMatchObject({ method: "POST", body: "post" })
      expect(yield* sent(Client.put("/", { content: "put" }))).toMatchObject({ method: "PUT", body: "put" })
      expect(yield* sent(Client.patch("/", { content: "patch" }))).toMatchObject({ method: "PATCH", body: "patch" })
      expect(yield* sent(Client.del("/", { content: "del" }))).toMatchObject({ method: "DELETE", body: "del" })
      expect(yield* sent(Client.request("QUERY", "/", { json: 1 }))).toMatchObject({ method: "QUERY", body: "1" })
      expect(yield* sent(Client.send(Request.make("GET", "https://as.is/")))).toMatchObject({ url: "https://as.is/" })
      expect(yield* sent(Client.send(HttpClientRequest.get("https://as.is/")))).toMatchObject({ url: "https://as.is/" })
      const streamed = Effect.flatMap(Client.stream("GET", "/stream"), (response) => response.text)
      expect(yield* Effect.scoped(streamed)).toContain("https://api.test/v1/stream")
      const block = Effect.gen(function* () {
        const parallel = yield* Client.parallel()
        const pending = yield* parallel.get("/parallel")
        return (yield* pending.getResponse).url
      })
      expect(yield* Effect.scoped(block)).toBe("https://api.test/v1/parallel")
    }).pipe(Effect.provide(Layer.provide(Client.layer({ baseUrl: new URL("https://api.test/v1") }), echo)))
  )

  it.effect("takes its options from Config", () => {
    const configured = Client.layerConfig({
      baseUrl: Config.string("API_URL"),
      timeout: Config.duration("API_TIMEOUT"),
      headers: Config.map(Config.string("API_KEY"), (key) => ({ "x-key": key }))
    })
    const provider = (entries: ReadonlyArray<readonly [string, string]>) =>
      Layer.setConfigProvider(ConfigProvider.fromMap(new Map(entries)))
    const complete = provider([
      ["API_URL", "https://api.test/v2"],
      ["API_TIMEOUT", "3 seconds"],
      ["API_KEY", "key"]
    ])
    return Effect.gen(function* () {
      const response = yield* Effect.provide(Client.get("/p"), Layer.provide(configured, complete))
      expect(response.request.settings.timeouts.total).toBe(3000)
      expect(response.request.headers.get("x-key")).toBe("key")
      expect(response.url).toBe("https://api.test/v2/p")
      const incomplete = yield* Effect.flip(Effect.provide(Client.get("/p"), Layer.provide(configured, provider([]))))
      expect(String(incomplete)).toContain("API_URL")
    }).pipe(Effect.provide(echo))
  })

  it.effect("without a base URL wants whole ones", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Client.get("/p"))
      expect(error).toMatchObject({ _tag: "InvalidUrl" })
      expect(error.message).toContain("baseUrl")
    }).pipe(Effect.provide(Layer.provide(Client.layer(), echo)))
  )

  it.effect("with options that cannot be used says so when it is used", () =>
    Effect.gen(function* () {
      const options: Client.ClientOptions = JSON.parse('{"params":{"a":null}}')
      const client = yield* Client.make(options)
      expect((yield* Effect.flip(client.get("https://h.test/")))._tag).toBe("InvalidUrl")
      const forged = yield* Client.make({ headers: { "x-a": "1\n2" } })
      expect((yield* Effect.flip(forged.get("https://h.test/")))._tag).toBe("LocalProtocolError")
    }).pipe(Effect.provide(echo))
  )
})
