/** The requests of the command: in one parallel block, their bodies counted as they come, and not kept. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Headers from "@effect/platform/Headers"
import * as Stream from "effect/Stream"
import { Client, type Response } from "../index.js"
import { type Fetched, fetched } from "./Fetched.js"
import type { Event } from "./progress.js"

/** Who is told what happens. */
export interface View {
  readonly tell: (event: Event) => void
  readonly over: (fetched: Fetched) => void
}

export interface Run {
  readonly urls: ReadonlyArray<string>
  readonly concurrency: number | undefined
  /** Milliseconds since the beginning of the run. */
  readonly now: () => number
}

/** Ends when all are over; interrupted, it aborts what is in flight. */
export const fetchUrls = (run: Run, view: View): Effect.Effect<void, never, Client.Client> =>
  Effect.gen(function* () {
    const parallel = yield* Client.parallel({ concurrency: run.concurrency })
    const pendings = yield* Effect.forEach(run.urls, (url, index) => parallel.fork(fetchOne(index + 1, url, run, view)))
    yield* Effect.forEach(pendings, (pending) => pending.getResponse, { discard: true })
  }).pipe(
    // Nobody cancels a request of this block.
    Effect.catchTag("RequestCancelled", Effect.die),
    Effect.scoped
  )

const fetchOne = (index: number, url: string, { now }: Run, view: View): Effect.Effect<void, never, Client.Client> =>
  Effect.suspend(() => {
    const startedAt = now()
    view.tell({ _tag: "Began", index, url, at: startedAt })
    const whole = Effect.tap(Client.stream("GET", url, { tag: index }), (response) => receive(index, response, view))
    return Effect.map(Effect.exit(Effect.scoped(whole)), (exit) => {
      const what = fetched(index, url, { startedAt, now: now() }, exit)
      view.tell({ _tag: "Ended", index, isFailure: what.entry.result._tag === "Failed" })
      view.over(what)
    })
  })

const receive = (index: number, response: Response.Response, view: View) => {
  view.tell({ _tag: "Answered", index, expected: lengthOf(response) })
  return Stream.runForEachChunk(response.stream, () =>
    Effect.sync(() => view.tell({ _tag: "Received", index, received: response.numBytesDownloaded }))
  )
}

const lengthOf = ({ headers }: Response.Response): number | undefined => {
  const length = Number(Option.getOrUndefined(Headers.get(headers, "content-length")))
  return Number.isSafeInteger(length) ? length : undefined
}
