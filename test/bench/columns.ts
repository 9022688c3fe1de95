/** What the report shows of a measurement, by its kind. */
import type { Kind } from "./catalog.js"
import { memoryRatio, speedRatio, type Result } from "./results.js"
import { megabytes, micros } from "./table.js"

export interface Columns {
  readonly titles: ReadonlyArray<string>
  readonly cells: (result: Result, base: Result | undefined) => ReadonlyArray<string>
  /** What the spread is of. */
  readonly varies: "rates" | "cpuSeconds"
}

const ratio = (result: Result | undefined, base: Result | undefined): string =>
  result === undefined || base === undefined ? "–" : speedRatio(result, base).toFixed(2)

const memory = (result: Result, base: Result | undefined): string =>
  base === undefined ? "–" : memoryRatio(result, base).toFixed(2)

const seconds = ({ seconds }: Result): string => seconds.toFixed(seconds < 1 ? 3 : 2)

const each = ({ cpuSecondsEach, perSecond }: Result): ReadonlyArray<string> => [
  perSecond.toFixed(0),
  (1e6 / perSecond).toFixed(1),
  (1e6 * cpuSecondsEach).toFixed(1)
]

const perRequest = ["req/s", "µs a request", "CPU µs a request"]

const buffered: Columns = {
  titles: [...perRequest, "ratio"],
  cells: (result, base) => [...each(result), ratio(result, base)],
  varies: "rates"
}

const stream: Columns = {
  titles: ["MB/s", "seconds", "ratio"],
  cells: (result, base) => [(result.perSecond / 1e6).toFixed(0), result.seconds.toFixed(2), ratio(result, base)],
  varies: "rates"
}

const fanOut: Columns = {
  titles: ["seconds", ...perRequest, "ratio (time)", "ratio (memory)"],
  cells: (result, base) => [seconds(result), ...each(result), ratio(base, result), memory(result, base)],
  varies: "rates"
}

const fanOutWarm: Columns = {
  titles: [...perRequest, "ratio (time)"],
  cells: (result, base) => [...each(result), ratio(base, result)],
  varies: "rates"
}

const course = ({ memory }: Result): ReadonlyArray<string> =>
  memory === undefined
    ? ["–", "–"]
    : [
        memory.heap.map((bytes) => (bytes / 1e6).toFixed(1)).join(" / "),
        [memory.peakEarly, memory.peakLate].map(megabytes).join(" / ")
      ]

const lazy: Columns = {
  titles: ["seconds", ...perRequest, "ratio (time)", "heap MB", "RSS MB"],
  cells: (result, base) => [seconds(result), ...each(result), ratio(base, result), ...course(result)],
  varies: "rates"
}

const leave: Columns = {
  titles: ["seconds", "µs each"],
  cells: (result) => [seconds(result), micros(1e6 / result.perSecond)],
  varies: "rates"
}

const micro: Columns = {
  titles: ["CPU µs each", "µs each"],
  cells: (result) => [micros(1e6 * result.cpuSecondsEach), micros(1e6 / result.perSecond)],
  varies: "cpuSeconds"
}

const once: Columns = {
  titles: ["ms", "ratio (time)"],
  cells: (result, base) => [(1e3 * result.seconds).toFixed(1), ratio(base, result)],
  varies: "rates"
}

export const columns: Record<Kind, Columns> = {
  buffered,
  download: stream,
  upload: stream,
  fanOut,
  fanOutWarm,
  lazy,
  leave,
  micro,
  import: once
}
