/** Credentials of clients and of calls: which are sent, where they come from, and who sees them. */
import { FetchHttpClient, HttpClient, HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import {
  Cause,
  Config,
  ConfigProvider,
  Context,
  Data,
  Deferred,
  Effect,
  Fiber,
  Layer,
  Redacted,
  Ref,
  Stream
} from "effect"
import { Auth, Client, HttpxError, Request } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import { inspect } from "node:util"
import { Fields } from "../src/protocol/Fields.js"
import { atRest, connected, failsWith, failureOf } from "./support/failing.js"
import { echoed, fieldsOf, listen, makeRoutes } from "./support/routes.js"
import { scripted, silent } from "./support/scripted.js"

class NoTicket extends Data.TaggedError("NoTicket")<{ readonly message: string }> {}

const password = Redacted.make("s3cret")

const basicOf = (user: string) => `Basic ${Buffer.from(user).toString("base64")}`

/** A client of a server that tells what it is sent. */
const echoing = (auth?: Auth.Auth<unknown>, options?: Client.ClientOptions) =>
  Effect.gen(function* () {
    const url = yield* listen(makeRoutes().handler)
    const { client, stats } = yield* connected({}, { auth, ...options })
    const get = (path = "/", call?: Request.CallOptions) =>
      echoed(client.get(path.startsWith("/") ? url + path : path, call))
    return { client, get, stats, url, host: url.replace("http://", "") }
  })

const authorizationOf = (echo: Effect.Effect.Success<ReturnType<typeof echoed>>) => fieldsOf(echo, "authorization")

describe("Auth.basic", () => {
  it.scopedLive("sends user and password in UTF-8", () =>
    Effect.gen(function* () {
      const { get } = yield* echoing(Auth.basic("jürgen", Redacted.make("пароль:€")))
      expect(authorizationOf(yield* get())).toEqual([basicOf("jürgen:пароль:€")])
    })
  )

  it.scopedLive.each([
    ["a:b", "p", "the user has a colon in it"],
    ["a\nb", "p", "a control character in it"],
    ["a", "p\u0000", "a control character in it"]
  ] as const)("fails for the user %j and the password %j, before anything is sent", ([user, secret, what]) =>
    Effect.gen(function* () {
      const { client, stats, url } = yield* echoing(Auth.basic(user, Redacted.make(secret)))
      for (const call of [client.get(url), client.race([url])]) {
        const error = yield* failsWith(call, "AuthError")
        expect(error.message).toContain(what)
        expect([error.phase, error.delivery]).toEqual(["prepare", "unsent"])
      }
      expect(yield* stats).toEqual(atRest(0))
    })
  )
})

describe("Auth.bearer", () => {
  it.scopedLive("sends a token, or what an effect gives, asked for each request", () =>
    Effect.gen(function* () {
      const fixed = yield* echoing(Auth.bearer(Redacted.make("t0")))
      expect(authorizationOf(yield* fixed.get())).toEqual(["Bearer t0"])
      let n = 0
      const asked = yield* echoing(Auth.bearer(Effect.sync(() => Redacted.make(`t${++n}`))))
      expect(authorizationOf(yield* asked.get())).toEqual(["Bearer t1"])
      expect(authorizationOf(yield* asked.get())).toEqual(["Bearer t2"])
    })
  )

  it.scopedLive("fails with the failure of its effect as cause", () =>
    Effect.gen(function* () {
      const { get } = yield* echoing(Auth.bearer(Effect.fail({ _tag: "Vault", code: 7 })))
      const error = yield* failsWith(get(), "AuthError")
      expect(error.cause).toEqual({ _tag: "Vault", code: 7 })
      expect(error.message).toMatch(/: the auth failed$/)
    })
  )

  it.scopedLive("needs what its effect needs, from where the client is made", () =>
    Effect.gen(function* () {
      class Vault extends Context.Tag("test/Vault")<Vault, { readonly token: string }>() {}
      const url = yield* listen(makeRoutes().handler)
      const { httpClient } = yield* connected()
      const auth = Auth.bearer(Effect.map(Vault, ({ token }) => Redacted.make(token)))
      const client = yield* Client.make({ auth }).pipe(
        Effect.provideService(Vault, { token: "v1" }),
        Effect.provideService(HttpClient.HttpClient, httpClient)
      )
      expect(authorizationOf(yield* echoed(client.get(url)))).toEqual(["Bearer v1"])
      const plain = yield* Effect.provideService(Client.make(), HttpClient.HttpClient, httpClient)
      const provided = Auth.provideContext(auth, Context.make(Vault, { token: "v2" }))
      expect(authorizationOf(yield* echoed(plain.get(url, { auth: provided })))).toEqual(["Bearer v2"])
    })
  )

  it.scopedLive("is not waited for longer than the call may take", () =>
    Effect.gen(function* () {
      const { get } = yield* echoing(Auth.bearer(Effect.never))
      const error = yield* failsWith(get("/", { timeout: "20 millis" }), "TotalTimeout")
      expect([error.limit, error.phase, error.delivery]).toEqual([20, "prepare", "unsent"])
      const { get: soon } = yield* echoing(Auth.bearer(Effect.succeed(Redacted.make("t"))))
      expect(authorizationOf(yield* soon("/", { timeout: "10 seconds" }))).toEqual(["Bearer t"])
      expect(authorizationOf(yield* soon("/", { timeout: Infinity }))).toEqual(["Bearer t"])
    })
  )

  it.scopedLive("with a line break in it is no field, and forges none", () =>
    Effect.gen(function* () {
      const { get } = yield* echoing(Auth.bearer(Redacted.make("a\r\nx-forged: 1")))
      const error = yield* failsWith(get(), "LocalProtocolError")
      expect(inspect(error)).not.toContain("forged")
    })
  )

  it.scopedLive("that has been wiped is none", () =>
    Effect.gen(function* () {
      const token = Redacted.make("gone")
      const call = [
        Auth.bearer(token),
        Auth.bearer(Effect.succeed(token)),
        Auth.header("x", token),
        Auth.query("x", token)
      ]
      Redacted.unsafeWipe(token)
      for (const auth of call) {
        const { get } = yield* echoing(auth)
        expect((yield* failsWith(get(), "AuthError")).message).toContain("the secret has been wiped")
      }
    })
  )
})

describe("what is no secret, user or flow", () => {
  const plain = "s3cret"
  const aws = { region: "eu-central-1", service: "execute-api" }
  const auths: Readonly<Record<string, Auth.Auth<unknown>>> = {
    // @ts-expect-error: not Redacted
    "a token": Auth.bearer(plain),
    // @ts-expect-error: not Redacted
    "an effect's token": Auth.bearer(Effect.succeed(plain)),
    // @ts-expect-error: not text
    "a user": Auth.basic(undefined, password),
    // @ts-expect-error: not Redacted
    "a password": Auth.basic("ada", plain),
    // @ts-expect-error: not text
    "a number": Auth.query("key", Redacted.make(5)),
    // @ts-expect-error: none
    "no keys": Auth.awsSigV4({ ...aws, credentials: undefined }),
    // @ts-expect-error: not all
    "half of the keys": Auth.awsSigV4({ ...aws, credentials: { secretAccessKey: password } }),
    // @ts-expect-error: none
    "an effect's keys": Auth.awsSigV4({ ...aws, credentials: Effect.succeed(null) }),
    // @ts-expect-error: no flow
    "a flow": Auth.make("flow")
  }

  it.effect.each(Object.entries(auths))("is a failure of the call that does not show it: %s", ([, auth]) =>
    Effect.gen(function* () {
      const client = yield* Effect.provide(
        Client.make({ auth }),
        InProcess.layer(() => Effect.succeed({}))
      )
      const error = yield* failsWith(client.get("http://h.test/"), "AuthError")
      expect(inspect(error)).not.toContain("s3cret")
    })
  )
})

describe("Auth.header and Auth.query", () => {
  it.scopedLive("send a key in a field, beside an authorization and in place of the field's other value", () =>
    Effect.gen(function* () {
      const key = Auth.header("X-Key", Redacted.make("k1"))
      const { get, host } = yield* echoing(key, { headers: { "x-key": "default", "x-other": "1" } })
      const echo = yield* get(`http://u:p@${host}/`)
      expect(echo.headers.filter(([name]) => /^x-|^auth/i.test(name))).toEqual([
        ["x-other", "1"],
        ["Authorization", basicOf("u:p")],
        ["X-Key", "k1"]
      ])
      expect(fieldsOf(yield* get("/", { headers: { "X-KEY": "own" } }), "x-key")).toEqual(["own"])
      expect(fieldsOf(yield* get("/", { headers: { "X-KEY": "own" }, auth: key }), "x-key")).toEqual(["k1"])
    })
  )

  it.scopedLive("send a key as a parameter, and leave the others as they are written", () =>
    Effect.gen(function* () {
      const { get } = yield* echoing(Auth.query("api key", Redacted.make("k/1&é")))
      expect((yield* get("/p?a=%7e&b=x+y#part")).target).toBe("/p?a=%7e&b=x+y&api%20key=k%2F1%26%C3%A9")
      expect((yield* get("/p")).target).toBe("/p?api%20key=k%2F1%26%C3%A9")
    })
  )

  it.scopedLive("are sent without fibers too, as all that is known", () =>
    Effect.gen(function* () {
      for (const auth of [Auth.basic("u", password), Auth.header("x-key", password), Auth.query("k", password)]) {
        const { client, get, url } = yield* echoing(auth)
        const one = yield* get()
        const many = yield* client.all([url, url])
        for (const response of many) expect(yield* echoed(Effect.succeed(response))).toEqual(one)
      }
    })
  )
})

describe("of several credentials", () => {
  const auth = Auth.basic("client", password)

  it.scopedLive("a call's auth comes first", () =>
    Effect.gen(function* () {
      const { get, host } = yield* echoing(auth, { headers: { authorization: "Default" } })
      const own = { auth: Auth.bearer(Redacted.make("call")), headers: { Authorization: "Own" } }
      expect(authorizationOf(yield* get(`http://u:p@${host}/`, own))).toEqual(["Bearer call"])
    })
  )

  it.scopedLive("then a field that the call has itself", () =>
    Effect.gen(function* () {
      const { client, get, host, url } = yield* echoing(auth, { headers: { authorization: "Default" } })
      const own = { headers: { Authorization: "Own" } }
      expect(authorizationOf(yield* get("/", own))).toEqual(["Own"])
      expect(authorizationOf(yield* get(`http://u:p@${host}/`, own))).toEqual(["Own"])
      expect(authorizationOf(yield* echoed(client.send(Request.make("GET", url, own))))).toEqual(["Own"])
    })
  )

  it.scopedLive("then the client's auth, before a user in the URL and the client's fields", () =>
    Effect.gen(function* () {
      const { client, get, host, url } = yield* echoing(auth, { headers: { authorization: "Default" } })
      expect(authorizationOf(yield* get())).toEqual([basicOf("client:s3cret")])
      expect(authorizationOf(yield* get(`http://u:p@${host}/`))).toEqual([basicOf("client:s3cret")])
      expect(authorizationOf(yield* echoed(client.send(Request.make("GET", url))))).toEqual([basicOf("client:s3cret")])
    })
  )

  it.scopedLive("an auth that sets Authorization takes the place of a user that Basic cannot carry", () =>
    Effect.gen(function* () {
      const { client, get, host } = yield* echoing(auth)
      const url = `http://a%3Ab:pw@${host}/`
      expect(authorizationOf(yield* get(url))).toEqual([basicOf("client:s3cret")])
      expect(authorizationOf(yield* get(url, { auth: Auth.bearer(Redacted.make("call")) }))).toEqual(["Bearer call"])
      const [response] = yield* client.all([url])
      expect(authorizationOf(yield* echoed(Effect.succeed(response)))).toEqual([basicOf("client:s3cret")])
    })
  )

  it.scopedLive("as does a digest, which sends nothing before it is asked", () =>
    Effect.gen(function* () {
      const { get, host } = yield* echoing(Auth.digest("ada", password))
      expect(authorizationOf(yield* get(`http://a%3Ab:pw@${host}/`))).toEqual([])
    })
  )

  it.scopedLive("such a user fails the call before anything is sent where no auth takes its place", () =>
    Effect.gen(function* () {
      const { client, host, stats } = yield* echoing(auth)
      const url = `http://a%3Ab:pw@${host}/`
      const key = Auth.header("X-Api-Key", Redacted.make("key"))
      for (const other of [null, key]) {
        const error = yield* failsWith(client.get(url, { auth: other }), "InvalidUrl")
        expect(error.message).toContain("the user has a colon")
        expect(error.message).not.toContain("pw")
      }
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive("null is no auth: a user in the URL is sent, and the client's fields", () =>
    Effect.gen(function* () {
      const { get, host } = yield* echoing(auth)
      expect(authorizationOf(yield* get("/", { auth: null }))).toEqual([])
      expect(authorizationOf(yield* get("/", { auth: undefined }))).toEqual([basicOf("client:s3cret")])
      expect(authorizationOf(yield* get(`http://u:p%40@${host}/`, { auth: null }))).toEqual([basicOf("u:p@")])
      const { get: without } = yield* echoing(auth, { headers: { authorization: "Default" } })
      expect(authorizationOf(yield* without("/", { auth: null }))).toEqual(["Default"])
    })
  )

  it.scopedLive("a client without auth sends a user in the URL, whatever the way", () =>
    Effect.gen(function* () {
      const { client, host } = yield* echoing()
      const url = `http://j%C3%B6:p@${host}/`
      const responses = [yield* client.get(url), ...(yield* client.all([url])), yield* client.stream("GET", url)]
      for (const response of responses) {
        expect(authorizationOf(yield* echoed(Effect.succeed(response)))).toEqual([basicOf("jö:p")])
      }
    })
  )

  it.scopedLive("an auth of a call reaches every way of sending", () =>
    Effect.gen(function* () {
      const { client, url } = yield* echoing()
      const call = { auth, content: Stream.make(new Uint8Array(1)) }
      const responses = [
        yield* client.post(url, call),
        yield* client.stream("POST", url, call),
        ...(yield* client.all([
          { url, auth },
          { url, method: "POST", ...call }
        ])),
        yield* client.race([{ url, auth }]),
        yield* client.send(Request.make("GET", url, { auth })),
        yield* client.parallel.use((parallel) =>
          Effect.flatMap(parallel.get(url, { auth }), (pending) => pending.getResponse)
        )
      ]
      for (const response of responses) {
        expect(authorizationOf(yield* echoed(Effect.succeed(response)))).toEqual([basicOf("client:s3cret")])
      }
    })
  )
})

describe("Auth.make", () => {
  /** A server whose tickets are good for one request. */
  const tickets = (bodies = "the ticket is in the field") => {
    let issued = 0
    const seen: Array<string> = []
    const handler: InProcess.Handler = ({ body, headers }) =>
      Effect.map(body, (bytes) => {
        const authorization = headers.get("authorization")
        seen.push(`${authorization ?? "nobody"} ${new TextDecoder().decode(bytes)}`.trim())
        return authorization === `Ticket ${issued}`
          ? { body: "welcome" }
          : { status: 401, headers: { "x-ticket": String(++issued) }, body: bodies }
      })
    return { handler, seen }
  }

  const ticketed = Auth.make((request, send) =>
    Effect.gen(function* () {
      const response = yield* send(request)
      const ticket = response.headers["x-ticket"]
      if (response.status !== 401 || ticket === undefined) return response
      return yield* send(request.withHeaders(request.headers.set("Authorization", `Ticket ${ticket}`)))
    })
  )

  it.scopedLive("sends as many requests as it wants, on one connection", () =>
    Effect.gen(function* () {
      const { handler, seen } = tickets()
      const url = yield* listen(handler)
      const { client, stats } = yield* connected({ limits: { connections: 1 } }, { auth: ticketed })
      const response = yield* client.post(url, { content: "body" })
      expect([response.status, yield* response.text]).toEqual([200, "welcome"])
      expect(seen).toEqual(["nobody body", "Ticket 1 body"])
      expect(yield* stats).toEqual(atRest(1))
      yield* client.all([url, url])
      yield* Effect.scoped(Effect.flatMap(client.stream("GET", url), (response) => response.read))
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("releases a long answer before it goes on", () =>
    Effect.gen(function* () {
      const { handler } = tickets("x".repeat(3_000_000))
      const url = yield* listen(handler)
      const { client, stats } = yield* connected(
        { limits: { connections: 1 } },
        { auth: ticketed, timeout: "5 seconds" }
      )
      expect((yield* client.get(url)).status).toBe(200)
      const open = Effect.flatMap(client.stream("GET", url), (response) => response.text)
      expect(yield* Effect.scoped(open)).toBe("welcome")
      expect((yield* stats).active).toBe(0)
    })
  )

  it.scopedLive("may read an answer before it goes on", () =>
    Effect.gen(function* () {
      const url = yield* listen(({ headers }) =>
        Effect.succeed(headers.get("authorization") === "Ticket 7" ? {} : { status: 401, body: "7" })
      )
      const auth = Auth.make((request, send) =>
        Effect.gen(function* () {
          const ticket = yield* (yield* send(request)).text
          return yield* send(request.withHeaders(request.headers.set("Authorization", `Ticket ${ticket}`)))
        })
      )
      const { client } = yield* connected({}, { auth })
      expect((yield* client.get(url)).status).toBe(200)
      const streamed = Effect.map(client.stream("GET", url), ({ status }) => status)
      expect(yield* Effect.scoped(streamed)).toBe(200)
    })
  )

  it.scopedLive("may keep what it has learned, and need something for that", () =>
    Effect.gen(function* () {
      class Tickets extends Context.Tag("test/Tickets")<Tickets, Ref.Ref<number>>() {}
      const url = yield* listen(makeRoutes().handler)
      const auth = Auth.make((request, send) =>
        Effect.gen(function* () {
          const count = yield* Ref.updateAndGet(yield* Tickets, (n) => n + 1)
          return yield* send(request.withHeaders(request.headers.set("Authorization", `Count ${count}`)))
        })
      )
      const { httpClient } = yield* connected()
      const client = yield* Client.make({ auth }).pipe(
        Effect.provideServiceEffect(Tickets, Ref.make(0)),
        Effect.provideService(HttpClient.HttpClient, httpClient)
      )
      expect(authorizationOf(yield* echoed(client.get(url)))).toEqual(["Count 1"])
      expect(authorizationOf(yield* echoed(client.get(url)))).toEqual(["Count 2"])
    })
  )

  it.scopedLive("may send requests of its own making, with the call's timeouts", () =>
    Effect.gen(function* () {
      const url = yield* listen(makeRoutes().handler)
      const { client } = yield* connected({}, { auth: Auth.make((_, send) => send(Request.make("GET", `${url}/own`))) })
      expect((yield* echoed(client.get(url))).target).toBe("/own")
      const server = yield* scripted(silent)
      const slow = Auth.make((_, send) => send(Request.make("GET", server.url())))
      const error = yield* failsWith(client.get(url, { auth: slow, timeout: { read: "20 millis" } }), "ReadTimeout")
      expect(error.limit).toBe(20)
    })
  )

  it.scopedLive("is given a request without the authorization of others", () =>
    Effect.gen(function* () {
      const auth = Auth.make((request, send) => send(request))
      const { get, host } = yield* echoing(auth, { headers: { authorization: "Default" } })
      expect(authorizationOf(yield* get(`http://u:p@${host}/`))).toEqual([])
    })
  )

  it.scopedLive("fails with its own failure as the cause of an AuthError, and with others as they are", () =>
    Effect.gen(function* () {
      const own = yield* echoing(Auth.make(() => Effect.fail(new NoTicket({ message: "no ticket" }))))
      const error = yield* failsWith(own.get(), "AuthError")
      expect(error.message).toContain("the auth failed: no ticket")
      expect(error.cause).toEqual(new NoTicket({ message: "no ticket" }))
      const server = yield* scripted((c) => Effect.zipRight(c.request, c.reset))
      yield* failsWith((yield* echoing(ticketed)).client.get(server.url()), "ReadError")
      yield* failsWith((yield* echoing(ticketed)).client.all([server.url()]), "ReadError")
      const { handler } = tickets()
      const url = yield* listen(handler)
      const failing = Auth.make((request, send) => Effect.zipRight(send(request), Effect.fail("late")))
      const { client, stats } = yield* connected({}, { auth: failing })
      yield* failsWith(Effect.scoped(client.stream("GET", url)), "AuthError")
      expect((yield* stats).active).toBe(0)
    })
  )

  it.scopedLive("hands the failure of the request's own body on", () =>
    Effect.gen(function* () {
      const { client, url } = yield* echoing(ticketed)
      const content = Stream.concat(Stream.make(new Uint8Array(1)), Stream.fail("disk"))
      const error = yield* failureOf(client.post(url, { content }))
      expect(error).toMatchObject({ _tag: "BodyError", error: "disk" })
    })
  )

  it.scopedLive("cannot send a body twice that flows once", () =>
    Effect.gen(function* () {
      const { handler, seen } = tickets()
      const url = yield* listen(handler)
      const { client, stats } = yield* connected({}, { auth: ticketed })
      const call = client.post(url, { content: Stream.make(new TextEncoder().encode("once")) })
      const error = yield* failsWith(call, "StreamConsumed")
      expect([error.delivery, error.message]).toEqual(["answered", expect.stringContaining("give its bytes")])
      expect(seen).toEqual(["nobody once"])
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("has no more time than the call", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client, stats } = yield* connected({}, { auth: ticketed })
      const error = yield* failsWith(client.get(server.url(), { timeout: "30 millis" }), "TotalTimeout")
      expect([error.limit, error.delivery, error.phase]).toEqual([30, "unknown", "wait"])
      yield* server.untilOpen(0)
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive("leaves no connection open when it is interrupted", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) =>
        Effect.gen(function* () {
          yield* c.request
          yield* c.send("HTTP/1.1 401 Unauthorized\r\nX-Ticket: 1\r\nContent-Length: 100000\r\n\r\nbegun")
        })
      )
      const { client, stats } = yield* connected({}, {})
      const waiting = yield* Deferred.make<void>()
      const stuck = Auth.make((request, send) =>
        Effect.zipRight(send(request), Effect.zipRight(Deferred.succeed(waiting, undefined), Effect.never))
      )
      const fiber = yield* Effect.fork(Effect.scoped(client.stream("GET", server.url(), { auth: stuck })))
      yield* Deferred.await(waiting)
      yield* Fiber.interrupt(fiber)
      expect(yield* stats).toEqual(atRest(0))
      yield* server.untilOpen(0)

      const between = yield* Effect.fork(client.get(server.url(), { auth: ticketed }))
      const second = yield* server.connection(1)
      yield* second.seen("\r\n\r\n")
      yield* Fiber.interrupt(between)
      yield* server.untilOpen(0)
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.effect("that throws is a defect of that call alone", () =>
    Effect.gen(function* () {
      const auth = Auth.make((): never => {
        throw new Error("bug")
      })
      const client = yield* Effect.provide(
        Client.make(),
        InProcess.layer(() => Effect.succeed({}))
      )
      const exit = yield* Effect.exit(client.get("http://h.test/", { auth }))
      expect(exit._tag === "Failure" && Cause.isDie(exit.cause)).toBe(true)
      expect((yield* client.get("http://h.test/")).status).toBe(200)
    })
  )
})

describe("a secret is not shown", () => {
  const secrets = {
    basic: Auth.basic("ada", password),
    bearer: Auth.bearer(password),
    header: Auth.header("X-My-Own", password),
    query: Auth.query("my-own", password),
    digest: Auth.digest("ada", password),
    oauth: Auth.oauth2ClientCredentials({ tokenUrl: "http://h.test/", clientId: "a", clientSecret: password }),
    aws: Auth.awsSigV4({ region: "r", service: "s", credentials: { accessKeyId: "a", secretAccessKey: password } }),
    custom: Auth.make((request, send) => send(request))
  }

  it.each(Object.entries(secrets))("by an auth: %s", (_, auth) => {
    const shown = [inspect(auth, { depth: 9, showHidden: true }), JSON.stringify(auth), String(auth)].join()
    expect(shown).toContain(auth.scheme)
    expect(shown).not.toContain("s3cret")
    expect([Auth.isAuth(auth), Auth.isAuth({}), Auth.isAuth(null)]).toEqual([true, false, false])
  })

  it.scopedLive.each(["basic", "bearer", "header", "query"] as const)("by requests, answers and errors: %s", (name) =>
    Effect.gen(function* () {
      const { client, url } = yield* echoing(secrets[name])
      const response = yield* client.get(`${url}/status/404`)
      const error = yield* Effect.flip(response.raiseForStatus)
      const refused = yield* failureOf(client.get("http://127.0.0.1:1/"))
      const shown = [response, response.request, error, refused].flatMap((value) => [
        inspect(value, { depth: 9 }),
        JSON.stringify(value),
        String(value)
      ])
      const encoded = basicOf("ada:s3cret").replace("Basic ", "")
      for (const text of shown) for (const secret of ["s3cret", encoded]) expect(text).not.toContain(secret)
    })
  )

  it("by fields, also of others' names, and what is made of them", () => {
    const fields = Fields.from({ a: "1" }).setSecret("X-Mine", "s3cret")
    const other = Fields.from({ c: "2" }).setSecret("X-Yours", "s3cret")
    const made = [
      fields,
      fields.append("b", "2"),
      fields.set("b", "2"),
      fields.remove("a"),
      fields.merge(Fields.from({ c: "3" })),
      Fields.from({ c: "3" }).merge(fields),
      fields.merge(other),
      fields.set("x-mine", "s3cret")
    ]
    for (const each of made) {
      expect(JSON.stringify(each)).toContain("redacted")
      expect(JSON.stringify(each)).not.toContain("s3cret")
      expect([each.isSecret("x-mInE"), each.isSecret("c"), each.isSecret("Cookie")]).toEqual([true, false, true])
    }
    expect(fields.get("x-mine")).toBe("s3cret")
    expect(other.isSecret("x-mine")).toBe(false)
  })
})

describe("a client made elsewhere", () => {
  it.scoped("from Config", () =>
    Effect.gen(function* () {
      const { handler } = makeRoutes()
      const layer = Client.layerConfig({ auth: Config.map(Config.redacted("TOKEN"), (token) => Auth.bearer(token)) })
      const echo = yield* echoed(Client.get("http://h.test/")).pipe(
        Effect.provide(Layer.provide(layer, InProcess.layer(handler))),
        Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["TOKEN", "t1"]])))
      )
      expect(authorizationOf(echo)).toEqual(["Bearer t1"])
    })
  )

  it.scoped("as the platform's HttpClient, whose requests' own fields come first", () =>
    Effect.gen(function* () {
      const layer = Client.layerHttpClient({ auth: Auth.bearer(Redacted.make("t1")) })
      const { handler } = makeRoutes()
      const program = Effect.gen(function* () {
        const client = yield* HttpClient.HttpClient
        expect(authorizationOf(yield* echoed(client.get("http://h.test/")))).toEqual(["Bearer t1"])
        const own = HttpClientRequest.bearerToken(HttpClientRequest.get("http://h.test/"), "own")
        expect(authorizationOf(yield* echoed(client.execute(own)))).toEqual(["Bearer own"])
      })
      yield* Effect.provide(program, Layer.provide(layer, InProcess.layer(handler)))
    })
  )
})

describe("Auth.withAuth", () => {
  const over = (auth: Auth.Auth) =>
    Effect.provide(Effect.map(HttpClient.HttpClient, Auth.withAuth(auth)), FetchHttpClient.layer)

  it.scopedLive("puts credentials before any client of the platform", () =>
    Effect.gen(function* () {
      const url = yield* listen(makeRoutes().handler)
      const client = yield* over(Auth.basic("jürgen", password))
      expect(authorizationOf(yield* echoed(client.get(url)))).toEqual([basicOf("jürgen:s3cret")])
      // Their fetch client drops or refuses a user in a URL.
      const plain = yield* over(Auth.make((request, send) => send(request)))
      expect(authorizationOf(yield* echoed(plain.get(url.replace("http://", "http://u:p@"))))).toEqual([])
      const keyed = yield* over(Auth.header("x-key", password))
      const echo = yield* echoed(keyed.get(url.replace("http://", "http://u:p@")))
      expect([authorizationOf(echo), fieldsOf(echo, "x-key")]).toEqual([[basicOf("u:p")], ["s3cret"]])
    })
  )

  it.effect("fails with what the auth fails with, and needs what it needs", () =>
    Effect.gen(function* () {
      class Vault extends Context.Tag("test/Vault")<Vault, { readonly token: string }>() {}
      class Locked {
        readonly _tag = "Locked"
      }
      const double = HttpClient.make((request) =>
        Effect.succeed(HttpClientResponse.fromWeb(request, new Response(request.headers["authorization"] ?? "nobody")))
      )
      const token = Effect.flatMap(Vault, ({ token }) =>
        token === "" ? Effect.fail(new Locked()) : Effect.succeed(Redacted.make(token))
      )
      const client = Auth.withAuth(Auth.bearer(token))(double)
      const call = (token: string) =>
        client.get("http://h.test/").pipe(
          Effect.flatMap((response) => response.text),
          Effect.provideService(Vault, { token })
        )
      expect(yield* call("v1")).toBe("Bearer v1")
      expect(yield* Effect.flip(call(""))).toEqual(new Locked())
      const flow = Auth.withAuth(Auth.make(() => Effect.fail(new Locked())))(double)
      expect(yield* Effect.flip(flow.get("http://h.test/"))).toEqual(new Locked())
    })
  )

  it.effect("fails with the platform's error for credentials that cannot be sent", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip((yield* over(Auth.basic("a:b", password))).get("http://h.test/"))
      expect(error).toMatchObject({ _tag: "RequestError", cause: { _tag: "AuthError" } })
    })
  )

  it.scopedLive("goes on where our own client is underneath, with its parallel requests", () =>
    Effect.gen(function* () {
      const url = yield* listen(makeRoutes().handler)
      const { httpClient } = yield* connected()
      const authorized = Auth.withAuth(Auth.basic("u", password))(httpClient)
      const client = yield* Effect.provideService(Client.make(), HttpClient.HttpClient, authorized)
      for (const response of yield* client.all([url, url])) {
        expect(authorizationOf(yield* echoed(Effect.succeed(response)))).toEqual([basicOf("u:s3cret")])
      }
      expect(HttpxError.isHttpxError(yield* failureOf(client.get("nowhere")))).toBe(true)
    })
  )
})
