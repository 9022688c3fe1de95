/**
 * How the next page is found from the one before.
 */
import * as Effect from "effect/Effect"
import { isSameResource, type PageParams, paramOf, withParams } from "../protocol/pageUrl.js"
import type { Request } from "../Request.js"
import type { Response } from "../Response.js"

export type { PageParams } from "../protocol/pageUrl.js"

/**
 * The next page: a URL, absolute or relative to that of the page before, which the first page's request is sent to; or a
 * request, which is sent as it is. `undefined` and `null` say that there is none.
 *
 * @since 0.1.0
 * @category models
 */
export type NextPage = string | URL | Request | null | undefined

/**
 * Finds the next page, given one and the request that it was asked for with.
 *
 * @since 0.1.0
 * @category models
 */
export interface Next<out E = never, out R = never> {
  (page: Response, asked: Request): Effect.Effect<NextPage, E, R>
}

/**
 * The page that the Link field (RFC 8288) names as `next`: GitHub, GitLab and many others.
 *
 * @since 0.1.0
 * @category next
 */
export const byLink: Next = (page) => Effect.sync(() => nextOf(page))

/** As written, because signatures are made over that. */
const nextOf = ({ links, url }: Response): string | undefined =>
  links.list.find(({ context, rel }) => rel.includes("next") && isSameResource(context, url))?.target

/**
 * The same URL with other parameters: those that a function finds on the page, a cursor as a rule; `undefined` or `null`
 * on the last one.
 *
 * @example
 * ```ts
 * import { Pagination } from "effect-httpx"
 * import { Effect, Schema } from "effect"
 * import { HttpIncomingMessage } from "@effect/platform"
 *
 * const Meta = Schema.Struct({ next_cursor: Schema.NullOr(Schema.String) })
 *
 * const next = Pagination.byCursor((page) =>
 *   Effect.map(HttpIncomingMessage.schemaBodyJson(Meta)(page), ({ next_cursor }) =>
 *     next_cursor === null ? undefined : { cursor: next_cursor }
 *   )
 * )
 * ```
 *
 * @since 0.1.0
 * @category next
 */
export const byCursor =
  <E, R>(paramsAfter: (page: Response) => Effect.Effect<PageParams | null | undefined, E, R>): Next<E, R> =>
  (page, asked) =>
    Effect.map(paramsAfter(page), (params) => (isNone(params) ? undefined : withParams(asked.url, params)))

/**
 * @since 0.1.0
 * @category options
 */
export interface OffsetOptions<out E = never, out R = never> {
  /** How many items a page has. One without any is the last. */
  readonly count: (page: Response) => Effect.Effect<number, E, R>
  /** How many items there are in all, where a page tells: saves the request that would find no more. Default: not known. */
  readonly total?: ((page: Response) => Effect.Effect<number | undefined, E, R>) | undefined
  /** The parameter that says how many items come before the page. Default: `offset`. */
  readonly param?: string | undefined
  /** Its value on the first page, where that page's URL has none. Default: 0. */
  readonly start?: number | undefined
}

/**
 * The same URL with an offset that has grown by the number of items on the page, however many were asked for: servers
 * give fewer than that. The limit itself is a parameter of the first page's request.
 *
 * @since 0.1.0
 * @category next
 */
export const byOffset =
  <E, R>({ count, param = "offset", start = 0, total }: OffsetOptions<E, R>): Next<E, R> =>
  (page, asked) =>
    Effect.flatMap(count(page), (items) => {
      if (items === 0) return Effect.succeed(undefined)
      const offset = numberIn(asked, param, start) + items
      const more = withParams(asked.url, { [param]: offset })
      if (total === undefined) return Effect.succeed(more)
      return Effect.map(total(page), (all) => (all !== undefined && offset >= all ? undefined : more))
    })

/**
 * @since 0.1.0
 * @category options
 */
export interface PageNumberOptions<out E = never, out R = never> {
  /** Whether there is no page after this one. */
  readonly isLast: (page: Response) => Effect.Effect<boolean, E, R>
  /** The parameter that numbers pages. Default: `page`. */
  readonly param?: string | undefined
  /** The number of the first page, where its URL has none. Default: 1. */
  readonly start?: number | undefined
}

/**
 * The same URL with the number of the page after.
 *
 * @since 0.1.0
 * @category next
 */
export const byPageNumber =
  <E, R>({ isLast, param = "page", start = 1 }: PageNumberOptions<E, R>): Next<E, R> =>
  (page, asked) =>
    Effect.map(isLast(page), (last) =>
      last ? undefined : withParams(asked.url, { [param]: numberIn(asked, param, start) + 1 })
    )

const isNone = (value: unknown): value is null | undefined => value === null || value === undefined

const numberIn = ({ url }: Request, param: string, start: number): number => Number(paramOf(url, param) ?? start)
