/**
 * What a parallel block needs of its client.
 */
import type * as Effect from "effect/Effect"
import type { Start } from "../Exchange.js"
import type * as HttpxError from "../HttpxError.js"
import type { Request } from "../Request.js"
import type { Response } from "../Response.js"
import type { Build } from "./Input.js"

export interface BlockClient {
  readonly build: Build
  readonly send: <E>(request: Request<E>) => Effect.Effect<Response, HttpxError.HttpxError | E>
  /** Gives the response at its head to `hold`, and runs that where only what it makes interruptible can be interrupted. */
  readonly open: <E>(
    request: Request<E>,
    hold: (response: Response) => Effect.Effect<Response>
  ) => Effect.Effect<Response, HttpxError.HttpxError | E>
  /** Sends without a fiber, where nothing on the way needs one. */
  readonly start: Start | undefined
  readonly connections: number
}
