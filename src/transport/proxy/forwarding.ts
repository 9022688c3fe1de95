/**
 * Requests that a proxy forwards: what they say to the proxy, and what becomes of its 407.
 *
 * A 407 is always the proxy's own (RFC 9110 §15.5.8). It is an error of the way to the server, as it is for a tunnel, and
 * no answer of the server; unless the request brought credentials for the proxy itself, and so wants to see it.
 */
import * as Effect from "effect/Effect"
import type { Exchange } from "../../Exchange.js"
import * as HttpxError from "../../HttpxError.js"
import { Fields } from "../../protocol/Fields.js"
import type { Proxy } from "../../protocol/proxy.js"
import type { Target } from "../../protocol/target.js"
import type { Request } from "../../Request.js"
import type { Response } from "../../Response.js"
import type { RouteTo } from "../Routes.js"
import type { ProxyAuthorizer } from "./ProxyAuthorizer.js"

/** The fields of a request as a proxy is to see them; the request's own win over the proxy's. */
export type ProxyHead = (proxy: Proxy, request: Request<unknown>, target: Target) => Fields

export const proxyHead =
  (authorizer: ProxyAuthorizer): ProxyHead =>
  (proxy, { headers, method }, { origin, pathAndQuery }) => {
    const fields = proxy.headers.merge(headers)
    if (headers.has(authorizationField)) return fields
    const authorization = authorizer.first(proxy, method, origin + pathAndQuery)
    return authorization === undefined ? fields : fields.set("Proxy-Authorization", authorization)
  }

const authorizationField = "proxy-authorization"

/** Answers a proxy's challenges, and makes an error of one that has no answer. */
export const withProxyAuthorization =
  (authorizer: ProxyAuthorizer, routeTo: RouteTo) =>
  (exchange: Exchange): Exchange =>
  (request) => {
    const proxy = proxyOf(request, routeTo)
    return proxy === undefined ? exchange(request) : authorized(authorizer, proxy, exchange, request, 0)
  }

const authorized = <E>(
  authorizer: ProxyAuthorizer,
  proxy: Proxy,
  exchange: Exchange,
  request: Request<E>,
  answers: number
): Effect.Effect<Response, HttpxError.HttpxError | E> =>
  Effect.flatMap(exchange(request), (response) => {
    if (response.status !== 407) return Effect.succeed(answered(authorizer, proxy, response))
    const again = authorizer.learn(proxy, fieldsOf(response), answers)
    if (!again || !request.isRepeatable) return refused(request, response, proxy)
    return Effect.zipRight(response.close, authorized(authorizer, proxy, exchange, request, answers + 1))
  })

const proxyOf = ({ headers, target }: Request<unknown>, routeTo: RouteTo): Proxy | undefined => {
  if (target instanceof Error || headers.has(authorizationField)) return undefined
  const route = routeTo(target)
  return route._tag === "Forward" ? route.proxy : undefined
}

const fieldsOf = (response: Response): Fields => new Fields(response.rawHeaders.flat())

const answered = (authorizer: ProxyAuthorizer, proxy: Proxy, response: Response): Response => {
  authorizer.answered(proxy, () => fieldsOf(response).getAll("proxy-authentication-info"))
  return response
}

const refused = (
  { isRepeatable, summary }: Request<unknown>,
  response: Response,
  proxy: Proxy
): Effect.Effect<never, HttpxError.ProxyError> => {
  const { elapsed, reasonPhrase } = response
  const oneShot = !isRepeatable && proxy.credentials !== undefined
  const what = `the proxy ${proxy.url} answered ${`407 ${reasonPhrase}`.trim()}`
  const advice = oneShot ? ", and the request's body is a stream, which is not sent twice" : ""
  const message = `${summary.method} ${summary.url}: ${what}${advice}`
  const details = { request: summary, phase: "proxy", delivery: "unsent", elapsed, message } as const
  return Effect.zipRight(response.close, Effect.fail(new HttpxError.ProxyError({ ...details, status: 407 })))
}
