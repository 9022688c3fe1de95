/**
 * What all policies are: something that takes an exchange and gives one.
 *
 * Most have no more than that. A policy that can do its part without a fiber, at least as long as nothing unusual
 * happens, says so by `start`, so that requests of parallel blocks need none either. One that is not configured is not in
 * the chain, and one that a request does not use hands the request on without an effect of its own.
 */
import type { Exchange, Start, Wire } from "../Exchange.js"

export interface Policy {
  readonly exchange: (exchange: Exchange) => Exchange
  /** The same by callbacks. `exchange` is the one underneath, for what is more to do than that. */
  readonly start?: ((start: Start, exchange: Exchange) => Start) | undefined
}

/** A wire with a policy in front. */
export const apply = (policy: Policy, wire: Wire): Wire => ({
  ...wire,
  exchange: policy.exchange(wire.exchange),
  start: wire.start === undefined ? undefined : policy.start?.(wire.start, wire.exchange)
})
