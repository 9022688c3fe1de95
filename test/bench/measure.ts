/** One measurement, inside the client's own process. */
import type { Kind } from "./catalog.js"
import { startClock } from "./clock.js"
import { Gate, type OpenClient } from "./clients/client.js"
import { watchMemory, peakBytes, type MemoryCourse } from "./memory.js"
import type { Timing } from "./timing.js"

export interface Job {
  readonly module: string
  readonly mode: string | undefined
  readonly traced: boolean
  readonly kind: Kind
  readonly concurrency: number
  readonly requests: number
  readonly timing: Timing
  readonly url: string
  /** The length of the text that is there. */
  readonly length: number
  /** The authority of the origin's certificate, if that is to be spoken to over HTTP/2. */
  readonly ca: string | undefined
}

export interface Measurement {
  readonly seconds: number
  /** Responses, or for a download or upload bytes, in those seconds. */
  readonly amount: number
  /** Processor time of the client in those seconds, its collector and other threads included. */
  readonly cpuSeconds: number
  readonly peakBytes: number
  /** Processor time of the very first, before anything is compiled; only of what is repeated. */
  readonly firstCpuSeconds?: number
  /** Only of requests that are fed lazily. */
  readonly memory?: MemoryCourse
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
  const gate = new Gate(job.length)
  const loops = client.loops(job.url, job.concurrency, gate)
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

const download: Measure = async (client, { timing, url }) => {
  if (client.download === undefined) throw new Error("this client has no download")
  await expectBytes(client.download(new URL("/warm-up", url).href), timing.warmUpBytes)
  const elapsed = startClock()
  for (let i = 0; i < timing.downloads; i++) await expectBytes(client.download(url), timing.downloadBytes)
  return { ...elapsed(), amount: timing.downloadBytes * timing.downloads }
}

const upload: Measure = async (client, { timing, url }) => {
  if (client.upload === undefined) throw new Error("this client has no upload")
  const { uploadBytes } = timing
  const send = async (bytes: number) => Number(await client.upload?.(url, bytes))
  await expectBytes(send(timing.warmUpBytes), timing.warmUpBytes)
  const elapsed = startClock()
  for (let i = 0; i < timing.downloads; i++) await expectBytes(send(uploadBytes), uploadBytes)
  return { ...elapsed(), amount: uploadBytes * timing.downloads }
}

/** So many requests at once, each of whose answers must come. */
const fan = async (client: OpenClient, job: Job, requests: number, gate = new Gate(job.length)): Promise<void> => {
  if (client.fanOut === undefined) throw new Error("this client has no fan-out")
  await client.fanOut(job.url, requests, gate)
  if (gate.completed !== requests) throw new Error(`${gate.completed} responses to ${requests} requests`)
}

const fanOut: Measure = async (client, job) => {
  const elapsed = startClock()
  await fan(client, job, job.requests)
  return { ...elapsed(), amount: job.requests }
}

/** Few are repeated until there is enough to measure. */
const fanOutWarm: Measure = async (client, job) => {
  const { timing } = job
  for (let i = 0; i < timing.warmUpFanOuts; i++) await fan(client, job, warmUpFan)
  const elapsed = startClock()
  let amount = 0
  do {
    await fan(client, job, job.requests)
    amount += job.requests
  } while (elapsed().seconds * 1000 < timing.timedMillis)
  return { ...elapsed(), amount }
}

const warmUpFan = 10_000

const lazy: Measure = async (client, job) => {
  const gate = new Gate(job.length)
  const watch = watchMemory(gate, job.requests)
  const elapsed = startClock()
  await fan(client, job, job.requests, gate)
  return { ...elapsed(), amount: job.requests, memory: watch() }
}

/** A few are left first, so that the way out is not new. */
const leave: Measure = async (client, { requests, url }) => {
  if (client.leave === undefined) throw new Error("this client cannot leave")
  await (
    await client.leave(url, Math.ceil(requests / 100))
  )()
  const left = await client.leave(url, requests)
  const elapsed = startClock()
  await left()
  return { ...elapsed(), amount: requests }
}

const micro: Measure = async ({ repeat }, { timing, url }) => {
  if (repeat === undefined) throw new Error("this client has nothing to repeat")
  const first = startClock()
  await repeat(1, url)
  const firstCpuSeconds = first().cpuSeconds
  const batch = (times: number) => repeat(times, url)
  await inBatches(batch, (millis, amount) => !isWarm(timing, millis, amount))
  const elapsed = startClock()
  const amount = await inBatches(batch, (millis) => millis < timing.timedMillis)
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

const once: Measure = async ({ once }) => {
  if (once === undefined) throw new Error("this client has nothing to do once")
  const elapsed = startClock()
  await once()
  return { ...elapsed(), amount: 1 }
}

const measurements: Record<Kind, Measure> = {
  buffered,
  download,
  upload,
  fanOut,
  fanOutWarm,
  lazy,
  leave,
  micro,
  import: once
}

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

const expectBytes = async (actual: Promise<number>, expected: number) => {
  const bytes = await actual
  if (bytes !== expected) throw new Error(`${bytes} bytes of ${expected} came`)
}
