/**
 * Why a redirect is not followed: of each reason, the error.
 */
import * as HttpxError from "../HttpxError.js"
import { redactUrl } from "../protocol/redaction.js"
import type { Request } from "../Request.js"
import type { Response } from "../Response.js"

/** The answer, and the request that it redirects: the one that came from the caller, which knows its tag. */
export interface Redirected {
  readonly request: Request<unknown>
  readonly response: Response
}

const details = ({ request, response }: Redirected, what: string): HttpxError.Details => {
  const { summary } = request
  const message = `${summary.method} ${summary.url}: ${what}`
  return { request: summary, phase: "read", delivery: "answered", elapsed: response.elapsed, message }
}

export const refused = (
  redirected: Redirected,
  locations: ReadonlyArray<string>,
  why: string
): HttpxError.RedirectRefused => {
  const shown = locations.map(redactUrl).join(" ")
  const what = `the answer redirects to ${shown}: ${why}`
  return new HttpxError.RedirectRefused({
    ...details(redirected, what),
    response: redirected.response,
    location: shown
  })
}

export const tooMany = (
  redirected: Redirected,
  limit: number,
  history: ReadonlyArray<Response>
): HttpxError.TooManyRedirects => {
  const what = `redirected more than ${limit} times: raise followRedirects.max, or see by the error's history where it loops`
  return new HttpxError.TooManyRedirects({ ...details(redirected, what), limit, history })
}

export const consumed = (redirected: Redirected): HttpxError.StreamConsumed => {
  const what =
    "the redirect asks for the body again, and the body is a stream that flows once: give its bytes, or a function that makes it anew"
  return new HttpxError.StreamConsumed(details(redirected, what))
}
