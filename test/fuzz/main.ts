/**
 * The fuzz run of the HTTP/1.1 engine: hostile responses for the parser, beside llhttp as node:http drives it, and hostile
 * requests for the serializer, beside node:http's server. Exits with 1 when it finds anything.
 */
import { FastCheck as fc } from "effect"
import { hostileResponse, type HostileResponse } from "../support/http1-mutations.js"
import { hostileRequest, wellFormedRequest, type RequestCase } from "../support/http1-requests.js"
import { examineRequest, examineResponse } from "./examine.js"
import type { Problem } from "./invariants.js"
import { minimize, smallerRequests, smallerResponses } from "./minimize.js"
import { readOptions, seeds, usage, type Options } from "./options.js"

/** Of a batch: enough for the connections in memory to overlap, few enough to stop soon. */
const responses = 240
const requests = 40
const atOnce = 32

/** Further sorts of findings are counted only. */
const maxFindings = 20

/** What a run has done so far. */
class Run {
  readonly found = new Set<string>()
  readonly started = performance.now()
  cases = 0
  unshown = 0
  private said = performance.now()

  constructor(readonly options: Options) {}

  get seconds(): number {
    return (performance.now() - this.started) / 1000
  }

  get ended(): boolean {
    return this.cases >= this.options.cases || this.seconds >= this.options.seconds
  }

  get rate(): string {
    return `${this.cases} cases in ${this.seconds.toFixed(0)} s, ${(this.cases / this.seconds).toFixed(0)}/s`
  }

  /** A line every ten seconds. */
  tell(): void {
    if (performance.now() - this.said < 10_000) return
    this.said = performance.now()
    console.log(`${this.rate}, ${this.found.size} findings`)
  }

  /** Whether a problem is the first of its sort, and one of those that are shown. */
  isNew({ sort }: Problem): boolean {
    if (this.found.has(sort)) return false
    if (this.found.size >= maxFindings) {
      this.unshown++
      return false
    }
    this.found.add(sort)
    return true
  }
}

const hexDump = (text: string): string => {
  const bytes = Buffer.from(text, "latin1")
  const rows = Array.from({ length: Math.ceil(bytes.length / 16) }, (_, row) => {
    const part = bytes.subarray(row * 16, row * 16 + 16)
    const hex = Array.from(part, (byte) => byte.toString(16).padStart(2, "0")).join(" ")
    const visible = part.toString("latin1").replace(/[^\x20-\x7e]/g, ".")
    return `  ${(row * 16).toString(16).padStart(4, "0")}  ${hex.padEnd(47)}  ${visible}`
  })
  return rows.join("\n")
}

const show = (problem: Problem, seed: number, count: number, details: ReadonlyArray<string>): void =>
  console.log(
    [`FOUND (${problem.sort}), again with --seed ${seed} --cases ${count}`, `  ${problem.says}`, ...details].join("\n")
  )

const responseCase = async (run: Run, seed: number, given: HostileResponse, before: string): Promise<void> => {
  run.cases++
  const problem = await examineResponse(given, before)
  if (problem === undefined || !run.isNew(problem)) return
  const again = (smaller: HostileResponse): Promise<Problem | undefined> => examineResponse(smaller, before)
  const small = await minimize(given, smallerResponses, async (each) => (await again(each))?.sort === problem.sort)
  show((await again(small)) ?? problem, seed, responses + requests, [
    `  method ${small.method}, cuts ${JSON.stringify(small.cuts)}, text ${JSON.stringify(small.text)}`,
    ...(problem.sort === "reused parser" ? [`  after ${JSON.stringify(before)}`] : []),
    hexDump(small.text)
  ])
}

const requestCase = async (run: Run, seed: number, given: RequestCase): Promise<void> => {
  run.cases++
  const problem = await examineRequest(given)
  if (problem === undefined || !run.isNew(problem)) return
  const shows = async (each: RequestCase): Promise<boolean> => (await examineRequest(each))?.sort === problem.sort
  const small = await minimize(given, smallerRequests, shows)
  show((await examineRequest(small)) ?? problem, seed, responses + requests, [`  request ${JSON.stringify(small)}`])
}

/** Runs `each` over all, some at once. */
const overAll = async <A>(run: Run, all: ReadonlyArray<A>, each: (one: A, index: number) => Promise<void>) => {
  for (let at = 0; at < all.length && !run.ended; at += atOnce) {
    await Promise.all(all.slice(at, at + atOnce).map((one, index) => each(one, at + index)))
  }
}

/** A batch is given by its seed alone: the seed of a run is that of its first batch. */
const batch = async (run: Run, seed: number): Promise<void> => {
  const answers = fc.sample(hostileResponse, { seed, numRuns: responses })
  await overAll(run, answers, (each, index) => responseCase(run, seed, each, answers[index - 1]?.text ?? ""))
  const asked = fc.sample(fc.oneof(hostileRequest, wellFormedRequest), { seed, numRuns: requests })
  await overAll(run, asked, (each) => requestCase(run, seed, each))
}

const fuzz = async (options: Options): Promise<number> => {
  const run = new Run(options)
  console.log(`seed ${options.seed}`)
  for (let seed = options.seed; !run.ended; seed = (seed + 1) % seeds) {
    await batch(run, seed)
    run.tell()
  }
  const more = run.unshown === 0 ? "" : `, and ${run.unshown} cases of further sorts`
  console.log(`seed ${options.seed}: ${run.rate}, ${run.found.size} findings${more}`)
  return run.found.size === 0 ? 0 : 1
}

if (process.argv.includes("--help")) console.log(usage)
else process.exitCode = await fuzz(readOptions(process.argv.slice(2)))
