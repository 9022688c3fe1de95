/**
 * What an auth makes a call fail with.
 */
import * as Effect from "effect/Effect"
import type { Call } from "../../Exchange.js"
import * as HttpxError from "../../HttpxError.js"
import type { Request } from "../../Request.js"
import type { Response } from "../../Response.js"
import type { SendError } from "./Auth.js"

/** `answer` is the one that has come already, if there is one. */
const details = (
  { call, summary }: Request<unknown>,
  answer: Response | undefined,
  what: string,
  cause?: unknown
): HttpxError.Details => ({
  request: summary,
  phase: answer === undefined ? "prepare" : "read",
  delivery: answer === undefined ? "unsent" : "answered",
  elapsed: call?.elapsed ?? 0,
  message: `${summary.method} ${summary.url}: ${what}`,
  cause
})

export const authError = (
  request: Request<unknown>,
  answer: Response | undefined,
  what: string,
  cause?: unknown
): HttpxError.AuthError => new HttpxError.AuthError(details(request, answer, what, cause))

/** A body that flows once is wanted a second time. */
export const consumed = (request: Request<unknown>, answer: Response | undefined): HttpxError.StreamConsumed => {
  const what =
    "the auth sends the request again, and its body is a stream that flows once: give its bytes, or a function that makes it anew"
  return new HttpxError.StreamConsumed(details(request, answer, what))
}

/** Fails when the call has taken as long as it may: a token, or what else an auth waits for, has no time of its own. */
export const inTime = <A, E, R>(
  { call, request }: { readonly request: Request<unknown>; readonly call: Call },
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | HttpxError.TotalTimeout, R> => {
  const limit = request.settings.timeouts.total
  if (limit === undefined || limit === Infinity) return effect
  return Effect.timeoutFail(effect, {
    duration: Math.max(0, limit - call.elapsed),
    onTimeout: () => overdue(request, call, limit)
  })
}

const overdue = (request: Request<unknown>, call: Call, limit: number): HttpxError.TotalTimeout => {
  const what = `the call took longer than its timeout of ${limit} ms, with its auth`
  const delivery = call.isOpen ? "unknown" : "unsent"
  const phase = call.phase ?? "prepare"
  return new HttpxError.TotalTimeout({ ...details(request, undefined, what), delivery, phase, limit })
}

/** What is no failure of a call is the cause of one. */
export const asAuthError =
  (request: Request<unknown>) =>
  <E>(error: E | SendError): SendError =>
    isSendError(error) ? error : authError(request, undefined, `the auth failed${because(error)}`, error)

const isSendError = (error: unknown): error is SendError =>
  HttpxError.isHttpxError(error) || error instanceof HttpxError.BodyError

export const because = (error: unknown): string =>
  error instanceof Error && error.message !== "" ? `: ${error.message}` : ""
