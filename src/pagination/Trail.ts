/**
 * The way from page to page: which request comes next, and whether it may be sent.
 */
import * as Effect from "effect/Effect"
import * as HttpxError from "../HttpxError.js"
import { resolvePage, withUserOf } from "../protocol/pageUrl.js"
import { isSensitive, redactUrl } from "../protocol/redaction.js"
import { type Crossing, crossing, fieldsAfter, keepsCredentials } from "../protocol/redirect.js"
import { isTargetProblem, parseTarget, type Target, type TargetProblem } from "../protocol/target.js"
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
    if (!(target instanceof Error) && !keepsCredentials(this.crossingTo(target)) && !allowOrigin(target.origin)) {
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
    const { body, headers, method, settings, tag, url: firstUrl } = this.first
    const crossed = this.crossingTo(parseTarget(url))
    const fields = fieldsAfter(headers, { crossing: crossed, bodyDropped: false, isSensitive })
    const stays = keepsCredentials(crossed)
    // A user in the first URL is meant for all pages of its origin, and links do not repeat it.
    const whole = stays ? withUserOf(firstUrl, url) : url
    const own = { ...settings, auth: stays ? settings.auth : null, target: undefined }
    return new Request(method, whole, fields, body, own, tag, undefined, undefined)
  }

  private crossingTo(to: Target | TargetProblem): Crossing {
    const { target: from } = this.first
    return from instanceof Error || isTargetProblem(to) ? "Other" : crossing(from, to)
  }
}

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
