/**
 * How far a run is: a state, and what each event makes of it. An event costs the same however many URLs there are, and
 * however many are in flight.
 */
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as SortedMap from "effect/SortedMap"

export type Stage = "queued" | "connecting" | "waiting" | "receiving"

/** A request in flight. Times in milliseconds since the beginning of the run. */
export interface Flight {
  readonly index: number
  readonly url: string
  readonly startedAt: number
  readonly stage: Stage
  /** Bytes of the body so far. */
  readonly received: number
  /** Bytes of the body, if its answer has said how many. */
  readonly expected: number | undefined
}

export interface Progress {
  readonly total: number
  readonly begun: number
  readonly done: number
  readonly failed: number
  readonly received: number
  /** By index. */
  readonly flights: SortedMap.SortedMap<number, Flight>
  /** Of the last seconds, the oldest first. */
  readonly samples: ReadonlyArray<Sample>
}

/** What there was at a moment. */
interface Sample {
  readonly at: number
  readonly received: number
  /** Requests that were over. */
  readonly over: number
}

export type Event =
  | { readonly _tag: "Began"; readonly index: number; readonly url: string; readonly at: number }
  | { readonly _tag: "Answered"; readonly index: number; readonly expected: number | undefined }
  /** This many bytes of a body have come until now. */
  | { readonly _tag: "Received"; readonly index: number; readonly received: number }
  | { readonly _tag: "Ended"; readonly index: number; readonly isFailure: boolean }
  /** Somebody looks at the run, and has asked what these requests are doing that have no answer yet. */
  | { readonly _tag: "Looked"; readonly at: number; readonly stages: ReadonlyArray<readonly [number, Stage]> }

export const beginning = (total: number): Progress => ({
  total,
  begun: 0,
  done: 0,
  failed: 0,
  received: 0,
  flights: SortedMap.empty(Order.number),
  samples: []
})

export const next = (progress: Progress, event: Event): Progress => {
  switch (event._tag) {
    case "Began": {
      const { at: startedAt, index, url } = event
      const flight: Flight = { index, url, startedAt, stage: "queued", received: 0, expected: undefined }
      return { ...progress, begun: progress.begun + 1, flights: SortedMap.set(progress.flights, index, flight) }
    }
    case "Answered":
      return changed(progress, event.index, { stage: "receiving", expected: event.expected })
    case "Received": {
      const { index, received } = event
      const before = Option.getOrUndefined(SortedMap.get(progress.flights, index))?.received ?? 0
      return changed({ ...progress, received: progress.received + received - before }, index, { received })
    }
    case "Ended": {
      const flights = SortedMap.remove(progress.flights, event.index)
      return event.isFailure
        ? { ...progress, flights, failed: progress.failed + 1 }
        : { ...progress, flights, done: progress.done + 1 }
    }
    case "Looked": {
      const looked = event.stages.reduce((progress, [index, stage]) => changed(progress, index, { stage }), progress)
      const sample = { at: event.at, received: progress.received, over: progress.done + progress.failed }
      return { ...looked, samples: [...recent(progress.samples, event.at), sample] }
    }
  }
}

/** Those that have not begun; the others that are not over are in flight. */
export const queued = ({ begun, total }: Progress): number => total - begun

/** The first so many in flight. */
export const firstFlights = ({ flights }: Progress, count: number): ReadonlyArray<Flight> => {
  const first: Array<Flight> = []
  if (count <= 0) return first
  for (const [, flight] of flights) {
    first.push(flight)
    if (first.length === count) break
  }
  return first
}

/** Bytes and requests a second, over the last seconds. */
export const rates = (progress: Progress, now: number): { readonly bytes: number; readonly requests: number } => {
  const [oldest] = recent(progress.samples, now)
  const since = oldest ?? { at: 0, received: 0, over: 0 }
  const seconds = Math.max(1, now - since.at) / 1000
  const over = progress.done + progress.failed
  return { bytes: (progress.received - since.received) / seconds, requests: (over - since.over) / seconds }
}

const changed = (progress: Progress, index: number, change: Partial<Flight>): Progress =>
  Option.match(SortedMap.get(progress.flights, index), {
    onNone: () => progress,
    onSome: (flight) => ({ ...progress, flights: SortedMap.set(progress.flights, index, { ...flight, ...change }) })
  })

// Milliseconds.
const lately = 3_000

const recent = (samples: ReadonlyArray<Sample>, now: number): ReadonlyArray<Sample> =>
  samples.filter(({ at }) => now - at <= lately)
