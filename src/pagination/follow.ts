/**
 * Pages as a stream: each is asked for when it is wanted, or one ahead.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Client } from "../Client.js"
import type * as HttpxError from "../HttpxError.js"
import { isRequest, type Request } from "../Request.js"
import type { RequestInput } from "../parallel/Input.js"
import type { Response } from "../Response.js"
import type { Next } from "./Next.js"
import { Trail } from "./Trail.js"

/**
 * @since 0.1.0
 * @category options
 */
export interface PagesOptions {
  /** Asks for the next page while one is being used; no more than one ahead. Default: false, when it is wanted. */
  readonly prefetch?: boolean | undefined
  /** How many pages there may be; one more fails with `PaginationError`. To take fewer, `Stream.take`. Default: no limit. */
  readonly maxPages?: number | undefined
  /**
   * Whether pages may be on another origin than the first one, e.g. `https://files.example.com`; else they fail with
   * `PaginationError`. Credentials are not sent there either way. Default: none may.
   */
  readonly allowOrigin?: ((origin: string) => boolean) | undefined
  /** Whether a status that is not 2xx fails with `StatusError`. Default: true. */
  readonly raiseForStatus?: boolean | undefined
}

/**
 * What pages can fail with beside the errors of one's own.
 *
 * @since 0.1.0
 * @category models
 */
export type PageFailure = HttpxError.HttpxError | HttpxError.StatusError | HttpxError.PaginationError

/** What sends the requests for pages. */
export type PageClient = Pick<Client, "build" | "send">

/** A page, and how to get the one after it. */
interface Turned {
  readonly page: Response
  readonly asked: Request
}

export const follow = <E, R>(
  client: PageClient,
  first: RequestInput,
  next: Next<E, R>,
  options: PagesOptions = {}
): Stream.Stream<Response, PageFailure | E, R> =>
  Stream.suspend(() => {
    const request = firstOf(client, first)
    const { allowOrigin = () => false, maxPages = Infinity, prefetch = false, raiseForStatus = true } = options
    const trail = new Trail(request, { maxPages, allowOrigin })

    const ask = (asked: Request): Effect.Effect<Turned, PageFailure> =>
      Effect.flatMap(client.send(asked), (page) => {
        const turned = { page, asked }
        return raiseForStatus ? Effect.as(page.raiseForStatus, turned) : Effect.succeed(turned)
      })
    const turn = ({ asked, page }: Turned): Effect.Effect<Option.Option<Turned>, PageFailure | E, R> =>
      next(page, asked).pipe(
        Effect.flatMap((named) => trail.after(page, named)),
        Effect.flatMap((following) => (following === undefined ? Effect.succeedNone : Effect.asSome(ask(following))))
      )
    const begin = Effect.asSome(ask(request))
    return prefetch ? ahead(begin, turn) : whenWanted(begin, turn)
  })

type Turn<E, R> = (turned: Turned) => Effect.Effect<Option.Option<Turned>, E, R>

const whenWanted = <E, R>(
  begin: Effect.Effect<Option.Option<Turned>, E>,
  turn: Turn<E, R>
): Stream.Stream<Response, E, R> =>
  Stream.unfoldEffect<Turned | undefined, Response, E, R>(undefined, (turned) =>
    Effect.map(
      turned === undefined ? begin : turn(turned),
      Option.map((after) => [after.page, after] as const)
    )
  )

/** The page after the one that is given out is asked for by a fiber, which ends with the stream. */
const ahead = <E, R>(
  begin: Effect.Effect<Option.Option<Turned>, E>,
  turn: Turn<E, R>
): Stream.Stream<Response, E, R> => {
  type Coming = Effect.Effect<Option.Option<Turned>, E, R>
  const from = (scope: Scope.Scope) =>
    Stream.unfoldEffect<Coming, Response, E, R>(begin, (coming) =>
      Effect.flatMap(coming, (turned) =>
        Option.isNone(turned)
          ? Effect.succeedNone
          : Effect.map(Effect.forkIn(turn(turned.value), scope), (fiber) =>
              Option.some([turned.value.page, Fiber.join(fiber)] as const)
            )
      )
    )
  return Stream.unwrapScoped(Effect.map(Effect.scope, from))
}

const firstOf = (client: PageClient, first: RequestInput): Request => {
  if (typeof first === "string" || first instanceof URL) return client.build("GET", first)
  if (isRequest(first)) return first
  return client.build(first.method ?? "GET", first.url, first)
}
