// What the types of pages say: what they fail with, what they need, and what is on them.
// A call that does not type-check is not to be run.
// @effect-diagnostics floatingEffect:off
import { Context, Effect, type ParseResult, Schema, type Stream } from "effect"
import { Client, HttpxError, Pagination, Request, Response } from "effect-httpx"
import { expectTypeOf, test } from "vitest"

class MyError {
  readonly _tag = "MyError"
}

class Disk extends Context.Tag("test/Disk")<Disk, { readonly size: number }>() {}

declare const client: Client.Client
declare const User: Schema.Schema<{ readonly name: string }, { readonly name: string }, Disk>

type Failure = HttpxError.HttpxError | HttpxError.StatusError | HttpxError.PaginationError

test("pages fail with what calls fail with, and are responses", () => {
  expectTypeOf(Pagination.pages(client, "/", Pagination.byLink)).toEqualTypeOf<
    Stream.Stream<Response.Response, Failure>
  >()
  expectTypeOf(Pagination.pages("/", Pagination.byLink, { prefetch: true })(client)).toEqualTypeOf<
    Stream.Stream<Response.Response, Failure>
  >()
})

test("the way to the next page adds its own failure and requirement", () => {
  const next = Pagination.byCursor((page) => {
    expectTypeOf(page).toEqualTypeOf<Response.Response>()
    return Effect.flatMap(Disk, ({ size }) => (size > 1 ? Effect.fail(new MyError()) : Effect.succeed({ size })))
  })
  expectTypeOf(next).toEqualTypeOf<Pagination.Next<MyError, Disk>>()
  expectTypeOf(Pagination.pages(client, { url: "/", json: 1 }, next)).toEqualTypeOf<
    Stream.Stream<Response.Response, Failure | MyError, Disk>
  >()
  Pagination.pages(client, "/", (page, asked) => {
    expectTypeOf(page).toEqualTypeOf<Response.Response>()
    expectTypeOf(asked).toEqualTypeOf<Request.Request>()
    return Effect.succeed(page.headers["x-next"])
  })
  // @ts-expect-error a number is no URL
  Pagination.pages(client, "/", () => Effect.succeed(1))
})

test("items are what a schema or a function says", () => {
  expectTypeOf(Pagination.items(client, "/", Pagination.byLink, Schema.Array(User))).toEqualTypeOf<
    Stream.Stream<{ readonly name: string }, Failure | ParseResult.ParseError, Disk>
  >()
  expectTypeOf(
    Pagination.items("/", Pagination.byLink, (page) => Effect.as(page.text, [1]), { maxPages: 1 })(client)
  ).toEqualTypeOf<Stream.Stream<number, Failure>>()
  const failing = (): Effect.Effect<ReadonlySet<string>, MyError> => Effect.fail(new MyError())
  expectTypeOf(Pagination.items(client, "/", Pagination.byLink, failing)).toEqualTypeOf<
    Stream.Stream<string, Failure | MyError>
  >()
  // @ts-expect-error one user is no list
  Pagination.items(client, "/", Pagination.byLink, User)
})

test("a request is built with the failure of its body", () => {
  const content: Stream.Stream<Uint8Array, MyError> = undefined as unknown as Stream.Stream<Uint8Array, MyError>
  expectTypeOf(client.build("GET", "/")).toEqualTypeOf<Request.Request>()
  expectTypeOf(client.build("PUT", "/", { content })).toEqualTypeOf<Request.Request<HttpxError.BodyError<MyError>>>()
})
