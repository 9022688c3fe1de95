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
import { thrown } from "../request/details.js"
import { noSettings, type Settings, settingsOf } from "../request/Settings.js"
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
  private readonly given: Given

  constructor(wire: Wire, options: ClientOptions<unknown>) {
    this.given = given(defaultHeaders(wire.decoders?.codings ?? []), options)
  }

  /** With those of `defaultHeaders` that are left. */
  get headers(): Fields {
    return this.given.headers
  }

  request<E>(
    method: string,
    url: string | URL,
    options: Request.RequestOptions<E> | undefined
  ): Request.Request<Request.BodyFailure<E>> {
    try {
      const place = this.place(String(url), options?.params === null)
      const { headers, settings, stringify } = this.given
      const fields = headers.with(options?.headers)
      return Request.build(method, place.url, place.problem, fields, options, settings, stringify)
    } catch (cause) {
      return Request.unmade(method, url, cause)
    }
  }

  /** A request that was made without this client. */
  applyTo<E>(request: Request.Request<E>): Request.Request<E> {
    const place = this.place(request.url)
    const { headers, settings } = this.given
    return request.over(place.url, place.problem, headers.merge(request.headers), settings)
  }

  /** The same for each request that comes. */
  get policy(): Policy {
    return {
      exchange: (exchange) => (request) => exchange(this.applyTo(request)),
      start: (start) => (request, call, answered) => start(this.applyTo(request), call, answered)
    }
  }

  private place(url: string, bare = false): { readonly url: string; readonly problem: string | undefined } {
    const { base, problem, query } = this.given
    const joined = base === undefined ? url : joinBase(base, url)
    if (typeof joined !== "string") return { url, problem: joined.message }
    if (bare) return { url: joined, problem: undefined }
    return { url: query === "" ? joined : appendQuery(joined, query), problem }
  }
}

/** What the options come to. */
interface Given {
  readonly headers: Fields
  readonly base: string | undefined
  readonly query: string
  /** Why there is no query. */
  readonly problem: string | undefined
  readonly settings: Settings
  readonly stringify: Request.Stringify | undefined
}

const given = (own: Fields, options: ClientOptions<unknown>): Given => {
  try {
    return read(own, options)
  } catch (cause) {
    // A getter or a generator of the caller's: all requests fail with it.
    const settings = { ...noSettings, unclear: `an option of the client threw: ${thrown(cause)}` }
    return { headers: own, base: undefined, query: "", problem: undefined, settings, stringify: undefined }
  }
}

const read = (own: Fields, options: ClientOptions<unknown>): Given => {
  const { baseUrl, compress, defaultEncoding, headers, maxBodySize, params, stringify, timeout } = options
  const query = params === undefined ? "" : queryString(params)
  return {
    headers: own.with(headers),
    base: baseUrl === undefined ? undefined : String(baseUrl),
    query: typeof query === "string" ? query : "",
    problem: typeof query === "string" ? undefined : query.message,
    settings: settingsOf({ compress, defaultEncoding, maxBodySize, timeout }),
    stringify
  }
}
