/** `results.json`: the results of a full run, for the gate and the chart. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { source } from "./build.js"
import type { Header } from "./header.js"
import { memoryRatio, resultOf, speedRatio, type Row } from "./results.js"
import type { Target } from "./targets.js"

export interface Results {
  readonly header: {
    readonly date: string
    readonly server: string
    readonly node: string
    readonly cpus: string
    readonly rounds: number
    readonly versions: Readonly<Record<string, string>>
  }
  /** By scenario, then by client. */
  readonly scenarios: Readonly<Record<string, Readonly<Record<string, Figures>>>>
  readonly targets: ReadonlyArray<{
    readonly text: string
    readonly value: number | null
    readonly met: boolean | null
  }>
}

export interface Figures {
  readonly seconds: number
  readonly microsEach: number
  readonly cpuMicrosEach: number
  readonly peakMegabytes: number
  /** How many times as fast as the scenario's base: more is better. */
  readonly speed?: number
  /** How many times its peak memory: less is better. */
  readonly memory?: number
}

export const resultsOf = (header: Header, rows: ReadonlyArray<Row>, targets: ReadonlyArray<Target>): Results => ({
  header: {
    date: header.date.toISOString(),
    server: header.server,
    node: process.version,
    cpus: header.cpus,
    rounds: header.rounds,
    versions: Object.fromEntries(header.versions)
  },
  scenarios: figuresOf(rows),
  targets: targets
    .filter(({ rank }) => rank === "target")
    .map(({ met, text, value }) => ({ text, value: value === undefined ? null : rounded(value), met: met ?? null }))
})

export const figuresOf = (rows: ReadonlyArray<Row>): Results["scenarios"] => {
  const scenarios: Record<string, Record<string, Figures>> = {}
  for (const { client, outcome, scenario } of rows) {
    if (outcome.tag !== "measured") continue
    const { result } = outcome
    const base = scenario.base === undefined ? undefined : resultOf(rows, scenario.base, scenario.name)
    const figures = (scenarios[scenario.name] ??= {})
    figures[client.name] = {
      seconds: rounded(result.seconds),
      microsEach: rounded(1e6 / result.perSecond),
      cpuMicrosEach: rounded(1e6 * result.cpuSecondsEach),
      peakMegabytes: rounded(result.peakBytes / 1e6),
      ...(base === undefined
        ? {}
        : { speed: rounded(speedRatio(result, base)), memory: rounded(memoryRatio(result, base)) })
    }
  }
  return scenarios
}

const rounded = (value: number): number => Number(value.toPrecision(4))

const file = join(source, "results.json")

export const writeResults = (results: Results): void => writeFileSync(file, JSON.stringify(results, null, 2) + "\n")

/** Those that are committed. */
export const readResults = (): Results => JSON.parse(readFileSync(file, "utf8")) as Results
