/** The scenarios, in the order of the report. */
import type { Kind, Scenario } from "./catalog.js"
import { entries } from "./entries.js"

const http1 = { requests: 0, http2: false, path: "/json", base: "dispatch" } as const

const buffered: ReadonlyArray<Scenario> = [
  {
    name: "buffered-50",
    title: "Buffered GET, 225-byte JSON, 50 loops over 50 connections",
    kind: "buffered",
    concurrency: 50,
    ...http1
  },
  {
    name: "buffered-1",
    title: "Buffered GET, 225-byte JSON, one after another",
    kind: "buffered",
    concurrency: 1,
    ...http1,
    note: "Mostly how soon an idle core wakes up, which on a busy machine varies several times over: trust the CPU time."
  },
  {
    name: "http2-50",
    title: "Buffered GET over HTTP/2 with TLS, 225-byte JSON, 50 loops over one connection",
    kind: "buffered",
    concurrency: 50,
    requests: 0,
    http2: true,
    path: "/json",
    base: "node-http2"
  },
  {
    name: "gzip-10k",
    title: "Buffered GET of 10 KiB of JSON, compressed with gzip, 50 loops over 50 connections",
    kind: "buffered",
    concurrency: 50,
    ...http1,
    path: "/gzip",
    base: "undici-fetch"
  }
]

const streams: ReadonlyArray<Scenario> = [
  { name: "download", title: "Download", kind: "download", concurrency: 1, ...http1, path: "/download" },
  {
    name: "upload",
    title: "Upload",
    kind: "upload",
    concurrency: 1,
    ...http1,
    path: "/upload",
    base: "request",
    note: "A stream of pieces of 64 KiB, with its length, to a socket that counts bytes."
  }
]

const fanOut = (requests: number): Scenario => ({
  name: `fan-out-${requests}`,
  title: `Fan-out of ${requests} GETs, 64 at once, from a cold start`,
  kind: "fanOut",
  concurrency: 64,
  ...http1,
  requests
})

const fanOutWarm = (requests: number): Scenario => ({
  name: `fan-out-warm-${requests}`,
  title: `Fan-out of ${requests} GETs, 64 at once, again and again in one process`,
  kind: "fanOutWarm",
  concurrency: 64,
  ...http1,
  requests
})

const lazy: Scenario = {
  name: "lazy-1000000",
  title: "GETs made on the way by a generator, 64 at once",
  kind: "lazy",
  concurrency: 64,
  ...http1,
  requests: 1_000_000,
  quickRequests: 100_000,
  base: "dispatch-lazy",
  once: true,
  note: "The heap is what a collection leaves when 20, 50 and 90 % have completed; RSS the largest in the first fifth and in the second half."
}

const leave: Scenario = {
  name: "leave-100000",
  title: "Leaving 100 000 requests unanswered, 64 of them in flight",
  kind: "leave",
  concurrency: 64,
  ...http1,
  requests: 100_000,
  base: undefined
}

const micro = (name: string, title: string, note?: string): Scenario => {
  const scenario = { name, title, kind: "micro" satisfies Kind, concurrency: 1, ...http1, base: undefined } as const
  return note === undefined ? scenario : { ...scenario, note }
}

const micros: ReadonlyArray<Scenario> = [
  micro(
    "admission",
    "Admission to a connection, without a wire",
    "Exchanges with a connection that answers at once: what the pool adds is the difference to the row without one."
  ),
  micro("new-client", "A client over a transport of its own, built and closed"),
  micro(
    "block-of-two",
    "Two requests, without a wire",
    "Against two plain calls, one after the other: the cheapest way to have two answers, and so the hardest to be near to. What Effect itself asks for running two at once is in the row of Effect.all."
  ),
  {
    ...micro(
      "block-of-two-wire",
      "Two requests over the wire",
      "By CPU time: on the clock a block waits for one round trip and two calls for two."
    ),
    concurrency: 2
  }
]

const imports: ReadonlyArray<Scenario> = entries.map((entry) => ({
  name: `import-${entry.name}`,
  title: `Import of ${entry.specifier}`,
  kind: "import",
  concurrency: 1,
  ...http1,
  base: "others-modules",
  processes: 3
}))

export const scenarios: ReadonlyArray<Scenario> = [
  ...buffered,
  ...streams,
  ...[1_000, 10_000, 50_000, 100_000].map(fanOut),
  ...[1_000, 10_000, 100_000].map(fanOutWarm),
  lazy,
  leave,
  ...micros,
  ...imports
]
