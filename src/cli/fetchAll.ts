/** Fetches URLs, and shows what became of each: as a line, as JSON, in a live view; and where the time went. */
import * as Effect from "effect/Effect"
import { Client } from "../index.js"
import { Transport } from "../node.js"
import { visible } from "../observe/cells.js"
import { counted } from "../observe/quantities.js"
import type { Entry, Kind } from "../observe/Waterfall.js"
import { waterfallText } from "../observe/waterfallText.js"
import type { Fetch } from "./arguments.js"
import type { Fetched } from "./Fetched.js"
import { fetchUrls, type Run } from "./fetchUrls.js"
import { jsonLine, line } from "./lines.js"
import { liveView } from "./LiveView.js"
import { blue, cyan, dim, isLive, magenta, print, printError, red, terminalSize, write, yellow } from "./terminal.js"
import { Watch, watchedClient } from "./watchedClient.js"
import * as WaterfallFile from "./waterfallFile.js"

/** Ends with the exit code: 1 if any request failed, or the page was not written; 2 if it is known before that it cannot be. */
export const fetchAll = (command: Fetch): Effect.Effect<number> => {
  const { waterfall } = command
  if (waterfall === undefined) return fetchAndShow(command)
  return Effect.matchEffect(WaterfallFile.check(waterfall), {
    onFailure: (why) => Effect.as(notWritten(why), 2),
    onSuccess: () => fetchAndShow(command)
  })
}

const fetchAndShow = (command: Fetch): Effect.Effect<number> =>
  Effect.gen(function* () {
    const begun = Date.now()
    const since = performance.now()
    const { concurrency, output, urls, waterfall } = command
    const run: Run = { urls, concurrency, now: () => performance.now() - since }
    const isLiveRun = output === "live" && isLive(process.stdout)
    const entries = yield* isLiveRun ? live(run) : printing(run, output === "json" ? jsonLine : line)
    const took = run.now()
    if (isLiveRun) {
      const lines = waterfallText(entries, { ...terminalSize(process.stdout), paint })
      yield* print(`\n${lines.join("\n")}\n`)
    }
    const failures = entries.filter(({ result }) => result._tag === "Failed").length
    const summary = `${counted(entries.length - failures, "answer")}, ${counted(failures, "failure")}`
    yield* printError(dim(`${summary}, ${Math.round(took)} ms`))
    const code = failures === 0 ? 0 : 1
    if (waterfall === undefined) return code
    return yield* Effect.matchEffect(WaterfallFile.write(waterfall, entries, new Date(begun)), {
      onFailure: (why) => Effect.as(notWritten(why), 1),
      onSuccess: () => Effect.succeed(code)
    })
  })

/** A line for each that is over. */
const printing = (
  run: Run,
  lineOf: (fetched: Fetched, width: number) => string
): Effect.Effect<ReadonlyArray<Entry>> => {
  const entries: Array<Entry> = []
  const over = (fetched: Fetched) => {
    entries.push(fetched.entry)
    write(lineOf(fetched, widthOfIndex(run)))
  }
  return Effect.as(fetchUrls(run, { tell: () => undefined, over }), entries).pipe(
    Effect.provide(Client.layer()),
    Effect.provide(Transport.layer())
  )
}

/** The same lines, and below them what is in flight. */
const live = (run: Run): Effect.Effect<ReadonlyArray<Entry>> =>
  Effect.gen(function* () {
    const watch = new Watch()
    const entries: Array<Entry> = []
    const view = yield* liveView({
      total: run.urls.length,
      stageOf: (index) => watch.stageOf(index),
      now: run.now,
      terminal: process.stdout
    })
    const over = (fetched: Fetched) => {
      entries.push(fetched.entry)
      watch.forget(fetched.entry.index)
      view.print(line(fetched, widthOfIndex(run)))
    }
    yield* Effect.provide(fetchUrls(run, { tell: view.tell, over }), watchedClient(watch))
    return entries
  }).pipe(Effect.scoped, Effect.provide(Transport.layer()))

const widthOfIndex = ({ urls }: Run): number => String(urls.length).length

const notWritten = (why: string): Effect.Effect<void> => printError(`effect-httpx: --waterfall: ${visible(why)}`)

const paints = { queued: dim, connect: yellow, tls: magenta, wait: cyan, download: blue, failed: red }

const paint = (kind: Kind, text: string): string => paints[kind](text)
