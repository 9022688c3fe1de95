// What the types of a parallel block say.
// A call that does not type-check is not to be run.
// @effect-diagnostics floatingEffect:off
import { Context, Effect, type Either, type Option, type Scope, Stream } from "effect"
import { Client, HttpxError, Parallel, Request, Response } from "effect-httpx"
import { describe, expectTypeOf, test } from "vitest"

class MyError {
  readonly _tag = "MyError"
}

class Disk extends Context.Tag("test/Disk")<Disk, { readonly size: number }>() {}

declare const client: Client.Client
declare const parallel: Parallel.Parallel
declare const failing: Stream.Stream<Uint8Array, MyError, Disk>
declare const steady: Stream.Stream<Uint8Array>
declare const pending: Parallel.Pending<Response.Response, HttpxError.HttpxError>

/** A submission, which cannot fail. */
type Plain = Effect.Effect<Parallel.Pending<Response.Response, HttpxError.HttpxError>>

/** A submission of a request whose own body can fail and has a requirement. */
type WithBody = Effect.Effect<
  Parallel.Pending<Response.Response, HttpxError.HttpxError | HttpxError.BodyError<MyError>>,
  never,
  Disk
>

test("a block needs a scope", () => {
  expectTypeOf(client.parallel()).toEqualTypeOf<Effect.Effect<Parallel.Parallel, never, Scope.Scope>>()
  expectTypeOf(Client.parallel({ concurrency: 2 })).toEqualTypeOf<
    Effect.Effect<Parallel.Parallel, never, Client.Client | Scope.Scope>
  >()
})

describe("submitting", () => {
  test("never fails, whatever the verb", () => {
    expectTypeOf(parallel.get("/")).toEqualTypeOf<Plain>()
    expectTypeOf(parallel.head("/")).toEqualTypeOf<Plain>()
    expectTypeOf(parallel.options("/")).toEqualTypeOf<Plain>()
    expectTypeOf(parallel.post("/", { json: 1 })).toEqualTypeOf<Plain>()
    expectTypeOf(parallel.put("/", { content: steady })).toEqualTypeOf<Plain>()
    expectTypeOf(parallel.patch("/", { form: { a: 1 } })).toEqualTypeOf<Plain>()
    expectTypeOf(parallel.del("/")).toEqualTypeOf<Plain>()
    expectTypeOf(parallel.request("REPORT", "/")).toEqualTypeOf<Plain>()
    expectTypeOf(parallel.stream("GET", "/")).toEqualTypeOf<Plain>()
    expectTypeOf(parallel.send(Request.make("GET", "http://a/"))).toEqualTypeOf<Plain>()
  })

  test("keeps the failure of a body stream in the pending, and needs its requirement", () => {
    expectTypeOf(parallel.post("/", { content: failing })).toEqualTypeOf<WithBody>()
    expectTypeOf(parallel.put("/", { content: failing })).toEqualTypeOf<WithBody>()
    expectTypeOf(parallel.patch("/", { content: failing })).toEqualTypeOf<WithBody>()
    expectTypeOf(parallel.del("/", { content: failing })).toEqualTypeOf<WithBody>()
    expectTypeOf(parallel.request("PUT", "/", { content: failing })).toEqualTypeOf<WithBody>()
    expectTypeOf(parallel.stream("PUT", "/", { content: failing })).toEqualTypeOf<WithBody>()
  })

  test("takes one body at most, and none where there is none", () => {
    // @ts-expect-error json or form
    parallel.post("/", { json: 1, form: { a: 1 } })
    // @ts-expect-error no body
    parallel.get("/", { json: 1 })
    // @ts-expect-error no body
    parallel.head("/", { content: "text" })
    // @ts-expect-error no body
    parallel.options("/", { form: { a: 1 } })
  })

  test("keeps value and failure of what is forked", () => {
    expectTypeOf(parallel.fork(Effect.succeed(1))).toEqualTypeOf<Effect.Effect<Parallel.Pending<number, never>>>()
    expectTypeOf(parallel.fork(Effect.fail(new MyError()))).toEqualTypeOf<
      Effect.Effect<Parallel.Pending<never, MyError>>
    >()
    expectTypeOf(parallel.fork(Effect.map(Disk, ({ size }) => size))).toEqualTypeOf<
      Effect.Effect<Parallel.Pending<number, never>, never, Disk>
    >()
  })
})

describe("answers", () => {
  test("of a handle can have been cancelled", () => {
    expectTypeOf(pending.getResponse).toEqualTypeOf<
      Effect.Effect<Response.Response, HttpxError.HttpxError | HttpxError.RequestCancelled>
    >()
    expectTypeOf(pending.cancel).toEqualTypeOf<Effect.Effect<void>>()
    expectTypeOf<Parallel.Pending<number, never>["getResponse"]>().toEqualTypeOf<
      Effect.Effect<number, HttpxError.RequestCancelled>
    >()
  })

  test("in the order of completion can come to an end", () => {
    expectTypeOf(parallel.nextResponse).toEqualTypeOf<
      Effect.Effect<Response.Response, Parallel.AnyFailure | HttpxError.NoPendingResponses>
    >()
    expectTypeOf(parallel.nextOutcome).toEqualTypeOf<Effect.Effect<Parallel.Outcome, HttpxError.NoPendingResponses>>()
    expectTypeOf(parallel.responses).toEqualTypeOf<Stream.Stream<Response.Response, Parallel.AnyFailure>>()
    expectTypeOf(parallel.outcomes).toEqualTypeOf<Stream.Stream<Parallel.Outcome>>()
    expectTypeOf<HttpxError.BodyError<MyError>>().toExtend<Parallel.AnyFailure>()
  })

  test("that failed tell which request it was", () => {
    const which = parallel.nextResponse.pipe(
      Effect.catchTag("NoPendingResponses", () => Effect.void),
      Effect.catchAll((error) => Effect.succeed(parallel.pendingOf(error)))
    )
    expectTypeOf(which).toEqualTypeOf<
      Effect.Effect<Response.Response | void | Option.Option<Parallel.Pending<Response.Response, Parallel.AnyFailure>>>
    >()
  })

  test("a pending is one of any less certain type", () => {
    expectTypeOf(pending).toExtend<Parallel.Pending<Response.Response, Parallel.AnyFailure>>()
    expectTypeOf(pending).toExtend<Parallel.Pending<unknown, unknown>>()
  })
})

describe("several requests as one", () => {
  const withBody = Request.make("PUT", "http://a/", { content: Stream.fail(new MyError()) })

  test("all keeps the shape of what it was given, and the failures of all", () => {
    type Failure = HttpxError.HttpxError | HttpxError.RequestCancelled
    expectTypeOf(client.all(["/a", "/b"])).toEqualTypeOf<
      Effect.Effect<[Response.Response, Response.Response], Failure>
    >()
    expectTypeOf(client.all({ one: "/a", two: withBody })).toEqualTypeOf<
      Effect.Effect<{ one: Response.Response; two: Response.Response }, Failure | HttpxError.BodyError<MyError>>
    >()
  })

  test("all in the mode either has each failure at its place, and none in the end", () => {
    const either = client.all({ one: "/a" }, { mode: "either" })
    expectTypeOf<Effect.Effect.Error<typeof either>>().toEqualTypeOf<never>()
    expectTypeOf<Effect.Effect.Success<typeof either>["one"]>().toEqualTypeOf<
      Either.Either<Response.Response, HttpxError.HttpxError | HttpxError.RequestCancelled>
    >()
  })

  test("race has one answer", () => {
    expectTypeOf(client.race(["/a", "/b"])).toEqualTypeOf<
      Effect.Effect<
        Response.Response,
        HttpxError.HttpxError | HttpxError.RequestCancelled | HttpxError.NoPendingResponses
      >
    >()
  })

  test("over keeps the input's failure and needs what the input needs", () => {
    const input: Stream.Stream<number, MyError, Disk> = Stream.fail(new MyError())
    const outcomes = client.parallel.over(input, (n) => `/${n}`)
    expectTypeOf<Stream.Stream.Error<typeof outcomes>>().toEqualTypeOf<MyError>()
    expectTypeOf<Stream.Stream.Context<typeof outcomes>>().toEqualTypeOf<Disk>()
    expectTypeOf<Stream.Stream.Success<typeof outcomes>["input"]>().toEqualTypeOf<number>()
    const fromList = client.parallel.over([1, 2], (n) => `/${n}`)
    expectTypeOf<Stream.Stream.Error<typeof fromList>>().toEqualTypeOf<never>()
  })

  test("use fails with what nobody looked at only where that was asked for", () => {
    const used = client.parallel.use((block) => block.get("/"))
    expectTypeOf<Effect.Effect.Error<typeof used>>().toEqualTypeOf<never>()
    const strict = client.parallel.use((block) => block.get("/"), { onUnobserved: "fail" })
    expectTypeOf<Effect.Effect.Error<typeof strict>>().toEqualTypeOf<HttpxError.UnobservedFailures>()
    // @ts-expect-error a block that is left with its scope cannot fail
    client.parallel({ onUnobserved: "fail" })
  })
})
