/** What the fuzz run is asked for on its command line. */
import { parseArgs } from "node:util"

export interface Options {
  /** Default: 3600, the size of a nightly run. */
  readonly seconds: number
  /** Default: random. */
  readonly seed: number
  /** Default: as many as there is time for. */
  readonly cases: number
}

export const usage = `tsx test/fuzz/main.ts [--seconds N] [--seed N] [--cases N]

  --seconds N  how long (default 3600)
  --seed N     which cases (default random; it is printed)
  --cases N    how many cases at most (default: as many as there is time for)`

/** What fast-check takes for a seed. */
export const seeds = 2 ** 31

const whole = (name: string, text: string | undefined, otherwise: number): number => {
  if (text === undefined) return otherwise
  if (!/^[0-9]{1,15}$/.test(text)) throw new Error(`--${name} is ${JSON.stringify(text)}, which is no whole number`)
  return Number(text)
}

export const readOptions = (args: ReadonlyArray<string>): Options => {
  const { values } = parseArgs({
    args: [...args],
    options: { seconds: { type: "string" }, seed: { type: "string" }, cases: { type: "string" } }
  })
  return {
    seconds: whole("seconds", values.seconds, 3600),
    seed: whole("seed", values.seed, Math.floor(Math.random() * seeds)) % seeds,
    cases: whole("cases", values.cases, Infinity)
  }
}
