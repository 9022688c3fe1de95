/**
 * What becomes of the failures that nobody has looked at when a parallel block is left.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type * as HttpxError from "../HttpxError.js"
import type { BlockSettings } from "./BlockOptions.js"
import { unobservedFailures } from "./failures.js"
import type { PendingRecord } from "./PendingRecord.js"

// How many a warning names: enough to see what is wrong.
const named = 10

/** Counts them, and says so as it was asked for. */
export const reportUnobserved = (
  records: ReadonlyArray<PendingRecord>,
  { onUnobserved }: BlockSettings
): Effect.Effect<void> => {
  if (records.length === 0) return Effect.void
  const text = `${records.length} failed requests of a parallel block were never looked at`
  const shown = records.slice(0, named).map(({ exit }) => (exit === undefined ? "" : shownAs(exit)))
  const log = onUnobserved === "log" ? Effect.logWarning([text, ...shown].join("\n")) : Effect.logDebug(text)
  return Effect.zipRight(
    Effect.sync(() => counter().unsafeUpdate(records.length, [])),
    log
  )
}

/** The failures of a block that is to fail with them. */
export const failUnobserved = (
  records: ReadonlyArray<PendingRecord>
): Effect.Effect<void, HttpxError.UnobservedFailures> => {
  const failures: Array<HttpxError.UnobservedFailure> = []
  let defects: Cause.Cause<never> = Cause.empty
  for (const { exit } of records) {
    if (exit === undefined || Exit.isSuccess(exit)) continue
    // What nobody has claimed is a request, and those fail with nothing else.
    for (const error of Cause.failures(exit.cause)) failures.push(error as HttpxError.UnobservedFailure)
    defects = Cause.parallel(
      defects,
      Option.getOrElse(Cause.keepDefects(exit.cause), () => Cause.empty)
    )
  }
  if (!Cause.isEmpty(defects)) return Effect.failCause(defects)
  return failures.length === 0 ? Effect.void : Effect.fail(unobservedFailures(failures))
}

const counter = () =>
  Metric.counter("effect_httpx_parallel_unobserved", {
    description: "Failed requests of parallel blocks that nobody had looked at when their block was left",
    incremental: true
  })

const shownAs = (exit: Exit.Exit<unknown, unknown>): string => {
  const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
