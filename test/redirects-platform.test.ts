/** Redirects before any `HttpClient` of @effect/platform, where its own `followRedirects` does otherwise. */
import { FetchHttpClient, HttpClient, HttpClientError, HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { Client, HttpxError, Redirects } from "effect-httpx"
import type { Policy } from "../src/policy/Policy.js"
import { withPolicy } from "../src/transport/platform/withPolicy.js"
import { atRest } from "./support/failing.js"
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
  it.effect("sends no credentials to another origin", () =>
    Effect.gen(function* () {
      const { client, seen } = redirectingTo("http://b.test/")
      yield* Redirects.follow()(client).get("http://a.test/", { headers: secrets })
      const sent = seen.map(({ headers }) => Object.keys(secrets).filter((name) => name in headers))
      expect(sent).toEqual([Object.keys(secrets), ["x-own"]])
    })
  )

  it.effect("sends no body where the method becomes GET", () =>
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

  it.effect.each(["http://[", "data:,x", "http://a.test:99999/"])("fails with a typed error on %j", (location) =>
    Effect.gen(function* () {
      const { client } = redirectingTo(location)
      const { cause, reason } = yield* causeOf(Redirects.follow()(client).get("http://a.test/"))
      expect([reason, cause._tag]).toEqual(["InvalidUrl", "RedirectRefused"])
    })
  )

  it.effect("refuses to go from https to http, and where a policy does not let it", () =>
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

  it.effect("stands before what keeps cookies, which then sees each hop", () =>
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

  it.effect("keeps the query of a Location as it is written", () =>
    Effect.gen(function* () {
      const query = "?a=b%20c&sig=x%2Fy~z!&flag"
      const { client, seen } = redirectingTo(`/end${query}`)
      const response = yield* Redirects.follow()(client).get("http://a.test/?old=1")
      expect(seen[1]!.url).toBe(`http://a.test/end${query}`)
      expect(response.request.url).toBe(`http://a.test/end${query}`)
    })
  )

  it.effect.each([300, 304])("does not follow %i", (status) =>
    Effect.gen(function* () {
      const { client, seen } = foreign(() => new Response(null, { status, headers: { location: "/end" } }))
      const response = yield* Redirects.follow()(client).get("http://a.test/?q=1")
      expect([response.status, seen.length]).toEqual([status, 1])
    })
  )

  it.effect("fails at the limit, with the answers on the way", () =>
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

  it.effect("ends the body of each answer that it leaves behind", () =>
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

  it.scopedLive("go on from where the other has stopped, with what may go there, as it would itself", () =>
    Effect.gen(function* () {
      const { httpClient, other, seen, seenByOther, url } = yield* twoServers()
      const once = Redirects.follow(({ history }: Redirects.Hop) => history.length === 0)(httpClient)
      const client = yield* Effect.provide(Client.make(), Layer.succeed(HttpClient.HttpClient, once))
      const headers = { authorization: "Bearer s3cret" }
      const response = yield* client.post(url + to(other + to("/end", 307), 303), { headers, json: "s3cret" })
      expect([response.url, response.history.length]).toEqual([`${other}/end`, 2])
      expect(seen.map(({ headers, method }) => [method, headers.get("authorization")])).toEqual([
        ["POST", "Bearer s3cret"]
      ])
      const sent = seenByOther.map(({ headers, method }) => [
        method,
        ["authorization", "content-type", "content-length"].filter((name) => headers.has(name))
      ])
      expect(sent).toEqual([
        ["GET", []],
        ["GET", []]
      ])
    })
  )
})

describe("one that follows, over a client that has the base URL", () => {
  it.scopedLive("goes on from where the request went, whatever was written", () =>
    Effect.gen(function* () {
      const { httpClient, other, seen, seenByOther, url } = yield* twoServers()
      const under = Layer.succeed(HttpClient.HttpClient, httpClient)
      const client = yield* Effect.provide(
        Client.make({ headers: { authorization: "Bearer s3cret" } }),
        Layer.provide(Client.layerHttpClient({ baseUrl: url, followRedirects: false }), under)
      )
      const [parallel] = yield* client.all([to("/end")])
      for (const response of [parallel, yield* client.get(to("/end"))]) {
        expect([response.status, response.history.length, response.url]).toEqual([200, 1, `${url}/end`])
      }
      expect(seen.map(({ headers }) => headers.get("authorization"))).toEqual(Array(4).fill("Bearer s3cret"))
      yield* client.get(to(`${other}/end`))
      expect(seenByOther.map(({ headers }) => headers.get("authorization"))).toEqual([undefined])
      const stopped = yield* client.get(to("/end"), { followRedirects: false })
      expect(Option.map(yield* stopped.nextRequest, (next) => next.url)).toEqual(Option.some(`${url}/end`))
    })
  )
})
