/**
 * Answers that come in pages, as a stream: of the pages (`pages`), or of what is on them (`items`).
 *
 * When to use: for collections that a server gives out a part at a time. How the next page is found is a value of its own:
 * `byLink`, `byCursor`, `byOffset`, `byPageNumber`, or any function from a page to the URL or the request of the next one.
 *
 * What to know: a page is asked for when the stream's consumer wants it, so that `Stream.take` saves requests; with
 * `prefetch`, one page ahead. Each page is read to its end before it is given out, and holds no connection. Where the next
 * page is named by URL, it is asked for with the method, the fields and the body of the first one's request, and with no
 * parameters but those in that URL. A status that is not 2xx fails with `StatusError`.
 *
 * Gotchas: a page on another origin fails with `PaginationError`, as does one that there was already. Where `allowOrigin`
 * lets pages be elsewhere, they are asked for there without what a redirect would leave out (credentials, cookies, fields
 * that hold secrets) and without any auth; a jar gives what it has for that host. What a function gives as a `Request` of
 * its own is sent as it is, as by `client.send`, also with the client's auth. Both streams can be run as often as wanted,
 * and begin anew each time.
 *
 * @example
 * ```ts
 * import { Client, Pagination } from "effect-httpx"
 * import { Effect, Schema, Stream } from "effect"
 *
 * const Issue = Schema.Struct({ id: Schema.Number, title: Schema.String })
 *
 * // At most 500 issues, from as few pages as that takes.
 * const issues = Stream.unwrap(
 *   Effect.map(
 *     Client.Client,
 *     Pagination.items("https://api.example.com/issues?per_page=100", Pagination.byLink, Schema.Array(Issue))
 *   )
 * ).pipe(Stream.take(500))
 * ```
 *
 * @since 0.1.0
 */
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import type * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type { ParseError } from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { follow, type PageClient, type PageFailure, type PagesOptions } from "./pagination/follow.js"
import type { Next } from "./pagination/Next.js"
import type { RequestInput } from "./parallel/Input.js"
import type { Response } from "./Response.js"

export type { PageClient, PageFailure, PagesOptions } from "./pagination/follow.js"
export {
  byCursor,
  byLink,
  byOffset,
  byPageNumber,
  type Next,
  type NextPage,
  type OffsetOptions,
  type PageNumberOptions,
  type PageParams
} from "./pagination/Next.js"

/**
 * The pages, from the first one on. What the first one is asked for with is a URL, a record of method, URL and options, or
 * a request.
 *
 * @example
 * ```ts
 * import { Client, Pagination } from "effect-httpx"
 * import { Effect, Stream } from "effect"
 *
 * // An API whose pages name the next one in their JSON.
 * const pages = (client: Client.Client) =>
 *   Pagination.pages(client, "/films/", (page) =>
 *     Effect.map(page.json, (body) => (body as { readonly next: string | null }).next)
 *   )
 * const count = Effect.flatMap(Client.Client, (client) => Stream.runCount(pages(client)))
 * ```
 *
 * @since 0.1.0
 * @category streams
 */
export const pages: {
  <E, R>(
    first: RequestInput,
    next: Next<E, R>,
    options?: PagesOptions | undefined
  ): (client: PageClient) => Stream.Stream<Response, PageFailure | E, R>
  <E, R>(
    client: PageClient,
    first: RequestInput,
    next: Next<E, R>,
    options?: PagesOptions | undefined
  ): Stream.Stream<Response, PageFailure | E, R>
} = dual((args) => isClient(args[0]), follow)

/**
 * What is on the pages, one by one: by a schema of each page's JSON, or by a function.
 *
 * @since 0.1.0
 * @category streams
 */
export const items: {
  <E, R, A, I, R2>(
    first: RequestInput,
    next: Next<E, R>,
    schema: Schema.Schema<ReadonlyArray<A>, I, R2>,
    options?: PagesOptions | undefined
  ): (client: PageClient) => Stream.Stream<A, PageFailure | ParseError | E, R | R2>
  <E, R, A, E2, R2>(
    first: RequestInput,
    next: Next<E, R>,
    itemsOf: (page: Response) => Effect.Effect<Iterable<A>, E2, R2>,
    options?: PagesOptions | undefined
  ): (client: PageClient) => Stream.Stream<A, PageFailure | E | E2, R | R2>
  <E, R, A, I, R2>(
    client: PageClient,
    first: RequestInput,
    next: Next<E, R>,
    schema: Schema.Schema<ReadonlyArray<A>, I, R2>,
    options?: PagesOptions | undefined
  ): Stream.Stream<A, PageFailure | ParseError | E, R | R2>
  <E, R, A, E2, R2>(
    client: PageClient,
    first: RequestInput,
    next: Next<E, R>,
    itemsOf: (page: Response) => Effect.Effect<Iterable<A>, E2, R2>,
    options?: PagesOptions | undefined
  ): Stream.Stream<A, PageFailure | E | E2, R | R2>
} = dual(
  (args) => isClient(args[0]),
  <E, R, A, E2, R2>(
    client: PageClient,
    first: RequestInput,
    next: Next<E, R>,
    items: Items<A, E2, R2>,
    options?: PagesOptions
  ): Stream.Stream<A, PageFailure | ParseError | E | E2, R | R2> => {
    const read = (page: Response): Effect.Effect<Iterable<A>, PageFailure | ParseError | E2, R2> =>
      isSchema(items) ? HttpIncomingMessage.schemaBodyJson(items)(page) : items(page)
    return Stream.flattenIterables(Stream.mapEffect(follow(client, first, next, options), read))
  }
)

type Items<A, E, R> = Schema.Schema<ReadonlyArray<A>, unknown, R> | ItemsOf<A, E, R>

type ItemsOf<A, E, R> = (page: Response) => Effect.Effect<Iterable<A>, E, R>

const isSchema = <A, E, R>(items: Items<A, E, R>): items is Exclude<typeof items, ItemsOf<A, E, R>> =>
  Schema.isSchema(items)

const isClient = (u: unknown): u is PageClient => Predicate.hasProperty(u, "send") && Predicate.hasProperty(u, "build")
