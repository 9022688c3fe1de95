/** Our transport and clients as the `HttpClient` of @effect/platform. */
import {
  Cookies,
  HttpApi,
  HttpApiBuilder,
  HttpApiClient,
  HttpApiEndpoint,
  HttpApiGroup,
  HttpBody,
  HttpClient,
  HttpClientRequest,
  HttpServer
} from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, FiberRef, Layer, Option, Ref, Schedule, Schema, Stream } from "effect"
import { Client } from "effect-httpx"
import { Transport } from "effect-httpx/node"
import { createServer } from "node:http"
import { withServer } from "./support/bridge.js"
import { echoed, fieldsOf, listen, makeRoutes } from "./support/routes.js"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

class Missing extends Schema.TaggedError<Missing>()("Missing", { id: Schema.Number }) {}

const api = HttpApi.make("api").add(
  HttpApiGroup.make("users")
    .add(
      HttpApiEndpoint.get("find", "/users/:id")
        .setPath(Schema.Struct({ id: Schema.NumberFromString }))
        .setUrlParams(Schema.Struct({ q: Schema.String }))
        .addSuccess(Schema.Struct({ id: Schema.Number, q: Schema.String }))
        .addError(Missing, { status: 404 })
    )
    .add(
      HttpApiEndpoint.post("create", "/users")
        .setPayload(Schema.Struct({ name: Schema.String }))
        .addSuccess(Schema.Struct({ name: Schema.String }), { status: 201 })
    )
    .add(HttpApiEndpoint.del("remove", "/users"))
)

const users = HttpApiBuilder.group(api, "users", (handlers) =>
  handlers
    .handle("find", ({ path: { id }, urlParams: { q } }) =>
      id === 404 ? Effect.fail(new Missing({ id })) : Effect.succeed({ id, q })
    )
    .handle("create", ({ payload }) => Effect.succeed(payload))
    .handle("remove", () => Effect.void)
)

/** The served API's URL. */
const serveApi = Effect.gen(function* () {
  const server = HttpApiBuilder.serve().pipe(
    Layer.provide(HttpApiBuilder.api(api)),
    Layer.provide(users),
    Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" }))
  )
  const { address } = Context.get(yield* Layer.build(server), HttpServer.HttpServer)
  return address._tag === "TcpAddress" ? `http://127.0.0.1:${address.port}` : ""
})

describe("HttpApiClient over a client of ours", () => {
  it.scopedLive("calls, with path, query, payload, typed errors and nothing", () =>
    Effect.gen(function* () {
      const url = yield* serveApi
      const { httpClient, stats } = yield* Transport.make({ limits: { connections: 1 } })
      const http = Client.layerHttpClient({ baseUrl: url, timeout: "5 seconds" }).pipe(
        Layer.provide(Layer.succeed(HttpClient.HttpClient, httpClient))
      )
      const client = yield* Effect.provide(HttpApiClient.make(api), http)
      expect(yield* client.users.find({ path: { id: 7 }, urlParams: { q: "a b&c" } })).toEqual({ id: 7, q: "a b&c" })
      expect(yield* client.users.create({ payload: { name: "Ädä" } })).toEqual({ name: "Ädä" })
      const missing = yield* Effect.flip(client.users.find({ path: { id: 404 }, urlParams: { q: "" } }))
      expect(missing).toEqual(new Missing({ id: 404 }))
      // Nobody reads what these answer, and there is one connection.
      for (const _ of [1, 2, 3]) expect(yield* client.users.remove()).toBeUndefined()
      expect(yield* stats).toMatchObject({ queued: 0, connecting: 0, active: 0, idle: 1 })
    })
  )
})

describe("an answer that the API does not know", () => {
  it.scopedLive("can be read by who is told so, and holds no connection", () =>
    Effect.gen(function* () {
      const { stats, under, url } = yield* withServer(() => Effect.succeed({ status: 418, body: "a teapot" }), {
        limits: { connections: 1 }
      })
      const http = Layer.provide(Client.layerHttpClient({ baseUrl: url }), under)
      const client = yield* Effect.provide(HttpApiClient.make(api), http)
      for (const _ of [1, 2]) {
        const error = yield* Effect.flip(client.users.find({ path: { id: 7 }, urlParams: { q: "" } }))
        expect(error._tag).toBe("ResponseError")
        if (error._tag === "ResponseError") expect(yield* error.response.text).toBe("a teapot")
      }
      expect(yield* stats).toMatchObject({ active: 0, idle: 1 })
    })
  )
})

describe("requests of the platform", () => {
  it.scopedLive("reach the transport itself, without any client", () =>
    Effect.gen(function* () {
      const { bare, url } = yield* withServer()
      const echo = yield* echoed(bare.post(`${url}/echo?a=1`, { headers: { "X-Own": "1" } }))
      expect(echo).toMatchObject({ method: "POST", target: "/echo?a=1" })
      expect(fieldsOf(echo, "x-own")).toEqual(["1"])
    })
  )

  it.scopedLive("get base URL, default fields, params and timeout of a client as the tag", () =>
    Effect.gen(function* () {
      const server = yield* withServer()
      const client = yield* server.as({
        baseUrl: `${server.url}/v1`,
        headers: { "x-default": "d", "x-both": "d" },
        params: { key: "k" },
        timeout: 40
      })
      const echo = yield* echoed(client.get("/users", { headers: { "x-both": "own" }, urlParams: { page: 2 } }))
      expect(echo.target).toBe("/v1/users?page=2&key=k")
      expect(fieldsOf(echo, "x-default")).toEqual(["d"])
      expect(fieldsOf(echo, "x-both")).toEqual(["own"])
      expect(fieldsOf(echo, "user-agent")[0]).toMatch(/^effect-httpx/)
      const error = yield* Effect.flip(client.get(`${server.url}/wait?id=slow`))
      expect(error).toMatchObject({ reason: "Transport", cause: { _tag: "TotalTimeout", limit: 40 } })
    })
  )

  it.scopedLive("and so do those of another client over it, one by one and in parallel blocks", () =>
    Effect.gen(function* () {
      const server = yield* withServer()
      const inner = { baseUrl: `${server.url}/v1`, headers: { "x-default": "d" }, params: { key: "k" } }
      const client = yield* Effect.provideServiceEffect(Client.make(), HttpClient.HttpClient, server.as(inner))
      const [parallel] = yield* client.all(["/users"])
      for (const response of [parallel, yield* client.get("/users")]) {
        const echo = yield* echoed(Effect.succeed(response))
        expect(echo.target).toBe("/v1/users?key=k")
        expect(fieldsOf(echo, "x-default")).toEqual(["d"])
      }
      const slow = yield* Effect.provideServiceEffect(
        Client.make(),
        HttpClient.HttpClient,
        server.as({ ...inner, baseUrl: server.url, timeout: 40 })
      )
      expect(yield* Effect.flip(slow.all(["/wait?id=slow"]))).toMatchObject({ _tag: "TotalTimeout", limit: 40 })
    })
  )

  it.scopedLive("send a query as written, and params after it", () =>
    Effect.gen(function* () {
      const { bare, url } = yield* withServer()
      const signed = `${url}/echo?a=b%20c&sig=x%2Fy~z!&flag`
      const { target } = yield* echoed(bare.get(signed, { urlParams: { d: "e f~" } }))
      expect(target).toBe("/echo?a=b%20c&sig=x%2Fy~z!&flag&d=e%20f~")
      expect((yield* echoed(bare.get(new URL(`${url}/echo?x=1`)))).target).toBe("/echo?x=1")
    })
  )

  it.scopedLive("never send a fragment", () =>
    Effect.gen(function* () {
      const { bare, url } = yield* withServer()
      expect((yield* echoed(bare.get(`${url}/echo?x=1#frag`))).target).toBe("/echo?x=1")
      expect((yield* echoed(bare.get(`${url}/echo`, { hash: "frag", urlParams: { x: 1 } }))).target).toBe("/echo?x=1")
    })
  )

  it.scopedLive("send the user and password of a URL as Basic authorization", () =>
    Effect.gen(function* () {
      const server = yield* withServer()
      const withUser = `${server.url.replace("//", "//jo%40x:p%C3%A4ss@")}/echo`
      const basic = [`Basic ${Buffer.from("jo@x:päss").toString("base64")}`]
      const client = yield* Effect.provide(Client.make(), server.under)
      expect(fieldsOf(yield* echoed(server.bare.get(withUser)), "authorization")).toEqual(basic)
      expect(fieldsOf(yield* echoed(client.get(withUser)), "authorization")).toEqual(basic)
      const own = { headers: { authorization: "Bearer own" } }
      expect(fieldsOf(yield* echoed(client.get(withUser, own)), "authorization")).toEqual(["Bearer own"])
    })
  )

  it.scopedLive("send form data, with its boundary", () =>
    Effect.gen(function* () {
      const { bare, url } = yield* withServer()
      const form = new FormData()
      form.append("name", "Ada")
      form.append("file", new Blob(["content"]), "a.txt")
      const request = HttpClientRequest.bodyFormData(HttpClientRequest.post(`${url}/echo`), form)
      for (const each of [request, HttpClientRequest.setHeader(request, "content-type", "multipart/form-data")]) {
        const echo = yield* echoed(bare.execute(each))
        const [type = ""] = fieldsOf(echo, "content-type")
        const sent = yield* Effect.promise(() =>
          new Response(echo.body, { headers: { "content-type": type } }).formData()
        )
        expect([...sent.keys()]).toEqual(["name", "file"])
        expect(sent.get("name")).toBe("Ada")
      }
    })
  )

  it.scopedLive("send a stream with the length it announces, in the caller's context", () =>
    Effect.gen(function* () {
      const { bare, url } = yield* withServer()
      const locale = yield* FiberRef.make("none")
      const content = Stream.fromEffect(Effect.map(FiberRef.get(locale), bytes))
      const request = HttpClientRequest.bodyStream(HttpClientRequest.put(`${url}/echo`), content, { contentLength: 5 })
      const echo = yield* Effect.locally(echoed(bare.execute(request)), locale, "fr_CH")
      expect(echo.body).toBe("fr_CH")
      expect(fieldsOf(echo, "content-length")).toEqual(["5"])
      expect(fieldsOf(echo, "transfer-encoding")).toEqual([])
    })
  )

  it.scopedLive("send what else can be a body", () =>
    Effect.gen(function* () {
      const { bare, url } = yield* withServer()
      const sent = (body: unknown) =>
        Effect.map(
          echoed(bare.execute(HttpClientRequest.setBody(HttpClientRequest.post(`${url}/echo`), HttpBody.raw(body)))),
          (echo) => echo.body
        )
      expect(yield* sent("text")).toBe("text")
      expect(yield* sent(bytes("bytes"))).toBe("bytes")
      expect(yield* sent(bytes("buffer").buffer)).toBe("buffer")
      expect(yield* sent(new DataView(bytes("view").buffer, 1))).toBe("iew")
      expect(yield* sent(new Blob(["blob"]))).toBe("blob")
      expect(yield* sent(new URLSearchParams({ a: "1 2" }))).toBe("a=1+2")
      expect(yield* sent(new Blob(["flow"]).stream())).toBe("flow")
      expect(yield* sent(Stream.make(bytes("stream")))).toBe("stream")
      expect(yield* sent(undefined)).toBe("")
      expect(yield* Effect.flip(sent({ not: "a body" }))).toMatchObject({ _tag: "RequestError", reason: "Encode" })
      const once = new Blob(["once"]).stream()
      expect(yield* sent(once)).toBe("once")
      expect(yield* Effect.flip(sent(once))).toMatchObject({ reason: "Encode", cause: { _tag: "StreamConsumed" } })
    })
  )

  it.scopedLive("have their form, Blob or parameters sent again where a redirect asks for that", () =>
    Effect.gen(function* () {
      const { handler } = makeRoutes()
      const moved = { status: 307, headers: { location: "/echo" } }
      const url = yield* listen((request) => (request.path === "/moved" ? Effect.succeed(moved) : handler(request)))
      const context = yield* Layer.build(Layer.provide(Client.layerHttpClient(), Transport.layer()))
      const form = new FormData()
      form.append("a", "1")
      form.append("file", new Blob(["content"]), "a.txt")
      for (const body of [form, new Blob(["content"]), new URLSearchParams({ a: "content" })]) {
        const request = HttpClientRequest.setBody(HttpClientRequest.post(`${url}/moved`), HttpBody.raw(body))
        const echo = yield* echoed(Context.get(context, HttpClient.HttpClient).execute(request))
        expect(echo.body).toContain("content")
        expect(fieldsOf(echo, "content-length")).toEqual([String(echo.body.length)])
      }
    })
  )

  it.scopedLive("send a new body with its own length, whatever the old one's was", () =>
    Effect.gen(function* () {
      const { bare, url } = yield* withServer()
      const once = HttpClientRequest.bodyText(HttpClientRequest.post(`${url}/echo`), "0123456789")
      const echo = yield* echoed(bare.execute(HttpClientRequest.bodyStream(once, Stream.make(bytes("abc")))))
      expect(echo.body).toBe("abc")
      expect(fieldsOf(echo, "content-length")).toEqual([])
      const empty = yield* echoed(bare.execute(HttpClientRequest.bodyText(once, "")))
      expect(fieldsOf(empty, "content-length")).toEqual(["0"])
    })
  )

  it.scopedLive("keep Connection and Expect fields", () =>
    Effect.gen(function* () {
      const { bare, stats, url } = yield* withServer()
      const headers = { connection: "close", expect: "100-continue" }
      const echo = yield* echoed(bare.post(`${url}/echo`, { headers, body: HttpBody.text("late") }))
      expect(fieldsOf(echo, "connection")).toEqual(["close"])
      expect(fieldsOf(echo, "expect")).toEqual(["100-continue"])
      expect(echo.body).toBe("late")
      expect((yield* stats).idle).toBe(0)
    })
  )
})

describe("the platform's combinators over our transport", () => {
  it.scopedLive("mapRequest and mapRequestInput change what is sent", () =>
    Effect.gen(function* () {
      const server = yield* withServer()
      const client = server.bare.pipe(
        HttpClient.mapRequest(HttpClientRequest.prependUrl(server.url)),
        HttpClient.mapRequestInput(HttpClientRequest.appendUrl("/echo")),
        HttpClient.mapRequest(HttpClientRequest.bearerToken("token"))
      )
      const echo = yield* echoed(client.get("/users"))
      expect(echo.target).toBe("/users/echo")
      expect(fieldsOf(echo, "authorization")).toEqual(["Bearer token"])
    })
  )

  it.scopedLive("retry and retryTransient send again, and no connection stays with what failed", () =>
    Effect.gen(function* () {
      let calls = 0
      const flaky = () => Effect.sync(() => (calls++ % 3 < 2 ? { status: 503, body: "busy" } : { body: "done" }))
      const { bare, stats, url } = yield* withServer(({ path }) => (path === "/flaky" ? flaky() : undefined), {
        limits: { connections: 1 }
      })
      const transient = HttpClient.retryTransient(bare, { times: 3 })
      expect(yield* Effect.flatMap(transient.get(`${url}/flaky`), (response) => response.text)).toBe("done")
      const strict = HttpClient.retry(HttpClient.filterStatusOk(bare), Schedule.recurs(3))
      expect(yield* Effect.flatMap(strict.get(`${url}/flaky`), (response) => response.text)).toBe("done")
      expect(calls).toBe(6)
      expect((yield* stats).active).toBe(0)
    })
  )

  it.scopedLive("retryTransient leaves alone what is wrong with the request itself", () =>
    Effect.gen(function* () {
      const { bare, url } = yield* withServer()
      let runs = 0
      const counted = HttpClient.mapRequest(bare, (request) => (runs++, request))
      const { get, post } = HttpClientRequest
      for (const request of [
        get(`${url}/echo`, { headers: { "x-a": "1\r\nx-b: 2" } }),
        get("ftp://h.test/"),
        get("nowhere"),
        HttpClientRequest.bodyStream(post(`${url}/echo`), Stream.fail("my own"))
      ]) {
        runs = 0
        const error = yield* Effect.flip(HttpClient.retryTransient(counted, { times: 3 }).execute(request))
        expect([error._tag, runs]).toEqual(["RequestError", 1])
      }
    })
  )

  it.scopedLive("filterStatusOk fails with the response, whose body can be read, and which holds no connection", () =>
    Effect.gen(function* () {
      const { bare, stats, url } = yield* withServer(undefined, { limits: { connections: 1 } })
      const error = yield* Effect.flip(HttpClient.filterStatusOk(bare).get(`${url}/status/404`))
      expect(error).toMatchObject({ _tag: "ResponseError", reason: "StatusCode" })
      expect((yield* bare.get(`${url}/status/200`)).status).toBe(200)
      expect((yield* stats).active).toBe(0)
      if (error._tag === "ResponseError") expect(yield* error.response.text).toBe("status 404")
    })
  )

  it.scopedLive("followRedirects and withCookiesRef find what they need", () =>
    Effect.gen(function* () {
      const { bare, url } = yield* withServer(({ path }) =>
        path === "/login"
          ? Effect.succeed({ status: 302, headers: { location: "/echo?from=login", "set-cookie": "sid=1" } })
          : undefined
      )
      const jar = yield* Ref.make(Cookies.empty)
      const client = HttpClient.followRedirects(HttpClient.withCookiesRef(bare, jar))
      expect((yield* echoed(client.get(`${url}/login`))).target).toBe("/echo?from=login")
      expect(Cookies.toCookieHeader(yield* Ref.get(jar))).toBe("sid=1")
      expect(fieldsOf(yield* echoed(client.get(`${url}/echo`)), "cookie")).toEqual(["sid=1"])
    })
  )

  it.scopedLive("a request may become a client's again: neither wraps the other twice", () =>
    Effect.gen(function* () {
      const server = yield* withServer()
      const http = Layer.provide(Client.layerHttpClient({ baseUrl: `${server.url}/v1` }), server.under)
      const client = yield* Effect.provide(Client.make({ headers: { "x-upper": "1" } }), http)
      const response = yield* client.get("/users")
      expect(response.httpVersion).toBe("HTTP/1.1")
      expect(response.url).toBe(`${server.url}/v1/users`)
    })
  )

  it.scopedLive("a client sends the platform's requests too", () =>
    Effect.gen(function* () {
      const server = yield* withServer()
      const client = yield* Effect.provide(Client.make(), server.under)
      const echo = yield* echoed(client.send(HttpClientRequest.del(`${server.url}/echo`, { urlParams: { a: 1 } })))
      expect(echo).toMatchObject({ method: "DELETE", target: "/echo?a=1" })
      const response = yield* server.bare.get(`${server.url}/echo`)
      expect(Option.getOrThrow(response.remoteAddress)).toBe("127.0.0.1")
    })
  )
})
