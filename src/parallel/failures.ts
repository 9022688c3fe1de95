/**
 * What a parallel block itself can say of a request.
 */
import * as Exit from "effect/Exit"
import * as HttpxError from "../HttpxError.js"
import { type Request, unsendable } from "../Request.js"
import type { PendingRecord } from "./PendingRecord.js"

/** The block's deadline has passed. What was forked is no request, and can only be cancelled. */
export const overdue = (
  request: Request<unknown> | undefined,
  limit: number,
  delivery: "unsent" | "unknown"
): HttpxError.TotalTimeout | HttpxError.RequestCancelled => {
  const what = `the parallel block's deadline of ${limit} ms passed before there was an answer`
  if (request === undefined) return new HttpxError.RequestCancelled({ request, message: what })
  const { summary } = request
  return new HttpxError.TotalTimeout({
    request: summary,
    phase: delivery === "unsent" ? "queue" : "wait",
    delivery,
    elapsed: limit,
    limit,
    message: `${summary.method} ${summary.url}: ${what}`,
    cause: undefined
  })
}

/** The block was opened with options that make no sense. */
export const refused = ({ request }: PendingRecord, problem: string): Exit.Exit<never, unknown> =>
  Exit.fail(
    request === undefined
      ? new HttpxError.RequestCancelled({ request, message: problem })
      : unsendable(request, problem)
  )

/** A failure that nobody looked at, and the request that it is of. */
export const unobservedFailures = (
  failures: ReadonlyArray<HttpxError.UnobservedFailure>
): HttpxError.UnobservedFailures => {
  const [first] = failures
  const more = failures.length > 1 ? `, and ${failures.length - 1} more` : ""
  const message = `nobody looked at ${failures.length} failed request${failures.length === 1 ? "" : "s"} of a parallel block: ${first?.message ?? ""}${more}`
  return new HttpxError.UnobservedFailures({ failures, message })
}
