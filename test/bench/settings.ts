/** The command line, and how long each measurement takes. */
import { clients, scenarios, type Client, type Scenario } from "./catalog.js"

export interface Settings {
  readonly quick: boolean
  readonly write: boolean
  readonly clients: ReadonlyArray<Client>
  readonly scenarios: ReadonlyArray<Scenario>
  readonly rounds: number
  /** No round is begun that would probably end later than this, unless the number of rounds was asked for. */
  readonly budgetMillis: number
  readonly timing: Timing
}

export interface Timing {
  /** Warm-up lasts at least this long and this many requests, which is what the slowest peers take to be compiled. */
  readonly warmUpMillis: number
  readonly warmUpRequests: number
  /** But not longer than this. */
  readonly warmUpLimitMillis: number
  readonly timedMillis: number
  readonly downloadBytes: number
  /** One download takes a fraction of a second, too little to time: the rate is that of several, one after another. */
  readonly downloads: number
  readonly warmUpBytes: number
}

const MiB = 1024 * 1024

const full: Timing = {
  warmUpMillis: 700,
  warmUpRequests: 6_000,
  warmUpLimitMillis: 4_000,
  timedMillis: 1_500,
  downloadBytes: 512 * MiB,
  downloads: 3,
  warmUpBytes: 128 * MiB
}

const quick: Timing = {
  warmUpMillis: 300,
  warmUpRequests: 5_000,
  warmUpLimitMillis: 1_500,
  timedMillis: 500,
  downloadBytes: 256 * MiB,
  downloads: 3,
  warmUpBytes: 128 * MiB
}

export const usage = [
  "bench [--quick] [--only=name,…] [--rounds=N] [--write]",
  `  clients:   ${clients.map((client) => client.name).join(", ")}`,
  `  scenarios: ${scenarios.map((scenario) => scenario.name).join(", ")}`
].join("\n")

/** The settings, or what is wrong with the arguments. */
export const parse = (args: ReadonlyArray<string>): Settings | string => {
  let isQuick = false
  let write = false
  let rounds: number | undefined
  let only: ReadonlyArray<string> = []
  for (const arg of args) {
    const [name, value] = split(arg)
    if (name === "--quick" && value === undefined) isQuick = true
    else if (name === "--write" && value === undefined) write = true
    else if (name === "--only" && value) only = value.split(",")
    else if (name === "--rounds" && value && /^[1-9][0-9]?$/.test(value)) rounds = Number(value)
    else return `cannot understand ${arg}`
  }
  const unknown = only.find((name) => ![...clients, ...scenarios].some((each) => each.name === name))
  if (unknown !== undefined) return `no client or scenario is named ${unknown}`
  if (write && (isQuick || only.length > 0)) return "--write is for a full run: neither --quick nor --only"
  return {
    quick: isQuick,
    write,
    clients: narrow(clients, only),
    scenarios: narrow(scenarios, only),
    rounds: rounds ?? (isQuick ? 2 : 3),
    budgetMillis: rounds !== undefined ? Infinity : isQuick ? 108_000 : 350_000,
    timing: isQuick ? quick : full
  }
}

const split = (arg: string): readonly [string, string | undefined] => {
  const at = arg.indexOf("=")
  return at < 0 ? [arg, undefined] : [arg.slice(0, at), arg.slice(at + 1)]
}

/** Those that are named, or all when none of this kind is. */
const narrow = <A extends { readonly name: string }>(all: ReadonlyArray<A>, only: ReadonlyArray<string>) => {
  const named = all.filter((each) => only.includes(each.name))
  return named.length > 0 ? named : all
}
