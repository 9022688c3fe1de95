/** Secrets: what is printed, logged or serialized does not show them. */
import { FetchHttpClient, HttpClient, HttpClientError, HttpClientRequest } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, FastCheck as fc, Inspectable, Stream } from "effect"
import { Client, Request } from "effect-httpx"
import { Transport } from "effect-httpx/node"
import { InProcess } from "effect-httpx/testing"
import { inspect } from "node:util"
import { isSensitive, redacted, redactField, redactUrl } from "../src/protocol/redaction.js"

describe("a URL that is shown", () => {
  it.each([
    ["https://h/p?token=s3cret&b=", "https://h/p?token=<redacted>&b=<redacted>"],
    ["https://h/p?flag&a=s3=cret", "https://h/p?flag&a=<redacted>"],
    ["https://h/p#s3cret", "https://h/p"],
    ["https://h/p?a=1#s3cret?b", "https://h/p?a=<redacted>"],
    ["https://s3:cret@h:80/p", "https://<redacted>@h:80/p"],
    ["HTTPS://s3cret@h", "HTTPS://<redacted>@h"],
    ["//s3:cret@h/p", "//<redacted>@h/p"],
    ["https://h/@scope/p", "https://h/@scope/p"],
    ["https://h:8080/@scope", "https://h:8080/@scope"],
    ["https://[::1]/@scope", "https://[::1]/@scope"],
    ["https://[::1]:80/@scope", "https://[::1]:80/@scope"],
    ["/users/@me?x=1", "/users/@me?x=<redacted>"],
    ["https://h", "https://h"],
    ["", ""]
  ])("%s is %s", (url, shown) => {
    expect(redactUrl(url)).toBe(shown)
  })

  it.each([
    "https://jo:s3/cret@h/p",
    "https://jo:s3?cret@h/p",
    "https://jo:s3#cret@h/p",
    "https://jo:s3@cret@h/p",
    "https:/jo:s3cret@h/p",
    "https:jo:s3cret@h/p",
    "jo:s3cret@h/p",
    "\\\\jo:s3cret@h",
    "https:\\\\jo:s3cret@h"
  ])("shows no password, though it is not written as a URL: %s", (url) => {
    expect(redactUrl(url)).toMatch(/<redacted>@h/)
    expect(redactUrl(url)).not.toMatch(/s3|cret/)
  })
})

it("a URL that is none shows nothing that could be meant as a password", () => {
  const part = fc.string({ unit: fc.constantFrom(..."ab/?#@:\\ []1%="), maxLength: 6 })
  fc.assert(
    fc.property(fc.constantFrom("http://", "HTTPS:\\", "http:"), part, part, (start, before, after) => {
      const url = `${start}jo:${before}s3cret${after}@h.test/p`
      if (!URL.canParse(url)) expect(redactUrl(url)).not.toContain("s3cret")
    }),
    { numRuns: 500 }
  )
})

describe("a field that is shown", () => {
  it("hides its value if its name says that it is secret", () => {
    const secret = ["Authorization", "proxy-authorization", "Cookie", "set-cookie", "X-API-Key", "x-auth-token"]
    expect(secret.filter((name) => !isSensitive(name))).toEqual([])
    expect(isSensitive("accept")).toBe(false)
    expect([redactField("X-Api-Key", "s3cret"), redactField("Accept", "*/*")]).toEqual([redacted, "*/*"])
    expect(redactField("Location", "/a?token=s3cret#s3cret")).toBe("/a?token=<redacted>")
    expect(redactField("Link", '</a?cursor=s3cret>; rel="next", <https://s3cret@h/>; rel=first, <')).toBe(
      '</a?cursor=<redacted>>; rel="next", <https://<redacted>@h/>; rel=first, <'
    )
    expect(redactField("Link", "<".repeat(500_000)).length).toBe(500_000)
  })
})

/** Every way in which a value is shown. */
const shownOf = (value: unknown): string =>
  [
    JSON.stringify(value),
    String(value),
    inspect(value, { depth: 10, showHidden: true }),
    Inspectable.toStringUnknown(value),
    Cause.pretty(Cause.fail(value), { renderErrorCause: true })
  ].join("\n")

const options = {
  headers: { authorization: "Bearer s3cret", "x-api-key": "s3cret", cookie: "sid=s3cret" },
  json: { password: "s3cret" }
}
// Nobody listens at port 1 of the loopback.
const refused = "http://jo:s3cret@127.0.0.1:1/p?token=s3cret#s3cret"

describe("an error that is shown", () => {
  it.effect.each([
    ["Transport.layer", Transport.layer()],
    ["FetchHttpClient.layer", FetchHttpClient.layer],
    ["NodeHttpClient.layerUndici", NodeHttpClient.layerUndici]
  ] as const)("has no secret in it, over %s", ([, layer]) =>
    Effect.gen(function* () {
      const client = yield* Client.make()
      for (const url of [refused, "ftp://jo:s3cret@h/?token=s3cret", "http://jo:s3cret@", "jo:s3cret@h"]) {
        const shown = shownOf(yield* Effect.flip(client.post(url, options)))
        expect(shown).not.toContain("s3cret")
        expect(shown).toContain("POST")
      }
    }).pipe(Effect.provide(layer))
  )

  it.effect("has no secret in it, when a body stream or the server fails", () =>
    Effect.gen(function* () {
      const client = yield* Client.make()
      const streamed = { headers: options.headers, content: Stream.fail("my own") }
      const failed = yield* Effect.flip(client.post("http://h.test/?token=s3cret", streamed))
      expect(shownOf(failed)).not.toContain("s3cret")
      const status = yield* Effect.flatMap(client.post("http://h.test/?token=s3cret", options), (response) =>
        Effect.flip(response.raiseForStatus)
      )
      expect(shownOf(status)).not.toContain("s3cret")
      const json = yield* Effect.flatMap(client.get("http://h.test/?token=s3cret"), (response) =>
        Effect.flip(response.json)
      )
      expect(shownOf(json)).not.toContain("s3cret")
    }).pipe(
      Effect.provide(
        InProcess.layer((request) =>
          Effect.as(request.body, { status: 500, headers: { "set-cookie": "sid=s3cret" }, body: "<html>" })
        )
      )
    )
  )

  it.scopedLive("has no secret in it on the platform's side either, but all that its users need", () =>
    Effect.gen(function* () {
      const { httpClient } = yield* Transport.make()
      const request = HttpClientRequest.post(refused).pipe(
        HttpClientRequest.setHeaders(options.headers),
        HttpClientRequest.bodyUnsafeJson(options.json)
      )
      const error = yield* Effect.flip(httpClient.execute(request))
      expect(shownOf(error)).not.toContain("s3cret")
      expect(HttpClientError.isHttpClientError(error)).toBe(true)
      expect(error).toBeInstanceOf(HttpClientError.RequestError)
      expect(error).toMatchObject({ _tag: "RequestError", reason: "Transport", cause: { _tag: "ConnectError" } })
      expect(error.request.url).toBe(request.url)
      expect(error.message).toContain("127.0.0.1:1")
    })
  )

  it.effect("has the reason that the platform's users decide by", () =>
    Effect.gen(function* () {
      const httpClient = yield* HttpClient.HttpClient
      const failure = (request: HttpClientRequest.HttpClientRequest) =>
        Effect.map(Effect.flip(httpClient.execute(request)), ({ _tag, cause, reason }) => [_tag, reason, cause])
      const leaf = (tag: string) => expect.objectContaining({ _tag: tag })
      const { get, post } = HttpClientRequest
      expect(yield* failure(get("nowhere"))).toEqual(["RequestError", "InvalidUrl", leaf("InvalidUrl")])
      expect(yield* failure(get("ftp://h/"))).toEqual(["RequestError", "InvalidUrl", leaf("UnsupportedProtocol")])
      const forged = get("http://h.test/", { headers: { "x-a": "1\r\nx-b: 2" } })
      expect(yield* failure(forged)).toEqual(["RequestError", "Encode", leaf("LocalProtocolError")])
      const streamed = HttpClientRequest.bodyStream(post("http://h.test/"), Stream.fail("mine"))
      const [tag, reason, cause] = yield* failure(streamed)
      expect([tag, reason]).toEqual(["RequestError", "Encode"])
      expect(cause).toMatchObject({ _tag: "BodyError", error: "mine" })
      expect(yield* failure(get("http://h.test/"))).toEqual(["RequestError", "Transport", leaf("ReadError")])
    }).pipe(Effect.provide(InProcess.layer((request) => Effect.zipRight(request.body, Effect.fail("broken")))))
  )

  it.scopedLive("has no secret in it when a body cannot be read", () =>
    Effect.gen(function* () {
      const httpClient = yield* HttpClient.HttpClient
      const request = HttpClientRequest.post("http://h.test/?token=s3cret").pipe(
        HttpClientRequest.setHeaders(options.headers),
        HttpClientRequest.bodyUnsafeJson(options.json)
      )
      const response = yield* httpClient.execute(request)
      const error = yield* Effect.flip(response.json)
      expect(error).toMatchObject({ _tag: "ResponseError", reason: "Decode", cause: { _tag: "DecodingError" } })
      expect(error).toBeInstanceOf(HttpClientError.ResponseError)
      expect(shownOf(error)).not.toContain("s3cret")
      expect(error.message).toContain("not JSON")
    }).pipe(Effect.provide(InProcess.layer(() => Effect.succeed({ body: "<html>" }))))
  )
})

describe("a request that is shown", () => {
  it("has no secret in it", () => {
    const request = Request.make("POST", refused, options)
    expect(shownOf(request)).not.toContain("s3cret")
    expect(String(request)).toContain("http://<redacted>@127.0.0.1:1/p?token=<redacted>")
  })
})
