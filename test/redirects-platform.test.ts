/** Redirects before any `HttpClient` of @effect/platform, where its own `followRedirects` does otherwise. */
import { FetchHttpClient, HttpClient, HttpClientError, HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Option, Stream } from "effect"
import { Client, HttpxError, Redirects, Request } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import type { Exchange } from "../src/Exchange.js"
import { Call } from "../src/Exchange.js"
import type { Policy } from "../src/policy/Policy.js"
import { redirects } from "../src/policy/Redirects.js"
import { initOf, Response as HttpxResponse } from "../src/Response.js"
import { wireOf } from "../src/transport/platform/FromPlatform.js"
import { withPolicy } from "../src/transport/platform/withPolicy.js"
import { atRest, failsWith } from "./support/failing.js"
import { chain, redirecting, to, twoServers } from "./support/redirecting.js"
import { echoed, listen } from "./support/routes.js"

type Answer = (request: HttpClientRequest.HttpClientRequest) => Response

/** A client that is not ours, and what it was asked. */
const foreign = (answer: Answer) => {
  const seen: Array<HttpClientRequest.HttpClientRequest> = []
  const client = HttpClient.make((request) => {
    seen.push(request)
    return Effect.succeed(HttpClientResponse.fromWeb(request, answer(request)))
  })
  return { client, seen }
}

/** Redirects its first request there, and answers all others. */
const redirectingTo = (location: string, status = 302, headers: Record<string, string> = {}) => {
  let first = true
  return foreign(() => {
    const redirect = first
    first = false
    return redirect ? new Response("moved", { status, headers: { ...headers, location } }) : new Response("end")
  })
}

const secrets = { authorization: "Bearer s3cret", cookie: "a=s3cret", "x-api-key": "s3cret", "x-own": "1" }

const causeOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => {
    if (!HttpClientError.isHttpClientError(error) || !HttpxError.isHttpxError(error.cause)) throw error
    return { reason: error.reason, cause: error.cause }
  })

describe("a client of the platform with `Redirects.follow`", () => {
  it.effect("sends no credentials to another origin (A2)", () =>
    Effect.gen(function* () {
      const { client, seen } = redirectingTo("http://b.test/")
      yield* Redirects.follow()(client).get("http://a.test/", { headers: secrets })
      const sent = seen.map(({ headers }) => Object.keys(secrets).filter((name) => name in headers))
      expect(sent).toEqual([Object.keys(secrets), ["x-own"]])
    })
  )

  it.effect("sends no body where the method becomes GET (A3)", () =>
    Effect.gen(function* () {
      const { client, seen } = redirectingTo("/", 303)
      yield* Redirects.follow()(client).execute(
        HttpClientRequest.post("http://a.test/").pipe(HttpClientRequest.bodyText("payload"))
      )
      expect(seen.map(({ body, method }) => [method, body._tag])).toEqual([
        ["POST", "Uint8Array"],
        ["GET", "Empty"]
      ])
      expect(seen[1]!.headers).not.toHaveProperty("content-type")
      expect(seen[1]!.headers).not.toHaveProperty("content-length")
    })
  )

  it.effect.each(["http://[", "data:,x", "http://a.test:99999/"])("fails with a typed error on %j (A4)", (location) =>
    Effect.gen(function* () {
      const { client } = redirectingTo(location)
      const { cause, reason } = yield* causeOf(Redirects.follow()(client).get("http://a.test/"))
      expect([reason, cause._tag]).toEqual(["InvalidUrl", "RedirectRefused"])
    })
  )

  it.effect("refuses to go from https to http, and where a policy does not let it (A5)", () =>
    Effect.gen(function* () {
      const down = yield* causeOf(Redirects.follow()(redirectingTo("http://a.test/").client).get("https://a.test/"))
      expect(down.cause._tag).toBe("RedirectRefused")
      const inner = ({ to }: Redirects.Hop) => !to.hostname.startsWith("10.") || "it leads inside"
      const guarded = redirectingTo("http://10.0.0.1/")
      const refused = yield* causeOf(Redirects.follow(inner)(guarded.client).get("http://a.test/"))
      expect(refused.cause.message).toContain("it leads inside")
      expect(guarded.seen.length).toBe(1)
      const allowed = Redirects.follow({ allowDowngrade: true })(redirectingTo("http://a.test/").client)
      expect((yield* allowed.get("https://a.test/")).status).toBe(200)
    })
  )

  it.effect("stands before what keeps cookies, which then sees each hop (A6)", () =>
    Effect.gen(function* () {
      const { client, seen } = redirectingTo("/home", 303, { "set-cookie": "sid=1; Path=/" })
      let sid = ""
      const keeping: Policy = {
        exchange: (exchange) => (request) =>
          Effect.map(
            exchange(sid === "" ? request : request.withHeaders(request.headers.set("Cookie", sid))),
            (response) => {
              sid = response.headers["set-cookie"]?.split(";")[0] ?? sid
              return response
            }
          )
      }
      yield* client.pipe(withPolicy(keeping), Redirects.follow()).post("http://a.test/login")
      expect(seen.map(({ headers }) => headers["cookie"])).toEqual([undefined, "sid=1"])
    })
  )

  it.effect("keeps the query of a Location as it is written (B8)", () =>
    Effect.gen(function* () {
      const query = "?a=b%20c&sig=x%2Fy~z!&flag"
      const { client, seen } = redirectingTo(`/end${query}`)
      const response = yield* Redirects.follow()(client).get("http://a.test/?old=1")
      expect(seen[1]!.url).toBe(`http://a.test/end${query}`)
      expect(response.request.url).toBe(`http://a.test/end${query}`)
    })
  )

  it.effect.each([300, 304])("does not follow %i (B21)", (status) =>
    Effect.gen(function* () {
      const { client, seen } = foreign(() => new Response(null, { status, headers: { location: "/end" } }))
      const response = yield* Redirects.follow()(client).get("http://a.test/?q=1")
      expect([response.status, seen.length]).toEqual([status, 1])
    })
  )

  it.effect("fails at the limit, with the answers on the way (B21)", () =>
    Effect.gen(function* () {
      const { client, seen } = foreign(() => new Response("moved", { status: 302, headers: { location: "/again" } }))
      const { cause, reason } = yield* causeOf(Redirects.follow({ max: 3 })(client).get("http://a.test/"))
      expect(reason).toBe("InvalidUrl")
      expect(cause).toMatchObject({ _tag: "TooManyRedirects", limit: 3, history: { length: 4 } })
      expect(seen.length).toBe(4)
      // What tries again what may pass leaves it alone.
      const retried = HttpClient.retryTransient(Redirects.follow({ max: 3 })(client), { times: 3 })
      yield* causeOf(retried.get("http://a.test/"))
      expect(seen.length).toBe(8)
    })
  )

  it.effect("ends the body of each answer that it leaves behind (C3)", () =>
    Effect.gen(function* () {
      const ended: Array<string> = []
      const endless = (path: string) =>
        new ReadableStream<Uint8Array>({
          pull: (controller) => controller.enqueue(new TextEncoder().encode("more and more ")),
          cancel: () => void ended.push(path)
        })
      const fetching = HttpClient.make((request, url, signal) => {
        const next = { "/a": "/b", "/b": "/c" }[url.pathname]
        if (next === undefined) return Effect.succeed(HttpClientResponse.fromWeb(request, new Response("end")))
        const body = endless(url.pathname)
        // As fetch does: what is aborted ends its body.
        signal.addEventListener("abort", () => void body.cancel())
        const answer = new Response(body, { status: 302, headers: { location: next } })
        return Effect.succeed(HttpClientResponse.fromWeb(request, answer))
      })
      const response = yield* Redirects.follow()(fetching).get("http://a.test/a")
      expect(ended).toEqual(["/a", "/b"])
      expect(yield* response.text).toBe("end")
    })
  )

  it.scopedLive("follows over fetch, where that is told not to", () =>
    Effect.gen(function* () {
      const { answer } = redirecting()
      const url = yield* listen(answer)
      const client = yield* Effect.map(HttpClient.HttpClient, Redirects.follow())
      const response = yield* client.get(url + chain(3))
      expect(response.request.url).toBe(`${url}/end`)
      expect(yield* echoed(Effect.succeed(response))).toMatchObject({ target: "/end" })
    }).pipe(
      Effect.provide(FetchHttpClient.layer),
      Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" })
    )
  )

  it.scopedLive("keeps the connections of our own transport", () =>
    Effect.gen(function* () {
      const { httpClient, stats, url } = yield* twoServers()
      const client = Redirects.follow()(httpClient)
      const response = yield* client.get(url + chain(5))
      expect(yield* echoed(Effect.succeed(response))).toMatchObject({ target: "/end" })
      expect(yield* stats).toEqual(atRest(1))
    })
  )
})

describe("the transport itself", () => {
  it.scopedLive("follows nothing, as a client of the platform", () =>
    Effect.gen(function* () {
      const { httpClient, url } = yield* twoServers()
      expect((yield* httpClient.get(url + to("/end"))).status).toBe(302)
    })
  )

  it.scopedLive("follows by `Client.layerHttpClient`, as its options say", () =>
    Effect.gen(function* () {
      const { httpClient, url } = yield* twoServers()
      const status = (options: Client.ClientOptions) =>
        HttpClient.get(to("/end")).pipe(
          Effect.map((response) => response.status),
          Effect.provide(Client.layerHttpClient({ baseUrl: url, ...options })),
          Effect.provideService(HttpClient.HttpClient, httpClient)
        )
      expect(yield* status({})).toBe(200)
      expect(yield* status({ followRedirects: false })).toBe(302)
    })
  )
})

describe("two that follow, one before the other", () => {
  it.scopedLive("make one history", () =>
    Effect.gen(function* () {
      const { httpClient, url } = yield* twoServers()
      const inner = ({ from }: Redirects.Hop) => from.searchParams.get("to")?.startsWith("/302") === true
      const client = yield* Effect.provide(
        Client.make(),
        Layer.succeed(HttpClient.HttpClient, Redirects.follow(inner)(httpClient))
      )
      const response = yield* client.get(url + chain(3))
      expect([response.status, response.history.length]).toEqual([200, 3])
      expect(response.history.map((each) => each.history.length)).toEqual([0, 1, 2])
    })
  )
})

describe("the policy", () => {
  /** Answers the first request with a 307, and tells what it was asked. */
  const asked = () => {
    const bodies: Array<string> = []
    const exchange: Exchange = (request) => {
      bodies.push(request.body._tag)
      const init = initOf(bodies.length === 1 ? 307 : 200, "", "", ["location", "/end"])
      const { exchange } = wireOf(InProcess.make(() => Effect.succeed({})))
      return Effect.map(exchange(request), (response) => {
        const source = Object.assign(Object.create(null), { whole: new Uint8Array(0), endedAfter: 0, received: 0 })
        return new HttpxResponse(response.request, init, source, undefined, undefined)
      })
    }
    return { bodies, exchange: redirects(undefined).exchange(exchange) }
  }

  const request = () =>
    Request.make("POST", "http://a.test/", { content: Stream.make(new Uint8Array(1)) }).as(
      new Call(undefined, true, false)
    )

  it.effect("sends a stream again that can be run again", () =>
    Effect.gen(function* () {
      const { bodies, exchange } = asked()
      const repeatable = Object.defineProperty(request(), "isRepeatable", { value: true })
      const response = yield* exchange(repeatable)
      expect([response.status, response.history.length]).toEqual([200, 1])
      expect(bodies).toEqual(["Stream", "Stream"])
      expect(Option.isNone(yield* response.nextRequest)).toBe(true)
    })
  )

  it.effect("does not send one that flows once", () =>
    Effect.gen(function* () {
      const { bodies, exchange } = asked()
      const once = Object.defineProperty(request(), "isRepeatable", { value: false })
      yield* failsWith(exchange(once), "StreamConsumed")
      expect(bodies).toEqual(["Stream"])
    })
  )
})
