/**
 * Blocks that are opened, and left: with a scope, or around an effect.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as HttpxError from "../HttpxError.js"
import type * as Scope from "effect/Scope"
import { clockOf } from "../transport/Timer.js"
import { Block } from "./Block.js"
import type { BlockSettings } from "./BlockOptions.js"
import { failUnobserved } from "./unobserved.js"

const made = (settings: BlockSettings): Effect.Effect<Block> =>
  Effect.withFiberRuntime((fiber) => Effect.succeed(new Block(settings, clockOf(fiber))))

/** A block that is left with the scope. */
export const openScoped = (settings: BlockSettings): Effect.Effect<Block, never, Scope.Scope> =>
  Effect.acquireRelease(made(settings), (block) => block.close)

/** A block that is left when the effect has ended; its unseen failures can be the failure then. */
export const openAround = <A, E, R>(
  settings: BlockSettings,
  use: (block: Block) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | HttpxError.UnobservedFailures, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(made(settings), (block) =>
      Effect.flatMap(
        Effect.exit(restore(Effect.suspend(() => use(block)))),
        (exit): Effect.Effect<A, E | HttpxError.UnobservedFailures> => {
          if (Exit.isFailure(exit) || settings.onUnobserved !== "fail") return Effect.zipRight(block.close, exit)
          return Effect.zipRight(Effect.zipRight(block.close, failUnobserved(block.results.unobserved)), exit)
        }
      )
    )
  )
