/** Requests that are over, as a waterfall shows them. */
import type { Answered, Entry, Failed } from "../../src/observe/Waterfall.js"

const nothing = {
  queued: 0,
  dns: undefined,
  connect: undefined,
  proxy: undefined,
  tls: undefined,
  wait: 0,
  download: 0
}

/** An answer; what is not said took no time. */
export const answer = (
  index: number,
  startedAt: number,
  timings: Partial<Answered["timings"]>,
  more: Partial<Entry> & Partial<Pick<Answered, "status" | "httpVersion" | "bytes">> = {}
): Entry => {
  const { bytes = 1_234, httpVersion = "HTTP/1.1", status = 200, ...entry } = more
  const all = { ...nothing, ...timings }
  const elapsed = Object.values(all).reduce<number>((sum, took) => sum + (took ?? 0), 0)
  const url = `http://localhost/${index}`
  const result: Answered = { _tag: "Answered", status, httpVersion, bytes, timings: all }
  return { index, method: "GET", url, startedAt, elapsed, result, ...entry }
}

export const failure = (
  index: number,
  startedAt: number,
  elapsed: number,
  more: Partial<Entry> & Partial<Omit<Failed, "_tag">> = {}
): Entry => {
  const url = more.url ?? `http://localhost/${index}`
  const { tag = "ReadError", message = `GET ${url}: it broke`, phase = "read", delivery = "answered", ...entry } = more
  const result: Failed = { _tag: "Failed", tag, message, phase, delivery }
  return { index, method: "GET", url, startedAt, elapsed, result, ...entry }
}
