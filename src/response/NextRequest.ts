/**
 * How an answer stands in a chain of redirects: what came before it, and what would come after.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as HttpxError from "../HttpxError.js"
import type { Request } from "../Request.js"
import type { Response } from "../Response.js"

/**
 * The request that an answer redirects to, where it was not followed.
 *
 * @since 0.1.0
 * @category models
 */
export type NextRequest = Effect.Effect<
  Option.Option<Request<HttpxError.BodyError<unknown>>>,
  HttpxError.RedirectRefused | HttpxError.StreamConsumed
>

export const noNextRequest: NextRequest = Effect.succeedNone

export const noHistory: ReadonlyArray<Response> = []
