// What the types of auths say: what they fail with, and what they need.
// A call that does not type-check is not to be run.
// @effect-diagnostics floatingEffect:off
import { FileSystem, HttpClient, type HttpClientError } from "@effect/platform"
import { Config, Context, Effect, type Layer, Redacted } from "effect"
import { Auth, Client, HttpxError, Response } from "effect-httpx"
import { describe, expectTypeOf, test } from "vitest"

class Locked {
  readonly _tag = "Locked"
}

class Vault extends Context.Tag("test/Vault")<
  Vault,
  { readonly token: Effect.Effect<Redacted.Redacted<string>, Locked> }
>() {}

const secret = Redacted.make("x")
const token: Effect.Effect<Redacted.Redacted<string>, Locked, Vault> = Effect.flatMap(Vault, ({ token }) => token)

declare const httpClient: HttpClient.HttpClient
declare const client: Client.Client

describe("an auth", () => {
  test("with what is at hand fails with nothing of its own and needs nothing", () => {
    expectTypeOf(Auth.basic("u", secret)).toEqualTypeOf<Auth.Auth>()
    expectTypeOf(Auth.bearer(secret)).toEqualTypeOf<Auth.Auth>()
    expectTypeOf(Auth.digest("u", secret)).toEqualTypeOf<Auth.Auth>()
    expectTypeOf(Auth.netrc()).toEqualTypeOf<Auth.Auth<never, FileSystem.FileSystem>>()
  })

  test("of an effect has its failure and its requirement", () => {
    expectTypeOf(Auth.bearer(token)).toEqualTypeOf<Auth.Auth<Locked, Vault>>()
    const credentials = Effect.map(token, (secretAccessKey) => ({ accessKeyId: "a", secretAccessKey }))
    expectTypeOf(Auth.awsSigV4({ region: "r", service: "s", credentials })).toEqualTypeOf<Auth.Auth<Locked, Vault>>()
    const oauth = { tokenUrl: "https://h/", clientId: "c", clientSecret: secret }
    expectTypeOf(Auth.oauth2ClientCredentials(oauth)).toEqualTypeOf<Auth.Auth>()
    expectTypeOf(Auth.oauth2ClientCredentials({ ...oauth, onTokens: () => token })).toEqualTypeOf<
      Auth.Auth<Locked, Vault>
    >()
  })

  test("of one's own has what its flow adds to sending", () => {
    expectTypeOf(Auth.make((request, send) => send(request))).toEqualTypeOf<Auth.Auth>()
    const flow = Auth.make((request, send) => Effect.flatMap(token, () => send(request)))
    expectTypeOf(flow).toEqualTypeOf<Auth.Auth<Locked, Vault>>()
    expectTypeOf(Auth.provideContext(flow, Context.empty() as Context.Context<Vault>)).toEqualTypeOf<
      Auth.Auth<Locked>
    >()
  })

  test("of a client is needed where that is made, and fails as AuthError", () => {
    expectTypeOf(Client.make({ auth: Auth.bearer(token) })).toEqualTypeOf<
      Effect.Effect<Client.Client, never, HttpClient.HttpClient | Vault>
    >()
    expectTypeOf(Client.layer({ auth: Auth.netrc() })).toEqualTypeOf<
      Layer.Layer<Client.Client, never, HttpClient.HttpClient | FileSystem.FileSystem>
    >()
    expectTypeOf(
      Client.layerConfig({ auth: Config.map(Config.redacted("T"), (token) => Auth.bearer(token)) })
    ).toExtend<Layer.Layer<Client.Client, unknown, HttpClient.HttpClient>>()
  })

  test("of a call needs nothing", () => {
    expectTypeOf(client.get("/", { auth: Auth.basic("u", secret) })).toEqualTypeOf<
      Effect.Effect<Response.Response, HttpxError.HttpxError>
    >()
    expectTypeOf(client.get("/", { auth: null })).toEqualTypeOf<
      Effect.Effect<Response.Response, HttpxError.HttpxError>
    >()
    // @ts-expect-error -- who would give it the Vault?
    client.get("/", { auth: Auth.bearer(token) })
  })

  test("before a client of the platform adds to what that fails with and needs", () => {
    expectTypeOf(Auth.withAuth(Auth.bearer(token))(httpClient)).toEqualTypeOf<
      HttpClient.HttpClient.With<Locked | HttpClientError.HttpClientError, Vault>
    >()
    expectTypeOf(Auth.withAuth(Auth.basic("u", secret))(httpClient)).toEqualTypeOf<HttpClient.HttpClient>()
  })

  test("takes no secret that could be printed", () => {
    // @ts-expect-error -- a string is shown wherever it goes
    Auth.basic("u", "p")
    // @ts-expect-error -- the same
    Auth.bearer("t")
  })
})
