/**
 * The policies of a client, and the one order that they stand in, from the caller to the wire.
 */
import type { Wire } from "../Exchange.js"
import { apply, type Policy } from "./Policy.js"

/** Those that are configured. */
export interface Policies {
  readonly auth?: Policy | undefined
  readonly redirects?: Policy | undefined
  readonly cookies?: Policy | undefined
  /** They see every hop and every attempt, with its final fields. */
  readonly hooks?: Policy | undefined
}

/** Outermost first. */
const order = ["auth", "redirects", "cookies", "hooks"] as const satisfies ReadonlyArray<keyof Policies>

/** A wire with policies in front, whatever the order in which they are given. */
export const withPolicies = (wire: Wire, policies: Policies): Wire =>
  order.reduceRight((inner, name) => {
    const policy = policies[name]
    return policy === undefined ? inner : apply(policy, inner)
  }, wire)
