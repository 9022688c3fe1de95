/** What has become of a URL. */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import { HttpxError, type Response } from "../index.js"
import type { Answered, Entry, Failed } from "../observe/Waterfall.js"
import { redactUrl } from "../protocol/redaction.js"

export interface Fetched {
  readonly entry: Entry
  /** The URL as it was given, while that of the entry shows no secrets. */
  readonly written: string
}

/** When a request began: milliseconds after the run did, and now. */
export interface Times {
  readonly startedAt: number
  readonly now: number
}

export const fetched = (
  index: number,
  written: string,
  times: Times,
  exit: Exit.Exit<Response.Response, HttpxError.HttpxError>
): Fetched => {
  const { startedAt } = times
  const all = { index, method: "GET", url: redactUrl(written), startedAt }
  return Exit.match(exit, {
    onSuccess: (response) => ({ written, entry: { ...all, elapsed: response.elapsed, result: answered(response) } }),
    onFailure: (cause) => {
      const error = Cause.squash(cause)
      const elapsed = HttpxError.isHttpxError(error) ? error.elapsed : times.now - startedAt
      return { written, entry: { ...all, elapsed, result: failed(error) } }
    }
  })
}

const answered = ({ httpVersion, numBytesDownloaded: bytes, status, timings }: Response.Response): Answered => ({
  _tag: "Answered",
  status,
  httpVersion,
  bytes,
  timings
})

const failed = (error: unknown): Failed => {
  const { message, name } = error instanceof Error ? error : { message: String(error), name: "Error" }
  return HttpxError.isHttpxError(error)
    ? { _tag: "Failed", tag: error._tag, message, phase: error.phase, delivery: error.delivery }
    : { _tag: "Failed", tag: name, message, phase: undefined, delivery: undefined }
}
