/** What the package aims at, as ratios of two rows of one run. */
import { resultOf, speedRatio, type Row } from "./results.js"

export interface Target {
  readonly text: string
  /** A later goal is shown, and not expected to be met yet; a figure is only shown. */
  readonly rank: "target" | "later goal" | "figure"
  readonly ratio: number | undefined
  readonly met: boolean | undefined
}

export const targets = (rows: ReadonlyArray<Row>): ReadonlyArray<Target> => {
  /** Of the rates of two rows, each named by client and scenario. */
  const ratio = (
    [client, scenario]: readonly [string, string],
    [baseClient, baseScenario]: readonly [string, string]
  ): number | undefined => {
    const result = resultOf(rows, client, scenario)
    const base = resultOf(rows, baseClient, baseScenario)
    return result === undefined || base === undefined ? undefined : speedRatio(result, base)
  }
  const rate = (client: string, base: string, scenario: string) => ratio([client, scenario], [base, scenario])
  const time = (client: string, base: string, scenario: string) => ratio([base, scenario], [client, scenario])
  const perRequest = (scenario: string) => ratio(["ours", "fan-out-10000"], ["ours", scenario])

  return [
    atLeast(1.05, "Client.get at 50 against undici.request", rate("ours", "request", "buffered-50")),
    atLeast(5, "Client.get at 50 against layerUndici", rate("ours", "platform", "buffered-50")),
    atLeast(5, "platform layer at 50 against layerUndici", rate("ours-platform", "platform", "buffered-50")),
    atLeast(0.95, "download through runForEachChunk against raw dispatch", rate("ours", "dispatch", "download")),
    atMost(1.3, "time of parallel, 50 000 at 64, against raw dispatch", time("ours", "dispatch", "fan-out-50000")),
    atMost(1.2, "time per request of parallel, 50 000 against 10 000", perRequest("fan-out-50000")),
    figure("time per request of parallel, 1 000 (cold JIT) against 10 000", perRequest("fan-out-1000")),
    later(atLeast(0.9, "Client.get at 50 against raw dispatch", rate("ours", "dispatch", "buffered-50"))),
    later(atLeast(1.2, "Client.get at 50 against undici.request", rate("ours", "request", "buffered-50"))),
    later(
      atLeast(
        4,
        "Client.get at 50 against layerUndici, default tracer both",
        rate("ours-traced", "platform-traced", "buffered-50")
      )
    )
  ]
}

const atLeast = (bound: number, what: string, ratio: number | undefined): Target => ({
  text: `${what} ≥ ${bound}`,
  rank: "target",
  ratio,
  met: ratio === undefined ? undefined : ratio >= bound
})

const atMost = (bound: number, what: string, ratio: number | undefined): Target => ({
  text: `${what} ≤ ${bound}`,
  rank: "target",
  ratio,
  met: ratio === undefined ? undefined : ratio <= bound
})

const figure = (text: string, ratio: number | undefined): Target => ({ text, rank: "figure", ratio, met: undefined })

const later = (target: Target): Target => ({ ...target, rank: "later goal" })
