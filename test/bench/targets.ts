/** What the package aims at: ratios of two rows of one run, and processor time. */
import { addedCpuSeconds, resultOf, speedRatio, thriftRatio, type Result, type Row } from "./results.js"

export interface Target {
  readonly text: string
  /** A later goal is shown, and not expected to be met yet; a figure is only shown. */
  readonly rank: "target" | "later goal" | "figure"
  readonly value: number | undefined
  readonly unit: Unit
  readonly met: boolean | undefined
}

type Unit = "ratio" | "µs"

export const targets = (rows: ReadonlyArray<Row>): ReadonlyArray<Target> => {
  /** Two rows, each named by client and scenario. */
  const compare = (
    by: (result: Result, base: Result) => number,
    [client, scenario]: readonly [string, string],
    [baseClient, baseScenario]: readonly [string, string]
  ): number | undefined => {
    const result = resultOf(rows, client, scenario)
    const base = resultOf(rows, baseClient, baseScenario)
    return result === undefined || base === undefined ? undefined : by(result, base)
  }
  const rate = (client: string, base: string, scenario: string) =>
    compare(speedRatio, [client, scenario], [base, scenario])
  const time = (client: string, base: string, scenario: string) => rate(base, client, scenario)
  const perRequest = (scenario: string) => compare(speedRatio, ["ours", "fan-out-10000"], ["ours", scenario])
  const thrift = (client: string, base: string, scenario: string) =>
    compare(thriftRatio, [client, scenario], [base, scenario])
  const admission = (client: string) =>
    inMicros(compare(addedCpuSeconds, [client, "admission"], ["unadmitted", "admission"]))
  const newClient = resultOf(rows, "layers", "new-client")

  return [
    atLeast(1.1, "Client.get at 50 against undici.request", rate("ours", "request", "buffered-50")),
    atLeast(5, "Client.get at 50 against layerUndici", rate("ours", "platform", "buffered-50")),
    atLeast(5, "platform layer at 50 against layerUndici", rate("ours-platform", "platform", "buffered-50")),
    atLeast(0.9, "Client.get over HTTP/2 at 50 against a node:http2 session", rate("ours", "node-http2", "http2-50")),
    figure("the same by CPU time", thrift("ours", "node-http2", "http2-50")),
    atMost(1.2, "time per request of parallel, 50 000 against 10 000", perRequest("fan-out-50000")),
    figure("time per request of parallel, 1 000 (cold JIT) against 10 000", perRequest("fan-out-1000")),
    atMost(1, "CPU time that admission adds to an exchange", admission("admitted"), "µs"),
    figure("the same for an exchange that waits in the queue", admission("queued"), "µs"),
    atMost(1_000, "CPU time of a new client, built and closed", inMicros(newClient?.cpuSecondsEach), "µs"),
    figure("CPU time of the first client of a process", inMicros(newClient?.firstCpuSeconds), "µs"),
    later(atLeast(0.9, "Client.get at 50 against raw dispatch", rate("ours", "dispatch", "buffered-50"))),
    later(atLeast(1.2, "Client.get at 50 against undici.request", rate("ours", "request", "buffered-50"))),
    later(atLeast(0.95, "download through runForEachChunk against raw dispatch", rate("ours", "dispatch", "download"))),
    later(
      atMost(1.3, "time of parallel, 50 000 at 64, against raw dispatch", time("ours", "dispatch", "fan-out-50000"))
    ),
    later(
      atLeast(
        4,
        "Client.get at 50 against layerUndici, default tracer both",
        rate("ours-traced", "platform-traced", "buffered-50")
      )
    )
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
  text: `${what} ≤ ${bound}${unit === "ratio" ? "" : ` ${unit}`}`,
  rank: "target",
  value,
  unit,
  met: value === undefined ? undefined : value <= bound
})

const figure = (text: string, value: number | undefined, unit: Unit = "ratio"): Target => ({
  text,
  rank: "figure",
  value,
  unit,
  met: undefined
})

const later = (target: Target): Target => ({ ...target, rank: "later goal" })
