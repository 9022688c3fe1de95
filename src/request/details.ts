/**
 * What an error says of a request that was never sent.
 */
import type * as HttpxError from "../HttpxError.js"
import { printable, redactUrl } from "../protocol/redaction.js"

/** Where a request goes, as written: redacted only for an error, because most requests have none. */
export interface Place {
  readonly method: string
  readonly url: string
}

export const shown = ({ method, url }: Place): HttpxError.RequestSummary => ({
  method: printable(method),
  url: redactUrl(url)
})

/** What the caller's code threw, as text: it may be anything, and have no text of its own. */
export const thrown = (cause: unknown): string => {
  try {
    return cause instanceof Error ? cause.message : String(cause)
  } catch {
    return "something without a text"
  }
}

export const problemDetails = (
  request: HttpxError.RequestSummary,
  what: string,
  cause?: unknown
): HttpxError.Details => ({
  request,
  phase: "prepare",
  delivery: "unsent",
  elapsed: 0,
  message: `${request.method} ${request.url}: ${what}`,
  cause
})
