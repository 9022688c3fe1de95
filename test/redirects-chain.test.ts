/** A chain of redirects is one call, also in a parallel block, and to whatever stands below. */
import { HttpClient } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Stream, TestClock } from "effect"
import { Client, Request } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import type { Policy } from "../src/policy/Policy.js"
import { redirects } from "../src/policy/Redirects.js"
import { withPolicy } from "../src/transport/platform/withPolicy.js"
import { atRest, failsWith } from "./support/failing.js"
import { gatedOnSocket } from "./support/gatedServer.js"
import { chain, twoServers } from "./support/redirecting.js"

const movedTo = (location: string): InProcess.Reply => ({ status: 302, headers: { location }, body: "moved" })

describe("in a parallel block", () => {
  it.scopedLive("a request can be cancelled in the midst of its chain, and others go on", () =>
    Effect.gen(function* () {
      const { client, server, transport } = yield* gatedOnSocket()
      const parallel = yield* client.parallel()
      const one = yield* parallel.get("/a")
      const two = yield* parallel.get("/x")
      yield* server.answer("/a", movedTo("/b"))
      yield* server.arrived("/b")
      yield* one.cancel
      yield* server.left("/b")
      expect(yield* Effect.flip(one.getResponse)).toMatchObject({ _tag: "RequestCancelled" })
      yield* server.answer("/x", movedTo("/y"))
      yield* server.answer("/y")
      const response = yield* two.getResponse
      expect([yield* response.text, response.history.length]).toEqual(["/y", 1])
      expect(yield* transport.stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("leaving it ends what is in the midst of its chain", () =>
    Effect.gen(function* () {
      const { client, server, transport } = yield* gatedOnSocket()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const parallel = yield* client.parallel()
          yield* parallel.get("/a")
          yield* parallel.post("/p", { content: Stream.make(new Uint8Array(1)) })
          yield* server.answer("/a", movedTo("/b"))
          yield* server.answer("/p", movedTo("/q"))
          yield* server.arrived("/b")
          yield* server.arrived("/q")
        })
      )
      expect(yield* transport.stats).toEqual(atRest(0))
      yield* server.left("/b")
      yield* server.left("/q")
    })
  )

  it.scopedLive("many chains run beside each other, each to its own end", () =>
    Effect.gen(function* () {
      const { client, stats } = yield* twoServers({}, { limits: { connections: 4 } })
      const counts = Array.from({ length: 60 }, (_, i) => i % 23)
      const outcomes = yield* client.all(counts.map(chain), { mode: "either", concurrency: 16 })
      const lengths = outcomes.map((outcome) =>
        outcome._tag === "Right" ? outcome.right.history.length : outcome.left._tag
      )
      expect(lengths).toEqual(counts.map((count) => (count > 20 ? "TooManyRedirects" : count)))
      expect(yield* stats).toEqual({ ...atRest(0), idle: (yield* stats).idle })
    })
  )
})

describe("the total timeout", () => {
  const slowly: InProcess.Handler = ({ path }) => {
    const hop = Number(path.slice(1))
    return Effect.delay(Effect.succeed({ status: 302, headers: { location: `/${hop + 1}` } }), "3 seconds")
  }

  it.effect("is for all hops together", () =>
    Effect.gen(function* () {
      const client = yield* Effect.provide(Client.make(), InProcess.layer(slowly))
      const call = client.get("http://a.test/1", { timeout: "10 seconds" })
      const fiber = yield* Effect.fork(failsWith(call, "TotalTimeout"))
      yield* TestClock.adjust("10 seconds")
      const error = yield* Fiber.join(fiber)
      expect([error.limit, error.elapsed, error.request.url]).toEqual([10_000, 10_000, "http://a.test/4"])
    })
  )

  it.scoped("is for all hops together on our own wire", () =>
    Effect.gen(function* () {
      const { client, server, transport } = yield* gatedOnSocket()
      const fiber = yield* Effect.fork(failsWith(client.get("/1", { timeout: "10 seconds" }), "TotalTimeout"))
      for (const [path, next] of [
        ["/1", "/2"],
        ["/2", "/3"]
      ] as const) {
        yield* server.arrived(path)
        yield* TestClock.adjust("3 seconds")
        yield* server.answer(path, movedTo(next))
      }
      yield* server.arrived("/3")
      yield* TestClock.adjust("4 seconds")
      const error = yield* Fiber.join(fiber)
      expect([error.limit, error.elapsed, error.request.url.endsWith("/3")]).toEqual([10_000, 10_000, true])
      expect(yield* transport.stats).toEqual(atRest(0))
    })
  )
})

/** The simplest jar: it has one cookie, and sends it everywhere. */
const oneCookie = (): Policy => {
  let cookie = ""
  return {
    exchange: (exchange) => (request) =>
      Effect.map(
        exchange(cookie === "" ? request : request.withHeaders(request.headers.append("Cookie", cookie))),
        (response) => {
          const set = response.headers["set-cookie"]
          if (set !== undefined) cookie = set === "sid=" ? "" : set
          return response
        }
      )
  }
}

describe("below redirects", () => {
  it.effect("whatever sets a cookie is asked again on each hop", () =>
    Effect.gen(function* () {
      const received: Array<string | undefined> = []
      const server = InProcess.make(({ headers, path }) => {
        received.push(headers.get("cookie"))
        if (path === "/login")
          return Effect.succeed({ status: 303, headers: { location: "/home", "set-cookie": "sid=1" } })
        if (path === "/logout")
          return Effect.succeed({ status: 303, headers: { location: "/home", "set-cookie": "sid=" } })
        return Effect.succeed({})
      })
      const client = yield* Effect.provideService(Client.make(), HttpClient.HttpClient, withPolicy(oneCookie())(server))
      yield* client.post("http://a.test/login", { form: { user: "jo" } })
      yield* client.get("http://a.test/logout")
      expect(received).toEqual([undefined, "sid=1", "sid=1", undefined])
    })
  )

  it.effect("an exchange that is part of no call is made one", () =>
    Effect.gen(function* () {
      const seen: Array<string | undefined> = []
      const { exchange } = redirects(undefined)
      const wired = exchange((request) => {
        seen.push(request.headers.get("authorization"))
        return Effect.die(request.call === undefined ? "no call" : "a call")
      })
      const exit = yield* Effect.exit(wired(Request.make("GET", "http://jo:pw@a.test/")))
      expect(exit).toMatchObject({ cause: { defect: "a call" } })
      expect(seen).toEqual([`Basic ${btoa("jo:pw")}`])
    })
  )
})
