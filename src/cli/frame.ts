/** How far a run is, as lines of a terminal: one for each request in flight, as many as there is room for, and a last one. */
import * as SortedMap from "effect/SortedMap"
import { cut, left, right, visible, widthOf } from "../observe/cells.js"
import { bytes, duration, grouped } from "../observe/quantities.js"
import { firstFlights, type Flight, type Progress, queued, rates, type Stage } from "./progress.js"

export interface Size {
  readonly columns: number
  readonly rows: number
}

export type Paint = (stage: Stage | "status", text: string) => string

/** How many requests in flight have a line. A third of the terminal is left for the lines of those that are over. */
export const shownFlights = ({ flights }: Progress, { rows }: Size): number => {
  const room = Math.max(1, Math.floor((rows * 2) / 3)) - 1
  const count = SortedMap.size(flights)
  return count <= room ? count : Math.max(0, room - 1)
}

/** The lines, none of which is as wide as the terminal, and which are never more than it has. */
export const frame = (
  progress: Progress,
  size: Size,
  now: number,
  paint: Paint = (_, text) => text
): ReadonlyArray<string> => {
  const shown = firstFlights(progress, shownFlights(progress, size))
  const width = String(progress.total).length
  // Some terminals begin a new line behind the last column.
  const columns = Math.max(1, size.columns - 1)
  const lines = shown.map((flight) => flightLine(flight, width, columns, now, paint))
  const hidden = SortedMap.size(progress.flights) - shown.length
  if (hidden > 0 && size.rows >= 3) lines.push(cut(`… and ${grouped(hidden)} more`, columns))
  lines.push(paint("status", statusLine(progress, columns, now)))
  return lines
}

/** The first that fits, of those that say less and less. */
export const statusLine = (progress: Progress, columns: number, now: number): string => {
  const { done, failed } = progress
  const running = SortedMap.size(progress.flights)
  const counts = [
    `${grouped(queued(progress))} queued`,
    `${grouped(running)} running`,
    `${grouped(done)} done`,
    `${grouped(failed)} failed`
  ].join(" · ")
  const rate = rates(progress, now)
  const perSecond = `${bytes(rate.bytes)}/s · ${grouped(Math.round(rate.requests))} requests/s`
  const short = `${running} running, ${done + failed}/${progress.total}`
  const lines = [`${counts}   ${perSecond}   ${duration(now)}`, `${counts}   ${bytes(rate.bytes)}/s`, counts, short]
  return lines.find((line) => widthOf(line) <= columns) ?? cut(short, columns)
}

const stageWidth = "connecting".length

const flightLine = (flight: Flight, width: number, columns: number, now: number, paint: Paint): string => {
  const { stage } = flight
  const parts = [right(String(flight.index), width), paint(stage, left(stage, stageWidth))]
  let room = columns - width - 1 - stageWidth
  const add = (text: string, cells: number): void => {
    parts.push(text)
    room -= cells + 1
  }
  // What a narrow terminal has no room for.
  if (columns >= 80) {
    const cells = Math.min(30, Math.floor(columns / 5))
    add(paint(stage, bar(flight, cells, now)), cells)
  }
  if (columns >= 60) add(right(flight.received === 0 ? "" : bytes(flight.received), 7), 7)
  if (columns >= 45) add(right(duration(Math.max(0, now - flight.startedAt)), 7), 7)
  parts.push(` ${cut(visible(flight.url), room - 2)}`)
  // Of a terminal that is hardly one, what fits.
  return columns < width + 3 + stageWidth ? cut(`${flight.index} ${stage}`, columns) : parts.join(" ")
}

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

// Milliseconds that a bar takes from one cell to the next, where nobody knows how long the body is.
const pace = 90

const bar = ({ expected, received, stage }: Flight, cells: number, now: number): string => {
  if (stage !== "receiving") return "·".repeat(cells)
  if (expected !== undefined && expected > 0) {
    const filled = Math.floor(Math.min(1, received / expected) * cells * 8)
    const partly = eighths[filled % 8]!
    return "█".repeat(Math.floor(filled / 8)) + partly + "·".repeat(cells - Math.floor(filled / 8) - partly.length)
  }
  const block = Math.min(3, cells)
  const way = cells - block
  const step = way === 0 ? 0 : Math.floor(now / pace) % (2 * way)
  const at = step <= way ? step : 2 * way - step
  return "·".repeat(at) + "█".repeat(block) + "·".repeat(way - at)
}
