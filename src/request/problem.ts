/**
 * What keeps a request from being sent, found before anything is opened.
 */
import type * as HttpxError from "../HttpxError.js"
import { isToken } from "../protocol/Fields.js"
import { type Request, unsendable } from "../Request.js"
import { consumed } from "./body.js"
import { isDetached } from "./content.js"

/** Why the body of a request, which flows once, cannot be sent; if it can, it belongs to whoever asks until `unclaim`. */
export const claim = ({ body, summary }: Request<unknown>): HttpxError.StreamConsumed | undefined =>
  body._tag !== "Stream" || body.once === undefined || body.once.claim() ? undefined : consumed(summary)

/** Gives the body back, if it has not begun to flow. */
export const unclaim = ({ body }: Request<unknown>): void => {
  if (body._tag === "Stream") body.once?.release()
}

/** Why a request cannot be sent, whatever carries it. */
export const problemOf = (request: Request<unknown>): HttpxError.InvalidRequest | undefined => {
  const { body, headers, method, problem, settings, target } = request
  if (problem !== undefined) return problem
  if (target instanceof Error) return target
  if (!isToken(method)) return unsendable(request, `${JSON.stringify(method)} is not a method`)
  if (settings.unclear !== undefined) return unsendable(request, settings.unclear)
  // RFC 9110 §9.3.6: what is asked for is an authority, which no URL says.
  if (method.toUpperCase() === "CONNECT" && !authorityForm.test(settings.target ?? "")) {
    return unsendable(request, 'CONNECT needs a target of the form "host:port"')
  }
  if (body._tag === "Bytes" && isDetached(body.bytes.buffer)) return unsendable(request, detached)
  return headers.violation === undefined ? undefined : unsendable(request, headers.violation)
}

const detached = "the bytes of the body were transferred to somewhere else after the request was made"

// RFC 9112 §3.2.3
const authorityForm = /^(\[[0-9a-f:.]+\]|[^\s:/?#@[\]]+):\d{1,5}$/i
