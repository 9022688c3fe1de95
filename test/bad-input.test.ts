/** What cannot be sent fails with an error of its own, before anything is opened, and without a secret in it. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { type HttpxError, Request } from "effect-httpx"
import { inspect } from "node:util"
import { connected, failsWith, unreached } from "./support/failing.js"
import { answering, ok, scripted } from "./support/scripted.js"

/** What the types refuse, and a caller in JavaScript may give all the same. */
const untyped = (value: unknown) => value as never

describe("a URL that is none", () => {
  it.scopedLive.each([
    ["", "not absolute"],
    ["/relative", "not absolute"],
    ["//127.0.0.1/without-scheme", "not absolute"],
    ["example.com/path", "not absolute"],
    ["http://127.0.0.1:99999/", "host or port"],
    ["http://127.0.0.1:port/", "host or port"],
    ["http://127.0.0.1:-1/", "host or port"],
    ["http://", "host or port"],
    ["http://:80/", "host or port"],
    ["http://a host/", "host or port"],
    ["http://[::1/", "host or port"],
    ["http://1.2.3.4.5/", "host or port"],
    ["http://a%00b/", "host or port"],
    ["http:/x", "must be followed by //host"],
    ["http:x", "must be followed by //host"],
    ["http://127.0.0.1/a\r\nHost: evil", "control character"],
    ["http://127.0.0.1/a\tb", "control character"],
    ["http://127.0.0.1/\0", "control character"],
    ["http://a%3Ab:pw@127.0.0.1/", "the user has a colon"],
    ["http://user:pw%0D%0A@127.0.0.1/", "control character"]
  ])("is InvalidUrl: %j", ([url, why]) =>
    Effect.gen(function* () {
      const { client, refused } = yield* unreached
      const error = yield* refused(client.get(url!), "InvalidUrl")
      expect(error.message).toContain(why)
    })
  )

  it.scopedLive("is InvalidUrl too when the base URL is none", () =>
    Effect.gen(function* () {
      const { client } = yield* connected({}, { baseUrl: "nowhere" })
      yield* failsWith(client.get("/users"), "InvalidUrl")
    })
  )

  it.scopedLive("is InvalidUrl when a relative URL would leave the base's host unseen", () =>
    Effect.gen(function* () {
      const { client } = yield* connected({}, { baseUrl: "http://127.0.0.1:1/" })
      yield* failsWith(client.get("//evil.example/"), "InvalidUrl")
    })
  )

  it.scopedLive("is InvalidUrl when the base URL has a user that cannot be sent", () =>
    Effect.gen(function* () {
      const { client } = yield* connected({}, { baseUrl: "http://a%3Ab:pw@127.0.0.1:1/" })
      const error = yield* failsWith(client.get("/users"), "InvalidUrl")
      expect(error.message).not.toContain("pw")
      yield* failsWith(client.send(Request.make("GET", "http://a%3Ab@127.0.0.1:1/")), "InvalidUrl")
    })
  )

  it.scopedLive("is none for its user when the call has credentials of its own", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("fine")))
      const { client } = yield* connected()
      const url = server.url("/").replace("//", "//a%3Ab:pw@")
      const response = yield* client.get(url, { headers: { Authorization: "Bearer own" } })
      expect(response.request.headers.getAll("authorization")).toEqual(["Bearer own"])
    })
  )

  it.scopedLive("fails each call that it is given to", () =>
    Effect.gen(function* () {
      const { client, refused } = yield* unreached
      yield* refused(client.post("/x", { json: {} }), "InvalidUrl")
      yield* refused(Effect.scoped(client.stream("GET", "/x")), "InvalidUrl")
      yield* refused(client.send(Request.make("GET", "/x")), "InvalidUrl")
      const parallel = yield* client.parallel()
      const pending = yield* parallel.get("/x")
      expect((yield* Effect.flip(pending.getResponse))._tag).toBe("InvalidUrl")
    })
  )
})

describe("a scheme that is neither http nor https", () => {
  it.scopedLive.each([
    "ftp://127.0.0.1/",
    "file:///etc/passwd",
    "data:text/plain,hello",
    "javascript:alert(1)",
    "ws://127.0.0.1/",
    "localhost:8080/path"
  ])("is UnsupportedProtocol: %s", (url) =>
    Effect.gen(function* () {
      const { client, refused } = yield* unreached
      const error = yield* refused(client.get(url), "UnsupportedProtocol")
      expect(error.message).toContain("neither http: nor https:")
    })
  )
})

describe("a field that HTTP cannot carry", () => {
  it.scopedLive.each([
    ["x", "a\r\nInjected: yes", "line break or NUL"],
    ["x", "a\nb", "line break or NUL"],
    ["x", "a\rb", "line break or NUL"],
    ["x", "a\0b", "line break or NUL"],
    ["x", "snow ☃", "percent-encode"],
    ["x", "a\x7fb", "percent-encode"],
    ["", "empty", "is not a field name"],
    ["a b", "space", "is not a field name"],
    ["a:b", "colon", "is not a field name"],
    ["a\r\nb", "line break", "is not a field name"],
    ["naïve", "letter", "is not a field name"]
  ])("is LocalProtocolError: %j with %j", ([name, value, why]) =>
    Effect.gen(function* () {
      const { client, refused, server } = yield* unreached
      const error = yield* refused(client.get(server.url(), { headers: { [name!]: value } }), "LocalProtocolError")
      expect(error.message).toContain(why)
      const withDefault = yield* connected({}, { headers: [[name!, value!]] })
      yield* refused(withDefault.client.get(server.url()), "LocalProtocolError")
    })
  )

  it.scopedLive("does not say the value, which may be a secret", () =>
    Effect.gen(function* () {
      const { client, refused, server } = yield* unreached
      const headers = { authorization: "Bearer hunter2\n" }
      const error = yield* refused(client.get(server.url(), { headers }), "LocalProtocolError")
      expect(inspect(error, { depth: 9 })).not.toContain("hunter2")
    })
  )
})

describe("a method that is no token", () => {
  it.scopedLive.each(["", "GET /", "GET /evil HTTP/1.1\r\nHost: x\r\n\r\nGET", "GE\nT", "G(T", "GÉT"])(
    "is LocalProtocolError: %j",
    (method) =>
      Effect.gen(function* () {
        const { client, server } = yield* unreached
        const error = yield* Effect.flip(client.request(method, server.url()))
        expect(error).toMatchObject({ _tag: "LocalProtocolError", phase: "prepare", delivery: "unsent" })
        expect(error.message).toContain("is not a method")
        expect(server.connections).toEqual([])
      })
  )
})

describe("params and forms that have no text", () => {
  it.scopedLive.each([
    ["null", { a: null }],
    ["an object", { a: { b: 1 } }],
    ["a function", { a: () => 1 }],
    ["a symbol", { a: Symbol("a") }],
    ["null in a list", { a: [1, null] }],
    ["null in pairs", [["a", null]]],
    ["no record", "a=1"]
  ])("are InvalidUrl in params and LocalProtocolError in a form: %s", ([, value]) =>
    Effect.gen(function* () {
      const { client, refused, server } = yield* unreached
      const params = yield* refused(client.get(server.url(), { params: untyped(value) }), "InvalidUrl")
      expect(params.message).toContain("parameter")
      const form = yield* refused(client.post(server.url(), { form: untyped(value) }), "LocalProtocolError")
      expect(form.message).toContain("form: parameter")
    })
  )
})

describe("a body that cannot be sent", () => {
  const cyclic: Record<string, unknown> = {}
  cyclic.self = cyclic

  it.scopedLive.each([
    ["a cycle", cyclic, "cannot be serialized"],
    ["a BigInt", { a: 1n }, "cannot be serialized"],
    ["a function", () => 1, "a function has no JSON form"],
    ["a symbol", Symbol("a"), "a symbol has no JSON form"],
    ["what throws", { toJSON: () => JSON.parse("{") }, "cannot be serialized"]
  ])("is LocalProtocolError: json of %s", ([, json, why]) =>
    Effect.gen(function* () {
      const { client, refused, server } = yield* unreached
      const error = yield* refused(client.post(server.url(), { json }), "LocalProtocolError")
      expect(error.message).toContain(why)
    })
  )

  it.scopedLive.each([
    ["a number", 5],
    ["null", null],
    ["an object", { a: 1 }],
    ["a list", [1, 2]]
  ])("is LocalProtocolError: content that is %s", ([, content]) =>
    Effect.gen(function* () {
      const { client, refused, server } = yield* unreached
      const call = client.post(server.url(), { content: untyped(content) })
      const error = yield* refused(call as Effect.Effect<unknown, HttpxError.HttpxError>, "LocalProtocolError")
      expect(error.message).toContain("content is none of text, bytes")
    })
  )
})

describe("framing fields that contradict the body", () => {
  it.scopedLive.each<readonly [string, Request.FieldsInput, string]>([
    ["a Content-Length over the body's", { "content-length": "6" }, "the body has 5 bytes"],
    ["a Content-Length under the body's", { "content-length": "4" }, "the body has 5 bytes"],
    ["a Content-Length that is no length", { "content-length": "five" }, "is not a length"],
    ["a negative Content-Length", { "content-length": "-5" }, "is not a length"],
    ["two different Content-Lengths", { "content-length": ["5", "6"] }, "Content-Length"],
    ["a Transfer-Encoding that is not chunked", { "transfer-encoding": "gzip" }, "Transfer-Encoding"],
    ["a Transfer-Encoding after another", { "transfer-encoding": "gzip, chunked" }, "Transfer-Encoding"],
    ["both", { "content-length": "5", "transfer-encoding": "chunked" }, "both"],
    ["two Hosts", { host: ["a", "b"] }, "more than one Host"]
  ])("are LocalProtocolError: %s", ([, headers, why]) =>
    Effect.gen(function* () {
      const { client, refused, server } = yield* unreached
      const error = yield* refused(client.post(server.url(), { content: "12345", headers }), "LocalProtocolError")
      expect(error.message).toContain(why)
    })
  )

  it.scopedLive("are refused without a body as well", () =>
    Effect.gen(function* () {
      const { client, refused, server } = yield* unreached
      yield* refused(client.get(server.url(), { headers: { "content-length": "5" } }), "LocalProtocolError")
      yield* refused(client.get(server.url(), { headers: { "transfer-encoding": "chunked" } }), "LocalProtocolError")
    })
  )

  it.scopedLive("have a timeout that is a duration, in a language without types too", () =>
    Effect.gen(function* () {
      const { client, refused, server } = yield* unreached
      const options = JSON.parse('{"timeout":"soon"}') as { readonly timeout: "1 second" }
      yield* refused(client.get(server.url(), options), "LocalProtocolError")
    })
  )

  it.scopedLive("do not run a body stream that will not be sent", () =>
    Effect.gen(function* () {
      const { client, refused, server } = yield* unreached
      let ran = false
      const content = Stream.fromEffect(Effect.sync(() => ((ran = true), new Uint8Array(1))))
      const headers = { "transfer-encoding": "gzip" }
      yield* refused(client.post(server.url(), { content, headers }), "LocalProtocolError")
      expect(ran).toBe(false)
    })
  )
})

describe("secrets", () => {
  const secrets = /user-secret|password-secret|query-secret|param-secret|fragment-secret|header-secret/
  const headers = { authorization: "Bearer header-secret", cookie: "id=header-secret", "x-api-key": "header-secret" }
  const options = { headers, params: { token: "param-secret" } }

  /** All ways in which a value ends up in a log. */
  const shown = (value: unknown): string =>
    [inspect(value, { depth: 20 }), JSON.stringify(value), String(value), `${inspect({ value }, { depth: 20 })}`].join(
      "\n"
    )
  const secretive = (url: string): string =>
    url.replace("//", "//user-secret:password-secret@") + "?token=query-secret&a=query-secret#fragment-secret"

  it.scopedLive.each([
    ["InvalidUrl", "http://127.0.0.1:99999/"],
    ["UnsupportedProtocol", "ftp://127.0.0.1/"],
    ["ConnectError", "http://127.0.0.1:1/"],
    ["DnsError", "http://no-such-host.invalid/"]
  ])("are in no %s", ([tag, url]) =>
    Effect.gen(function* () {
      const { client } = yield* connected()
      const error = yield* Effect.flip(client.get(secretive(url!), options))
      expect(error._tag).toBe(tag)
      expect(error.message).toContain("token=<redacted>&a=<redacted>")
      expect(shown(error)).not.toMatch(secrets)
      expect(error.request.url).toContain(url!.slice(url!.indexOf("//") + 2))
    })
  )

  it.scopedLive("are in no failure of an answer, in no response and in no request", () =>
    Effect.gen(function* () {
      const answer = ok("not json", "Set-Cookie: id=header-secret").replace("200 OK", "404 Not Found")
      const server = yield* scripted(answering(answer))
      const { client } = yield* connected()
      const response = yield* client.get(secretive(server.url("/path")), options)
      const notJson = yield* failsWith(response.json, "DecodingError")
      const notOk = yield* Effect.flip(response.raiseForStatus)
      for (const value of [response, response.request, notJson, notOk]) {
        expect(shown(value)).not.toMatch(secrets)
        expect(shown(value)).toContain("/path?token=<redacted>")
      }
    })
  )

  it("are in no request that has not been sent", () => {
    const request = Request.make("GET", secretive("http://example.com/path"), options)
    expect(shown(request)).not.toMatch(secrets)
    expect(shown(request)).toContain("example.com/path")
  })

  it.scopedLive.each([
    "http:/user-secret:password-secret@127.0.0.1/",
    "http:user-secret:password-secret@127.0.0.1/",
    "http:\\\\user-secret:password-secret@127.0.0.1/",
    "user:password-secret@127.0.0.1/",
    "http://user-secret:pass/password-secret@127.0.0.1/",
    "http://user-secret:pass?password-secret@127.0.0.1/",
    " http://user-secret:password-secret@127.0.0.1/"
  ])("are not shown of a URL that is mistyped either: %s", (url) =>
    Effect.gen(function* () {
      const { client } = yield* connected()
      const error = yield* Effect.flip(client.get(url))
      expect(error.delivery).toBe("unsent")
      expect(shown(error)).not.toMatch(/user-secret|password-secret/)
    })
  )
})
