/** Cookies of a client and of single calls: the jar, the caller's own, none; one jar for several requests and clients. */
import { HttpClient } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Client, Cookies, Exchange, Request, type Response } from "effect-httpx"
import { Transport } from "effect-httpx/node"
import { InProcess } from "effect-httpx/testing"
import { Deferred, Effect, Exit, Redacted, Stream } from "effect"
import { withJar } from "../src/policy/Cookies.js"
import { apply } from "../src/policy/Policy.js"
import { wireOf } from "../src/transport/platform/FromPlatform.js"
import { toHttpClient } from "../src/transport/platform/ToPlatform.js"
import { cookieHandler, setting, visitor } from "./support/cookieServer.js"
import { clientOf } from "./support/gatedServer.js"
import { listen } from "./support/routes.js"

const url = "https://h.example/"

const textOf = <E, E2, R>(call: Effect.Effect<{ readonly text: Effect.Effect<string, E2> }, E, R>) =>
  Effect.flatMap(call, (response) => response.text)

const over = (options?: Client.ClientOptions) =>
  Effect.provideService(Client.make(options), HttpClient.HttpClient, InProcess.make(cookieHandler))

describe("without a jar", () => {
  it.effect("nothing is kept", () =>
    Effect.gen(function* () {
      const client = yield* over()
      yield* client.get(setting(url, "a=1"))
      expect(yield* textOf(client.get(url))).toBe("")
    })
  )
})

describe("cookies of a call", () => {
  it.effect("are sent with that call, from a record or from pairs", () =>
    Effect.gen(function* () {
      const client = yield* over()
      const record = { a: "1", left: undefined, b: Redacted.make("s3cret"), ["__proto__"]: "p" }
      expect(yield* textOf(client.get(url, { cookies: record }))).toBe("a=1; b=s3cret; __proto__=p")
      const pairs = [
        ["a", "1"],
        ["a", "2"]
      ] as const
      expect(yield* textOf(client.get(url, { cookies: pairs }))).toBe("a=1; a=2")
      expect(yield* textOf(client.get(url, { cookies: {} }))).toBe("")
      expect(yield* textOf(client.get(url))).toBe("")
    })
  )

  it.effect("come with any kind of call", () =>
    Effect.gen(function* () {
      const client = yield* over()
      const cookies = { a: "1" }
      const content = Stream.make(new Uint8Array(1))
      expect(yield* textOf(client.post(url, { cookies, json: 1 }))).toBe("a=1")
      expect(yield* textOf(client.post(url, { cookies, content }))).toBe("a=1")
      expect(yield* textOf(client.send(Request.make("GET", url, { cookies })))).toBe("a=1")
      expect(yield* Effect.scoped(textOf(client.stream("GET", url, { cookies })))).toBe("a=1")
      const [get, put] = yield* client.all([
        { url, cookies },
        { method: "PUT", url, cookies, content }
      ])
      expect([yield* get.text, yield* put.text]).toEqual(["a=1", "a=1"])
    })
  )

  it.effect("join those of a Cookie field, and replace them by name", () =>
    Effect.gen(function* () {
      const client = yield* over({ headers: { Cookie: "a=client; b=client" } })
      expect(yield* textOf(client.get(url, { cookies: { a: "call" } }))).toBe("a=call; b=client")
      const headers = [
        ["cookie", "x=1; y=2"],
        ["Cookie", "z=3; alone"]
      ] as const
      expect(yield* textOf(client.get(url, { headers, cookies: { y: "call" } }))).toBe("y=call; x=1; z=3; alone")
    })
  )

  it.effect("that cannot be sent are an error of the request, and it is not sent", () =>
    Effect.gen(function* () {
      let sent = 0
      const client = yield* clientOf(() => Effect.sync(() => (sent++, {})))
      const names = ["", "a b", "a=b", "a;b", "a,b", "a\n", "é"]
      for (const name of names) {
        const error = yield* Effect.flip(client.get(url, { cookies: { [name]: "s3cret" } }))
        expect(error).toMatchObject({ _tag: "LocalProtocolError", delivery: "unsent" })
      }
      // @ts-expect-error: a number is no value
      const untyped: Request.CookiesInput = { a: 1 }
      // @ts-expect-error: nor is text a list of pairs
      const text: Request.CookiesInput = "a=s3cret"
      const values = ["a;b", "a\r\nSet-Cookie: x=s3cret", "s3cret ", " s3cret", "\u{1f36a}", "s3cret\0"]
      for (const cookies of [
        untyped,
        text,
        ...values.map((value) => ({ a: value })),
        { a: Redacted.make("s3cret;") }
      ]) {
        const error = yield* Effect.flip(client.get(url, { cookies }))
        expect(error).toMatchObject({ _tag: "LocalProtocolError", delivery: "unsent" })
        expect(error.message).not.toContain("s3cret")
      }
      expect(sent).toBe(0)
    })
  )

  it.effect("are not printed", () =>
    Effect.sync(() => {
      const request = Request.make("GET", url, { cookies: { a: "s3cret" } })
      expect(String(request)).toContain("Cookie")
      expect(String(request)).not.toContain("s3cret")
    })
  )
})

describe("a caller's own Cookie field", () => {
  it.effect("stays as it is, and the jar adds what it lacks", () =>
    Effect.gen(function* () {
      const { client, visit } = yield* visitor()
      yield* visit(url, "a=jar", "b=jar", "alone=jar")
      expect(yield* textOf(client.get(url, { headers: { cookie: "b=mine; alone;; c=" } }))).toBe(
        "b=mine; alone; c=; a=jar; alone=jar"
      )
      expect(yield* textOf(client.get(url, { cookies: { a: "mine" } }))).toBe("a=mine; b=jar; alone=jar")
      expect(yield* textOf(client.get("https://other.example/", { headers: { cookie: "b=mine;x" } }))).toBe("b=mine;x")
    })
  )
})

describe("cookies: null", () => {
  it.effect.each([null, false] as const)("or false: the jar is left out of the call (%s)", (cookies) =>
    Effect.gen(function* () {
      const { client, jar, visit } = yield* visitor()
      yield* visit(url, "a=1")
      expect(yield* textOf(client.get(setting(url, "b=2"), { cookies }))).toBe("")
      expect(yield* textOf(client.get(url, { cookies, headers: { cookie: "mine=1" } }))).toBe("mine=1")
      const [response] = yield* client.all([{ url: setting(url, "b=2"), cookies }])
      expect(yield* response.text).toBe("")
      expect(yield* jar.size).toBe(1)
      expect(yield* textOf(client.get(url, { cookies: undefined }))).toBe("a=1")
    })
  )
})

describe("a jar", () => {
  it.scopedLive("tells 127.0.0.1 and localhost apart, and not their ports", () =>
    Effect.gen(function* () {
      const first = yield* listen(cookieHandler)
      const second = yield* listen(cookieHandler)
      const jar = yield* Cookies.make()
      const { httpClient } = yield* Transport.make()
      const client = yield* Effect.provideService(Client.make({ cookies: jar }), HttpClient.HttpClient, httpClient)
      yield* client.get(setting(`${first}/login`, "sid=1; Path=/", "gone=1; Max-Age=0", "dom=1; Domain=localhost"))
      expect(yield* textOf(client.get(first))).toBe("sid=1")
      // RFC 6265bis §8.5: cookies do not tell ports apart.
      expect(yield* textOf(client.get(second))).toBe("sid=1")
      expect(yield* textOf(client.get(first.replace("127.0.0.1", "localhost")))).toBe("")
    })
  )

  it.scopedLive("has names resolved by the transport, and goes by the names", () =>
    Effect.gen(function* () {
      const { port } = new URL(yield* listen(cookieHandler))
      const jar = yield* Cookies.make()
      const { httpClient } = yield* Transport.make({ lookup: () => Effect.succeed(["127.0.0.1"]) })
      const client = yield* Effect.provideService(Client.make({ cookies: jar }), HttpClient.HttpClient, httpClient)
      yield* client.get(setting(`http://www.example.com:${port}/`, "a=1; Domain=example.com", "b=1"))
      expect(yield* textOf(client.get(`http://api.example.com:${port}/`))).toBe("a=1")
      expect(yield* textOf(client.get(`http://example.org:${port}/`))).toBe("")
    })
  )

  it.effect("is shared by the requests of a parallel block: each sends what has arrived until it is sent", () =>
    Effect.gen(function* () {
      const { client, jar } = yield* visitor()
      const urls = Array.from({ length: 50 }, (_, i) => setting(url, `c${i}=1`, `d${i}=1`))
      yield* client.all(urls, { concurrency: 10 })
      expect(yield* jar.size).toBe(100)
      const sent = yield* Effect.scoped(
        Effect.gen(function* () {
          const parallel = yield* client.parallel({ concurrency: 1 })
          const login = yield* parallel.get(setting(url, "session=1"))
          const after = yield* parallel.get(url)
          yield* login.getResponse
          return yield* textOf(after.getResponse)
        })
      )
      expect(sent.split("; ")).toContain("session=1")
      expect(sent.split("; ")).toHaveLength(101)
    })
  )

  it.effect("has what an answer sets before anybody sees its body", () =>
    Effect.gen(function* () {
      const jar = yield* Cookies.make()
      const gate = yield* Deferred.make<void>()
      const body = Stream.fromEffect(Effect.as(Deferred.await(gate), new Uint8Array(1)))
      const handler: InProcess.Handler = () => Effect.succeed({ headers: { "set-cookie": "a=1" }, body })
      const client = yield* Effect.provideService(
        Client.make({ cookies: jar }),
        HttpClient.HttpClient,
        InProcess.make(handler)
      )
      yield* Effect.scoped(
        Effect.gen(function* () {
          const response = yield* client.stream("GET", url)
          expect(yield* jar.size).toBe(1)
          yield* Deferred.succeed(gate, undefined)
          yield* response.read
        })
      )
    })
  )

  it.effect("is asked when the request is sent, not when it is made or begins to wait", () =>
    Effect.gen(function* () {
      const { client, jar } = yield* visitor()
      const made = client.get(url)
      const again = Effect.flatMap(made, (response) => response.text)
      expect(yield* again).toBe("")
      yield* jar.set("a=1", url)
      expect(yield* again).toBe("a=1")
      yield* jar.set("a=2", url)
      expect(yield* again).toBe("a=2")
    })
  )

  it.effect("is no part of a request that fails, or of an answer that never came", () =>
    Effect.gen(function* () {
      const jar = yield* Cookies.make()
      const client = yield* Effect.provideService(
        Client.make({ cookies: jar }),
        HttpClient.HttpClient,
        InProcess.make(() => Effect.fail("broken"))
      )
      yield* jar.set("a=1", url)
      expect(yield* Effect.flip(client.get(url))).toMatchObject({ _tag: "ReadError" })
      expect(yield* Effect.flip(client.get("none"))).toMatchObject({ _tag: "InvalidUrl" })
      const [broken] = yield* Effect.scoped(
        Effect.flatMap(client.parallel(), (parallel) =>
          Effect.flatMap(parallel.get("none"), (pending) => Effect.all([Effect.flip(pending.getResponse)]))
        )
      )
      expect(broken).toMatchObject({ _tag: "InvalidUrl" })
      expect(yield* jar.size).toBe(1)
    })
  )

  it.effect("of a user is no other user's, over one transport", () =>
    Effect.gen(function* () {
      const [ada, bob] = yield* Effect.all([visitor(), visitor()])
      yield* ada.visit(url, "user=ada")
      expect(yield* bob.visit(url)).toBe("")
    })
  )

  it.effect("may serve as the application's", () =>
    Effect.gen(function* () {
      const jar = yield* Cookies.Cookies
      const client = yield* over({ cookies: jar })
      yield* client.get(setting(url, "a=1"))
      expect(yield* jar.size).toBe(1)
    }).pipe(Effect.provide(Cookies.layer()))
  )
})

describe("in front of a wire that runs without fibers", () => {
  it.scopedLive("a jar needs none either", () =>
    Effect.gen(function* () {
      const server = yield* listen(cookieHandler)
      const { httpClient } = yield* Transport.make()
      const jar = yield* Cookies.make()
      const wire = apply(withJar(jar), wireOf(httpClient))
      const withoutFibers = toHttpClient({ ...wire, exchange: () => Effect.dieMessage("ran in a fiber") })
      const client = yield* Effect.provideService(Client.make(), HttpClient.HttpClient, withoutFibers)
      yield* client.all([setting(server, "a=1"), setting(server, "b=1")])
      const [kept, none] = yield* client.all([{ url: server }, { url: server, cookies: null }])
      expect((yield* kept.text).split("; ").sort()).toEqual(["a=1", "b=1"])
      expect(yield* none.text).toBe("")
    })
  )

  it.effect("it takes cookies from an answer that another policy goes on with, and none from a failure", () =>
    Effect.gen(function* () {
      const jar = yield* Cookies.make()
      const { exchange } = wireOf(InProcess.make(cookieHandler))
      const started = (answer: Effect.Effect<Response.Response, unknown>) => {
        let given: Effect.Effect<Response.Response, unknown> = Effect.dieMessage("not called back")
        const start = withJar(jar).start?.((_request, _call, answered) => answered(answer), exchange)
        const call = new Exchange.Call(undefined, true, false)
        start?.(Request.make("GET", url).as(call), call, (answer) => (given = answer))
        return given
      }
      const broken = Exit.fail("broken")
      expect(started(broken)).toBe(broken)
      const rest = started(exchange(Request.make("GET", setting(url, "a=1"))))
      expect(yield* jar.size).toBe(0)
      yield* rest
      expect(yield* jar.size).toBe(1)
    })
  )
})
