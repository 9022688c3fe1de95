/**
 * What keeps a request from being sent, found before anything is opened.
 */
import type * as HttpxError from "../HttpxError.js"
import { isToken } from "../protocol/Fields.js"
import { type Request, unsendable } from "../Request.js"

/** Why a request cannot be sent, whatever carries it. */
export const problemOf = (request: Request<unknown>): HttpxError.InvalidRequest | undefined => {
  const { headers, method, problem, target } = request
  if (problem !== undefined) return problem
  if (target instanceof Error) return target
  if (!isToken(method)) return unsendable(request, `${JSON.stringify(method)} is not a method`)
  // RFC 9110 §9.3.6: what answers it is no response but a tunnel, to an authority and not to a URL.
  if (method.toUpperCase() === "CONNECT") return unsendable(request, "CONNECT opens a tunnel and cannot be a request")
  return headers.violation === undefined ? undefined : unsendable(request, headers.violation)
}
