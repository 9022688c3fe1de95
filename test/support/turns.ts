/** Waiting for what is under way, where no event tells of its end. */
import { Effect } from "effect"
import { eventually } from "./failing.js"

/** Lets what is under way in this process arrive. */
export const aFewTurns = Effect.repeatN(
  Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void))),
  8
)

/** Waits until this has grown, and grows no more. */
export const settled = (value: () => number): Effect.Effect<void> =>
  Effect.suspend(() => {
    let before = -1
    let unchanged = 0
    return eventually(() => {
      unchanged = value() > 0 && value() === before ? unchanged + 1 : 0
      before = value()
      return unchanged > 100
    })
  })
