/**
 * What a request takes over from the fiber that submits it: the references that a fiber forked there would have, and with
 * them its services, its parent span and its clock.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as Predicate from "effect/Predicate"

/** Requests submitted one after the other by one fiber share what they take over. */
export class Inheritance {
  private held: unknown = undefined
  private seen: FiberRefs.FiberRefs | undefined = undefined
  private given: FiberRefs.FiberRefs | undefined = undefined

  of(submitter: Fiber.RuntimeFiber<unknown, unknown>): FiberRefs.FiberRefs {
    if (this.given !== undefined && this.held !== undefined && this.held === heldBy(submitter)) return this.given
    const seen = submitter.getFiberRefs()
    if (this.given === undefined || this.seen === undefined || !isSame(this.seen, seen)) {
      this.seen = seen
      // As `fork` does it: some references do not pass to a child, an interruption of the parent among them.
      this.given = FiberRefs.forkAs(seen, submitter.id())
    }
    this.held = heldBy(submitter)
    return this.given
  }
}

/** Gives a fiber these references and no others; only an interruption that it knows of stays. */
export const adopt = (
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  refs: FiberRefs.FiberRefs
): Effect.Effect<void> | undefined =>
  heldBy(fiber) === refs
    ? undefined
    : Effect.updateFiberRefs((fiberId, own) => {
        const value = FiberRefs.getOrDefault(own, FiberRef.interruptedCause)
        return Cause.isEmpty(value)
          ? refs
          : FiberRefs.updateAs(refs, { fiberId, fiberRef: FiberRef.interruptedCause, value })
      })

/**
 * The immutable value in which a fiber holds its references: as long as it is the same one, none has changed. The public
 * way to ask a fiber for them makes a copy each time, which would be a sixth of the garbage of a request; a runtime that
 * keeps them otherwise gets the copy.
 */
const heldBy = (fiber: Fiber.RuntimeFiber<unknown, unknown>): unknown =>
  Predicate.hasProperty(fiber, "_fiberRefs") ? fiber._fiberRefs : undefined

const isSame = (one: FiberRefs.FiberRefs, other: FiberRefs.FiberRefs): boolean => {
  if (one.locals.size !== other.locals.size) return false
  for (const [ref, values] of other.locals) {
    // The flags alone differ from one look at a fiber to the next.
    if (one.locals.get(ref) !== values && ref !== FiberRef.currentRuntimeFlags) return false
  }
  return true
}
