/** What has become of a URL, on one line: for people, and as JSON. */
import { visible } from "../observe/cells.js"
import { grouped } from "../observe/quantities.js"
import type { Fetched } from "./Fetched.js"
import { green, red, yellow } from "./terminal.js"

/** For people; `width` is that of the longest index. Nothing of what others have written steers the terminal. */
export const line = ({ entry, written }: Fetched, width: number): string => {
  const { elapsed, result } = entry
  const index = String(entry.index).padStart(width)
  if (result._tag === "Failed") return `${index}  ${red(visible(result.tag))}  ${visible(result.message)}`
  const { httpVersion, status } = result
  const paint = status < 300 ? green : status < 400 ? yellow : red
  const bytes = `${grouped(result.bytes).padStart(9)} B`
  const time = `${String(Math.round(elapsed)).padStart(5)} ms`
  return `${index}  ${paint(String(status))}  ${httpVersion}  ${bytes}  ${time}  ${visible(written)}`
}

/** As an object; see the usage of the command for what is in it. */
export const jsonLine = ({ entry }: Fetched): string => {
  const { elapsed, index, method, result, startedAt, url } = entry
  const all = { index, url, method, start: short(startedAt), elapsed: short(elapsed) }
  if (result._tag === "Failed") {
    const { delivery, message, phase, tag } = result
    return JSON.stringify({ ...all, error: { tag, message, phase, delivery } })
  }
  const { bytes, httpVersion, status, timings } = result
  // Whichever way a connection is opened, there is a step of that name in it.
  const reused = timings.connect === undefined
  const { connect, dns, download, proxy, queued, tls, wait } = timings
  const parts = Object.entries({ queued, dns, connect, proxy, tls, wait, download })
  const shown = Object.fromEntries(parts.map(([name, took]) => [name, took === undefined ? null : short(took)]))
  return JSON.stringify({ ...all, status, httpVersion, bytes, reused, timings: shown })
}

/** Microseconds are all that a clock can tell. */
const short = (ms: number): number => Math.round(ms * 1000) / 1000
