/** `npm run bench`: measures this package and its peers against one server in one run, interleaved. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { source } from "./build.js"
import { writeChart } from "./chartFile.js"
import { headerOf } from "./header.js"
import { report } from "./report.js"
import { readResults, resultsOf, writeResults } from "./resultsFile.js"
import { pairsOf, rowOf, runRounds } from "./rounds.js"
import { startRunner } from "./runner.js"
import { parse, usage, type Settings } from "./settings.js"
import { targets } from "./targets.js"

const main = async (settings: Settings): Promise<void> => {
  if (settings.draw) return writeChart(readResults())
  const runner = await startRunner(settings.timing)
  const pairs = pairsOf(settings.scenarios, settings.clients, runner, settings.quick)
  const rounds = await runRounds(runner, pairs, settings.rounds, settings.budgetMillis)
  await runner.server.stop()
  const rows = pairs.map(rowOf)
  const header = headerOf(runner, rounds, settings.quick)
  const all = targets(rows)
  const text = report(header, rows, settings.partial ? all.filter(({ value }) => value !== undefined) : all) + "\n"
  console.log(text)
  if (settings.write) {
    const results = resultsOf(header, rows, all)
    writeFileSync(join(source, "RESULTS.md"), text)
    writeResults(results)
    writeChart(results)
  }
  if (rows.some((row) => row.outcome.tag === "failed")) process.exitCode = 1
}

const settings = parse(process.argv.slice(2))
if (typeof settings === "string") {
  console.error(`${settings}\n${usage}`)
  process.exitCode = 1
} else {
  try {
    await main(settings)
  } catch (error) {
    console.error(error)
    process.exit(1)
  }
}
