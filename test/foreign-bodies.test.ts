/** What is checked of a body does not depend on whose client sends it: fetch's, undici's, Node's, a function's. */
import { FetchHttpClient, type HttpClient } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { Client, type HttpxError, type Request } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import { failsWith } from "./support/failing.js"
import { echoed, fieldsOf, listen, makeRoutes } from "./support/routes.js"

const clients: ReadonlyArray<readonly [string, Layer.Layer<HttpClient.HttpClient>]> = [
  ["fetch", FetchHttpClient.layer],
  ["undici", NodeHttpClient.layerUndici],
  ["Node", NodeHttpClient.layer],
  ["a function", InProcess.layer(makeRoutes().handler)]
]

const five = () => new TextEncoder().encode("12345")

describe.each(clients)("over %s", (name, layer) => {
  const over = Effect.gen(function* () {
    const url = yield* listen(makeRoutes().handler)
    const context = yield* Layer.build(layer)
    return { client: yield* Effect.provide(Client.make(), context), url: `${url}/echo` }
  })

  it.scopedLive.each<readonly [string, Request.FieldsInput, string]>([
    ["a Content-Length over the body's", { "content-length": "6" }, "the body has 5 bytes"],
    ["a Content-Length that is no length", { "content-length": "five" }, "is not a length"],
    ["two different Content-Lengths", { "content-length": ["5", "6"] }, "Content-Length"],
    ["a Transfer-Encoding that is not chunked", { "transfer-encoding": "gzip" }, "Transfer-Encoding"],
    ["both", { "content-length": "5", "transfer-encoding": "chunked" }, "both"]
  ])("framing that contradicts the body is LocalProtocolError: %s", ([, headers, why]) =>
    Effect.gen(function* () {
      const { client, url } = yield* over
      for (const content of [five(), new Blob([five()])]) {
        const error = yield* failsWith(client.post(url, { content, headers }), "LocalProtocolError")
        expect(error).toMatchObject({ phase: "prepare", delivery: "unsent", message: expect.stringContaining(why) })
      }
      yield* failsWith(client.post(url, { headers }), "LocalProtocolError")
    })
  )

  it.scopedLive("framing that is the body's own is taken", () =>
    Effect.gen(function* () {
      const { client, url } = yield* over
      const given: ReadonlyArray<Request.FieldsInput> = [
        { "content-length": "5" },
        { "content-length": ["5", "5"] },
        { "transfer-encoding": "chunked" }
      ]
      for (const headers of given) {
        for (const content of [five(), Stream.make(five())]) {
          const echo = yield* echoed(client.post(url, { content, headers }))
          expect(echo.body).toBe("12345")
          if (name !== "a function") expect(fieldsOf(echo, "content-length").length).toBeLessThan(2)
        }
      }
    })
  )

  it.scopedLive.each(["DELETE", "OPTIONS", "delete"])(
    "a stream of unknown length has an end, and is a body, by %s",
    (method) =>
      Effect.gen(function* () {
        const { client, url } = yield* over
        for (let i = 0; i < 2; i++) {
          expect((yield* echoed(client.request(method, url, { content: Stream.make(five(), five()) }))).body).toBe(
            "1234512345"
          )
        }
        const content = Stream.concat(Stream.make(five()), Stream.fail("no more"))
        const error = yield* Effect.flip(client.request(method, url, { content }))
        expect(error).toMatchObject({ _tag: "BodyError", cause: "no more" })
      })
  )

  it.scopedLive.each<readonly [string, Request.RequestOptions, string]>([
    ["fewer by contentLength", { content: Stream.make(five()), contentLength: 6 }, "fewer"],
    ["more by contentLength", { content: Stream.make(five()), contentLength: 4 }, "more"],
    ["fewer by a field", { content: Stream.make(five()), headers: { "content-length": "6" } }, "fewer"],
    ["more by a field", { content: Stream.make(five()), headers: { "content-length": "4" } }, "more"]
  ])("a stream of another length is LocalProtocolError: %s", ([, options, what]) =>
    Effect.gen(function* () {
      const { client, url } = yield* over
      const call: Effect.Effect<unknown, HttpxError.HttpxError> = client.post(url, options)
      expect((yield* failsWith(call, "LocalProtocolError")).message).toContain(`${what} bytes than its Content-Length`)
    })
  )
})
