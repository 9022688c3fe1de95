// What the types of promises say: there is no error in them, and nothing that is needed.
import { FetchHttpClient, type HttpClient } from "@effect/platform"
import { Context, Effect, type Layer, type Scope, type Stream } from "effect"
import { type Client, Parallel, Promises } from "effect-httpx"
import { expectTypeOf, test } from "vitest"

class Disk extends Context.Tag("test/Disk")<Disk, { readonly size: number }>() {}

declare const client: Promises.PromiseClient
declare const parallel: Promises.PromiseParallel
declare const steady: Stream.Stream<Uint8Array>
declare const needing: Stream.Stream<Uint8Array, never, Disk>

test("a client is made over a layer, which has what its options need", () => {
  expectTypeOf(Promises.make(FetchHttpClient.layer)).toEqualTypeOf<Promise<Promises.PromiseClient>>()
  const both = undefined as unknown as Layer.Layer<HttpClient.HttpClient | Disk, Error>
  const options = { hooks: { request: () => Effect.asVoid(Disk) } }
  expectTypeOf(Promises.make(both, options)).toEqualTypeOf<Promise<Promises.PromiseClient>>()
  // @ts-expect-error nobody has a disk
  void Promises.make(FetchHttpClient.layer, options)
})

test("calls take the options of a client's, and a signal", () => {
  const { signal } = new AbortController()
  expectTypeOf(client.get("/", { signal, params: { a: 1 } })).toEqualTypeOf<Promise<Promises.PromiseResponse>>()
  expectTypeOf(client.post("/", { signal, content: steady })).toEqualTypeOf<Promise<Promises.PromiseResponse>>()
  // @ts-expect-error no body
  void client.get("/", { json: 1 })
  // @ts-expect-error one body
  void client.post("/", { json: 1, form: {} })
  // @ts-expect-error a body that needs something
  void client.post("/", { content: needing })
})

test("clients, responses and blocks can be disposed of, and iterated over", () => {
  expectTypeOf(client).toExtend<AsyncDisposable>()
  expectTypeOf<Promises.PromiseResponse>().toExtend<AsyncDisposable & AsyncIterable<Uint8Array>>()
  expectTypeOf(parallel).toExtend<AsyncDisposable & AsyncIterable<Promises.PromiseResponse>>()
  expectTypeOf(parallel.get("/")).toEqualTypeOf<Promise<Promises.PromisePending>>()
})

test("an effect is run with the client, and nothing else", () => {
  expectTypeOf(client.run((inner) => Effect.succeed(inner))).toEqualTypeOf<Promise<Client.Client>>()
  // @effect-diagnostics-next-line missingEffectContext:off
  // @ts-expect-error nobody has a disk
  void client.run(() => Disk)
})

test("a block with a client of its own needs what both do", () => {
  expectTypeOf(Parallel.make()).toEqualTypeOf<
    Effect.Effect<Parallel.Parallel, never, HttpClient.HttpClient | Scope.Scope>
  >()
  expectTypeOf(Parallel.make({ hooks: { request: () => Effect.asVoid(Disk) }, concurrency: 2 })).toEqualTypeOf<
    Effect.Effect<Parallel.Parallel, never, HttpClient.HttpClient | Scope.Scope | Disk>
  >()
})
