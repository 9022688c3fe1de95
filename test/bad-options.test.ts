/** Options that the types refuse, or whose own code throws, fail with a typed error before anything is opened. */
import type { HttpClient } from "@effect/platform"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { Auth, Cookies, Hooks, type HttpxError, Multipart, Redirects, Request } from "effect-httpx"
import { connected, failsWith, failureOf, unreached } from "./support/failing.js"
import { answering, ok, scripted } from "./support/scripted.js"

/** What the types refuse, and a caller in JavaScript may give all the same. */
const untyped = (value: unknown) => value as never

describe("options that are not what they should be, or whose own code throws", () => {
  const throwing = {
    get a(): string {
      throw new Error("a getter threw")
    }
  }
  const generating = () =>
    (function* () {
      yield ["a", "b"] as const
      throw new Error("a generator threw")
    })()

  it.scopedLive.each<readonly [string, () => object, HttpxError.InvalidRequest["_tag"], string]>([
    ["null headers", () => ({ headers: null }), "LocalProtocolError", "is not a field name"],
    ["headers that are text", () => ({ headers: "a: b" }), "LocalProtocolError", "is not a field name"],
    ["headers that are no pairs", () => ({ headers: [null] }), "LocalProtocolError", "is not a field name"],
    ["a field without a value", () => ({ headers: [["a"]] }), "LocalProtocolError", "not a string"],
    ["a field whose name is a number", () => ({ headers: [[1, "a"]] }), "LocalProtocolError", "is not a field name"],
    ["a field whose value is a symbol", () => ({ headers: { a: Symbol("b") } }), "LocalProtocolError", "not a string"],
    ["cookies that are no pairs", () => ({ cookies: [null] }), "LocalProtocolError", "a record or as pairs"],
    ["headers with a getter", () => ({ headers: throwing }), "LocalProtocolError", "a getter threw"],
    ["headers of a generator", () => ({ headers: generating() }), "LocalProtocolError", "a generator threw"],
    ["params with a getter", () => ({ params: throwing }), "LocalProtocolError", "a getter threw"],
    ["params of a generator", () => ({ params: generating() }), "LocalProtocolError", "a generator threw"],
    ["cookies of a generator", () => ({ cookies: generating() }), "LocalProtocolError", "a generator threw"],
    ["a form of a generator", () => ({ form: generating() }), "LocalProtocolError", "a generator threw"],
    ["NaN in params", () => ({ params: { a: NaN } }), "InvalidUrl", '"a" is NaN'],
    ["Infinity in params", () => ({ params: { a: [1, Infinity] } }), "InvalidUrl", '"a" is Infinity'],
    ["NaN in a form", () => ({ form: { a: NaN } }), "LocalProtocolError", '"a" is NaN'],
    ["a Blob in a form", () => ({ form: { a: new Blob(["b"]) } }), "LocalProtocolError", "Multipart.form"],
    ["content that is FormData", () => ({ content: new FormData() }), "LocalProtocolError", "Multipart.form"],
    ["content that is parameters", () => ({ content: new URLSearchParams("a=b") }), "LocalProtocolError", "as form"],
    ["an auth that is none", () => ({ auth: 5 }), "LocalProtocolError", "auth is none"],
    ["an auth that is an Effect", () => ({ auth: Effect.void }), "LocalProtocolError", "auth is none"],
    ["redirects that are a number", () => ({ followRedirects: 5 }), "LocalProtocolError", "followRedirects is none"],
    ["redirects that are null", () => ({ followRedirects: null }), "LocalProtocolError", "followRedirects is none"],
    ["a limit that is text", () => ({ followRedirects: { max: "5" } }), "LocalProtocolError", "followRedirects"],
    ["a redirect policy that is text", () => ({ followRedirects: { policy: "all" } }), "LocalProtocolError", "followR"],
    [
      "sensitive fields as text",
      () => ({ followRedirects: { sensitiveFields: "a" } }),
      "LocalProtocolError",
      "followR"
    ],
    ["sensitive fields of numbers", () => ({ followRedirects: { sensitiveFields: [1] } }), "LocalProtocolError", "fol"],
    ["a listener that is text", () => ({ onInformational: "x" }), "LocalProtocolError", "onInformational is no"],
    ["a target that is a number", () => ({ target: 5 }), "LocalProtocolError", "target is no text"],
    ["NaN as a timeout", () => ({ timeout: NaN }), "LocalProtocolError", "timeout is not a duration"],
    ["a timeout below zero", () => ({ timeout: { read: -1 } }), "LocalProtocolError", "timeout.read is not a duration"],
    ["a method that is a symbol", () => ({ method: Symbol("GET") }), "LocalProtocolError", "is not a method"]
  ])("fail the call, and that of a block: %s", ([, options, tag, why]) =>
    Effect.gen(function* () {
      const { client, refused, server } = yield* unreached
      const given = (): { readonly method?: string } => ({ method: "POST", ...options() })
      const called = Effect.suspend(() => {
        const { method = "POST", ...rest } = given()
        return client.request(method, server.url(), rest)
      })
      const error = yield* refused(called, tag)
      expect(error.message).toContain(why)
      const gathered = client.all([{ url: server.url(), ...given() }]) as Effect.Effect<unknown, HttpxError.HttpxError>
      expect((yield* refused(gathered, tag)).message).toContain(why)
    })
  )

  it.each([null, Object.create(null), Symbol("b"), undefined])("say so whatever was thrown: %#", (cause) => {
    const options = {
      json: {
        toJSON: () => {
          throw cause
        }
      }
    }
    expect(Request.make("POST", "http://example.com/", options).problem).toMatchObject({ _tag: "LocalProtocolError" })
  })

  it("leave a request that knows why it cannot be sent", () => {
    const request = Request.make("POST", "http://example.com/", { headers: throwing })
    expect(request.problem?.message).toContain("a getter threw")
    const unprintable = Request.make("GET", Object.create(null) as URL)
    expect(unprintable.problem).toMatchObject({ _tag: "LocalProtocolError" })
  })
})

describe("options of a client that are not what they should be, or whose own code throws", () => {
  it.scopedLive.each<readonly [string, () => object, string]>([
    ["an auth that is none", () => ({ auth: 5 }), "auth is none"],
    ["no auth where there is one for calls", () => ({ auth: null }), "auth is none"],
    ["redirects that are a number", () => ({ followRedirects: 5 }), "followRedirects is none"],
    ["a jar that is none", () => ({ cookies: { a: "b" } }), "cookies is no jar"],
    ["an Effect of a jar", () => ({ cookies: Cookies.make() }), "cookies is no jar"],
    ["a hook that is text", () => ({ hooks: { request: "log" } }), "a hook is no function"],
    ["a list of no hooks", () => ({ hooks: { response: [undefined] } }), "a hook is no function"],
    ["NaN as a timeout", () => ({ timeout: NaN }), "timeout is not a duration"],
    [
      "headers of a generator that throws",
      () => ({
        headers: (function* () {
          yield ["a", "b"] as const
          throw new Error("a generator threw")
        })()
      }),
      "a generator threw"
    ]
  ])("fail each call, and that of a block: %s", ([, options, why]) =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("")))
      const { client } = yield* connected({}, options())
      expect((yield* failsWith(client.get(server.url()), "LocalProtocolError")).message).toContain(why)
      const gathered = client.all([{ url: server.url() }]) as Effect.Effect<unknown, HttpxError.HttpxError>
      expect((yield* failsWith(gathered, "LocalProtocolError")).message).toContain(why)
      expect(server.connections).toEqual([])
    })
  )

  it.scopedLive("are read once: headers of a generator are those of every request", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("")), answering(ok("")))
      const headers = (function* () {
        yield ["X-A", "1"] as const
        yield ["Authorization", "Own"] as const
      })()
      const auth = Auth.basic("ada", Redacted.make("secret"))
      const { client } = yield* connected({}, { headers, auth })
      for (const _ of [1, 2]) {
        const { request } = yield* client.get(server.url())
        expect(request.headers.get("x-a")).toBe("1")
        expect(request.headers.get("authorization")).toMatch(/^Basic /)
      }
    })
  )

  it.scopedLive.each<readonly [string, (client: HttpClient.HttpClient) => HttpClient.HttpClient.With<HttpClientError>]>(
    [
      ["an auth", Auth.withAuth<never, never>(untyped(5))],
      ["redirects", Redirects.follow(untyped(5))],
      ["a jar", Cookies.withJar(untyped({}))],
      ["a hook", Hooks.onRequest<never, never>(untyped("log"))]
    ]
  )("fail what a policy alone was put before: %s", ([, withPolicy]) =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("")))
      const { httpClient } = yield* connected()
      const error = yield* failureOf(withPolicy(httpClient).get(server.url()))
      expect(error).toMatchObject({ _tag: "RequestError", cause: { _tag: "LocalProtocolError" } })
      expect(server.connections).toEqual([])
    })
  )
})

describe("what is no multipart body", () => {
  const throwing = {
    get a(): string {
      throw new Error("a getter threw")
    }
  }
  it.each<readonly [string, () => Request.Content, string]>([
    ["no list of parts", () => Multipart.make(untyped(5)), "no list"],
    ["no fields", () => Multipart.make(Multipart.form(untyped(null))), "no record"],
    ["a number as fields", () => Multipart.make(Multipart.form(untyped(5))), "no record"],
    ["fields with a getter", () => Multipart.make(Multipart.form(throwing)), "a getter threw"],
    ["null as options", () => Multipart.make([Multipart.part("a", "b", untyped(null))]), "threw"],
    ["a part's headers", () => Multipart.make([Multipart.part("a", "b", { headers: throwing })]), "a getter threw"]
  ])("is a request that cannot be sent: %s", (_, content, why) => {
    const { problem } = Request.make("POST", "http://example.com/", { content: content() })
    expect(problem).toMatchObject({ _tag: "LocalProtocolError", message: expect.stringContaining(why) as string })
  })
})

describe("bytes that were transferred to somewhere else", () => {
  const transferred = <A extends ArrayBufferView>(view: A): A => {
    structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] })
    return view
  }

  it.scopedLive.each<readonly [string, () => ArrayBuffer | ArrayBufferView]>([
    ["bytes", () => transferred(new Uint8Array(4))],
    ["a view", () => transferred(new DataView(new ArrayBuffer(4)))],
    ["a buffer", () => transferred(new Uint8Array(4)).buffer]
  ])("are no empty body: %s", ([, content]) =>
    Effect.gen(function* () {
      const { client, refused, server } = yield* unreached
      yield* refused(client.post(server.url(), { content: content() }), "LocalProtocolError")
    })
  )

  it.scopedLive("are none either when that happens after the request was made", () =>
    Effect.gen(function* () {
      const { client, refused, server } = yield* unreached
      const content = new Uint8Array(4)
      const request = client.build("POST", server.url(), { content })
      transferred(content)
      expect((yield* refused(client.send(request), "LocalProtocolError")).message).toContain("transferred")
    })
  )
})

describe("a function that gives no content", () => {
  it.scopedLive.each([
    ["a function", (): unknown => () => "text"],
    ["a promise", () => Promise.resolve("text")],
    ["nothing", () => undefined]
  ])("is LocalProtocolError: it gives %s", ([, content]) =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("")))
      const { client } = yield* connected()
      const call = client.post(server.url(), { content: untyped(content) })
      const error = yield* failsWith(call as Effect.Effect<unknown, HttpxError.HttpxError>, "LocalProtocolError")
      expect(error.message).toContain("content is none of text, bytes")
    })
  )
})
