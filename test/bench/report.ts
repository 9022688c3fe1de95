/** The report as Markdown. */
import type { Kind, Scenario } from "./catalog.js"
import { resultOf, speedRatio, spread, type Result, type Row } from "./results.js"
import type { Timing } from "./settings.js"
import type { Target } from "./targets.js"

export interface Header {
  readonly date: Date
  readonly server: string
  readonly rounds: number
  readonly quick: boolean
  readonly cpus: string
  readonly versions: ReadonlyArray<readonly [string, string]>
  readonly timing: Timing
}

export const report = (header: Header, rows: ReadonlyArray<Row>, targets: ReadonlyArray<Target>): string => {
  const scenarios = [...new Set(rows.map((row) => row.scenario))]
  return [
    "# Benchmark",
    introduction(header),
    ...scenarios.flatMap((scenario) => section(header, scenario, rows)),
    "## Targets",
    table(
      ["", "measured", ""],
      targets.map((target) => [target.text, measured(target), verdict(target)])
    )
  ].join("\n\n")
}

const introduction = (header: Header): string =>
  [
    `- ${header.date.toISOString().slice(0, 16).replace("T", " ")} UTC, ${header.cpus}, ${process.platform}-${process.arch}`,
    `- Node ${process.version}, ${header.versions.map(([name, version]) => `${name} ${version}`).join(", ")}`,
    `- server: ${header.server}, one process on the loopback interface`,
    `- medians of ${header.rounds} interleaved round${header.rounds === 1 ? "" : "s"}${header.quick ? ", quick" : ""}; each measurement in a process of its own`,
    "- tracer off unless the row says otherwise; ratios are to undici's raw dispatch, over HTTP/2 to a session of node:http2, medians of those within a round; spread is (largest − smallest) / median"
  ].join("\n")

const section = (header: Header, scenario: Scenario, all: ReadonlyArray<Row>): ReadonlyArray<string> => {
  const rows = all.filter((row) => row.scenario === scenario).sort((a, b) => rateOf(b) - rateOf(a))
  const base = scenario.base === undefined ? undefined : resultOf(all, scenario.base, scenario.name)
  const { titles, cells, varies } = columns[scenario.kind]
  const body = rows.map((row) => [
    row.client.label,
    ...(row.outcome.tag === "measured"
      ? [
          ...cells(row.outcome.result, base),
          megabytes(row.outcome.result.peakBytes),
          header.rounds === 1 ? "–" : percent(spread(row.outcome.result[varies]))
        ]
      : [row.outcome.tag, ...titles.map(() => ""), ""])
  ])
  const failures = rows.flatMap((row) =>
    row.outcome.tag === "failed" ? [`- ${row.client.label} failed: ${row.outcome.error.replace(/\s+/g, " ")}`] : []
  )
  const size =
    scenario.kind === "download"
      ? ` of ${header.timing.downloadBytes / 1024 / 1024} MiB, ${header.timing.downloads} times`
      : ""
  return [
    `## ${scenario.title}${size}`,
    ...(scenario.note === undefined ? [] : [scenario.note]),
    table(["client", ...titles, "peak RSS MB", "spread"], body),
    ...(failures.length > 0 ? [failures.join("\n")] : [])
  ]
}

interface Columns {
  readonly titles: ReadonlyArray<string>
  readonly cells: (result: Result, base: Result | undefined) => ReadonlyArray<string>
  /** What the spread is of. */
  readonly varies: "rates" | "cpuSeconds"
}

const columns: Record<Kind, Columns> = {
  buffered: {
    titles: ["req/s", "µs a request", "CPU µs a request", "ratio"],
    cells: (result, base) => [
      result.perSecond.toFixed(0),
      (1e6 / result.perSecond).toFixed(1),
      (1e6 * result.cpuSecondsEach).toFixed(1),
      ratio(result, base)
    ],
    varies: "rates"
  },
  download: {
    titles: ["MB/s", "seconds", "ratio"],
    cells: (result, base) => [(result.perSecond / 1e6).toFixed(0), result.seconds.toFixed(2), ratio(result, base)],
    varies: "rates"
  },
  fanOut: {
    titles: ["seconds", "req/s", "µs a request", "CPU µs a request", "ratio (time)"],
    cells: (result, base) => [
      result.seconds.toFixed(result.seconds < 1 ? 3 : 2),
      result.perSecond.toFixed(0),
      (1e6 / result.perSecond).toFixed(1),
      (1e6 * result.cpuSecondsEach).toFixed(1),
      ratio(base, result)
    ],
    varies: "rates"
  },
  micro: {
    titles: ["CPU µs each", "µs each"],
    cells: (result) => [micros(1e6 * result.cpuSecondsEach), micros(1e6 / result.perSecond)],
    varies: "cpuSeconds"
  }
}

const measured = ({ unit, value }: Target): string => {
  if (value === undefined) return "–"
  return unit === "µs" ? `${micros(value)} µs` : value.toFixed(2)
}

const verdict = (target: Target): string => {
  if (target.rank === "figure") return "shown only"
  const note = target.rank === "later goal" ? " (later goal)" : ""
  return (target.met === undefined ? "not measured" : target.met ? "met" : "**missed**") + note
}

const rateOf = (row: Row): number => (row.outcome.tag === "measured" ? row.outcome.result.perSecond : 0)

const ratio = (result: Result | undefined, base: Result | undefined): string =>
  result === undefined || base === undefined ? "–" : speedRatio(result, base).toFixed(2)

const micros = (value: number): string => value.toFixed(Math.abs(value) < 10 ? 2 : 0)

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`

const table = (titles: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const line = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`
  return [line(titles), line(titles.map((_, i) => (i === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n")
}
