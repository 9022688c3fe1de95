/**
 * What a request takes over from the fiber that submits it: the references that a fiber forked there would have, and with
 * them its services, its parent span and its clock.
 */
import * as Cause from "effect/Cause"
import type { Clock } from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as Predicate from "effect/Predicate"
import { isTraced } from "../policy/Trace.js"
import { clockOf } from "../transport/Timer.js"

/** What requests have from one submitter, as it was then. */
export class Inherited {
  readonly clock: Clock | undefined
  /** Whether there is a tracer for which a fiber has to run the request. */
  readonly traced: boolean
  private readonly submitter: FiberId.Runtime
  private given: FiberRefs.FiberRefs | undefined = undefined

  constructor(
    submitter: Fiber.RuntimeFiber<unknown, unknown>,
    readonly seen: FiberRefs.FiberRefs
  ) {
    this.submitter = submitter.id()
    this.clock = clockOf(submitter)
    this.traced = isTraced(submitter)
  }

  /** As `fork` does it: some references do not pass to a child, an interruption of the parent among them. */
  get refs(): FiberRefs.FiberRefs {
    return (this.given ??= FiberRefs.forkAs(this.seen, this.submitter))
  }
}

/** Requests submitted one after the other by one fiber share what they take over. */
export class Inheritance {
  private held: unknown = undefined
  private last: Inherited | undefined = undefined

  of(submitter: Fiber.RuntimeFiber<unknown, unknown>): Inherited {
    const { last } = this
    if (last !== undefined && this.held !== undefined && this.held === heldBy(submitter)) return last
    const seen = submitter.getFiberRefs()
    this.held = heldBy(submitter)
    if (last !== undefined && isSame(last.seen, seen)) return last
    return (this.last = new Inherited(submitter, seen))
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
