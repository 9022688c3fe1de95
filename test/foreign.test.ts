/** Clients over an `HttpClient` that is not ours: what its errors become, and what it is given. */
import { HttpBody, HttpClient, HttpClientError, HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { Client, Request } from "effect-httpx"
import { wireOf } from "../src/transport/platform/FromPlatform.js"

type Execute = (
  request: HttpClientRequest.HttpClientRequest
) => Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>

const over = (execute: Execute, options?: Client.ClientOptions) =>
  Effect.provideService(
    Client.make(options),
    HttpClient.HttpClient,
    HttpClient.make((request) => execute(request))
  )

const failing = (reason: HttpClientError.RequestError["reason"], cause?: unknown) =>
  Effect.flatMap(
    over((request) => Effect.fail(new HttpClientError.RequestError({ request, reason, cause }))),
    (client) => Effect.flip(client.post("http://h.test/", { json: "s3cret" }))
  )

const coded = (code: string, cause?: unknown) => Object.assign(new Error(`it is ${code}`, { cause }), { code })

const phaseOf = { ConnectError: "connect", DnsError: "dns", TlsError: "tls" } as const

describe("an error of a foreign client", () => {
  it.effect.each([
    ["ECONNREFUSED", "ConnectError"],
    ["ENETUNREACH", "ConnectError"],
    ["ENOTFOUND", "DnsError"],
    ["EAI_AGAIN", "DnsError"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "TlsError"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "TlsError"]
  ] as const)("with the code %s is a %s, and nothing was sent", ([code, tag]) =>
    Effect.gen(function* () {
      const error = yield* failing("Transport", new TypeError("fetch failed", { cause: coded(code) }))
      expect(error).toMatchObject({ _tag: tag, delivery: "unsent", phase: phaseOf[tag] })
      expect(error.message).toBe(`POST http://h.test/: it is ${code}`)
      const several = yield* failing("Transport", new AggregateError([coded(code), coded(code)]))
      expect(several._tag).toBe(tag)
    })
  )

  it.effect("that says no more than Transport may have been sent", () =>
    Effect.gen(function* () {
      for (const cause of [coded("ECONNRESET"), new Error("no code"), "no error", null, undefined]) {
        const error = yield* failing("Transport", cause)
        expect(error).toMatchObject({ _tag: "ReadError", delivery: "unknown", phase: "wait" })
        expect(JSON.stringify(error)).not.toContain("s3cret")
      }
    })
  )

  it.effect("about the request itself is one of ours about the request", () =>
    Effect.gen(function* () {
      expect(yield* failing("InvalidUrl")).toMatchObject({ _tag: "InvalidUrl", delivery: "unsent" })
      expect(yield* failing("Encode", coded("X"))).toMatchObject({ _tag: "LocalProtocolError", delivery: "unsent" })
    })
  )

  it.effect("about the answer is a ReadError", () =>
    Effect.gen(function* () {
      const client = yield* over((request) => {
        const response = HttpClientResponse.fromWeb(request, new Response("busy", { status: 503 }))
        return Effect.fail(new HttpClientError.ResponseError({ request, response, reason: "StatusCode" }))
      })
      const error = yield* Effect.flip(client.get("http://h.test/"))
      expect(error).toMatchObject({ _tag: "ReadError", delivery: "answered" })
    })
  )
})

describe("a foreign client", () => {
  it.effect("is given requests of its own kind", () =>
    Effect.gen(function* () {
      const given: Array<HttpClientRequest.HttpClientRequest> = []
      const client = yield* over((request) => {
        given.push(request)
        return Effect.succeed(HttpClientResponse.fromWeb(request, new Response("ok")))
      })
      yield* client.get("http://jo:pw@h.test/p?a=b%20c#part", { headers: { "X-Two": ["1", "2"] } })
      yield* client.post("http://h.test/", { content: "text" })
      yield* client.post("http://h.test/", { content: Stream.empty, headers: { "content-length": "0" } })
      const [get, text, stream] = given
      expect(get).toMatchObject({ method: "GET", url: "http://h.test/p?a=b%20c", body: HttpBody.empty })
      expect(get?.headers).toMatchObject({ "x-two": "1, 2", authorization: `Basic ${btoa("jo:pw")}` })
      expect(text?.body).toMatchObject({ _tag: "Uint8Array", body: new TextEncoder().encode("text") })
      expect(text?.headers["content-type"]).toBeUndefined()
      expect(stream?.body).toMatchObject({ _tag: "Stream", contentLength: 0 })
    })
  )

  it.effect("whose body is shorter than it was announced fails, unless it has decoded it", () =>
    Effect.gen(function* () {
      const short = (headers: Record<string, string>) =>
        Effect.flatMap(
          over((request) => Effect.succeed(HttpClientResponse.fromWeb(request, new Response("short", { headers })))),
          (client) => client.get("http://h.test/")
        )
      expect(yield* Effect.flip(short({ "content-length": "100" }))).toMatchObject({ _tag: "ReadError" })
      expect(yield* (yield* short({ "content-length": "5" })).text).toBe("short")
      expect(yield* (yield* short({ "content-length": "many" })).text).toBe("short")
      expect(yield* (yield* short({ "content-length": "100", "content-encoding": "gzip" })).text).toBe("short")
    })
  )

  it.effect("is an exchange of ours too, below any client", () =>
    Effect.gen(function* () {
      const execute: Execute = (request) => Effect.succeed(HttpClientResponse.fromWeb(request, new Response("bare")))
      const { exchange } = wireOf(HttpClient.make((request) => execute(request)))
      const response = yield* exchange(Request.make("GET", "http://h.test/"))
      expect(yield* response.text).toBe("bare")
    })
  )

  it.effect("that dies is a defect of its own, and nothing stays open", () =>
    Effect.gen(function* () {
      const client = yield* over(() => Effect.die("a bug"))
      expect(yield* Effect.exit(client.get("http://h.test/"))).toMatchObject({
        cause: { _tag: "Die", defect: "a bug" }
      })
    })
  )
})
