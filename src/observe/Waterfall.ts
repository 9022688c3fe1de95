/**
 * Requests on a common axis of time: when each waited, connected, was answered and received its body.
 *
 * What to know: an entry is what is left of a request when it is over, so a waterfall keeps no response alive. Times are
 * milliseconds since the beginning of the run. URLs are shown as they are in the entry: who makes it redacts them.
 */
import type { Delivery, Phase } from "../HttpxError.js"
import type { Timings } from "../response/Timings.js"

/** A request that is over. */
export interface Entry {
  /** The number that it is known by. */
  readonly index: number
  readonly method: string
  readonly url: string
  /** When its call began; it was asked for when the run did. */
  readonly startedAt: number
  /** Milliseconds of the call. */
  readonly elapsed: number
  readonly result: Answered | Failed
}

export interface Answered {
  readonly _tag: "Answered"
  readonly status: number
  /** E.g. `HTTP/1.1`; empty where it is not known. */
  readonly httpVersion: string
  /** Of the body, as they came. */
  readonly bytes: number
  readonly timings: Timings
}

export interface Failed {
  readonly _tag: "Failed"
  /** The tag of the error. */
  readonly tag: string
  readonly message: string
  /** What was being done, and what had become of the request, where the error tells. */
  readonly phase: Phase | undefined
  readonly delivery: Delivery | undefined
}

/** What a request can be seen doing, in the order in which it does. */
export const kinds = ["queued", "connect", "tls", "wait", "download", "failed"] as const

export type Kind = (typeof kinds)[number]

/** A piece of the axis, during which a request did one thing. */
export interface Segment {
  readonly kind: Kind
  readonly from: number
  readonly to: number
}

/** When a request was over. */
export const endOf = ({ elapsed, startedAt }: Entry): number => startedAt + elapsed

/** How long it took to reach the server: names, sockets and proxies, without TLS. */
export const connecting = ({ connect, dns, proxy }: Timings): number => (dns ?? 0) + (connect ?? 0) + (proxy ?? 0)

/** What a request did, one thing after the other: its end, be it of no time, and what else took time. */
export const segmentsOf = (entry: Entry): ReadonlyArray<Segment> => {
  const { elapsed, result, startedAt } = entry
  const segments: Array<Segment> = []
  let from = 0
  const add = (kind: Kind, took: number, always = false): void => {
    if (took <= 0 && !always) return
    segments.push({ kind, from, to: from + took })
    from += took
  }
  if (result._tag === "Failed") {
    add("queued", startedAt)
    add("failed", elapsed, true)
    return segments
  }
  const { timings } = result
  add("queued", startedAt + (timings.queued ?? 0))
  add("connect", connecting(timings))
  add("tls", timings.tls ?? 0)
  add("wait", timings.wait, true)
  add("download", timings.download ?? 0)
  return segments
}

/**
 * As many as there is room for, in the order of their indices: those that failed, up to half of them, and those whose calls
 * took longest.
 */
export const selected = (entries: ReadonlyArray<Entry>, count: number): ReadonlyArray<Entry> => {
  const inOrder = (chosen: ReadonlyArray<Entry>) => [...chosen].sort((a, b) => a.index - b.index)
  if (entries.length <= count) return inOrder(entries)
  const sorted = [...entries].sort((a, b) => b.elapsed - a.elapsed || a.index - b.index)
  const failed = sorted.filter(({ result }) => result._tag === "Failed").slice(0, Math.floor(count / 2))
  const chosen = new Set(failed)
  for (const entry of sorted) {
    if (chosen.size >= count) break
    chosen.add(entry)
  }
  return inOrder([...chosen])
}

/** All of a run in a few numbers. Durations in milliseconds. */
export interface Summary {
  readonly answered: number
  readonly failed: number
  readonly bytes: number
  /** From the beginning of the run to the end of its last request. */
  readonly total: number
  /** Of the calls of all requests. */
  readonly median: number
  /** 95 of 100 took no longer. */
  readonly high: number
}

export const summaryOf = (entries: ReadonlyArray<Entry>): Summary => {
  let [answered, bytes, total] = [0, 0, 0]
  for (const entry of entries) {
    total = Math.max(total, endOf(entry))
    if (entry.result._tag === "Failed") continue
    answered++
    bytes += entry.result.bytes
  }
  const sorted = Float64Array.from(entries, ({ elapsed }) => elapsed).sort()
  const quantile = (part: number): number => sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0
  return { answered, failed: entries.length - answered, bytes, total, median: quantile(0.5), high: quantile(0.95) }
}

/** The step between marks on an axis: 1, 2 or 5 times a power of ten, so that there are at most so many. */
export const stepOf = (total: number, most: number): number => {
  const least = total / Math.max(1, most)
  const power = 10 ** Math.floor(Math.log10(least))
  // A step that is as long as the least but for the last bit would be rounded up.
  const factor = [1, 2, 5].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10
  return factor * power
}

/** The marks on an axis. */
export const marksOf = (total: number, most: number): ReadonlyArray<number> => {
  if (total <= 0) return [0]
  const step = stepOf(total, most)
  return Array.from({ length: Math.floor(total / step + 1e-9) + 1 }, (_, i) => i * step)
}
