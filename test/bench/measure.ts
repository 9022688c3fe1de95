/** One measurement, inside the client's own process. */
import { readFileSync } from "node:fs"
import type { Kind } from "./catalog.js"
import { Gate, type OpenClient } from "./clients/client.js"
import type { Timing } from "./settings.js"

export interface Job {
  readonly module: string
  readonly traced: boolean
  readonly kind: Kind
  readonly concurrency: number
  readonly requests: number
  readonly timing: Timing
  readonly origin: string
  /** The authority of the origin's certificate, if that is to be spoken to over HTTP/2. */
  readonly ca: string | undefined
}

export interface Measurement {
  readonly seconds: number
  /** Responses, or for a download bytes, in those seconds. */
  readonly amount: number
  /** Processor time of the client in those seconds, its collector and other threads included. */
  readonly cpuSeconds: number
  readonly peakBytes: number
  /** Processor time of the very first, before anything is compiled; only of what has no server. */
  readonly firstCpuSeconds?: number
}

export const measure = async (client: OpenClient, job: Job): Promise<Measurement> => {
  const timed = await measurements[job.kind](client, job)
  if (timed.amount === 0) throw new Error("nothing was done in the time of the measurement")
  return { ...timed, peakBytes: peakBytes() }
}

type Measure = (client: OpenClient, job: Job) => Promise<Omit<Measurement, "peakBytes">>

/** The loops run through warm-up and timed part without a stop: only the counter is read at both ends. */
const buffered: Measure = async (client, job) => {
  if (client.loops === undefined) throw new Error("this client has no loops")
  const gate = new Gate()
  const loops = client.loops(`${job.origin}/json`, job.concurrency, gate)
  const timed = async () => {
    await warmUp(gate, job.timing)
    const elapsed = startClock()
    const before = gate.completed
    await sleep(job.timing.timedMillis)
    const measured = { ...elapsed(), amount: gate.completed - before }
    gate.closed = true
    await loops
    return measured
  }
  return (await Promise.all([timed(), loops]))[0]
}

const warmUp = async (gate: Gate, timing: Timing): Promise<void> => {
  const started = performance.now()
  await sleep(timing.warmUpMillis)
  while (!isWarm(timing, performance.now() - started, gate.completed)) await sleep(20)
}

const isWarm = (timing: Timing, millis: number, amount: number): boolean =>
  millis >= timing.warmUpLimitMillis || (millis >= timing.warmUpMillis && amount >= timing.warmUpRequests)

const download: Measure = async (client, { origin, timing }) => {
  if (client.download === undefined) throw new Error("this client has no download")
  await expectBytes(client.download(`${origin}/warm-up`), timing.warmUpBytes)
  const elapsed = startClock()
  for (let i = 0; i < timing.downloads; i++) {
    await expectBytes(client.download(`${origin}/download`), timing.downloadBytes)
  }
  return { ...elapsed(), amount: timing.downloadBytes * timing.downloads }
}

const fanOut: Measure = async (client, job) => {
  if (client.fanOut === undefined) throw new Error("this client has no fan-out")
  const gate = new Gate()
  const elapsed = startClock()
  await client.fanOut(`${job.origin}/json`, job.requests, gate)
  const times = elapsed()
  if (gate.completed !== job.requests) throw new Error(`${gate.completed} responses to ${job.requests} requests`)
  return { ...times, amount: job.requests }
}

const micro: Measure = async ({ repeat }, { timing }) => {
  if (repeat === undefined) throw new Error("this client has nothing to repeat")
  const first = startClock()
  await repeat(1)
  const firstCpuSeconds = first().cpuSeconds
  await inBatches(repeat, (millis, amount) => !isWarm(timing, millis, amount))
  const elapsed = startClock()
  const amount = await inBatches(repeat, (millis) => millis < timing.timedMillis)
  return { ...elapsed(), amount, firstCpuSeconds }
}

/** Between batches the events of the loop have their turn, timers among them. */
const inBatches = async (
  repeat: (times: number) => Promise<void>,
  goesOn: (millis: number, amount: number) => boolean
): Promise<number> => {
  const started = performance.now()
  let amount = 0
  let batch = 1
  for (let now = started; goesOn(now - started, amount);) {
    const begun = now
    await repeat(batch)
    amount += batch
    await new Promise(setImmediate)
    now = performance.now()
    if (now - begun < 5) batch *= 2
  }
  return amount
}

const measurements: Record<Kind, Measure> = { buffered, download, fanOut, micro }

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

const startClock = () => {
  const started = performance.now()
  const cpu = process.cpuUsage()
  return () => {
    const seconds = (performance.now() - started) / 1000
    const { user, system } = process.cpuUsage(cpu)
    return { seconds, cpuSeconds: (user + system) / 1e6 }
  }
}

const expectBytes = async (actual: Promise<number>, expected: number) => {
  const bytes = await actual
  if (bytes !== expected) throw new Error(`downloaded ${bytes} bytes of ${expected}`)
}

/**
 * On Linux `maxRSS` starts at the peak of the process that forked this one, which may be the larger of the two; the
 * high-water mark of the address space does not.
 */
const peakBytes = (): number => {
  try {
    const match = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1"))
    if (match?.[1] !== undefined) return Number(match[1]) * 1024
  } catch {
    // not Linux
  }
  return process.resourceUsage().maxRSS * 1024
}
