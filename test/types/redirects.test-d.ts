// What the types of redirects say.
// A call that does not type-check is not to be run.
// @effect-diagnostics floatingEffect:off
import type { HttpClient, HttpClientError } from "@effect/platform"
import { Config, Context, Effect, type Option } from "effect"
import { Client, HttpxError, Redirects, Request, Response } from "effect-httpx"
import { describe, expectTypeOf, test } from "vitest"

class Vault extends Context.Tag("test/Vault")<Vault, string>() {}

declare const client: Client.Client
declare const response: Response.Response
declare const platform: HttpClient.HttpClient.With<"theirs", Vault>

type Next = Request.Request<HttpxError.BodyError<unknown>>

describe("followRedirects", () => {
  test("is a switch, a policy or options, of a client and of a call", () => {
    for (const followRedirects of [true, undefined, Redirects.sameOrigin, { max: 3, policy: Redirects.limited(2) }]) {
      client.get("/", { followRedirects })
      client.post("/", { json: 1, followRedirects })
      client.stream("GET", "/", { followRedirects })
      Client.make({ followRedirects })
    }
    Client.layerConfig({ baseUrl: Config.string("URL"), followRedirects: Config.boolean("FOLLOW") })
    // @ts-expect-error -- a number of redirects is `{ max }`
    client.get("/", { followRedirects: 3 })
    // @ts-expect-error -- a policy decides by true, false, a reason or a limit
    client.get("/", { followRedirects: () => 3 })
  })
})

describe("a platform client that follows", () => {
  test("fails and needs what it did before, and can fail as any client", () => {
    expectTypeOf(Redirects.follow({ max: 3 })(platform)).toEqualTypeOf<
      HttpClient.HttpClient.With<"theirs" | HttpClientError.HttpClientError, Vault>
    >()
  })
})

describe("a response", () => {
  test("has the request that comes next, for `send`", () => {
    expectTypeOf(response.nextRequest).toEqualTypeOf<
      Effect.Effect<Option.Option<Next>, HttpxError.RedirectRefused | HttpxError.StreamConsumed>
    >()
    expectTypeOf(client.send({} as Next)).toEqualTypeOf<
      Effect.Effect<Response.Response, HttpxError.HttpxError | HttpxError.BodyError<unknown>>
    >()
    expectTypeOf(response.history).toEqualTypeOf<ReadonlyArray<Response.Response>>()
  })
})
