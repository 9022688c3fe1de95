/**
 * `npm run bench:gate`: measures the ratios that matter most and fails when one is more than 15 % worse than the committed
 * one. Ratios alone, as times are of a machine. A single ratio varies by as much as that on a busy machine: so they are
 * medians of rounds, and what seems to have fallen is measured more often before it is said to have.
 */
import type { Client, Scenario } from "./catalog.js"
import { clients } from "./contestants.js"
import { fallen, type Fall, tolerance } from "./fallen.js"
import { gated } from "./gated.js"
import { figuresOf, readResults, type Results } from "./resultsFile.js"
import { pairsOf, rowOf, runRounds, type Pair } from "./rounds.js"
import type { Runner } from "./run.js"
import { startRunner } from "./runner.js"
import { scenarios } from "./scenarios.js"
import { percent, table } from "./table.js"
import { gate } from "./timing.js"

/** Rounds of everything, then again and again of what seems to have fallen. */
const rounds = [3, 4, 6]

const main = async (): Promise<void> => {
  const committed = readResults()
  const runner = await startRunner(gate)
  try {
    const before = serverKind(committed.header.server)
    const now = serverKind(runner.server.name)
    if (before === now) await compare(committed, runner)
    else console.log(`skipped: the committed ratios are against ${before}, and this machine has ${now}`)
  } finally {
    await runner.server.stop()
  }
}

/** nginx or node:http, without a version. */
const serverKind = (server: string): string => server.split(/[/ ]/)[0] ?? server

const compare = async (committed: Results, runner: Runner): Promise<void> => {
  const rows = gated.filter(([scenario, client]) => committed.scenarios[scenario]?.[client] !== undefined)
  const pairs = pairsOf(scenarios, clients, runner, false).filter((pair) => isNeeded(rows, pair))
  let again: ReadonlyArray<Pair> = pairs
  let falls: ReadonlyArray<Fall> = []
  for (const count of rounds) {
    await runRounds(runner, again, count, Infinity)
    const broken = pairs.map(rowOf).filter(({ outcome }) => outcome.tag !== "measured")
    if (broken.length > 0) throw new Error(`not measured: ${broken.map(nameOf).join(", ")}`)
    falls = fallen(committed.scenarios, figuresOf(pairs.map(rowOf)), rows)
    if (falls.length === 0) break
    again = pairs.filter((pair) => isNeeded(fellOf(falls), pair))
    console.error(`${fellOf(falls).join("; ")}: once more`)
  }
  console.log(all(committed, pairs, rows))
  if (falls.length === 0) return
  console.log(`\nWorse by more than ${percent(tolerance)}:\n\n${told(falls)}`)
  process.exitCode = 1
}

const fellOf = (falls: ReadonlyArray<Fall>) => falls.map(({ client, scenario }) => [scenario, client] as const)

/** The row itself, or what its ratio is to. */
const isNeeded = (
  rows: ReadonlyArray<readonly [scenario: string, client: string]>,
  { client, scenario }: { readonly client: Client; readonly scenario: Scenario }
): boolean =>
  rows.some(([name, row]) => name === scenario.name && (row === client.name || client.name === scenario.base))

const nameOf = ({ client, scenario }: Pick<Pair, "client" | "scenario">): string => `${scenario.name} ${client.name}`

const all = (committed: Results, pairs: ReadonlyArray<Pair>, rows: typeof gated): string => {
  const measured = figuresOf(pairs.map(rowOf))
  const ratio = (results: Results["scenarios"], scenario: string, client: string) =>
    results[scenario]?.[client]?.speed?.toFixed(2) ?? "–"
  return table(
    ["speed as a multiple of the base", "committed", "now"],
    rows.map(([scenario, client]) => [
      `${scenario} ${client}`,
      ratio(committed.scenarios, scenario, client),
      ratio(measured, scenario, client)
    ])
  )
}

const told = (falls: ReadonlyArray<Fall>): string =>
  table(
    ["ratio", "committed", "now", "worse by"],
    falls.map(({ by, client, committed, measured, scenario, what }) => [
      `${what}, ${scenario} ${client}`,
      committed.toFixed(2),
      measured.toFixed(2),
      percent(by)
    ])
  )

try {
  await main()
} catch (error) {
  console.error(error)
  process.exit(1)
}
