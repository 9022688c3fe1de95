/**
 * How redirects are followed: as a client and its calls say it, and what that comes to.
 *
 * @since 0.1.0
 */
import { isSensitive } from "../protocol/redaction.js"
import type { RedirectPolicy } from "./RedirectPolicy.js"

/**
 * How redirects are followed. What a call leaves out is as its client has it.
 *
 * @since 0.1.0
 * @category options
 */
export interface RedirectsOptions {
  /** How many redirects a call may follow; one more fails with `TooManyRedirects`. Default: 20. */
  readonly max?: number | undefined
  /** Which are followed. Default: all. */
  readonly policy?: RedirectPolicy | undefined
  /** Whether one may lead from https to http; else it fails with `RedirectRefused`. Default: false. */
  readonly allowDowngrade?: boolean | undefined
  /**
   * The names of the fields that are not sent to another origin, beside Authorization, Cookie and Proxy-Authorization, which
   * never are. Default: those whose values errors and logs hide, such as `x-api-key`, `api-key` and `x-auth-token`.
   */
  readonly sensitiveFields?: ReadonlyArray<string> | undefined
}

/**
 * Whether and how redirects are followed: `true` (as the client does, or by the defaults), `false`, a policy that decides
 * on each, or options.
 *
 * @since 0.1.0
 * @category options
 */
export type FollowRedirects = boolean | RedirectPolicy | RedirectsOptions

/** With nothing left out. */
export interface Rules {
  readonly follow: boolean
  readonly max: number
  readonly policy: RedirectPolicy
  readonly allowDowngrade: boolean
  /** By its lower-case name. */
  readonly isSensitive: (name: string) => boolean
}

const defaults: Rules = { follow: true, max: 20, policy: () => true, allowDowngrade: false, isSensitive }

/** What is given, and the rest from the rules that hold where nothing is. */
export const rulesOf = (given: FollowRedirects | undefined, rules: Rules = defaults): Rules => {
  if (given === undefined) return rules
  if (typeof given === "boolean") return { ...rules, follow: given }
  if (typeof given === "function") return { ...rules, follow: true, policy: given }
  const { allowDowngrade = rules.allowDowngrade, max = rules.max, policy = rules.policy, sensitiveFields } = given
  const isSensitive = sensitiveFields === undefined ? rules.isSensitive : isOneOf(sensitiveFields)
  return { follow: true, max, policy, allowDowngrade, isSensitive }
}

const isOneOf = (names: ReadonlyArray<string>): ((name: string) => boolean) => {
  const lower = new Set(names.map((name) => name.toLowerCase()))
  return (name) => lower.has(name)
}
