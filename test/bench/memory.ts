/** The memory of this process: its peak, and its course while requests complete. */
import { readFileSync } from "node:fs"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

/** Bytes when that share of the requests has completed, or up to then. */
export interface MemoryCourse {
  /** The heap after a collection at 20 %, 50 % and 90 %. */
  readonly heap: readonly [number, number, number]
  /** The largest RSS that was seen in the first fifth, and in the second half. */
  readonly peakEarly: number
  readonly peakLate: number
}

/** What constant memory is told by: samples every few milliseconds, from the outside of the client. */
export const watchMemory = (progress: { readonly completed: number }, requests: number): (() => MemoryCourse) => {
  const marks = [0.2, 0.5, 0.9]
  const heap: Array<number> = []
  let peakEarly = 0
  let peakLate = 0
  const collect = collector()
  const sample = (): void => {
    const share = progress.completed / requests
    const rss = process.memoryUsage.rss()
    if (share <= 0.2) peakEarly = Math.max(peakEarly, rss)
    if (share >= 0.5) peakLate = Math.max(peakLate, rss)
    const mark = marks[heap.length]
    if (mark !== undefined && share >= mark) {
      collect()
      heap.push(process.memoryUsage().heapUsed)
    }
  }
  const timer = setInterval(sample, 10)
  return () => {
    clearInterval(timer)
    const [early, half, late] = heap
    if (early === undefined || half === undefined || late === undefined) {
      throw new Error("over before its memory was sampled")
    }
    return { heap: [early, half, late], peakEarly, peakLate }
  }
}

const collector = (): (() => void) => {
  setFlagsFromString("--expose-gc")
  return runInNewContext("gc") as () => void
}

/**
 * On Linux `maxRSS` starts at the peak of the process that forked this one, which may be the larger of the two; the
 * high-water mark of the address space does not.
 */
export const peakBytes = (): number => {
  try {
    const match = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1"))
    if (match?.[1] !== undefined) return Number(match[1]) * 1024
  } catch {
    // not Linux
  }
  return process.resourceUsage().maxRSS * 1024
}
