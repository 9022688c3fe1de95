// What the types of a client say: what each call can fail with, and what it needs.
// A call that does not type-check is not to be run.
// @effect-diagnostics floatingEffect:off
import { HttpClient, HttpIncomingMessage } from "@effect/platform"
import {
  Config,
  type ConfigError,
  Context,
  Effect,
  Layer,
  type Option,
  type ParseResult,
  Schema,
  type Scope,
  Stream
} from "effect"
import { Client, HttpxError, Request, Response, Upload } from "effect-httpx"
import { describe, expectTypeOf, test } from "vitest"

class MyError {
  readonly _tag = "MyError"
}

class Disk extends Context.Tag("test/Disk")<Disk, { readonly read: Effect.Effect<Uint8Array, MyError> }>() {}

declare const client: Client.Client
declare const response: Response.Response

const bytes = new Uint8Array(1)
const failing: Stream.Stream<Uint8Array, MyError, Disk> = Stream.fromEffect(Effect.flatMap(Disk, ({ read }) => read))
const steady: Stream.Stream<Uint8Array> = Stream.make(bytes)

/** A call that can fail with what any request can fail with, and needs nothing. */
type Plain = Effect.Effect<Response.Response, HttpxError.HttpxError>

/** A call whose own body can fail and has a requirement. */
type WithBody = Effect.Effect<Response.Response, HttpxError.HttpxError | HttpxError.BodyError<MyError>, Disk>

describe("the verbs", () => {
  test("of a client fail with HttpxError only", () => {
    expectTypeOf(client.get("/")).toEqualTypeOf<Plain>()
    expectTypeOf(client.head("/")).toEqualTypeOf<Plain>()
    expectTypeOf(client.options("/", { params: { a: 1 } })).toEqualTypeOf<Plain>()
    expectTypeOf(client.post("/")).toEqualTypeOf<Plain>()
    expectTypeOf(client.put("/", { json: { a: 1 } })).toEqualTypeOf<Plain>()
    expectTypeOf(client.patch("/", { form: { a: 1 } })).toEqualTypeOf<Plain>()
    expectTypeOf(client.del("/", { content: "text" })).toEqualTypeOf<Plain>()
    expectTypeOf(client.request("REPORT", "/", { content: bytes })).toEqualTypeOf<Plain>()
    expectTypeOf(client.send(Request.make("GET", "http://a/"))).toEqualTypeOf<Plain>()
  })

  test("add the failure and the requirement of a body stream", () => {
    expectTypeOf(client.post("/", { content: failing })).toEqualTypeOf<WithBody>()
    expectTypeOf(client.put("/", { content: failing })).toEqualTypeOf<WithBody>()
    expectTypeOf(client.patch("/", { content: failing })).toEqualTypeOf<WithBody>()
    expectTypeOf(client.del("/", { content: failing })).toEqualTypeOf<WithBody>()
    expectTypeOf(client.request("PUT", "/", { content: failing })).toEqualTypeOf<WithBody>()
  })

  test("add nothing for a body stream that cannot fail", () => {
    expectTypeOf(client.post("/", { content: steady })).toEqualTypeOf<Plain>()
    expectTypeOf(client.request("PUT", "/", { content: steady })).toEqualTypeOf<Plain>()
  })

  test("send a request with the failure of its body", () => {
    const content: Stream.Stream<Uint8Array, MyError> = Stream.fail(new MyError())
    const request = Request.make("POST", "http://a/", { content })
    expectTypeOf(request).toEqualTypeOf<Request.Request<HttpxError.BodyError<MyError>>>()
    expectTypeOf<Effect.Effect.Error<ReturnType<typeof client.send<HttpxError.BodyError<MyError>>>>>().toEqualTypeOf<
      HttpxError.HttpxError | HttpxError.BodyError<MyError>
    >()
    // @ts-expect-error a request is a value: its body has its context already
    Request.make("POST", "http://a/", { content: failing })
  })

  test("add the failure and the requirement of a stream that a function gives, or that is tracked", () => {
    expectTypeOf(client.post("/", { content: () => failing })).toEqualTypeOf<WithBody>()
    expectTypeOf(client.post("/", { content: Request.repeatable(failing) })).toEqualTypeOf<WithBody>()
    expectTypeOf(client.post("/", { content: () => steady, contentLength: 1 })).toEqualTypeOf<Plain>()
    const tracked = Upload.track(failing)
    expectTypeOf(tracked).toEqualTypeOf<Effect.Effect<Upload.Tracked<MyError, Disk>, never, Scope.Scope>>()
    const upload = Effect.flatMap(tracked, ({ content }) => client.post("/", { content }))
    expectTypeOf<Effect.Effect.Error<typeof upload>>().toEqualTypeOf<Effect.Effect.Error<WithBody>>()
    expectTypeOf<Effect.Effect.Context<typeof upload>>().toEqualTypeOf<Disk | Scope.Scope>()
  })

  test("add nothing for content whose failures have no type", () => {
    expectTypeOf(client.post("/", { content: new Blob([]) })).toEqualTypeOf<Plain>()
    expectTypeOf(client.post("/", { content: new ArrayBuffer(1) })).toEqualTypeOf<Plain>()
    expectTypeOf(client.post("/", { content: new DataView(new ArrayBuffer(1)) })).toEqualTypeOf<Plain>()
    expectTypeOf(client.post("/", { content: new ReadableStream<Uint8Array>() })).toEqualTypeOf<Plain>()
    expectTypeOf(client.post("/", { content: [bytes, "text"] })).toEqualTypeOf<Plain>()
    expectTypeOf(client.post("/", { content: () => "text" })).toEqualTypeOf<Plain>()
  })

  test("take JSON of a schema's type alone", () => {
    const User = Schema.Struct({ born: Schema.Date })
    expectTypeOf(client.post("/", { json: Request.jsonOf(User)({ born: new Date(0) }) })).toEqualTypeOf<Plain>()
    // @ts-expect-error the encoded form is what it makes
    Request.jsonOf(User)({ born: "1970-01-01" })
    const needy: Schema.Schema<string, string, Disk> = Schema.String
    // @ts-expect-error a schema that needs something cannot be run when a request is made
    Request.jsonOf(needy)
  })

  test("have one body at most", () => {
    // @ts-expect-error the length is that of content
    client.post("/", { json: 1, contentLength: 1 })
    // @ts-expect-error a form is no content
    client.post("/", { content: new URLSearchParams() })
    // @ts-expect-error numbers are no bytes
    client.post("/", { content: [1, 2] })
    // @ts-expect-error no such coding
    client.post("/", { content: "text", compress: "lzw" })
    // @ts-expect-error null is no parameter
    client.get("/", { params: { a: null } })
    client.get("/", { params: null, headers: { accept: null }, compress: null })
    // @ts-expect-error json or form
    client.post("/", { json: 1, form: { a: 1 } })
    // @ts-expect-error json or content
    client.put("/", { json: 1, content: "text" })
    // @ts-expect-error form or content
    client.patch("/", { form: { a: 1 }, content: "text" })
    // @ts-expect-error json or form
    client.request("POST", "/", { json: 1, form: { a: 1 } })
    // @ts-expect-error json or form
    Request.make("POST", "/", { json: 1, form: { a: 1 } })
    // @ts-expect-error a number is no content
    client.post("/", { content: 1 })
  })

  test("that have no body take none", () => {
    // @ts-expect-error no body
    client.get("/", { json: 1 })
    // @ts-expect-error no body
    client.head("/", { form: { a: 1 } })
    // @ts-expect-error no body
    client.options("/", { content: "text" })
    // @ts-expect-error no body
    Client.get("/", { json: 1 })
  })
})

describe("failures", () => {
  test("are told apart by their tag", () => {
    const caught = client.get("/").pipe(Effect.catchTag("ConnectTimeout", (error) => Effect.succeed(error)))
    expectTypeOf(caught).toEqualTypeOf<
      Effect.Effect<
        Response.Response | HttpxError.ConnectTimeout,
        Exclude<HttpxError.HttpxError, HttpxError.ConnectTimeout>
      >
    >()
    client.get("/").pipe(Effect.catchTag("ConnectTimeout", ({ limit }) => Effect.succeed(limit.toFixed())))
    // @ts-expect-error a call without a body stream has no such failure
    client.get("/").pipe(Effect.catchTag("BodyError", () => Effect.void))
    // @ts-expect-error a status is no failure
    client.get("/").pipe(Effect.catchTag("StatusError", () => Effect.void))
  })

  test("of a body stream have its own error", () => {
    client.post("/", { content: failing }).pipe(
      Effect.catchTag("BodyError", ({ error }) => {
        expectTypeOf(error).toEqualTypeOf<MyError>()
        return Effect.void
      })
    )
  })

  test("of reading are ReadFailure", () => {
    expectTypeOf(response.text).toEqualTypeOf<Effect.Effect<string, HttpxError.ReadFailure>>()
    expectTypeOf(response.json).toEqualTypeOf<Effect.Effect<unknown, HttpxError.ReadFailure>>()
    expectTypeOf(response.stream).toEqualTypeOf<Stream.Stream<Uint8Array, HttpxError.ReadFailure>>()
    expectTypeOf(response.close).toEqualTypeOf<Effect.Effect<void>>()
    expectTypeOf(response.raiseForStatus).toEqualTypeOf<Effect.Effect<Response.Response, HttpxError.StatusError>>()
    expectTypeOf(response.formData).toEqualTypeOf<Effect.Effect<FormData, HttpxError.ReadFailure>>()
  })

  test("of a status have what its schema says", () => {
    const Problem = Schema.Struct({ code: Schema.NumberFromString })
    const raised = response.raiseForStatusWith(Problem)
    expectTypeOf(raised).toEqualTypeOf<
      Effect.Effect<Response.Response, HttpxError.StatusError<{ readonly code: number }>>
    >()
    raised.pipe(
      Effect.catchTag("StatusError", ({ error, problem }) => {
        expectTypeOf(error).toEqualTypeOf<Option.Option<{ readonly code: number }>>()
        expectTypeOf(problem).toEqualTypeOf<Option.Option<Response.ProblemDetails>>()
        return Effect.void
      })
    )
  })

  test("of NDJSON are ReadFailure or InvalidLine, with what its schema needs", () => {
    type Failure = HttpxError.ReadFailure | HttpxError.InvalidLine
    expectTypeOf(response.ndjson()).toEqualTypeOf<Stream.Stream<unknown, Failure>>()
    expectTypeOf(response.ndjson(Schema.Number)).toEqualTypeOf<Stream.Stream<number, Failure>>()
    const needing: Schema.Schema<number, string, Disk> = Schema.Any as never
    expectTypeOf(response.ndjson(needing)).toEqualTypeOf<Stream.Stream<number, Failure, Disk>>()
  })

  test("of a schema are ReadFailure or ParseError", () => {
    const User = Schema.Struct({ name: Schema.String })
    expectTypeOf(HttpIncomingMessage.schemaBodyJson(User)(response)).toEqualTypeOf<
      Effect.Effect<{ readonly name: string }, HttpxError.ReadFailure | ParseResult.ParseError>
    >()
  })
})

describe("requirements", () => {
  test("a stream needs a scope", () => {
    expectTypeOf(client.stream("GET", "/")).toEqualTypeOf<
      Effect.Effect<Response.Response, HttpxError.HttpxError, Scope.Scope>
    >()
    expectTypeOf(client.stream("POST", "/", { content: failing })).toEqualTypeOf<
      Effect.Effect<Response.Response, HttpxError.HttpxError | HttpxError.BodyError<MyError>, Disk | Scope.Scope>
    >()
  })

  test("the accessors need the application's client", () => {
    expectTypeOf(Client.get("/")).toEqualTypeOf<
      Effect.Effect<Response.Response, HttpxError.HttpxError, Client.Client>
    >()
    expectTypeOf(Client.post("/", { content: failing })).toEqualTypeOf<
      Effect.Effect<Response.Response, HttpxError.HttpxError | HttpxError.BodyError<MyError>, Client.Client | Disk>
    >()
    expectTypeOf(Client.stream("GET", "/")).toEqualTypeOf<
      Effect.Effect<Response.Response, HttpxError.HttpxError, Client.Client | Scope.Scope>
    >()
  })

  test("the layers need an HttpClient", () => {
    expectTypeOf(Client.make()).toEqualTypeOf<Effect.Effect<Client.Client, never, HttpClient.HttpClient>>()
    expectTypeOf(Client.layer()).toEqualTypeOf<Layer.Layer<Client.Client, never, HttpClient.HttpClient>>()
    expectTypeOf(Client.layerHttpClient()).toEqualTypeOf<
      Layer.Layer<HttpClient.HttpClient, never, HttpClient.HttpClient>
    >()
  })

  test("options can come from Config, whole or one by one", () => {
    type FromConfig = Layer.Layer<Client.Client, ConfigError.ConfigError, HttpClient.HttpClient>
    expectTypeOf(
      Client.layerConfig({ baseUrl: Config.string("BASE_URL"), timeout: Config.duration("TIMEOUT") })
    ).toEqualTypeOf<FromConfig>()
    expectTypeOf(
      Client.layerConfig(Config.map(Config.string("BASE_URL"), (baseUrl) => ({ baseUrl })))
    ).toEqualTypeOf<FromConfig>()
    // @ts-expect-error a number is no URL
    Client.layerConfig({ baseUrl: Config.number("BASE_URL") })
  })
})
