/**
 * The way from page to page: which request comes next, and whether it may be sent.
 */
import * as Effect from "effect/Effect"
import * as HttpxError from "../HttpxError.js"
import { Fields } from "../protocol/Fields.js"
import { isSamePlace, resolvePage } from "../protocol/pageUrl.js"
import { isSensitive, redactUrl } from "../protocol/redaction.js"
import { authorizationOf } from "../protocol/target.js"
import { isRequest, Request } from "../Request.js"
import type { Response } from "../Response.js"
import type { NextPage } from "./Next.js"

/** What may be followed. */
export interface TrailOptions {
  readonly maxPages: number
  readonly allowOrigin: (origin: string) => boolean
}

/** Of one run over pages. */
export class Trail {
  private readonly asked = new Set<string>()

  constructor(
    private readonly first: Request,
    private readonly options: TrailOptions
  ) {
    this.asked.add(keyOf(first))
  }

  /** The request for the next page that a page names; `undefined` if it names none. */
  after(page: Response, next: NextPage): Effect.Effect<Request | undefined, HttpxError.PaginationError> {
    if (next === undefined || next === null) return Effect.succeed(undefined)
    const request = isRequest(next) ? next : this.at(resolvePage(String(next), page.url))
    const { allowOrigin, maxPages } = this.options
    const { target } = request
    // What makes no URL fails with that when it is sent.
    if (!(target instanceof Error) && !this.isSamePlace(request) && !allowOrigin(target.origin)) {
      return refused("OtherOrigin", page, request, `it is on another origin; allowOrigin can allow that`)
    }
    const key = keyOf(request)
    if (this.asked.has(key)) return refused("Loop", page, request, "there was that page already")
    if (this.asked.size >= maxPages) return refused("TooManyPages", page, request, `maxPages is ${maxPages}`)
    this.asked.add(key)
    return Effect.succeed(request)
  }

  /** The first page's request for another URL, with what is meant for that. */
  private at(url: string): Request {
    const { body, headers, method, settings, tag } = this.first
    const placed = (fields: Fields) =>
      new Request(method, url, fields, body, { ...settings, target: undefined }, tag, undefined, undefined)
    const request = placed(headers)
    if (!this.isSamePlace(request)) return placed(withoutSecrets(headers))
    // A user in the first URL is meant for all pages, and links do not repeat it.
    const authorization = authorizationOf(this.first.url)
    if (authorization === undefined || headers.has("authorization") || authorizationOf(url) !== undefined)
      return request
    return placed(headers.append("Authorization", authorization))
  }

  private isSamePlace({ target: to }: Request): boolean {
    const { target: from } = this.first
    return !(from instanceof Error) && !(to instanceof Error) && isSamePlace(from, to)
  }
}

/** Neither credentials nor a Host of the caller's are meant for another origin. */
const withoutSecrets = (fields: Fields): Fields =>
  Fields.from([...fields].filter(([name]) => !isSensitive(name) && !/^host$/i.test(name)))

/** What makes two requests the same: GraphQL's differ by their bodies alone. */
const keyOf = ({ body, method, url }: Request): string =>
  `${method} ${url} ${body._tag === "Bytes" ? new TextDecoder("latin1").decode(body.bytes) : ""}`

const refused = (
  reason: HttpxError.PaginationError["reason"],
  response: Response,
  request: Request,
  why: string
): Effect.Effect<never, HttpxError.PaginationError> => {
  const { summary } = response.request
  const next = redactUrl(request.url)
  const message = `${summary.method} ${summary.url}: the next page, ${next}, is not asked for: ${why}`
  const { elapsed } = response
  const details = { request: summary, phase: "read", delivery: "answered", elapsed, message } as const
  return Effect.fail(new HttpxError.PaginationError({ ...details, reason, response, next }))
}
