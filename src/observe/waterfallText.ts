/** A waterfall as text, for a terminal. */
import { cut, left, right, visible, widthOf } from "./cells.js"
import { counted, duration, grouped } from "./quantities.js"
import { endOf, type Entry, type Kind, kinds, marksOf, segmentsOf, selected, summaryOf } from "./Waterfall.js"

export interface TextOptions {
  /** Cells in a line. */
  readonly columns: number
  /** Lines at most, five of which are not for requests. */
  readonly rows: number
  /** How each kind of segment is coloured. Default: not at all. */
  readonly paint?: ((kind: Kind, text: string) => string) | undefined
}

const glyphs: Record<Kind, string> = {
  queued: "·",
  connect: "░",
  tls: "▚",
  wait: "▒",
  download: "█",
  failed: "╳"
}

// A line through, with the cross at its end.
const failing = "─"

/** The lines: a heading, the scale, one for each request that fits, and what the characters mean. */
export const waterfallText = (entries: ReadonlyArray<Entry>, options: TextOptions): ReadonlyArray<string> => {
  const { columns, paint = (_, text) => text } = options
  const shown = selected(entries, Math.max(1, options.rows - besides))
  const { total } = summaryOf(shown)
  const layout = layoutOf(shown, columns)
  const rows = shown.map((entry) => {
    const bar = track(entry, total, layout.track).map(([kind, text]) => (kind === undefined ? text : paint(kind, text)))
    const time = layout.time === 0 ? "" : `${right(duration(entry.elapsed), layout.time)} `
    const before = `${right(String(entry.index), layout.index)} ${left(labelOf(entry), layout.label)} ${time}`
    const after = layout.url === 0 ? "" : ` ${cut(visible(entry.url), layout.url)}`
    return `${before}│${bar.join("")}│${after}`
  })
  const indent = " ".repeat(layout.before + 1)
  return [
    cut(heading(entries.length, shown.length), columns),
    indent + scale(total, layout.track, columns - 1 - indent.length),
    ...rows,
    ...legend(columns, paint)
  ]
}

const heading = (all: number, shown: number): string =>
  all === shown
    ? `Waterfall of ${counted(all, "request")}`
    : `Waterfall of ${counted(all, "request")}: failures and the longest; ${grouped(all - shown)} left out`

// The heading, the scale, two lines of legend and the line with the cursor.
const besides = 5

const labelOf = ({ result }: Entry): string => (result._tag === "Answered" ? String(result.status) : result.tag)

interface Layout {
  readonly index: number
  readonly label: number
  /** 0 where there is no room for it, as for the URL. */
  readonly time: number
  readonly track: number
  readonly url: number
  /** Cells before the track. */
  readonly before: number
}

const layoutOf = (shown: ReadonlyArray<Entry>, columns: number): Layout => {
  const index = Math.max(1, ...shown.map((entry) => String(entry.index).length))
  const longestLabel = Math.max(3, ...shown.map((entry) => widthOf(labelOf(entry))))
  const label = Math.min(longestLabel, columns < 60 ? 3 : 19)
  const time = columns < 30 ? 0 : Math.max(...shown.map((entry) => duration(entry.elapsed).length), 6)
  const before = index + 1 + label + 1 + (time === 0 ? 0 : time + 1)
  // Two bars around the track; the last column stays empty, as some terminals begin a new line behind it.
  const rest = columns - 1 - before - 2
  const longestUrl = Math.max(0, ...shown.map((entry) => widthOf(visible(entry.url))))
  const url = rest < 30 ? 0 : Math.min(longestUrl, Math.floor(rest * 0.4))
  return { index, label, time, before, url, track: Math.max(1, rest - (url === 0 ? 0 : url + 1)) }
}

type Run = [kind: Kind | undefined, text: string]

/** A request on its track, in runs of cells of one kind. A cell shows what took most of its time. */
const track = (entry: Entry, total: number, cells: number): ReadonlyArray<Run> => {
  const segments = segmentsOf(entry)
  const last = segments.at(-1)!
  const unit = total > 0 ? total / cells : 1
  const end = Math.min(cells, Math.max(1, Math.ceil(endOf(entry) / unit - 1e-9)))
  const runs: Array<Run> = []
  const add = (kind: Kind | undefined, text: string): void => {
    const run = runs.at(-1)
    if (run !== undefined && run[0] === kind) run[1] += text
    else runs.push([kind, text])
  }
  let at = 0
  for (let cell = 0; cell < end; cell++) {
    const [from, to] = [cell * unit, (cell + 1) * unit]
    while (at < segments.length - 1 && segments[at]!.to <= from) at++
    let { kind } = last
    let most = 0
    for (let i = at; i < segments.length && segments[i]!.from < to; i++) {
      const segment = segments[i]!
      const overlap = Math.min(to, segment.to) - Math.max(from, segment.from)
      if (overlap > most) [kind, most] = [segment.kind, overlap]
    }
    const isLast = cell === end - 1
    // However short it was, something came after the wait for a turn.
    if (isLast && (last.kind === "failed" || kind === "queued")) kind = last.kind
    add(kind, kind === "failed" && !isLast ? failing : glyphs[kind])
  }
  if (end < cells) add(undefined, " ".repeat(cells - end))
  return runs
}

/** Marks over the track, and in what is left of the line: each text begins where its time is. */
const scale = (total: number, cells: number, room: number): string => {
  let line = ""
  for (const mark of marksOf(total, Math.max(1, Math.floor(cells / 9)))) {
    const at = total > 0 ? Math.floor((mark / total) * cells) : 0
    const text = `╷${mark === 0 ? "0" : duration(mark)}`
    if (at < line.length || at + text.length > room) continue
    line = line.padEnd(at) + text
  }
  return line
}

/** On as many lines as it needs; two at most in a terminal of 40 columns. */
const legend = (columns: number, paint: NonNullable<TextOptions["paint"]>): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let width = Infinity
  for (const kind of kinds) {
    const item = kind.length + 2
    const text = `${paint(kind, glyphs[kind])} ${kind}`
    if (width + 3 + item > columns - 1) {
      lines.push(text)
      width = item
    } else {
      lines[lines.length - 1] += `   ${text}`
      width += 3 + item
    }
  }
  return lines
}
