/** What the package aims at: ratios of two rows of one run, times, and memory. */
import { addedCpuSeconds, memoryRatio, resultOf, speedRatio, thriftRatio, type Result, type Row } from "./results.js"

export interface Target {
  readonly text: string
  /** A figure is only shown. */
  readonly rank: "target" | "figure"
  readonly value: number | undefined
  readonly unit: Unit
  readonly met: boolean | undefined
}

type Unit = "ratio" | "share" | "µs" | "s"

/** A row, named by client and scenario. */
type Name = readonly [client: string, scenario: string]

export const targets = (rows: ReadonlyArray<Row>): ReadonlyArray<Target> => {
  const compare = (by: (result: Result, base: Result) => number, name: Name, baseName: Name): number | undefined => {
    const result = resultOf(rows, ...name)
    const base = resultOf(rows, ...baseName)
    return result === undefined || base === undefined ? undefined : by(result, base)
  }
  const rate = (client: string, base: string, scenario: string) =>
    compare(speedRatio, [client, scenario], [base, scenario])
  const time = (client: string, base: string, scenario: string) => rate(base, client, scenario)
  const memory = (client: string, base: string, scenario: string) =>
    compare(memoryRatio, [client, scenario], [base, scenario])
  const thrift = (client: string, base: string, scenario: string) =>
    compare(thriftRatio, [client, scenario], [base, scenario])
  const added = (client: string, base: string, scenario: string) =>
    inMicros(compare(addedCpuSeconds, [client, scenario], [base, scenario]))
  const importing = (entry: string) => time("entry-point", "others-modules", `import-${entry}`)
  /** How far the time of a request is from that of one among 10 000, at the worst. */
  const slope = (client: string, sizes: ReadonlyArray<number>): number | undefined => {
    const ratios = sizes.map((size) =>
      compare(speedRatio, [client, "fan-out-warm-10000"], [client, `fan-out-warm-${size}`])
    )
    const known = ratios.filter((ratio) => ratio !== undefined)
    return known.length < ratios.length ? undefined : Math.max(...known.map((ratio) => Math.abs(ratio - 1)))
  }
  const newClient = resultOf(rows, "layers", "new-client")
  const course = resultOf(rows, "ours-over", "lazy-1000000")?.memory
  const [first, many] = ["fan-out-1000", "fan-out-50000"] as const

  return [
    atLeast(0.9, "Client.get at 50 against raw dispatch", rate("ours", "dispatch", "buffered-50")),
    atLeast(1.2, "Client.get at 50 against undici.request", rate("ours", "request", "buffered-50")),
    atLeast(5, "Client.get at 50 against layerUndici", rate("ours", "platform", "buffered-50")),
    atLeast(5, "platform layer at 50 against layerUndici", rate("ours-platform", "platform", "buffered-50")),
    atLeast(
      4,
      "Client.get at 50 against layerUndici, recording tracer both",
      rate("ours-traced", "platform-traced", "buffered-50")
    ),
    atLeast(0.9, "Client.get over HTTP/2 at 50 against a node:http2 session", rate("ours", "node-http2", "http2-50")),
    figure("the same by CPU time", thrift("ours", "node-http2", "http2-50")),
    atLeast(4, "gzip'd JSON of 10 KiB against undici.fetch", rate("ours", "undici-fetch", "gzip-10k")),
    atLeast(1, "download through runForEachChunk against raw dispatch", rate("ours", "dispatch", "download")),
    atLeast(1, "upload of a stream against undici.request", rate("ours", "request", "upload")),
    atMost(1, "time of 50 000 at 64 through nextResponse, against raw dispatch", time("ours-next", "dispatch", many)),
    atMost(1, "peak memory of the same", memory("ours-next", "dispatch", many)),
    atMost(1.2, "time of 50 000 through getResponse in order", time("ours-in-order", "dispatch", many)),
    figure("peak memory of the same", memory("ours-in-order", "dispatch", many)),
    figure("time of 50 000 through parallel.over", time("ours-over", "dispatch", many)),
    figure("peak memory of the same", memory("ours-over", "dispatch", many)),
    figure("time of 50 000 through Promise.all over undici.request", time("request-all", "dispatch", many)),
    figure("time of 1 000 from a cold start, against raw dispatch", time("ours-next", "dispatch", first)),
    atMost(
      0.2,
      "time per request of parallel, 1 000 and 100 000 apart from 10 000",
      slope("ours-next", [1_000, 100_000]),
      "share"
    ),
    figure("the same of raw dispatch", slope("dispatch", [1_000, 100_000]), "share"),
    atMost(
      1.1,
      "heap after a collection, at 90 % of 1 000 000 fed lazily against 20 %",
      course && course.heap[2] / course.heap[0]
    ),
    atMost(
      1.1,
      "peak RSS of the second half of them against the first fifth",
      course && course.peakLate / course.peakEarly
    ),
    atMost(1, "leaving a block with 100 000 pendings", resultOf(rows, "ours-next", "leave-100000")?.seconds, "s"),
    atMost(
      25,
      "CPU time that a block of two adds to two calls, without a wire",
      added("two-block", "two-plain", "block-of-two"),
      "µs"
    ),
    atMost(25, "the same over the wire", added("two-block", "two-plain", "block-of-two-wire"), "µs"),
    figure("what Effect.all adds, without a wire", added("two-concurrent", "two-plain", "block-of-two"), "µs"),
    atMost(1.3, "import of the package against what it uses of others", importing("index")),
    atMost(1.3, "import of Client against what it uses of others", importing("Client")),
    figure("import of the Node entry against what it uses of others", importing("node")),
    atMost(1, "CPU time that admission adds to an exchange", added("admitted", "unadmitted", "admission"), "µs"),
    figure("the same for an exchange that waits in the queue", added("queued", "unadmitted", "admission"), "µs"),
    atMost(1_000, "CPU time of a new client, built and closed", inMicros(newClient?.cpuSecondsEach), "µs"),
    figure("CPU time of the first client of a process", inMicros(newClient?.firstCpuSeconds), "µs")
  ]
}

const inMicros = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : seconds * 1e6

const atLeast = (bound: number, what: string, ratio: number | undefined): Target => ({
  text: `${what} ≥ ${bound}`,
  rank: "target",
  value: ratio,
  unit: "ratio",
  met: ratio === undefined ? undefined : ratio >= bound
})

const atMost = (bound: number, what: string, value: number | undefined, unit: Unit = "ratio"): Target => ({
  text: `${what} ≤ ${bounded[unit](bound)}`,
  rank: "target",
  value,
  unit,
  met: value === undefined ? undefined : value <= bound
})

const bounded: Record<Unit, (bound: number) => string> = {
  ratio: String,
  share: (bound) => `${bound * 100} %`,
  µs: (bound) => `${bound} µs`,
  s: (bound) => `${bound} s`
}

const figure = (text: string, value: number | undefined, unit: Unit = "ratio"): Target => ({
  text,
  rank: "figure",
  value,
  unit,
  met: undefined
})
