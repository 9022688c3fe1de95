/** Pairs of a client and a scenario, measured in rounds, so that what else the machine does hits all of them. */
import { isBuilt } from "./build.js"
import { isLong, takesPart, type Client, type Scenario } from "./catalog.js"
import type { Answer } from "./child.js"
import { median, summarize, type Row } from "./results.js"
import { run, type Runner } from "./run.js"

export interface Pair {
  readonly client: Client
  readonly scenario: Scenario
  /** One of each round; or what keeps it from being measured. */
  readonly answers: Array<Answer>
  readonly absent: "not built" | "not installed" | undefined
}

/** All that can be measured of these; a quick run leaves out what is long. */
export const pairsOf = (
  scenarios: ReadonlyArray<Scenario>,
  clients: ReadonlyArray<Client>,
  runner: Runner,
  quick: boolean
): ReadonlyArray<Pair> =>
  scenarios.flatMap((scenario) =>
    clients
      .filter((client) => takesPart(client, scenario) && !(quick && isLong(client, scenario)))
      .map((client): Pair => ({ client, scenario, answers: [], absent: absence(client, runner) }))
  )

const absence = (client: Client, runner: Runner): Pair["absent"] => {
  if (client.program === "python") return runner.pythons.has(client.module) ? undefined : "not installed"
  return client.ours && !isBuilt() ? "not built" : undefined
}

/** Every pair once a round; returns how many rounds there was time for. */
export const runRounds = async (
  runner: Runner,
  pairs: ReadonlyArray<Pair>,
  rounds: number,
  budgetMillis: number
): Promise<number> => {
  const started = performance.now()
  for (let round = 1; ; round++) {
    const begun = performance.now()
    for (const pair of pairs.filter((pair) => isDue(pair, round))) {
      progress(`round ${round}: ${pair.scenario.name} ${pair.client.name}`)
      pair.answers.push(await runSome(runner, pair))
    }
    const now = performance.now()
    if (round === rounds || now - started + (now - begun) > budgetMillis) {
      progress("")
      return round
    }
  }
}

const isDue = ({ absent, answers, client, scenario }: Pair, round: number): boolean => {
  if (absent !== undefined || answers.some((answer) => !answer.ok)) return false
  return round === 1 || !(scenario.once === true || isLong(client, scenario))
}

/** The median of as many processes as the scenario asks for. */
const runSome = async (runner: Runner, { client, scenario }: Pair): Promise<Answer> => {
  const measurements = []
  for (let i = 0; i < (scenario.processes ?? 1); i++) {
    const answer = await run(runner, client, scenario)
    if (!answer.ok) return answer
    measurements.push(answer.measurement)
  }
  const [first] = measurements
  if (first === undefined) throw new Error("no process was to be run")
  if (measurements.length === 1) return { ok: true, measurement: first }
  return {
    ok: true,
    measurement: {
      seconds: median(measurements.map((each) => each.seconds)),
      cpuSeconds: median(measurements.map((each) => each.cpuSeconds)),
      peakBytes: median(measurements.map((each) => each.peakBytes)),
      amount: first.amount
    }
  }
}

export const rowOf = ({ absent, answers, client, scenario }: Pair): Row => ({
  client,
  scenario,
  outcome: absent === undefined ? summarize(answers) : { tag: absent }
})

const progress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}
