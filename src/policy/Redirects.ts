/**
 * Follows redirects. An answer that is none passes at the cost of one look at its status.
 *
 * A redirect changes the request that came here, not the one that was sent: what is added further in, cookies of a jar
 * first of all, is added anew on each hop.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { asCall, type Exchange } from "../Exchange.js"
import type * as HttpxError from "../HttpxError.js"
import { type Destination, destinationOf, fieldsAfter, isRedirectStatus, methodAfter } from "../protocol/redirect.js"
import type { Request } from "../Request.js"
import { isFollowRedirects, notFollowRedirects } from "../request/optionFlaw.js"
import type { Response } from "../Response.js"
import { type NextRequest, noHistory, noNextRequest } from "../response/NextRequest.js"
import type { Policy } from "./Policy.js"
import { refusing } from "./refusing.js"
import { consumed, type Redirected, refused, tooMany } from "./redirectFailures.js"
import type { Decision } from "./RedirectPolicy.js"
import { type FollowRedirects, type Rules, rulesOf } from "./RedirectsOptions.js"

/** Redirects as a client follows them, where a call does not say otherwise. */
export const redirects = (given: FollowRedirects | undefined): Policy => {
  if (given !== undefined && !isFollowRedirects(given)) return refusing(notFollowRedirects)
  const rules = rulesOf(given)
  return {
    exchange: (exchange) => {
      const way: Way = { exchange, rules }
      const follow = <E>(request: Request<E>): Effect.Effect<Response, HttpxError.HttpxError | E> =>
        request.call === undefined
          ? asCall(request, follow)
          : Effect.flatMap(exchange(request), (response) => arrived(way, request, response, noHistory))
      return follow
    },
    start: (start, exchange) => {
      const way: Way = { exchange, rules }
      return (request, call, answered) =>
        start(request, call, (answer) =>
          answered(
            passes(answer) ? answer : Effect.flatMap(answer, (response) => arrived(way, request, response, noHistory))
          )
        )
    }
  }
}

/** What a chain of redirects goes by. */
interface Way {
  readonly exchange: Exchange
  /** The client's. */
  readonly rules: Rules
}

/** Whether an answer is there, and there is nothing more to do with it. */
const passes = (answer: Effect.Effect<Response, unknown>): boolean =>
  isExit(answer) && (Exit.isFailure(answer) || !isRedirect(answer.value))

const isExit = (answer: Effect.Effect<Response, unknown>): answer is Exit.Exit<Response, unknown> => Exit.isExit(answer)

const arrived = <E>(
  way: Way,
  request: Request<E>,
  response: Response,
  earlier: ReadonlyArray<Response>
): Effect.Effect<Response, HttpxError.HttpxError | E> => {
  if (isRedirect(response)) return redirected(way, request, response, [...earlier, ...response.history])
  if (earlier.length > 0) response.follows([...earlier, ...response.history], noNextRequest)
  return Effect.succeed(response)
}

// RFC 9110 §9.3.6: CONNECT asks for one place, and a way to another is no answer to that.
const isRedirect = (response: Response): boolean =>
  isRedirectStatus(response.status) &&
  response.headers["location"] !== undefined &&
  response.request.method !== "CONNECT"

const redirected = <E>(
  way: Way,
  request: Request<E>,
  response: Response,
  history: ReadonlyArray<Response>
): Effect.Effect<Response, HttpxError.HttpxError | E> => {
  const rules = rulesOf(request.settings.followRedirects, way.rules)
  const redirect: Redirect<E> = { request, response, rules }
  response.follows(history, nextRequest(redirect))
  if (!rules.follow) return Effect.succeed(response)
  const destination = destinationFrom(redirect)
  if (destination instanceof Error) return failed(response, destination)
  const decision = decide(redirect, destination, history)
  if (decision === false) return Effect.succeed(response)
  const followed = [...history, response]
  if (typeof decision === "string") return failed(response, refused(redirect, [destination.url], decision))
  if (decision !== true) return failed(response, tooMany(redirect, decision.limit, followed))
  const next = requestTo(destination, redirect)
  if (next instanceof Error) return failed(response, next)
  response.follows(history, noNextRequest)
  return Effect.zipRight(
    released(response),
    Effect.flatMap(way.exchange(next), (answer) => arrived(way, next, answer, followed))
  )
}

interface Redirect<E> extends Redirected {
  readonly request: Request<E>
  readonly rules: Rules
}

/** Where the redirect leads, if it may. */
const destinationFrom = (redirect: Redirect<unknown>): Destination | HttpxError.RedirectRefused => {
  const { request, response, rules } = redirect
  const locations = new Set(
    response.rawHeaders.filter(([name]) => name.toLowerCase() === "location").map(([, value]) => value)
  )
  const [location = ""] = locations
  if (locations.size > 1) return refused(redirect, [...locations], "there is more than one Location")
  const destination = destinationOf(location, response.request.url, request.url)
  if ("message" in destination) return refused(redirect, [location], destination.message)
  if (rules.allowDowngrade || destination.crossing !== "Downgrade") return destination
  return refused(redirect, [destination.url], "from https to http only with allowDowngrade")
}

const decide = (
  { request, response, rules }: Redirect<unknown>,
  { url }: Destination,
  history: ReadonlyArray<Response>
): Decision => {
  const decision = rules.policy({ request, response, from: new URL(response.request.url), to: new URL(url), history })
  // Written so that what is no number allows none.
  return decision !== true ? decision : history.length < rules.max || { limit: rules.max }
}

/** The request that goes there, unless its body is needed again and cannot be had. */
const requestTo = <E>(
  { crossing, url }: Destination,
  redirect: Redirect<E>
): Request<E> | HttpxError.StreamConsumed => {
  const { request, response, rules } = redirect
  // What was followed further in may have made GET of it.
  const method = methodAfter(response.status, (response.history.length === 0 ? request : response.request).method)
  const bodyDropped = method !== request.method
  if (!bodyDropped && !request.isRepeatable) return consumed(redirect)
  const { isSensitive } = rules
  const headers = fieldsAfter(request.headers, { crossing, bodyDropped, isSensitive })
  return request.redirected(method, url, headers, bodyDropped)
}

/** The same for the caller to send. */
const nextRequest = (redirect: Redirect<unknown>): NextRequest =>
  Effect.suspend((): NextRequest => {
    const destination = destinationFrom(redirect)
    if (destination instanceof Error) return Effect.fail(destination)
    const next = requestTo(destination, redirect)
    if (next instanceof Error) return Effect.fail(next)
    // An answer does not know the type of its request's body; what any body stream fails with is a BodyError.
    return Effect.succeed(Option.some(next.apart as Request<HttpxError.BodyError<unknown>>))
  })

/** Frees what carried an answer that is left behind: a body that has come stays in memory, any other is ended. */
const released = (response: Response): Effect.Effect<void> =>
  // Its release is waited for, also by who interrupts the call: the call has nothing else open.
  Effect.uninterruptible(Effect.suspend(() => (response.readNow() || response.isClosed ? Effect.void : response.close)))

const failed = <E>(response: Response, error: E): Effect.Effect<never, E> =>
  Effect.zipRight(released(response), Effect.fail(error))
