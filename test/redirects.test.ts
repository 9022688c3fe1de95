/** What a client does with an answer that redirects. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Option, Stream } from "effect"
import { Request } from "effect-httpx"
import { failsWith } from "./support/failing.js"
import { chain, everywhere, redirecting, to, twoServers } from "./support/redirecting.js"
import { echoed, fieldsOf, listen } from "./support/routes.js"

describe("a redirect is followed", () => {
  // The table of HTTPX
  const matrix = {
    301: { GET: "GET", HEAD: "HEAD", POST: "GET", PUT: "PUT", PATCH: "PATCH", DELETE: "DELETE" },
    302: { GET: "GET", HEAD: "HEAD", POST: "GET", PUT: "GET", PATCH: "GET", DELETE: "GET" },
    303: { GET: "GET", HEAD: "HEAD", POST: "GET", PUT: "GET", PATCH: "GET", DELETE: "GET" },
    307: { GET: "GET", HEAD: "HEAD", POST: "POST", PUT: "PUT", PATCH: "PATCH", DELETE: "DELETE" },
    308: { GET: "GET", HEAD: "HEAD", POST: "POST", PUT: "PUT", PATCH: "PATCH", DELETE: "DELETE" }
  } as const

  for (const [status, methods] of Object.entries(matrix)) {
    it.scopedLive.each(Object.entries(methods))(`by ${status}: %s becomes %s`, ([method, next]) =>
      Effect.gen(function* () {
        const { client, seen, url } = yield* twoServers()
        const hasBody = method.startsWith("P")
        const response = yield* client.request(method, to("/end", Number(status)), hasBody ? { json: { a: 1 } } : {})
        expect(response.status).toBe(200)
        expect(response.url).toBe(`${url}/end`)
        expect(seen.map(({ method }) => method)).toEqual([method, next])
        if (method === "HEAD") return expect(yield* response.text).toBe("")
        const echo = yield* echoed(Effect.succeed(response))
        const again = hasBody && method === next
        expect(echo.body).toBe(again ? '{"a":1}' : "")
        expect(fieldsOf(echo, "content-type")).toEqual(again ? ["application/json"] : [])
        expect(fieldsOf(echo, "content-length")).toEqual(again ? ["7"] : [])
      })
    )
  }

  it.scopedLive.each([300, 304, 305, 306])("but not by %i, whose Location is something else", (status) =>
    Effect.gen(function* () {
      const { client, seen } = yield* twoServers()
      const response = yield* client.get(to("/end", status))
      expect([response.status, response.history, seen.length]).toEqual([status, [], 1])
      expect(yield* response.nextRequest).toEqual(Option.none())
    })
  )

  it.scopedLive("but not without a Location", () =>
    Effect.gen(function* () {
      const { client } = yield* twoServers()
      const response = yield* client.get("/status/302")
      expect([response.status, yield* response.text]).toEqual([302, "status 302"])
      expect(yield* response.nextRequest).toEqual(Option.none())
    })
  )

  it.scopedLive("by every way of sending", () =>
    Effect.gen(function* () {
      const { client, url } = yield* twoServers()
      const target = to("/end")
      const responses = [
        yield* client.get(target),
        yield* client.send(Request.make("GET", url + target)),
        yield* client.stream("GET", target),
        yield* client.race([target]),
        ...(yield* client.all([target, { url: target, method: "POST", content: Stream.make(new Uint8Array(1)) }]))
      ]
      for (const response of responses) {
        expect([response.status, response.url, response.history.length]).toEqual([200, `${url}/end`, 1])
        expect(yield* echoed(Effect.succeed(response))).toMatchObject({ target: "/end" })
      }
    })
  )

  it.scopedLive("with the fields, the tag and the timeouts of its request, and not with its target", () =>
    Effect.gen(function* () {
      const { client } = yield* twoServers({ headers: { "X-Client": "1" } })
      const call = client.get("/ignored", {
        target: to("/end"),
        headers: { "X-Own": ["2", "3"], Cookie: "mine=1", Authorization: "Bearer 4", "X-API-Key": "5" },
        tag: "tagged"
      })
      const response = yield* call
      const echo = yield* echoed(Effect.succeed(response))
      expect(echo.target).toBe("/end")
      const names = ["x-client", "x-own", "cookie", "authorization", "x-api-key"]
      expect(names.map((name) => fieldsOf(echo, name))).toEqual([["1"], ["2", "3"], ["mine=1"], ["Bearer 4"], ["5"]])
      expect(response.request.tag).toBe("tagged")
    })
  )
})

describe("a Location", () => {
  it.scopedLive("may be anything that leads to a place", () =>
    Effect.gen(function* () {
      const { client, other, url } = yield* twoServers()
      const { host, port } = new URL(url)
      const arrives = (location: string) =>
        Effect.map(client.get(`${url}${to(location)}#frag`), (response) =>
          response.url.replace(url, "").replace(other, "other")
        )
      expect(yield* arrives("/end")).toBe("/end#frag")
      expect(yield* arrives("end?x")).toBe("/end?x#frag")
      expect(yield* arrives("/end#part")).toBe("/end#part")
      expect(yield* arrives(`//${host}/end`)).toBe("/end#frag")
      expect(yield* arrives(`http://:${port}/end`)).toBe("/end#frag")
      expect(yield* arrives(`HTTP://jo:pw@${host}/end`)).toBe("/end#frag")
      expect(yield* arrives(`${other}/end`)).toBe("other/end#frag")
    })
  )

  it.scopedLive("has its query on the wire with the bytes that were written", () =>
    Effect.gen(function* () {
      const { client } = yield* twoServers()
      const signed = "/end?a=b%20c&sig=x%2Fy~z!&flag&q='*"
      expect(yield* echoed(client.get(to(signed)))).toMatchObject({ target: signed })
    })
  )

  it.effect.each([
    ["data:text/plain,x", "the scheme data: is neither http: nor https:"],
    ["ftp://a.test/", "the scheme ftp: is neither http: nor https:"],
    ["http://a.test:99999/", "its host or port is not valid"],
    ["http://\u{1F408}\u200d.\u00ad/", "its host or port is not valid"],
    ["https:a", "https: must be followed by //host"],
    ["/a\tb", "it has a control character in it"]
  ] as const)("that is no place to go fails, but only if it is followed: %j", ([location, why]) =>
    Effect.gen(function* () {
      const { client, seen } = yield* everywhere()
      const url = `http://a.test${to(location)}`
      const error = yield* failsWith(client.get(url, { tag: "tagged" }), "RedirectRefused")
      expect(error).toMatchObject({ delivery: "answered", phase: "read", request: { method: "GET", tag: "tagged" } })
      expect(error.message).toContain(why)
      expect(error.response.status).toBe(302)
      expect(seen.length).toBe(1)

      const unfollowed = yield* client.get(url, { followRedirects: false })
      expect([unfollowed.status, yield* unfollowed.text]).toEqual([302, "moved by 302"])
      expect(yield* Effect.flip(unfollowed.nextRequest)).toMatchObject({
        _tag: "RedirectRefused",
        location: error.location
      })
    })
  )

  it.scopedLive("that is there twice leads nowhere, unless both are the same", () =>
    Effect.gen(function* () {
      const url = yield* listen(({ path }) =>
        Effect.succeed(
          path === "/end"
            ? {}
            : { status: 302, headers: { location: path === "/a" ? ["/end", "/b"] : ["/end", "/end"] } }
        )
      )
      const { client } = yield* twoServers({ baseUrl: url })
      expect((yield* failsWith(client.get("/a"), "RedirectRefused")).message).toContain("more than one Location")
      expect((yield* client.get("/b")).url).toBe(`${url}/end`)
    })
  )

  it.scopedLive("that is there twice shows no secret of either", () =>
    Effect.gen(function* () {
      const location = ["http://jo:s3cret@a.test/?t=s3cret", "http://jo:s3cret@b.test/?t=s3cret"]
      const url = yield* listen(() => Effect.succeed({ status: 302, headers: { location } }))
      const { client } = yield* twoServers({ baseUrl: url })
      const error = yield* failsWith(client.get("/"), "RedirectRefused")
      expect(error.location).toBe("http://<redacted>@a.test/?t=<redacted> http://<redacted>@b.test/?t=<redacted>")
      expect(error.message + JSON.stringify(error)).not.toContain("s3cret")
    })
  )

  it.effect("shows no secret in an error", () =>
    Effect.gen(function* () {
      const { client } = yield* everywhere()
      const location = "ftp://jo:s3cret@b.test/?token=s3cret#s3cret"
      const error = yield* failsWith(client.get(`http://a.test${to(location)}`), "RedirectRefused")
      expect(error.location).toBe("ftp://<redacted>@b.test/?token=<redacted>")
      expect(error.message + JSON.stringify(error)).not.toContain("s3cret")
    })
  )
})

describe("history", () => {
  it.scopedLive("has the answers on the way, each with its own, and their bodies", () =>
    Effect.gen(function* () {
      const { client, url } = yield* twoServers()
      const response = yield* client.get(chain(20))
      expect([response.status, response.history.length]).toEqual([200, 20])
      expect(response.history.map((each) => each.status)).toEqual(Array(20).fill(302))
      expect(response.history.map((each) => each.history.length)).toEqual(Array.from({ length: 20 }, (_, i) => i))
      expect(response.history[19]!.history).toEqual(response.history.slice(0, 19))
      expect(response.history[0]!.url).toBe(`${url}${chain(20)}`)
      for (const each of response.history) {
        expect([each.isClosed, yield* each.text]).toEqual([true, "moved by 302"])
        expect(yield* each.nextRequest).toEqual(Option.none())
      }
    })
  )

  it.scopedLive("is in the error when there are too many: 20 are followed, the 21st fails", () =>
    Effect.gen(function* () {
      const { client, seen } = yield* twoServers()
      const error = yield* failsWith(client.get(chain(21)), "TooManyRedirects")
      expect([error.limit, error.history.length, seen.length]).toEqual([20, 21, 21])
      expect(error.history[20]!.history.length).toBe(20)
      // It can be gone on with from there.
      const next = Option.getOrThrow(yield* error.history[20]!.nextRequest)
      expect((yield* client.send(next)).status).toBe(200)
    })
  )

  it.scopedLive("is how a loop ends", () =>
    Effect.gen(function* () {
      const { answer } = redirecting()
      const url = yield* listen((request) =>
        request.path === "/loop"
          ? Effect.succeed({ status: 301, headers: { location: "/loop?again" } })
          : answer(request)
      )
      const { client } = yield* twoServers({ baseUrl: url })
      const error = yield* failsWith(client.get("/loop"), "TooManyRedirects")
      expect(new Set(error.history.map((each) => each.url))).toEqual(new Set([`${url}/loop`, `${url}/loop?again`]))
    })
  )
})

describe("nextRequest", () => {
  it.scopedLive("is the request that was not followed, with its body, to be sent", () =>
    Effect.gen(function* () {
      const { client, url } = yield* twoServers({ followRedirects: false })
      const response = yield* client.post(to("/end?q=%20", 308), { json: { a: 1 }, tag: "tagged" })
      expect([response.status, yield* response.text]).toEqual([308, "moved by 308"])
      expect(response.request.body).toEqual({ _tag: "Empty" })
      const next = Option.getOrThrow(yield* response.nextRequest)
      expect([next.method, next.url, next.tag]).toEqual(["POST", `${url}/end?q=%20`, "tagged"])
      const echo = yield* echoed(client.send(next))
      expect([echo.body, fieldsOf(echo, "content-type")]).toEqual(['{"a":1}', ["application/json"]])
    })
  )

  it.scopedLive("goes step by step through a chain", () =>
    Effect.gen(function* () {
      const { client, seen } = yield* twoServers()
      let response = yield* client.get(chain(3), { followRedirects: false })
      for (let next = yield* response.nextRequest; Option.isSome(next); next = yield* response.nextRequest) {
        response = yield* client.send(next.value)
      }
      expect([response.status, seen.length]).toEqual([200, 4])
    })
  )

  it.effect("obeys the rules of those that are followed", () =>
    Effect.gen(function* () {
      const { client } = yield* everywhere({ followRedirects: false })
      const headers = { authorization: "Bearer 1" }
      const across = yield* client.get(`https://a.test${to("https://b.test/")}`, { headers })
      expect(Option.getOrThrow(yield* across.nextRequest).headers.has("authorization")).toBe(false)
      const down = yield* client.get(`https://a.test${to("http://a.test/")}`, { headers })
      expect(yield* Effect.flip(down.nextRequest)).toMatchObject({ _tag: "RedirectRefused" })
      const once = yield* client.post(`https://a.test${to("/", 307)}`, { content: Stream.make(new Uint8Array(1)) })
      expect(yield* Effect.flip(once.nextRequest)).toMatchObject({ _tag: "StreamConsumed" })
    })
  )
})

describe("a body that flows once", () => {
  const once = (text: string) => Stream.make(new TextEncoder().encode(text))

  it.scopedLive("fails if it is needed again, before anything is sent", () =>
    Effect.gen(function* () {
      const { client, seen } = yield* twoServers()
      for (const status of [307, 308]) {
        const error = yield* failsWith(client.post(to("/end", status), { content: once("x") }), "StreamConsumed")
        expect(error).toMatchObject({ delivery: "answered", request: { method: "POST" } })
      }
      expect(seen.map(({ path }) => path)).toEqual(["/307", "/308"])
    })
  )

  it.scopedLive("does not matter where none is sent again", () =>
    Effect.gen(function* () {
      const { client } = yield* twoServers()
      const options = { content: once("x"), headers: { "content-length": "1", "content-language": "en" } }
      const echo = yield* echoed(client.post(to("/end", 303), options))
      expect(echo).toMatchObject({ method: "GET", body: "" })
      for (const name of ["content-length", "content-language", "transfer-encoding"]) {
        expect(fieldsOf(echo, name)).toEqual([])
      }
    })
  )
})

describe("a body that can be made again", () => {
  const bytes = (text: string) => new TextEncoder().encode(text)
  const file = Stream.make(bytes("once "), bytes("more"))

  it.scopedLive.each([
    ["a function of a stream", () => file],
    ["a stream that says so", Request.repeatable(file)],
    ["an iterable made anew", () => [bytes("once "), bytes("more")]]
  ] as const)("is sent to each hop that asks for it: %s", ([, content]) =>
    Effect.gen(function* () {
      const { client, other, stats } = yield* twoServers()
      const target = to(to(`${other}/end`, 308), 307)
      const [block] = yield* client.all([{ method: "PUT", url: target, content }])
      for (const response of [yield* client.post(target, { content }), block]) {
        expect([response.status, response.history.length, response.url]).toEqual([200, 2, `${other}/end`])
        expect(yield* echoed(Effect.succeed(response))).toMatchObject({ body: "once more" })
      }
      expect(yield* stats).toMatchObject({ active: 0, queued: 0, connecting: 0, exchanges: 0 })
    })
  )

  it.scopedLive("fails the call with what it fails with at a later hop", () =>
    Effect.gen(function* () {
      const { client, stats } = yield* twoServers()
      let made = 0
      const content = () => (++made === 1 ? file : Stream.fail("lost" as const))
      const error = yield* Effect.flip(client.post(to("/end", 307), { content }))
      expect(error).toMatchObject({ _tag: "BodyError", cause: "lost" })
      expect(yield* stats).toMatchObject({ active: 0, queued: 0, connecting: 0, exchanges: 0 })
    })
  )
})
