/**
 * How the records of a parallel block are run.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Start } from "../Exchange.js"
import type { Response } from "../Response.js"
import type { Block } from "./Block.js"
import type { BlockClient } from "./BlockClient.js"
import type { PendingRecord } from "./PendingRecord.js"

export interface Work {
  /** In a fiber of the block. */
  readonly effect: (record: PendingRecord) => Effect.Effect<unknown, unknown>
  /** By callbacks, for a request that needs no fiber: less than half the cost. */
  readonly start: Start | undefined
}

/** Requests that are read to their end. */
export const sendWork = ({ send, start }: BlockClient): Work => ({
  effect: ({ request }) => (request === undefined ? Effect.void : send(request)),
  start
})

/** Requests whose answers are given out at their heads, and keep their places until they are closed. */
export const streamWork = ({ open }: BlockClient, block: Block): Work => ({
  effect: (record) =>
    record.request === undefined ? Effect.void : open(record.request, (response) => held(block, record, response)),
  start: undefined
})

/** An effect of the caller's. */
export const forkWork = (effect: Effect.Effect<unknown, unknown>): Work => ({ effect: () => effect, start: undefined })

/** Gives a response out at its head, and stays with it until it is closed. */
const held = (block: Block, record: PendingRecord, response: Response): Effect.Effect<Response> => {
  block.complete(record, Exit.succeed(response))
  return Effect.as(
    Effect.onInterrupt(Effect.interruptible(response.awaitClosed), () => response.close),
    response
  )
}
