/**
 * A token that an effect gives, asked for each request.
 */
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { type Auth, AuthOf, type Outgoing } from "./Auth.js"
import * as fixed from "./fixed.js"
import { secretOf, wiped } from "./secret.js"

export const bearer = <E = never, R = never>(
  token: Redacted.Redacted<string> | Effect.Effect<Redacted.Redacted<string>, E, R>
): Auth<E, R> =>
  Effect.isEffect(token)
    ? new AuthOf<E, R>("Bearer", "authorization", {
        _tag: "Answering",
        begin: (request, sending) =>
          Effect.flatMap(token, (token) => {
            const secret = secretOf(token)
            return secret === undefined
              ? Effect.fail(sending.failure(wiped))
              : Effect.succeed({ request: withToken(request, secret) })
          })
      })
    : fixed.bearer(token)

/** RFC 6750 §2.1 */
export const withToken = (request: Outgoing, secret: string): Outgoing =>
  request.withHeaders(request.headers.set("Authorization", `Bearer ${secret}`))
