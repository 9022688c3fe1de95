/** The measurements of a run, and one row of them: medians over the rounds. */
import type { Client, Scenario } from "./catalog.js"
import type { Answer } from "./child.js"

export interface Row {
  readonly client: Client
  readonly scenario: Scenario
  readonly outcome: Outcome
}

export type Outcome =
  | { readonly tag: "measured"; readonly result: Result }
  | { readonly tag: "not built" }
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
  /** Processor time of what the process did first, where that was measured. */
  readonly firstCpuSeconds: number | undefined
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
  const firsts = measurements.flatMap(({ firstCpuSeconds }) => firstCpuSeconds ?? [])
  return {
    tag: "measured",
    result: {
      seconds: median(measurements.map((each) => each.seconds)),
      perSecond: median(rates),
      peakBytes: median(measurements.map((each) => each.peakBytes)),
      cpuSecondsEach: median(cpuSeconds),
      rates,
      cpuSeconds,
      firstCpuSeconds: firsts.length > 0 ? median(firsts) : undefined
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
  median(result.rates.map((rate, round) => rate / (base.rates[round] ?? NaN)))

/** How many times less processor time each takes, the same way. */
export const thriftRatio = (result: Result, base: Result): number =>
  median(result.cpuSeconds.map((each, round) => (base.cpuSeconds[round] ?? NaN) / each))

/** How much more processor time each takes, the same way. */
export const addedCpuSeconds = (result: Result, base: Result): number =>
  median(result.cpuSeconds.map((each, round) => each - (base.cpuSeconds[round] ?? NaN)))

export const spread = (values: ReadonlyArray<number>): number =>
  (Math.max(...values) - Math.min(...values)) / median(values)

const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? NaN
  return (upper + lower) / 2
}
