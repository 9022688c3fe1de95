import type { HttpClient, HttpClientError, KeyValueStore } from "@effect/platform"
import type { PlatformError } from "@effect/platform/Error"
import { Client, Cookies, type HttpxError } from "effect-httpx"
import { Effect, type Layer, type Option, Schema, type Scope } from "effect"
import { describe, expectTypeOf, test } from "vitest"

declare const jar: Cookies.CookieJar
declare const foreign: HttpClient.HttpClient.With<"mine", Scope.Scope>

describe("jars", () => {
  test("in memory need nothing and cannot fail; one in a store says what it needs and fails with", () => {
    expectTypeOf(Cookies.make()).toEqualTypeOf<Effect.Effect<Cookies.CookieJar>>()
    expectTypeOf(Cookies.layer()).toEqualTypeOf<Layer.Layer<Cookies.Cookies>>()
    expectTypeOf(Cookies.makePersisted()).toEqualTypeOf<
      Effect.Effect<Cookies.CookieJar, Cookies.CookieError | PlatformError, KeyValueStore.KeyValueStore | Scope.Scope>
    >()
    expectTypeOf(jar.save).toEqualTypeOf<Effect.Effect<void, PlatformError>>()
  })

  test("name the type of a cookie that is read by a schema", () => {
    expectTypeOf(jar.getSchema("n", Schema.NumberFromString)).toEqualTypeOf<
      Effect.Effect<Option.Option<number>, Cookies.CookieConflict | Cookies.CookieError>
    >()
  })

  test("cannot be made or changed by hand", () => {
    // @ts-expect-error: a cookie of a jar is immutable
    const change = (cookie: Cookies.Cookie) => (cookie.value = "")
    expectTypeOf(change).returns.toBeString()
  })

  test("add no error to a client of ours, and the platform's to another client's", () => {
    const client = Client.make({ cookies: jar })
    expectTypeOf(Effect.flatMap(client, (client) => client.get("/", { cookies: null }))).toMatchTypeOf<
      Effect.Effect<unknown, HttpxError.HttpxError, HttpClient.HttpClient>
    >()
    expectTypeOf(Cookies.withJar(jar)(foreign)).toEqualTypeOf<
      HttpClient.HttpClient.With<"mine" | HttpClientError.HttpClientError, Scope.Scope>
    >()
  })
})
