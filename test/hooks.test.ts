/** Effects of the caller's around every message: what they see, what they change, and how they end a call. */
import { HttpClient, HttpClientError, HttpClientRequest } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Context, Data, Deferred, Effect, Exit, Fiber, Queue, Redacted, Stream, TestClock } from "effect"
import { Auth, Client, Cookies, Hooks, HttpxError, Request } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import type { Exchange } from "../src/Exchange.js"
import { withPolicy } from "../src/transport/platform/withPolicy.js"
import { digestServer } from "./support/digestServer.js"
import { atRest, connected, failsWith } from "./support/failing.js"
import { started, untilWaiting } from "./support/gatedServer.js"
import { h2Server } from "./support/h2server.js"
import { listen } from "./support/routes.js"
import { answering, ok, once, scripted } from "./support/scripted.js"

class Refused extends Data.TaggedError("Refused")<{ readonly message: string }> {}

/** Answers with the fields that it was asked with. */
const fields: InProcess.Handler = ({ headers }) => Effect.succeed(InProcess.json([...headers]))

const over = <R = never>(handler: InProcess.Handler, hooks: Hooks.HooksOptions<R>, options?: Client.ClientOptions<R>) =>
  Effect.provideService(
    Client.make<R>({ baseUrl: "http://server.test", ...options, hooks }),
    HttpClient.HttpClient,
    InProcess.make(handler)
  )

/** Adds a field to whatever is sent. */
const adding =
  (name: string, value: string): Hooks.RequestHook =>
  (request) =>
    Effect.succeed(request.withHeaders(request.headers.append(name, value)))

describe("a request hook", () => {
  it.effect("sees a request with its final fields, and what it gives is sent", () =>
    Effect.gen(function* () {
      const seen: Array<string | undefined> = []
      const client = yield* over(
        fields,
        {
          request: (request) =>
            Effect.sync(() => {
              seen.push(request.url, request.headers.get("user-agent"), request.headers.get("x-own"))
              return request.withHeaders(request.headers.set("x-signature", "abc"))
            })
        },
        { headers: { "user-agent": "tests" }, params: { page: 1 } }
      )
      const response = yield* client.get("/a", { headers: { "x-own": "1" } })
      expect(seen).toEqual(["http://server.test/a?page=1", "tests", "1"])
      expect(yield* response.json).toContainEqual(["x-signature", "abc"])
      expect(response.request.headers.get("x-signature")).toBe("abc")
    })
  )

  it.effect("is given what the one before it has left, and may leave the request as it is", () =>
    Effect.gen(function* () {
      const seen: Array<string | undefined> = []
      const look: Hooks.RequestHook = ({ headers }) => Effect.sync(() => void seen.push(headers.get("x")))
      const client = yield* over(fields, { request: [look, adding("x", "1"), look, adding("x", "2"), look] })
      const response = yield* client.get("/")
      expect(seen).toEqual([undefined, "1", "1, 2"])
      expect(yield* response.json).toEqual(
        expect.arrayContaining([
          ["x", "1"],
          ["x", "2"]
        ])
      )
    })
  )

  it.effect("can give a request of its own, which belongs to the call all the same", () =>
    Effect.gen(function* () {
      const server: InProcess.Handler = ({ method, url }) =>
        url.endsWith("/never") ? Effect.never : Effect.succeed({ body: `${method} ${url}` })
      const client = yield* over(server, {
        request: ({ url }) => Effect.succeed(Request.make("PUT", url.replace("/v1/", "/v2/")))
      })
      const response = yield* client.get("/v1/a")
      expect(yield* response.text).toBe("PUT http://server.test/v2/a")
      expect(response.request.method).toBe("PUT")

      const never = yield* started(client.get("/v1/never", { timeout: "3 seconds" }))
      yield* TestClock.adjust("3 seconds")
      expect(yield* failsWith(Fiber.join(never), "TotalTimeout")).toMatchObject({ limit: 3000 })
    })
  )

  it.effect("runs in the context that the client was made in", () =>
    Effect.gen(function* () {
      class Key extends Context.Tag("test/Key")<Key, string>() {}
      const client = yield* Effect.provideService(
        over(fields, {
          request: (request) => Effect.map(Key, (key) => request.withHeaders(request.headers.set("x-key", key)))
        }),
        Key,
        "of the client"
      )
      const response = yield* Effect.provideService(client.get("/"), Key, "of the caller")
      expect(yield* response.json).toContainEqual(["x-key", "of the client"])
    })
  )

  it.effect("belongs to the span of the caller", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const client = yield* over(fields, {
        request: () => Effect.map(Effect.orDie(Effect.currentSpan), ({ name }) => void seen.push(name))
      }).pipe(Effect.withSpan("making"))
      yield* Effect.withSpan(client.get("/"), "calling")
      expect(seen).toEqual(["calling"])
    })
  )

  it.scopedLive("that fails makes the call fail before anything is opened", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("")))
      const refused = new Refused({ message: "not on Sundays" })
      const { client, stats } = yield* connected({}, { hooks: { request: () => Effect.fail(refused) } })
      const error = yield* failsWith(client.get(server.url("/a?secret=1")), "HookError")
      expect(error.cause).toBe(refused)
      expect(error).toMatchObject({ phase: "prepare", delivery: "unsent" })
      expect(error.message).toContain("a request hook failed: not on Sundays")
      expect(error.message).not.toContain("secret=1")
      expect(yield* stats).toEqual(atRest(0))
      expect(server.connections.length).toBe(0)

      const plain = yield* connected({}, { hooks: { request: () => Effect.fail("no error at all") } })
      const plainly = yield* failsWith(plain.client.get(server.url()), "HookError")
      expect(plainly.message).toMatch(/a request hook failed$/)
      expect(plainly.cause).toBe("no error at all")
    })
  )

  it.scopedLive("that throws is a defect of the call, and nothing is opened", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("")))
      const bug = new Error("a bug")
      const throwing = (): Effect.Effect<void> => {
        throw bug
      }
      for (const request of [throwing, () => Effect.die(bug)]) {
        const { client, stats } = yield* connected({}, { hooks: { request } })
        expect(yield* Effect.exit(client.get(server.url()))).toEqual(Exit.die(bug))
        expect(yield* stats).toEqual(atRest(0))
      }
    })
  )

  it.scopedLive("can be interrupted with the call", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("")))
      const ended = yield* Deferred.make<void>()
      const { client, stats } = yield* connected(
        {},
        { hooks: { request: () => Effect.onInterrupt(Effect.never, () => Deferred.succeed(ended, undefined)) } }
      )
      const call = yield* started(client.get(server.url()))
      yield* Fiber.interrupt(call)
      yield* Deferred.await(ended)
      expect(yield* stats).toEqual(atRest(0))
      expect(server.connections.length).toBe(0)
    })
  )

  it.effect("has to end within the timeout of the call", () =>
    Effect.gen(function* () {
      const client = yield* over(fields, { request: () => Effect.never })
      const call = yield* started(client.get("/", { timeout: "3 seconds" }))
      yield* TestClock.adjust("3 seconds")
      const error = yield* failsWith(Fiber.join(call), "TotalTimeout")
      expect(error).toMatchObject({ limit: 3000, phase: "prepare", delivery: "unsent", elapsed: 3000 })
    })
  )

  it.effect("does not see what cannot be sent", () =>
    Effect.gen(function* () {
      let runs = 0
      const client = yield* over(fields, { request: () => Effect.sync(() => void runs++) })
      yield* failsWith(client.send(Request.make("GET", "ftp://server.test/")), "UnsupportedProtocol")
      yield* failsWith(client.get("/", { headers: { "no token": "" } }), "LocalProtocolError")
      expect(runs).toBe(0)
    })
  )
})

describe("a response hook", () => {
  const bodyAfterHook = (url: string, options: Parameters<typeof connected>[0], ran: Queue.Queue<void>) =>
    Effect.gen(function* () {
      const { client, stats } = yield* connected(options, {
        hooks: {
          response: (response) =>
            Effect.zipRight(
              Effect.sync(() => expect(response.isClosed).toBe(false)),
              Queue.offer(ran, undefined)
            )
        }
      })
      const response = yield* client.get(url)
      expect(yield* response.text).toBe("the body")
      const inBlock = yield* Effect.scoped(
        Effect.gen(function* () {
          const block = yield* client.parallel()
          yield* block.get(url)
          return yield* (yield* block.nextResponse).text
        })
      )
      expect(inBlock).toBe("the body")
      expect((yield* stats).active).toBe(0)
    })

  it.scopedLive("runs before the body comes: HTTP/1.1", () =>
    Effect.gen(function* () {
      const ran = yield* Queue.unbounded<void>()
      const server = yield* scripted((c) =>
        Effect.forever(
          c.request.pipe(
            Effect.zipRight(c.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")),
            Effect.zipRight(Queue.take(ran)),
            Effect.zipRight(c.send("the body"))
          )
        )
      )
      yield* bodyAfterHook(server.url(), {}, ran)
    })
  )

  it.scopedLive("runs before the body comes: HTTP/2", () =>
    Effect.gen(function* () {
      const ran = yield* Queue.unbounded<void>()
      const server = yield* h2Server((stream) => {
        stream.respond({ ":status": 200 })
        stream.write("the ")
        Effect.runFork(
          Effect.zipRight(
            Queue.take(ran),
            Effect.sync(() => stream.end("body"))
          )
        )
      })
      yield* bodyAfterHook(server.url(), { http1: false }, ran)
    })
  )

  it.effect("may read the body, and leaves it to the next reader", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const hook: Hooks.ResponseHook = (response) => Effect.map(response.text, (text) => seen.push(text))
      const client = yield* over(() => Effect.succeed({ body: "twice" }), { response: [hook, hook] })
      const streamed = Effect.flatMap(client.stream("GET", "/"), (response) => Stream.runCount(response.stream))
      expect(yield* Effect.scoped(streamed)).toBe(1)
      expect(yield* (yield* client.get("/")).text).toBe("twice")
      expect(seen).toEqual(Array.from({ length: 4 }, () => "twice"))
    })
  )

  /** The head of an answer whose body never comes. */
  const open = once("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx")

  it.scopedLive("that fails makes the call fail, and the response is closed", () =>
    Effect.gen(function* () {
      const server = yield* scripted(open)
      const refused = new Refused({ message: "not this one" })
      let runs = 0
      const { client, stats } = yield* connected(
        {},
        { hooks: { response: [() => Effect.fail(refused), () => Effect.sync(() => runs++)] } }
      )
      for (const call of [client.get(server.url()), Effect.scoped(client.stream("GET", server.url()))]) {
        const error = yield* failsWith(call, "HookError")
        expect(error).toMatchObject({ phase: "read", delivery: "answered", cause: refused })
        expect(error.message).toContain("a response hook failed: not this one")
        expect(yield* stats).toEqual(atRest(0))
        yield* server.untilOpen(0)
      }
      expect(runs).toBe(0)
    })
  )

  it.scopedLive("that fails has its response closed before another request of the call is sent", () =>
    Effect.gen(function* () {
      const server = yield* scripted(open, answering(ok("the other")))
      let fails = true
      const hook = () => (fails ? Effect.fail(new Refused({ message: "not this one" })) : Effect.void)
      const auth = Auth.make((request, send) =>
        Effect.catchTag(send(request), "HookError", () => {
          fails = false
          return send(request)
        })
      )
      const { client, stats } = yield* connected({ limits: { connections: 1 } }, { auth, hooks: { response: hook } })
      const response = yield* client.get(server.url(), { timeout: { pool: 0 } })
      expect(yield* response.text).toBe("the other")
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("that throws is a defect of the call, and the response is closed", () =>
    Effect.gen(function* () {
      const server = yield* scripted(open)
      const { client, stats } = yield* connected({}, { hooks: { response: () => Effect.die("a bug") } })
      expect(yield* Effect.exit(client.get(server.url()))).toEqual(Exit.die("a bug"))
      expect(yield* stats).toEqual(atRest(0))
      yield* server.untilOpen(0)
    })
  )

  it.scopedLive("that is interrupted leaves nothing open, in a block too", () =>
    Effect.gen(function* () {
      const server = yield* scripted(open)
      const reached = yield* Deferred.make<void>()
      const { client, stats } = yield* connected(
        {},
        { hooks: { response: () => Effect.zipRight(Deferred.succeed(reached, undefined), Effect.never) } }
      )
      const inBlock = Effect.scoped(
        Effect.gen(function* () {
          const block = yield* client.parallel()
          return yield* (yield* block.get(server.url())).getResponse
        })
      )
      for (const call of [client.get(server.url()), Effect.scoped(client.stream("GET", server.url())), inBlock]) {
        const fiber = yield* Effect.fork(call)
        yield* Deferred.await(reached)
        yield* untilWaiting(fiber)
        yield* Fiber.interrupt(fiber)
        expect(yield* stats).toEqual(atRest(0))
        yield* server.untilOpen(0)
      }
    })
  )

  it.effect("has to end within the timeout of the call", () =>
    Effect.gen(function* () {
      const client = yield* over(fields, { response: () => Effect.never })
      const call = yield* started(client.get("/", { timeout: "3 seconds" }))
      yield* TestClock.adjust("3 seconds")
      expect(yield* failsWith(Fiber.join(call), "TotalTimeout")).toMatchObject({ phase: "read", delivery: "answered" })
    })
  )
})

describe("hooks", () => {
  it.effect("run for every request of a call, with what each is sent with", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      /** Asks again with another field, as an answer to a challenge does. */
      const again =
        (exchange: Exchange): Exchange =>
        (request) =>
          exchange(request).pipe(
            Effect.tap((response) => response.close),
            Effect.zipRight(exchange(request.withHeaders(request.headers.set("authorization", "yes"))))
          )
      const hooked = InProcess.make(fields).pipe(
        Hooks.onRequest(({ headers }) => Effect.sync(() => void seen.push(headers.get("authorization") ?? "no"))),
        Hooks.onResponse(({ status }) => Effect.sync(() => seen.push(String(status)))),
        withPolicy({ exchange: again })
      )
      yield* hooked.get("http://server.test/")
      expect(seen).toEqual(["no", "200", "yes", "200"])
    })
  )

  it.scopedLive("are innermost: they see each answer to a challenge, each hop, and the cookies that are sent", () =>
    Effect.gen(function* () {
      const digest = digestServer()
      const moved = { status: 302, headers: { location: "/b", "set-cookie": "at=b" } }
      const url = yield* listen((request) => (request.path === "/a" ? Effect.succeed(moved) : digest.handler(request)))
      const seen: Array<string> = []
      const { client } = yield* connected(
        {},
        {
          baseUrl: url,
          auth: Auth.digest("Mufasa", Redacted.make("Circle of Life")),
          cookies: yield* Cookies.make(),
          hooks: {
            request: ({ headers, url: to }) =>
              Effect.sync(() => {
                const scheme = headers.get("authorization")?.split(" ", 1)[0] ?? "bare"
                seen.push(`${to.slice(url.length)} ${scheme} ${headers.get("cookie") ?? "no cookie"}`)
              }),
            response: ({ setCookies, status }) => Effect.sync(() => seen.push(`${status} ${setCookies.join()}`))
          }
        }
      )
      expect(yield* (yield* client.get("/a")).text).toBe("welcome")
      expect(seen).toEqual(["/a bare no cookie", "302 at=b", "/b bare at=b", "401 ", "/b Digest at=b", "200 "])
    })
  )

  it.scopedLive("run for requests of parallel blocks, as many as there are", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("hello")))
      let requests = 0
      let responses = 0
      const { client } = yield* connected(
        {},
        {
          hooks: {
            request: () => Effect.sync(() => void requests++),
            response: () =>
              Effect.zipRight(
                Effect.yieldNow(),
                Effect.sync(() => responses++)
              )
          }
        }
      )
      const urls = Array.from({ length: 20 }, (_, i) => server.url(`/${i}`))
      const answers = yield* client.all(urls)
      expect(answers.map(({ status }) => status)).toEqual(urls.map(() => 200))
      expect([requests, responses]).toEqual([20, 20])
    })
  )

  it.effect("that are none are not in the way", () =>
    Effect.gen(function* () {
      for (const hooks of [{}, { request: [], response: [] }, { request: undefined }]) {
        const client = yield* over(fields, hooks)
        expect((yield* client.get("/")).status).toBe(200)
      }
    })
  )

  it.effect("of a client hold for the platform's requests too, where their failure is the cause", () =>
    Effect.gen(function* () {
      const httpClient = Effect.provide(
        HttpClient.HttpClient,
        Client.layerHttpClient({ hooks: { request: () => Effect.fail("refused") } })
      ).pipe(Effect.provideService(HttpClient.HttpClient, InProcess.make(fields)))
      const error = yield* Effect.flip((yield* httpClient).get("http://server.test/"))
      expect(error).toMatchObject({ _tag: "RequestError", cause: { _tag: "HookError", cause: "refused" } })
    })
  )
})

describe("hooks of a client of the platform", () => {
  it.effect("fail with their own errors, and need what they need", () =>
    Effect.gen(function* () {
      class Allowed extends Context.Tag("test/Allowed")<Allowed, boolean>() {}
      const client = InProcess.make(fields).pipe(
        Hooks.onRequest(() =>
          Effect.filterOrFail(
            Allowed,
            (allowed) => allowed,
            () => new Refused({ message: "not allowed" })
          ).pipe(Effect.asVoid)
        )
      )
      const call = client.execute(HttpClientRequest.get("http://server.test/"))
      const error = yield* Effect.flip(Effect.provideService(call, Allowed, false))
      expect(error).toEqual(new Refused({ message: "not allowed" }))
      expect((yield* Effect.provideService(call, Allowed, true)).status).toBe(200)
    })
  )

  it.effect("stand before clients of others as well", () =>
    Effect.gen(function* () {
      const foreign = HttpClient.make((request) =>
        Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport" }))
      )
      const seen: Array<string> = []
      const client = Hooks.onRequest(({ url }) => Effect.sync(() => void seen.push(url)))(foreign)
      const error = yield* Effect.flip(client.get("http://server.test/"))
      expect(error).toMatchObject({ _tag: "RequestError", reason: "Transport" })
      expect(seen).toEqual(["http://server.test/"])
      const failing = Hooks.onResponse(() => Effect.fail(new Refused({ message: "no" })))(InProcess.make(fields))
      const exit = yield* Effect.exit(failing.get("http://server.test/"))
      expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toEqual(new Refused({ message: "no" }))
      expect(HttpxError.isHttpxError(error)).toBe(false)
    })
  )
})
