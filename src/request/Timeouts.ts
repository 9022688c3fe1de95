/**
 * How long each phase of a call may take, as given and as numbers. What is not given is left to whoever knows a default;
 * `Infinity` is given, and is no limit.
 */
import * as Duration from "effect/Duration"
import { millisOf } from "./milliseconds.js"

/**
 * The longest that each phase of a call may take. `Infinity` is no limit; what is left out has its default.
 *
 * @since 0.1.0
 * @category options
 */
export interface TimeoutOptions {
  /** Opening a connection: name, TCP, proxy and TLS together. Default: 5 seconds. */
  readonly connect?: Duration.DurationInput | undefined
  /** Between two arrivals of bytes, from the end of the request on. Default: 5 seconds. */
  readonly read?: Duration.DurationInput | undefined
  /** Between two pieces of a request body that the server takes; a stream's own time is not counted. Default: 5 seconds. */
  readonly write?: Duration.DurationInput | undefined
  /** The wait for a connection's turn. Default: 5 seconds. */
  readonly pool?: Duration.DurationInput | undefined
  /** The whole call: every attempt, and the body to its end, also one that is streamed. Default: no limit. */
  readonly total?: Duration.DurationInput | undefined
}

/**
 * A limit for the whole call, or one for each phase.
 *
 * @since 0.1.0
 * @category options
 */
export type TimeoutInput = Duration.DurationInput | TimeoutOptions

/** Milliseconds, `Infinity` for no limit, `undefined` where nothing was given. */
export interface Timeouts {
  readonly connect: number | undefined
  readonly read: number | undefined
  readonly write: number | undefined
  readonly pool: number | undefined
  readonly total: number | undefined
}

/** Milliseconds; `undefined` is no limit. */
export type Limits = Timeouts

export const notGiven: Timeouts = {
  connect: undefined,
  read: undefined,
  write: undefined,
  pool: undefined,
  total: undefined
}

const phases = ["connect", "read", "write", "pool", "total"] as const

const isRecord = (input: TimeoutInput): input is TimeoutOptions =>
  typeof input === "object" && !Array.isArray(input) && !Duration.isDuration(input)

/** What was given, as numbers; or the name of what is no duration. */
export const timeoutsOf = (input: TimeoutInput | undefined): Timeouts | string => {
  if (input === undefined) return notGiven
  const given: TimeoutOptions = isRecord(input) ? input : { total: input }
  const timeouts = { ...notGiven }
  for (const phase of phases) {
    const duration = given[phase]
    if (duration === undefined) continue
    const ms = millisOf(duration)
    if (ms === undefined) return isRecord(input) ? `timeout.${phase}` : "timeout"
    timeouts[phase] = ms
  }
  return timeouts
}

/** The first, and where it says nothing the second. */
export const orElse = (first: Timeouts, second: Timeouts): Timeouts => {
  if (first === notGiven) return second
  if (second === notGiven) return first
  return {
    connect: first.connect ?? second.connect,
    read: first.read ?? second.read,
    write: first.write ?? second.write,
    pool: first.pool ?? second.pool,
    total: first.total ?? second.total
  }
}

const limit = (ms: number | undefined): number | undefined => (ms === Infinity ? undefined : ms)

/** As limits to watch: `Infinity` is none. */
export const limitsOf = (timeouts: Timeouts): Limits => ({
  connect: limit(timeouts.connect),
  read: limit(timeouts.read),
  write: limit(timeouts.write),
  pool: limit(timeouts.pool),
  total: limit(timeouts.total)
})
