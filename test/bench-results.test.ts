// What the benchmark makes of its results: what has fallen, and the chart. Measuring itself is no test.
import { describe, expect, test } from "vitest"
import { chart } from "./bench/chart.js"
import { fallen } from "./bench/fallen.js"
import { withChart } from "./bench/readmeChart.js"

const figures = (speed: number, memory = 1) => ({
  "fan-out-50000": { ours: { speed, memory, seconds: 1, microsEach: 20, cpuMicrosEach: 20, peakMegabytes: 100 } }
})

describe("a ratio has fallen", () => {
  const rows = [["fan-out-50000", "ours"]] as const

  test("when it is more than 15 % under the committed one", () => {
    expect(fallen(figures(1), figures(0.86), rows)).toEqual([])
    expect(fallen(figures(1), figures(0.84), rows)).toMatchObject([{ client: "ours", what: "speed", measured: 0.84 }])
  })

  test("when it takes more than 15 % more memory", () => {
    expect(fallen(figures(1, 1), figures(1, 1.14), rows)).toEqual([])
    expect(fallen(figures(1, 1), figures(1, 1.2), rows)).toMatchObject([{ what: "memory", committed: 1 }])
  })

  test("not when it is better, or not measured on either side", () => {
    expect(fallen(figures(1), figures(2), rows)).toEqual([])
    expect(fallen(figures(1), {}, rows)).toEqual([])
    expect(fallen({}, figures(0.1), rows)).toEqual([])
  })
})

describe("the chart", () => {
  const points = [1_000, 10_000, 100_000].map((requests) => ({ requests, seconds: requests / 10_000 }))

  test("has a line and a label for each client, and speaks of itself", () => {
    const svg = chart([
      { label: "one & only", family: "ours", points },
      { label: "callbacks", family: "callbacks", points: points.slice(0, 2) }
    ])
    expect(svg).toContain("one &amp; only")
    expect(svg).toContain("callbacks")
    expect(svg).toMatch(/prefers-color-scheme: ?dark/)
    expect(svg).not.toContain("NaN")
    expect(svg).not.toMatch(/https?:(?!\/\/www\.w3\.org\/2000\/svg")/)
  })

  test("has its place in the README, once, before the prose", () => {
    const readme = "# A\n\n<!-- measurements: begin -->\n\nProse.\n\n<!-- measurements: end -->\n"
    const once = withChart(readme)
    expect(once).toContain("chart.svg)\n\nProse.")
    expect(withChart(once)).toBe(once)
  })
})
