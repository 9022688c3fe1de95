/**
 * The request that an answer is to: a redirect may have led elsewhere.
 */
import { fieldsAfter } from "../../protocol/redirect.js"
import { emptyBody } from "../../request/body.js"
import { Request } from "../../Request.js"
import type { Response } from "../../Response.js"
import type { Outgoing } from "./Auth.js"

/**
 * What has to be sent, with other credentials, for another answer: the request of the last hop, without what was added on
 * the way. `undefined` if that was at another origin, which gets no credentials.
 */
export const answered = (request: Outgoing, { request: hop }: Response): Outgoing | undefined => {
  if (hop.url === request.url && hop.method === request.method) return request
  const { body, call, headers, settings, tag, target } = request
  if (target instanceof Error || hop.target instanceof Error || target.origin !== hop.target.origin) return undefined
  if (hop.method === request.method) {
    return new Request(hop.method, hop.url, headers, body, elsewhere(settings), tag, undefined, call)
  }
  // With the method, the body was dropped.
  const rest = fieldsAfter(headers, { crossing: "Same", bodyDropped: true, isSensitive: () => false })
  return new Request(hop.method, hop.url, rest, emptyBody, elsewhere(settings), tag, undefined, call)
}

/** A target as sent was one for the place before. */
const elsewhere = (settings: Outgoing["settings"]): Outgoing["settings"] => ({ ...settings, target: undefined })
