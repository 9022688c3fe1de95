/** The measurements of a run, and one row of them: medians over the rounds. */
import type { Client, Scenario } from "./catalog.js"
import type { Answer } from "./child.js"
import type { MemoryCourse } from "./memory.js"

export interface Row {
  readonly client: Client
  readonly scenario: Scenario
  readonly outcome: Outcome
}

export type Outcome =
  | { readonly tag: "measured"; readonly result: Result }
  | { readonly tag: "not built" | "not installed" }
  | { readonly tag: "failed"; readonly error: string }

export interface Result {
  readonly seconds: number
  /** Requests, or for a download bytes, a second. */
  readonly perSecond: number
  readonly peakBytes: number
  /** Processor time of the client for each request, or byte. */
  readonly cpuSecondsEach: number
  /** `perSecond` of each round. */
  readonly rates: ReadonlyArray<number>
  /** `cpuSecondsEach` of each round. */
  readonly cpuSeconds: ReadonlyArray<number>
  /** `peakBytes` of each round. */
  readonly peaks: ReadonlyArray<number>
  /** Processor time of what the process did first, where that was measured. */
  readonly firstCpuSeconds: number | undefined
  /** Of the first round, where that was measured. */
  readonly memory: MemoryCourse | undefined
}

/** One failed round fails the row: a rate over the requests that happened to succeed means nothing. */
export const summarize = (answers: ReadonlyArray<Answer>): Outcome => {
  const measurements = []
  for (const answer of answers) {
    if (!answer.ok) return { tag: "failed", error: answer.error }
    measurements.push(answer.measurement)
  }
  if (measurements.length === 0) return { tag: "failed", error: "not run" }
  const rates = measurements.map((each) => each.amount / each.seconds)
  const cpuSeconds = measurements.map((each) => each.cpuSeconds / each.amount)
  const peaks = measurements.map((each) => each.peakBytes)
  const firsts = measurements.flatMap(({ firstCpuSeconds }) => firstCpuSeconds ?? [])
  return {
    tag: "measured",
    result: {
      seconds: median(measurements.map((each) => each.seconds)),
      perSecond: median(rates),
      peakBytes: median(peaks),
      cpuSecondsEach: median(cpuSeconds),
      rates,
      cpuSeconds,
      peaks,
      firstCpuSeconds: firsts.length > 0 ? median(firsts) : undefined,
      memory: measurements[0]?.memory
    }
  }
}

export const resultOf = (rows: ReadonlyArray<Row>, client: string, scenario: string): Result | undefined => {
  const outcome = rows.find((row) => row.client.name === client && row.scenario.name === scenario)?.outcome
  return outcome?.tag === "measured" ? outcome.result : undefined
}

/**
 * How many times faster, as the median over the rounds of the ratio within a round: what else the machine does changes
 * from round to round more than the ratios do.
 */
export const speedRatio = (result: Result, base: Result): number =>
  within(result.rates, base.rates, (rate, base) => rate / base)

/** How many times less processor time each takes, the same way. */
export const thriftRatio = (result: Result, base: Result): number =>
  within(result.cpuSeconds, base.cpuSeconds, (each, base) => base / each)

/** How many times as much memory, at its peak, the same way. */
export const memoryRatio = (result: Result, base: Result): number =>
  within(result.peaks, base.peaks, (peak, base) => peak / base)

/** How much more processor time each takes, the same way. */
export const addedCpuSeconds = (result: Result, base: Result): number =>
  within(result.cpuSeconds, base.cpuSeconds, (each, base) => each - base)

/** Rounds that only one of the two has do not count: what takes long is measured in the first alone. */
const within = (
  values: ReadonlyArray<number>,
  bases: ReadonlyArray<number>,
  compare: (value: number, base: number) => number
): number =>
  median(
    values.flatMap((value, round) => {
      const base = bases[round]
      return base === undefined ? [] : compare(value, base)
    })
  )

export const spread = (values: ReadonlyArray<number>): number =>
  (Math.max(...values) - Math.min(...values)) / median(values)

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? NaN
  return (upper + lower) / 2
}
