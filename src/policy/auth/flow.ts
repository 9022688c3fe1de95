/**
 * An auth of a user's own making.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { type Auth, AuthOf, type Flow, type SendError } from "./Auth.js"
import { authError } from "./failures.js"

export const ofFlow = <E, R>(flow: Flow<E, R>): Auth<Exclude<E, SendError>, R> =>
  new AuthOf<Exclude<E, SendError>, R>("Custom", "authorization", {
    _tag: "Flow",
    // What is excluded is what a flow can fail with in any case.
    flow: Predicate.isFunction(flow) ? (flow as Flow<Exclude<E, SendError> | SendError, R>) : noFlow
  })

const noFlow: Flow<SendError, never> = (request) =>
  Effect.fail(authError(request, undefined, "what the auth was made of is no function"))
