/**
 * Where the time of a response went.
 *
 * @since 0.1.0
 */
import type { ConnectTimings } from "./ConnectionInfo.js"

/**
 * How long each part of a request took, in milliseconds. The parts follow each other: those that are known make up
 * `response.elapsed`. The steps of opening a connection are those that this request waited for: none on a connection that
 * was open already, or was opened for another request. A transport that cannot tell when a request was sent counts all
 * until the head as `wait`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Timings extends ConnectTimings {
  /** From the start of the call until a connection took the request, without what opening that took. */
  readonly queued: number | undefined
  /** From then on until the answer's head. */
  readonly wait: number
  /** From the head to the end of the body, or until that was given up; `undefined` before. */
  readonly download: number | undefined
}

/** The points in time that a response remembers, in milliseconds since the start of the call. */
export interface Marks {
  readonly carriedAfter: number | undefined
  readonly answeredAfter: number
  readonly endedAfter: number | undefined
  /** What opening the connection took, if that was done for this request. */
  readonly opening: ConnectTimings | undefined
}

export const timingsOf = ({ answeredAfter, carriedAfter, endedAfter, opening }: Marks): Timings => {
  // A request may come to a connection that is being opened already: the last steps are those that it waited for.
  let queued = carriedAfter
  const part = (took: number | undefined): number | undefined => {
    if (took === undefined || queued === undefined) return undefined
    const waited = Math.min(took, queued)
    queued -= waited
    return waited
  }
  const tls = part(opening?.tls)
  const proxy = part(opening?.proxy)
  const connect = part(opening?.connect)
  const dns = part(opening?.dns)
  const wait = answeredAfter - (carriedAfter ?? 0)
  const download = endedAfter === undefined ? undefined : endedAfter - answeredAfter
  return { queued, dns, connect, proxy, tls, wait, download }
}
