/**
 * What the platform's contract leaves open: its users forget bodies, print responses, give up reading, run one request
 * value twice. No connection may be lost over that, and no byte.
 */
import { HttpClient, HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Deferred, Duration, Effect, Exit, Fiber, Inspectable, Scope, Stream, TestClock } from "effect"
import { Redirects } from "effect-httpx"
import { withServer } from "./support/bridge.js"

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

const sizeOf = <E>(stream: Stream.Stream<Uint8Array, E>) =>
  Stream.runFold(stream, 0, (size, bytes) => size + bytes.length)

const onlyOne = { limits: { connections: 1 } }

describe("a body that nobody reads", () => {
  it.scopedLive("frees its connection at once if it is small", () =>
    Effect.gen(function* () {
      const { bare, stats, url } = yield* withServer(undefined, onlyOne)
      const responses = yield* Effect.forEach([1, 2, 3], () => bare.get(`${url}/bytes/100000`))
      expect(yield* Effect.forEach(responses, (response) => sizeOf(response.stream))).toEqual([1e5, 1e5, 1e5])
      expect(yield* stats).toMatchObject({ queued: 0, connecting: 0, active: 0, idle: 1 })
    })
  )

  it.scoped("stops its connection if it is large, which is closed when nobody comes for ten seconds", () =>
    Effect.gen(function* () {
      const { bare, left, stats, url } = yield* withServer(undefined, { timeout: { read: Duration.infinity } })
      const response = yield* bare.get(`${url}/endless?id=forgotten`)
      yield* TestClock.adjust("9 seconds")
      expect((yield* stats).active).toBe(1)
      yield* TestClock.adjust("1 seconds")
      yield* left("forgotten")
      expect((yield* stats).active).toBe(0)
      const error = yield* Effect.flip(response.text)
      expect(error).toMatchObject({ reason: "Decode", cause: { _tag: "StreamClosed" } })
    })
  )

  it.scoped("is not closed while somebody reads it", () =>
    Effect.gen(function* () {
      const { arrived, bare, open, url } = yield* withServer(undefined, { timeout: { read: Duration.infinity } })
      const response = yield* bare.get(`${url}/gated?id=read`)
      const reader = yield* Effect.fork(response.text)
      yield* arrived("read")
      yield* Effect.yieldNow()
      yield* TestClock.adjust("1 minutes")
      yield* open("read")
      expect(yield* Fiber.join(reader)).toBe("one two")
    })
  )

  it.scoped("is closed ten seconds after its reader gave up", () =>
    Effect.gen(function* () {
      const { bare, left, stats, url } = yield* withServer(undefined, { timeout: { read: Duration.infinity } })
      const response = yield* bare.get(`${url}/gated?id=gave-up`)
      const reader = yield* Effect.fork(response.text)
      yield* TestClock.adjust("1 minutes")
      yield* Fiber.interrupt(reader)
      expect((yield* stats).active).toBe(1)
      yield* TestClock.adjust("10 seconds")
      yield* left("gave-up")
      expect((yield* stats).active).toBe(0)
    })
  )

  it.scopedLive("does not keep the request's body in memory", () =>
    Effect.gen(function* () {
      const { bare, url } = yield* withServer()
      const request = HttpClientRequest.bodyText(HttpClientRequest.post(`${url}/gated?id=kept`), "a large body")
      const response = yield* bare.execute(request)
      expect(response.request.body._tag).toBe("Empty")
      expect(response.request).toMatchObject({ method: "POST", url: request.url, headers: request.headers })
    })
  )
})

describe("a body that is read", () => {
  it.scopedLive("can be read again, in every form", () =>
    Effect.gen(function* () {
      const { bare, url } = yield* withServer()
      const response = yield* bare.get(`${url}/json`)
      for (const _ of [1, 2]) {
        expect(yield* response.text).toBe('{"id":7,"name":"Ada"}')
        expect(yield* response.json).toEqual({ id: 7, name: "Ada" })
        expect(decode(new Uint8Array(yield* response.arrayBuffer))).toBe('{"id":7,"name":"Ada"}')
        expect(yield* sizeOf(response.stream)).toBe(21)
      }
      const form = yield* bare.get(`${url}/form`)
      expect(yield* form.urlParamsBody).toEqual([
        ["a", "1"],
        ["b", "x y"]
      ])
    })
  )

  it.scopedLive("as form data has its fields", () =>
    Effect.gen(function* () {
      const body = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'
      const { bare, url } = yield* withServer(() =>
        Effect.succeed({ headers: { "content-type": "multipart/form-data; boundary=b" }, body })
      )
      expect((yield* (yield* bare.get(url)).formData).get("a")).toBe("1")
      const other = yield* withServer()
      for (const path of ["/json", "/empty"]) {
        const error = yield* Effect.flip((yield* other.bare.get(other.url + path)).formData)
        expect(error).toMatchObject({ _tag: "ResponseError", reason: "Decode" })
      }
    })
  )

  it.scopedLive("flows once: a second stream fails, and is not silently empty", () =>
    Effect.gen(function* () {
      const { bare, url } = yield* withServer()
      const response = yield* bare.get(`${url}/bytes/1000000`)
      expect(yield* sizeOf(response.stream)).toBe(1_000_000)
      const error = yield* Effect.flip(sizeOf(response.stream))
      expect(error).toMatchObject({ _tag: "ResponseError", reason: "Decode", cause: { _tag: "StreamConsumed" } })
    })
  )

  it.scopedLive("fails when its connection breaks, even before anybody reads", () =>
    Effect.gen(function* () {
      const { bare, stats, url } = yield* withServer()
      for (const path of ["/broken-length", "/broken-chunked"]) {
        const response = yield* bare.get(url + path)
        // The answer is over when the pool has nothing at work any more.
        while ((yield* stats).active > 0) yield* Effect.promise(() => new Promise(setImmediate))
        const error = yield* Effect.flip(sizeOf(response.stream))
        expect(error).toMatchObject({ reason: "Decode", cause: { _tag: "ReadError", delivery: "answered" } })
        expect((yield* Effect.flip(response.text)).cause).toMatchObject({ _tag: "StreamConsumed" })
        expect((yield* Effect.flip((yield* bare.get(url + path)).text)).cause).toMatchObject({ _tag: "ReadError" })
      }
    })
  )

  it.scopedLive("survives a reader that is interrupted", () =>
    Effect.gen(function* () {
      const { bare, open, url } = yield* withServer()
      const response = yield* bare.get(`${url}/gated?id=again`)
      expect((yield* Effect.timeoutOption(response.text, 5))._tag).toBe("None")
      yield* open("again")
      expect(yield* response.text).toBe("one two")
    })
  )

  it.scopedLive("is closed by a stream that is left early", () =>
    Effect.gen(function* () {
      const { bare, left, stats, url } = yield* withServer()
      const response = yield* bare.get(`${url}/endless?id=early`)
      yield* Stream.runDrain(Stream.take(response.stream, 1))
      yield* left("early")
      expect((yield* stats).active).toBe(0)
    })
  )

  it.scopedLive("is decoded: content coding, charset, byte order mark", () =>
    Effect.gen(function* () {
      const { bare, url } = yield* withServer()
      expect(yield* Effect.flatMap(bare.get(`${url}/gzip`), (response) => response.text)).toBe("unzipped")
      expect(yield* Effect.flatMap(bare.get(`${url}/latin1`), (response) => response.text)).toBe("café")
      expect(yield* Effect.flatMap(bare.get(`${url}/bom`), (response) => response.json)).toEqual({ id: 7 })
    })
  )

  it.scopedLive("is empty where there is none, and no failure", () =>
    Effect.gen(function* () {
      const { bare, url } = yield* withServer()
      for (const path of ["/no-content", "/not-modified", "/empty"]) {
        expect(yield* sizeOf((yield* bare.get(url + path)).stream)).toBe(0)
        expect(yield* (yield* bare.get(url + path)).json).toBeNull()
      }
      expect(yield* sizeOf((yield* bare.head(`${url}/bytes/10`)).stream)).toBe(0)
    })
  )

  it.scopedLive("keeps repeated fields and all cookies", () =>
    Effect.gen(function* () {
      const { bare, url } = yield* withServer()
      const { cookies, headers } = yield* bare.get(`${url}/fields`)
      expect(headers["x-two"]).toBe("a, c")
      expect(Object.keys(cookies.cookies)).toEqual(["sid", "theme"])
    })
  )
})

describe("a response that is printed", () => {
  it.scopedLive("is not read by that, and shows no secret", () =>
    Effect.gen(function* () {
      const { bare, url } = yield* withServer()
      const request = HttpClientRequest.post(`${url}/fields?token=s3cret`).pipe(
        HttpClientRequest.bearerToken("s3cret"),
        HttpClientRequest.setHeader("x-auth-token", "s3cret"),
        HttpClientRequest.bodyText("s3cret")
      )
      const response = yield* bare.execute(request)
      yield* Effect.log(response)
      const failure = yield* Effect.flip(HttpClientResponse.filterStatus(response, (status) => status > 200))
      const printed = [response, response.request, failure.toJSON()].flatMap((each) => [
        JSON.stringify(each),
        String(each),
        Inspectable.toStringUnknown(each)
      ])
      expect(printed.join("\n")).not.toContain("s3cret")
      expect(yield* response.text).toBe("fields")
    })
  )
})

describe("withScope", () => {
  it.scopedLive("closes the response with the scope", () =>
    Effect.gen(function* () {
      const { bare, left, stats, url } = yield* withServer()
      const client = HttpClient.withScope(bare)
      const response = yield* Effect.scoped(client.get(`${url}/gated?id=scope`))
      yield* left("scope")
      expect((yield* stats).active).toBe(0)
      expect(yield* Effect.flip(response.text)).toMatchObject({ cause: { _tag: "StreamClosed" } })
    })
  )

  it.scopedLive("closes the response that a redirect led to", () =>
    Effect.gen(function* () {
      const { bare, left, stats, url } = yield* withServer(({ path }) =>
        path === "/moved" ? Effect.succeed({ status: 302, headers: { location: "/endless?id=redirected" } }) : undefined
      )
      const response = yield* Effect.scoped(HttpClient.withScope(Redirects.follow()(bare)).get(`${url}/moved`))
      expect(response.request.url).toBe(`${url}/endless?id=redirected`)
      yield* left("redirected")
      expect((yield* stats).active).toBe(0)
    })
  )

  it.scopedLive("ends a call that waits for its answer when the scope closes", () =>
    Effect.gen(function* () {
      const { arrived, bare, left, url } = yield* withServer()
      const scope = yield* Scope.make()
      const call = HttpClient.withScope(bare).get(`${url}/wait?id=scope-wait`)
      const waiting = yield* Effect.fork(Scope.extend(call, scope))
      yield* arrived("scope-wait")
      yield* Scope.close(scope, Exit.void)
      yield* left("scope-wait")
      expect(yield* Effect.flip(Fiber.join(waiting))).toMatchObject({ _tag: "RequestError", reason: "Transport" })
    })
  )

  it.scopedLive("ends a call that is interrupted", () =>
    Effect.gen(function* () {
      const { arrived, bare, left, url } = yield* withServer()
      const fiber = yield* Effect.fork(HttpClient.withScope(bare).get(`${url}/wait?id=interrupted`))
      yield* arrived("interrupted")
      yield* Fiber.interrupt(fiber)
      yield* left("interrupted")
    })
  )

  it.scopedLive("tells two runs of one request value apart", () =>
    Effect.gen(function* () {
      const done = yield* Deferred.make<void>()
      const { bare, url } = yield* withServer(() =>
        Effect.succeed({
          body: Stream.concat(Stream.make(Uint8Array.of(1)), Stream.drain(Stream.fromEffect(Deferred.await(done))))
        })
      )
      const request = HttpClientRequest.get(url)
      const run = (scope: Scope.Scope) => Scope.extend(HttpClient.withScope(bare).execute(request), scope)
      const [one, two] = [yield* Scope.make(), yield* Scope.make()]
      const [first, second] = yield* Effect.all([run(one), run(two)], { concurrency: 2 })
      yield* Scope.close(one, Exit.void)
      expect((yield* Effect.flip(first.text)).cause).toMatchObject({ _tag: "StreamClosed" })
      yield* Deferred.succeed(done, undefined)
      expect(Chunk.size(yield* Stream.runCollect(second.stream))).toBeGreaterThan(0)
      yield* Scope.close(two, Exit.void)
    })
  )
})
