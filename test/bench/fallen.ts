/** Which ratios have fallen, against those that are committed. */
import type { Figures, Results } from "./resultsFile.js"

export interface Fall {
  readonly scenario: string
  readonly client: string
  readonly what: "speed" | "memory"
  readonly committed: number
  readonly measured: number
  /** How much worse, as a share of the committed one. */
  readonly by: number
}

type Scenarios = Results["scenarios"]

/** A ratio that is more than this share worse has fallen. */
export const tolerance = 0.15

/** `rows` names scenario and client; those that either side lacks are passed over. */
export const fallen = (
  committed: Scenarios,
  measured: Scenarios,
  rows: ReadonlyArray<readonly [scenario: string, client: string]>
): ReadonlyArray<Fall> =>
  rows.flatMap(([scenario, client]) => {
    const before = committed[scenario]?.[client]
    const now = measured[scenario]?.[client]
    if (before === undefined || now === undefined) return []
    return whats(scenario).flatMap((what) => {
      const fall = fallOf(what, before, now)
      return fall === undefined || fall.by <= tolerance ? [] : { scenario, client, what, ...fall }
    })
  })

/** Peak memory is compared where it is the client's own: a short run of loops has mostly that of Node. */
const whats = (scenario: string): ReadonlyArray<Fall["what"]> =>
  scenario === "fan-out-50000" ? ["speed", "memory"] : ["speed"]

const fallOf = (what: Fall["what"], before: Figures, now: Figures) => {
  const committed = before[what]
  const measured = now[what]
  if (committed === undefined || measured === undefined) return undefined
  const by = what === "speed" ? 1 - measured / committed : measured / committed - 1
  return { committed, measured, by }
}
