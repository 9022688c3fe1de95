/** Redirects as a policy between an auth and the wire: no more of them than an auth has to do with. */
import { Effect } from "effect"
import { Request } from "effect-httpx"
import type { Policy } from "../../src/policy/Policy.js"
import { emptyBody } from "../../src/request/body.js"
import { withPolicy } from "../../src/transport/platform/withPolicy.js"

const following: Policy = {
  exchange: (exchange) => {
    const follow: typeof exchange = (request) =>
      Effect.flatMap(exchange(request), (response) => {
        const location = response.headers["location"]
        if (location === undefined) return Effect.succeed(response)
        const { body, call, headers, settings, tag, url } = request
        const to = new URL(location, url)
        const dropped = response.status === 303
        const method = dropped ? "GET" : request.method
        // Only what a redirect to another origin takes away.
        const kept = to.origin === new URL(url).origin ? headers : headers.remove("authorization")
        const next = new Request.Request(
          method,
          to.href,
          dropped ? kept.remove("content-type") : kept,
          dropped ? emptyBody : body,
          settings,
          tag,
          undefined,
          call
        )
        return Effect.zipRight(response.close, follow(next))
      })
    return follow
  }
}

/** A client of the platform whose requests go where the answers redirect them to. */
export const hopping = withPolicy(following)
