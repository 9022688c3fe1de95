/**
 * What a parallel block is told when it is opened.
 */
import type * as Duration from "effect/Duration"
import { millisOf } from "../request/milliseconds.js"

/**
 * At most so many requests begin within any such time.
 *
 * @since 0.1.0
 * @category options
 */
export interface Rate {
  /** At least 1. */
  readonly requests: number
  /** The length of the time: `"1 second"`; a plain number is milliseconds. */
  readonly per: Duration.DurationInput
}

/**
 * @since 0.1.0
 * @category options
 */
export interface ParallelOptions {
  /** How many run at once; the rest wait, first come first served. Default: as many as the transport has connections. */
  readonly concurrency?: number | undefined
  /**
   * How many of them to one origin (scheme, host and port). Those that wait for their origin hold up no other; what
   * `fork` runs has no origin. Default: no limit beside `concurrency`.
   */
  readonly perOrigin?: number | undefined
  /** How many may begin within some time. Default: any number. */
  readonly rate?: Rate | undefined
  /**
   * How long after it was opened the block ends what has not been answered: that then fails with `TotalTimeout`, and what
   * is submitted later too; what `fork` runs, with `RequestCancelled`. Default: never.
   */
  readonly deadline?: Duration.DurationInput | undefined
  /**
   * What becomes of failures that nobody has looked at when the block is left. They are counted by the metric
   * `effect_httpx_parallel_unobserved` either way; `"ignore"` adds a debug line, `"log"` a warning that names them.
   * Default: `"ignore"`. To fail with them, `client.parallel.use`.
   */
  readonly onUnobserved?: "ignore" | "log" | undefined
}

/**
 * The options of a block around an effect, which fails with what nobody has looked at.
 *
 * @since 0.1.0
 * @category options
 */
export interface FailingOptions extends Omit<ParallelOptions, "onUnobserved"> {
  readonly onUnobserved: "fail"
}

/** The same, understood. */
export interface BlockSettings {
  readonly concurrency: number
  readonly perOrigin: number
  readonly rate: { readonly requests: number; readonly per: number } | undefined
  /** Milliseconds. */
  readonly deadline: number | undefined
  readonly onUnobserved: "ignore" | "log" | "fail"
  /** What makes no sense, for each request to fail with. */
  readonly problem: string | undefined
}

export const settingsOf = (
  options: FailingOptions | ParallelOptions | undefined,
  connections: number
): BlockSettings => {
  const { concurrency = Math.max(1, connections), deadline, onUnobserved, perOrigin = Infinity, rate } = options ?? {}
  const per = rate === undefined ? undefined : millisOf(rate.per)
  const end = deadline === undefined ? undefined : millisOf(deadline)
  const problem =
    notCount("concurrency", concurrency) ??
    notCount("perOrigin", perOrigin) ??
    (rate === undefined ? undefined : (notCount("rate.requests", rate.requests) ?? notTime("rate.per", per))) ??
    (deadline === undefined ? undefined : notTime("deadline", end))
  return {
    concurrency,
    perOrigin,
    rate: rate === undefined || per === undefined || per === Infinity ? undefined : { requests: rate.requests, per },
    deadline: end === Infinity ? undefined : end,
    onUnobserved: onUnobserved ?? "ignore",
    problem
  }
}

const notCount = (name: string, value: number): string | undefined =>
  value === Infinity || (Number.isSafeInteger(value) && value >= 1)
    ? undefined
    : `the parallel block's ${name} is ${String(value)}: it has to be a whole number from 1 on, or Infinity`

const notTime = (name: string, millis: number | undefined): string | undefined =>
  millis === undefined ? `the parallel block's ${name} is not a duration: write e.g. "5 seconds"` : undefined
