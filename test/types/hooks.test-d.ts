// What the types of hooks say: what they fail with and what they need shows where it has to.
import { HttpClient, type HttpClientError } from "@effect/platform"
import { Config, type ConfigError, Context, Effect, type Layer } from "effect"
import { Client, Hooks, type HttpxError, type Request, type Response } from "effect-httpx"
import { describe, expectTypeOf, test } from "vitest"

class MyError {
  readonly _tag = "MyError"
}

class Disk extends Context.Tag("test/Disk")<Disk, { readonly write: Effect.Effect<void, MyError> }>() {}

declare const httpClient: HttpClient.HttpClient

describe("hooks of a client", () => {
  test("are written without annotations, and may fail with anything", () => {
    const made = Client.make({
      hooks: {
        request: (request) => {
          expectTypeOf(request.url).toEqualTypeOf<string>()
          return Effect.log(request.method)
        },
        response: [(response) => Effect.log(response.status), () => Effect.fail(new MyError())]
      }
    })
    expectTypeOf(made).toEqualTypeOf<Effect.Effect<Client.Client, never, HttpClient.HttpClient>>()
  })

  test("give a request that fails with no more than the one they are given", () => {
    Client.layer({ hooks: { request: (request) => Effect.succeed(request.withHeaders(request.headers)) } })
    // @ts-expect-error a number is no request
    Client.layer({ hooks: { request: () => Effect.succeed(1) } })
    const other = undefined as unknown as Request.Request<HttpxError.BodyError<MyError>>
    // @ts-expect-error the caller knows nothing of this failure
    Client.layer({ hooks: { request: () => Effect.succeed(other) } })
  })

  test("need what the client then needs", () => {
    const write = Effect.flatMap(Disk, ({ write }) => write)
    expectTypeOf(Client.make({ hooks: { request: () => write } })).toEqualTypeOf<
      Effect.Effect<Client.Client, never, HttpClient.HttpClient | Disk>
    >()
    expectTypeOf(Client.layer({ hooks: { response: [() => write] } })).toEqualTypeOf<
      Layer.Layer<Client.Client, never, HttpClient.HttpClient | Disk>
    >()
    const options = Config.map(Config.string("BASE_URL"), (baseUrl) => ({ baseUrl, hooks: { response: () => write } }))
    expectTypeOf(Client.layerConfig<Disk>(options)).toEqualTypeOf<
      Layer.Layer<Client.Client, ConfigError.ConfigError, HttpClient.HttpClient | Disk>
    >()
  })
})

describe("hooks of a client of the platform", () => {
  test("add their failures and requirements to its type", () => {
    const hooked = httpClient.pipe(
      Hooks.onRequest((request) => Effect.as(Effect.asVoid(Disk), request)),
      Hooks.onResponse((response) => {
        expectTypeOf(response).toEqualTypeOf<Response.Response>()
        return Effect.fail(new MyError())
      })
    )
    expectTypeOf(hooked).toEqualTypeOf<HttpClient.HttpClient.With<HttpClientError.HttpClientError | MyError, Disk>>()
  })
})
