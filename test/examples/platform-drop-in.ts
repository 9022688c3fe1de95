/**
 * What is written against @effect/platform's `HttpClient` runs over this library without a change: here a client derived
 * from an `HttpApi`.
 */
import { HttpApi, HttpApiClient, HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "@effect/platform"
import { Client } from "effect-httpx"
import { Effect, Schema } from "effect"

const Book = Schema.Struct({ isbn: Schema.String, title: Schema.String })

class OutOfPrint extends Schema.TaggedError<OutOfPrint>()("OutOfPrint", { isbn: Schema.String }) {}

const isbn = HttpApiSchema.param("isbn", Schema.String)

const Library = HttpApi.make("library").add(
  HttpApiGroup.make("books")
    .add(HttpApiEndpoint.get("find")`/books/${isbn}`.addSuccess(Book).addError(OutOfPrint, { status: 410 }))
    .add(HttpApiEndpoint.post("add", "/books").setPayload(Book).addSuccess(Book, { status: 201 }))
)

/** Needs an `HttpClient`: `Transport.layer()` in an application, `InProcess.layer(…)` in a test. */
export const program = Effect.gen(function* () {
  const library = yield* HttpApiClient.make(Library)
  const added = yield* library.books.add({ payload: { isbn: "0-19-853453-1", title: "A Course of Pure Mathematics" } })
  const found = yield* library.books.find({ path: { isbn: added.isbn } })
  const gone = yield* library.books
    .find({ path: { isbn: "0" } })
    .pipe(Effect.catchTag("OutOfPrint", ({ isbn }) => Effect.succeed(`${isbn} is out of print`)))
  return { found, gone }
}).pipe(
  // Base URL, fields, parameters and timeout hold for the requests that HttpApiClient makes.
  Effect.provide(Client.layerHttpClient({ baseUrl: "https://library.example.com", timeout: "5 seconds" }))
)
