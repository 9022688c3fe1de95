/** `npm run bench`: measures this package and its peers against one server in one run, interleaved. */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { cpus } from "node:os"
import { join } from "node:path"
import { build, root } from "./build.js"
import { takesPart, type Client, type Scenario } from "./catalog.js"
import type { Answer } from "./child.js"
import { report, type Header } from "./report.js"
import { summarize, type Outcome, type Row } from "./results.js"
import { run } from "./run.js"
import { startServer, type Server } from "./server.js"
import { parse, usage, type Settings } from "./settings.js"
import { targets } from "./targets.js"
import { folder } from "./workspace.js"

interface Pair {
  readonly client: Client
  readonly scenario: Scenario
  readonly answers: Array<Answer>
}

const main = async (settings: Settings): Promise<void> => {
  const isBuilt = ["index.js", "node.js"].every((file) => existsSync(join(root, "dist", file)))
  const pairs = settings.scenarios.flatMap((scenario) =>
    settings.clients
      .filter((client) => takesPart(client, scenario))
      .map((client): Pair => ({ client, scenario, answers: [] }))
  )
  const built = build(folder)
  const server = await startServer(folder, built, settings.timing)
  const toRun = pairs.filter((pair) => isBuilt || !pair.client.ours)
  const rounds = await runRounds(settings, built, server, toRun)
  await server.stop()
  const rows = pairs.map((pair): Row => ({
    client: pair.client,
    scenario: pair.scenario,
    outcome: outcomeOf(pair, isBuilt)
  }))
  const text = report(header(settings, server, rounds), rows, targets(rows)) + "\n"
  console.log(text)
  if (settings.write) writeFileSync(join(root, "test", "bench", "RESULTS.md"), text)
  if (rows.some((row) => row.outcome.tag === "failed")) process.exitCode = 1
}

/** Every pair once a round, so that what else the machine does hits all of them; returns how many rounds it had time for. */
const runRounds = async (settings: Settings, built: string, server: Server, pairs: ReadonlyArray<Pair>) => {
  const started = performance.now()
  for (let round = 1; ; round++) {
    for (const { client, scenario, answers } of pairs) {
      if (answers.some((answer) => !answer.ok)) continue
      progress(`round ${round}: ${scenario.name} ${client.name}`)
      answers.push(await run(built, server, settings.timing, client, scenario))
    }
    const elapsed = performance.now() - started
    if (round === settings.rounds || elapsed + elapsed / round > settings.budgetMillis) {
      progress("")
      return round
    }
  }
}

const outcomeOf = (pair: Pair, isBuilt: boolean): Outcome =>
  pair.client.ours && !isBuilt ? { tag: "not built" } : summarize(pair.answers)

const header = (settings: Settings, server: Server, rounds: number): Header => {
  const [cpu] = cpus()
  return {
    date: new Date(),
    server: server.name,
    rounds,
    quick: settings.quick,
    cpus: `${cpus().length} × ${cpu?.model ?? "CPU"}`,
    versions: ["undici", "effect", "@effect/platform", "@effect/platform-node", "axios", "got", "ky"].map((name) => [
      name,
      versionOf(name)
    ]),
    timing: settings.timing
  }
}

const versionOf = (name: string): string => {
  const text = readFileSync(join(root, "node_modules", name, "package.json"), "utf8")
  return (JSON.parse(text) as { readonly version: string }).version
}

const progress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
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
