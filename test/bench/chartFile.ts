/** The chart of the fan-outs, from results, and its place in the README. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { source } from "./build.js"
import { chart, type Family, type Series } from "./chart.js"
import type { Results } from "./resultsFile.js"
import { root } from "./root.js"
import { withChart } from "./readmeChart.js"

const drawn: ReadonlyArray<readonly [client: string, label: string, family: Family]> = [
  ["ours-next", "parallel, nextResponse", "ours"],
  ["ours-over", "parallel.over", "ours"],
  ["ours-in-order", "parallel, in order", "ours"],
  ["dispatch", "undici callbacks", "callbacks"],
  ["request-all", "undici.request, Promise.all", "promises"],
  ["request-p-limit", "undici.request, p-limit", "promises"],
  ["request-race", "undici.request, Promise.race", "promises"],
  ["platform-each", "layerUndici, Effect.forEach", "platform"],
  ["python-httpx", "Python HTTPX", "python"],
  ["python-aiohttp", "Python aiohttp", "python"]
]

const sizes = [1_000, 10_000, 50_000, 100_000]

export const seriesOf = ({ scenarios }: Pick<Results, "scenarios">): ReadonlyArray<Series> =>
  drawn
    .map(([client, label, family]) => ({
      label,
      family,
      points: sizes.flatMap((requests) => {
        const seconds = scenarios[`fan-out-${requests}`]?.[client]?.seconds
        return seconds === undefined ? [] : { requests, seconds }
      })
    }))
    .filter(({ points }) => points.length > 0)

export const writeChart = (results: Results): void => {
  writeFileSync(join(source, "chart.svg"), chart(seriesOf(results)))
  const readme = join(root, "README.md")
  writeFileSync(readme, withChart(readFileSync(readme, "utf8")))
}
