/**
 * What a client adds to each of its requests: base URL, fields, parameters, timeout.
 *
 * @since 0.1.0
 */
import type { ClientOptions } from "../Client.js"
import type { Wire } from "../Exchange.js"
import { Fields } from "../protocol/Fields.js"
import { queryString } from "../protocol/params.js"
import { appendQuery, joinBase } from "../protocol/target.js"
import { version } from "../protocol/version.js"
import * as Request from "../Request.js"
import { type Settings, settingsOf } from "../request/Settings.js"
import type { Policy } from "./Policy.js"

/**
 * The fields that a client sends unless it or a request replaces them: `accept`, `accept-encoding` (what can be decoded)
 * and `user-agent`.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultHeaders = (codings: ReadonlyArray<string>): Fields => {
  const fields = new Fields(["accept", "*/*", "user-agent", `effect-httpx/${version}`])
  return codings.length === 0 ? fields : fields.append("accept-encoding", codings.join(", "))
}

/** Worked out once, for all requests of a client. */
export class Defaults {
  readonly headers: Fields
  private readonly base: string | undefined
  private readonly query: string
  private readonly problem: string | undefined
  private readonly settings: Settings
  private readonly stringify: Request.Stringify | undefined

  constructor(wire: Wire, options: ClientOptions<unknown>) {
    const { baseUrl, compress, defaultEncoding, headers, maxBodySize, params, stringify, timeout } = options
    const query = params === undefined ? "" : queryString(params)
    this.headers = defaultHeaders(wire.decoders?.codings ?? []).with(headers)
    this.base = baseUrl === undefined ? undefined : String(baseUrl)
    this.query = typeof query === "string" ? query : ""
    this.problem = typeof query === "string" ? undefined : query.message
    this.settings = settingsOf({ compress, defaultEncoding, maxBodySize, timeout })
    this.stringify = stringify
  }

  request<E>(
    method: string,
    url: string | URL,
    options: Request.RequestOptions<E> | undefined
  ): Request.Request<Request.BodyFailure<E>> {
    try {
      const place = this.place(String(url), options?.params === null)
      const headers = this.headers.with(options?.headers)
      return Request.build(method, place.url, place.problem, headers, options, this.settings, this.stringify)
    } catch (cause) {
      return Request.unmade(method, url, cause)
    }
  }

  /** A request that was made without this client. */
  applyTo<E>(request: Request.Request<E>): Request.Request<E> {
    const place = this.place(request.url)
    return request.over(place.url, place.problem, this.headers.merge(request.headers), this.settings)
  }

  /** The same for each request that comes. */
  get policy(): Policy {
    return {
      exchange: (exchange) => (request) => exchange(this.applyTo(request)),
      start: (start) => (request, call, answered) => start(this.applyTo(request), call, answered)
    }
  }

  private place(url: string, bare = false): { readonly url: string; readonly problem: string | undefined } {
    const joined = this.base === undefined ? url : joinBase(this.base, url)
    if (typeof joined !== "string") return { url, problem: joined.message }
    if (bare) return { url: joined, problem: undefined }
    return { url: this.query === "" ? joined : appendQuery(joined, this.query), problem: this.problem }
  }
}
