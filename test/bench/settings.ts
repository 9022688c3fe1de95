/** The command line of the benchmark. */
import type { Client, Scenario } from "./catalog.js"
import { clients } from "./contestants.js"
import { scenarios } from "./scenarios.js"
import { full, quick, type Timing } from "./timing.js"

export interface Settings {
  readonly quick: boolean
  readonly write: boolean
  /** Nothing is measured: the chart is drawn from the results that are there. */
  readonly draw: boolean
  /** Not everything was asked for, so that what else was not measured need not be told. */
  readonly partial: boolean
  readonly clients: ReadonlyArray<Client>
  readonly scenarios: ReadonlyArray<Scenario>
  readonly rounds: number
  /** No round is begun that would probably end later than this, unless the number of rounds was asked for. */
  readonly budgetMillis: number
  readonly timing: Timing
}

export const usage = [
  "bench [--quick] [--only=name,…] [--rounds=N] [--write] [--draw]",
  "  --quick   less of everything, within five minutes; long rows are left out",
  "  --only    these clients, these scenarios (a star stands for any ending)",
  "  --rounds  how often each is measured, however long it takes",
  "  --write   replace RESULTS.md, results.json and chart.svg, and the chart's place in the README",
  "  --draw    do that for the chart alone, from results.json",
  `  clients:   ${[...new Set(clients.map((client) => client.name))].join(", ")}`,
  `  scenarios: ${scenarios.map((scenario) => scenario.name).join(", ")}`
].join("\n")

/** The settings, or what is wrong with the arguments. */
export const parse = (args: ReadonlyArray<string>): Settings | string => {
  let isQuick = false
  let write = false
  let draw = false
  let rounds: number | undefined
  let only: ReadonlyArray<string> = []
  for (const arg of args) {
    const [name, value] = split(arg)
    if (name === "--quick" && value === undefined) isQuick = true
    else if (name === "--write" && value === undefined) write = true
    else if (name === "--draw" && value === undefined) draw = true
    else if (name === "--only" && value) only = value.split(",")
    else if (name === "--rounds" && value && /^[1-9][0-9]?$/.test(value)) rounds = Number(value)
    else return `cannot understand ${arg}`
  }
  const unknown = only.find((name) => ![...clients, ...scenarios].some((each) => isNamed(each.name, name)))
  if (unknown !== undefined) return `no client or scenario is named ${unknown}`
  if (write && (isQuick || only.length > 0)) return "--write is for a full run: neither --quick nor --only"
  if (draw && args.length > 1) return "--draw measures nothing"
  const chosen = narrow(scenarios, only)
  return {
    quick: isQuick,
    write,
    draw,
    partial: only.length > 0,
    clients: narrow(clients, only),
    scenarios: isQuick ? chosen.map(quickly) : chosen,
    rounds: rounds ?? (isQuick ? 2 : 4),
    budgetMillis: rounds !== undefined ? Infinity : isQuick ? 280_000 : 1_400_000,
    timing: isQuick ? quick : full
  }
}

const split = (arg: string): readonly [string, string | undefined] => {
  const at = arg.indexOf("=")
  return at < 0 ? [arg, undefined] : [arg.slice(0, at), arg.slice(at + 1)]
}

/** Those that are named, or all when none of this kind is. */
const narrow = <A extends { readonly name: string }>(all: ReadonlyArray<A>, only: ReadonlyArray<string>) => {
  const named = all.filter((each) => only.some((name) => isNamed(each.name, name)))
  return named.length > 0 ? named : all
}

const isNamed = (name: string, wanted: string): boolean =>
  wanted.endsWith("*") ? name.startsWith(wanted.slice(0, -1)) : name === wanted

const quickly = (scenario: Scenario): Scenario => ({
  ...scenario,
  requests: scenario.quickRequests ?? scenario.requests,
  processes: 1
})
