/**
 * A JSON API as a service: a client with a base URL, answers checked by a schema, failures with names of one's own.
 */
import { HttpIncomingMessage } from "@effect/platform"
import { Client } from "effect-httpx"
import { Effect, Schema } from "effect"

const User = Schema.Struct({ id: Schema.Number, name: Schema.String })

class UserNotFound extends Schema.TaggedError<UserNotFound>()("UserNotFound", { id: Schema.Number }) {}

class Users extends Effect.Service<Users>()("Users", {
  effect: Effect.gen(function* () {
    // Every request goes under /v1, and carries the token.
    const client = yield* Client.make({
      baseUrl: "https://api.example.com/v1",
      headers: { authorization: "Bearer s3cret" },
      timeout: "10 seconds"
    })

    const find = (id: number) =>
      client.get(`/users/${id}`).pipe(
        Effect.flatMap((response) => response.raiseForStatus),
        Effect.catchTag("StatusError", (error) => Effect.fail(error.status === 404 ? new UserNotFound({ id }) : error)),
        Effect.flatMap(HttpIncomingMessage.schemaBodyJson(User))
      )

    const create = (name: string) =>
      client.post("/users", { json: { name } }).pipe(
        Effect.flatMap((response) => response.raiseForStatus),
        Effect.flatMap(HttpIncomingMessage.schemaBodyJson(User))
      )

    return { create, find }
  })
}) {}

/** Needs an `HttpClient`: `Transport.layer()` in an application, `InProcess.layer(…)` in a test. */
export const program = Effect.gen(function* () {
  const users = yield* Users
  const ada = yield* users.create("Ada")
  const found = yield* users.find(ada.id)
  // Only the failure that is expected is handled; the others stay in the type.
  const nobody = yield* users
    .find(404)
    .pipe(Effect.catchTag("UserNotFound", ({ id }) => Effect.succeed(`no user ${id}`)))
  return { found, nobody }
}).pipe(Effect.provide(Users.Default))
