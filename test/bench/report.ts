/** The report as Markdown. */
import type { Scenario } from "./catalog.js"
import { columns } from "./columns.js"
import type { Header } from "./header.js"
import { importsTable } from "./importsTable.js"
import { resultOf, spread, type Row } from "./results.js"
import { megabytes, micros, percent, table } from "./table.js"
import type { Target } from "./targets.js"

export const report = (header: Header, rows: ReadonlyArray<Row>, targets: ReadonlyArray<Target>): string => {
  const scenarios = [...new Set(rows.map((row) => row.scenario))]
  return [
    "# Benchmark",
    introduction(header),
    ...scenarios.filter(({ kind }) => kind !== "import").flatMap((scenario) => section(header, scenario, rows)),
    ...importsTable(rows),
    ...(targets.length > 0 ? ["## Targets", targetsTable(targets)] : [])
  ].join("\n\n")
}

const introduction = (header: Header): string =>
  [
    `- ${header.date.toISOString().slice(0, 16).replace("T", " ")} UTC, ${header.cpus}, ${process.platform}-${process.arch}`,
    `- Node ${process.version}, ${header.versions.map(([name, version]) => `${name} ${version}`).join(", ")}`,
    `- server: ${header.server}, one process on the loopback interface`,
    `- medians of ${header.rounds} interleaved round${header.rounds === 1 ? "" : "s"}${header.quick ? ", quick" : ""}; each measurement in a process of its own; where the spread is –, of one`,
    "- tracing off unless the row says otherwise; ratios are to the row that has 1.00, medians of those within a round; spread is (largest − smallest) / median"
  ].join("\n")

const section = (header: Header, scenario: Scenario, all: ReadonlyArray<Row>): ReadonlyArray<string> => {
  const rows = all.filter((row) => row.scenario === scenario).sort((a, b) => rateOf(b) - rateOf(a))
  const base = scenario.base === undefined ? undefined : resultOf(all, scenario.base, scenario.name)
  const { cells, titles, varies } = columns[scenario.kind]
  const body = rows.map(({ client, outcome }) => [
    client.label,
    ...(outcome.tag === "measured"
      ? [
          ...cells(outcome.result, base),
          megabytes(outcome.result.peakBytes),
          outcome.result.rates.length === 1 ? "–" : percent(spread(outcome.result[varies]))
        ]
      : [outcome.tag, ...titles.map(() => ""), ""])
  ])
  const failures = rows.flatMap(({ client, outcome }) =>
    outcome.tag === "failed" ? [`- ${client.label} failed: ${outcome.error.replace(/\s+/g, " ")}`] : []
  )
  return [
    `## ${scenario.title}${size(header, scenario)}`,
    ...(scenario.note === undefined ? [] : [scenario.note]),
    table(["client", ...titles, "peak RSS MB", "spread"], body),
    ...(failures.length > 0 ? [failures.join("\n")] : [])
  ]
}

const size = ({ timing }: Header, { kind, requests }: Scenario): string => {
  if (kind === "lazy") return `, ${requests} of them`
  if (kind !== "download" && kind !== "upload") return ""
  const bytes = kind === "download" ? timing.downloadBytes : timing.uploadBytes
  return ` of ${bytes / 1024 / 1024} MiB, ${timing.downloads} times`
}

const targetsTable = (targets: ReadonlyArray<Target>): string =>
  table(
    ["", "measured", ""],
    targets.map((target) => [target.text, measured(target), verdict(target)])
  )

const measured = ({ unit, value }: Target): string => {
  if (value === undefined) return "–"
  if (unit === "µs") return `${micros(value)} µs`
  if (unit === "s") return `${value.toFixed(3)} s`
  return unit === "share" ? percent(value) : value.toFixed(2)
}

const verdict = ({ met, rank }: Target): string => {
  if (rank === "figure") return "shown only"
  return met === undefined ? "not measured" : met ? "met" : "**missed**"
}

const rateOf = ({ outcome }: Row): number => (outcome.tag === "measured" ? outcome.result.perSecond : 0)
