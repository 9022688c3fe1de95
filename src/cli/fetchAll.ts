/** Fetches URLs in one parallel block, and prints a line for each in the order of completion. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Cause from "effect/Cause"
import * as Stream from "effect/Stream"
import { Client, type Parallel } from "../index.js"
import { Transport } from "../node.js"
import { counted, dim, green, grouped, print, printError, red, yellow } from "./terminal.js"

/** Ends with the exit code: 1 if any request failed. */
export const fetchAll = (urls: ReadonlyArray<string>, concurrency: number | undefined): Effect.Effect<number> =>
  Effect.gen(function* () {
    const parallel = yield* Client.parallel({ concurrency })
    yield* Effect.forEach(urls, (url, index) => parallel.get(url, { tag: index + 1 }), { discard: true })
    const line = lineFor(urls)
    const [took, failed] = yield* parallel.outcomes.pipe(
      Stream.tap((outcome) => print(line(outcome))),
      Stream.runFold(0, (failed, { exit }) => failed + (Exit.isFailure(exit) ? 1 : 0)),
      Effect.timed
    )
    const summary = `${counted(urls.length - failed, "answer")}, ${counted(failed, "failure")}`
    yield* printError(dim(`${summary}, ${Math.round(Duration.toMillis(took))} ms`))
    return failed === 0 ? 0 : 1
  }).pipe(Effect.scoped, Effect.provide(Client.layer()), Effect.provide(Transport.layer()))

const lineFor = (urls: ReadonlyArray<string>) => {
  const width = String(urls.length).length
  return ({ exit, pending }: Parallel.Outcome): string => {
    const index = String(pending.tag).padStart(width)
    return Exit.match(exit, {
      onFailure: (cause) => `${index}  ${failure(cause)}`,
      onSuccess: (response) => {
        const paint = response.status < 300 ? green : response.status < 400 ? yellow : red
        const bytes = `${grouped(response.numBytesDownloaded).padStart(9)} B`
        const time = `${String(Math.round(response.elapsed)).padStart(5)} ms`
        return `${index}  ${paint(String(response.status))}  ${response.httpVersion}  ${bytes}  ${time}  ${response.url}`
      }
    })
  }
}

const failure = (cause: Cause.Cause<Parallel.AnyFailure>): string => {
  const error = Cause.squash(cause)
  if (!(error instanceof Error)) return red(String(error))
  return `${red("_tag" in error ? String(error._tag) : error.name)}  ${error.message}`
}
