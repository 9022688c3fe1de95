/** Time against the number of requests, both logarithmic, one line a client, as SVG: readable in light and dark, without fonts of others. */
import { type Box, type Point, besideEnds, inColumn, type Label, textWidth } from "./chartLabels.js"

export interface Series {
  readonly label: string
  /** Gives the colour; series of one family differ in their dashes. */
  readonly family: Family
  /** By ascending number of requests. */
  readonly points: ReadonlyArray<{ readonly requests: number; readonly seconds: number }>
}

export type Family = keyof typeof colours

/** In light and in dark. */
const colours = {
  ours: ["#0969da", "#6cb6ff"],
  callbacks: ["#57606a", "#adb5bd"],
  promises: ["#b35900", "#f0a45a"],
  platform: ["#8250df", "#c7a6ff"],
  python: ["#1a7f4b", "#5fd39a"]
} as const

const width = 940
const height = 560
const frame = { left: 72, right: 640, top: 84, bottom: 500 }
const column = frame.right + 26
const lineHeight = 19

export const chart = (series: ReadonlyArray<Series>): string => {
  const points = series.flatMap((each) => each.points)
  const x = scale(extent(points.map((point) => point.requests)), frame.left, frame.right)
  const y = scale(padded(extent(points.map((point) => point.seconds))), frame.bottom, frame.top)
  const lines = series
    .filter((each) => each.points.length > 0)
    .map((each, i) => ({
      ...each,
      dash: dashes[series.slice(0, i).filter(({ family }) => family === each.family).length % dashes.length] ?? "",
      path: each.points.map(({ requests, seconds }): Point => ({ x: x.at(requests), y: y.at(seconds) }))
    }))
  const isWhole = ({ path }: { readonly path: ReadonlyArray<Point> }) => (path.at(-1)?.x ?? 0) > frame.right - 1
  const whole = lines.filter(isWhole)
  const early = lines.filter((line) => !isWhole(line))
  const paths = lines.map(({ path }) => path)
  const columnBox: Box = { left: column - 4, top: frame.top - 8, right: width, bottom: frame.bottom + 8 }
  const labelsOf = [
    ...inColumn(whole.map(textOf), column, lineHeight, frame.top, frame.bottom),
    ...besideEnds(early.map(textOf), paths, [columnBox], { ...frame, right: width - 8 }, lineHeight)
  ]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title description">`,
    `<title id="title">${title}</title>`,
    `<desc id="description">${escape(description(series))}</desc>`,
    `<style>${style}</style>`,
    `<rect class="paper" width="${width}" height="${height}" rx="10"/>`,
    `<text class="title" x="28" y="38">${title}</text>`,
    `<text class="soft" x="28" y="60">Seconds until the last answer, in a process that has just started. Less is better; both axes are logarithmic.</text>`,
    ...grid(x, y),
    ...lines.map(drawLine),
    ...labelsOf.map((label, i) => drawLabel(label, [...whole, ...early][i])),
    "</svg>",
    ""
  ].join("\n")
}

const title = "Fetching many URLs, 64 at once"

const dashes = ["", "7 4", "2 4", "9 3 2 3"]

interface Line extends Series {
  readonly dash: string
  readonly path: ReadonlyArray<Point>
}

interface Scale {
  readonly domain: readonly [number, number]
  readonly at: (value: number) => number
}

/** Logarithmic. */
const scale = (domain: readonly [number, number], start: number, end: number): Scale => {
  const [low, high] = domain.map(Math.log) as [number, number]
  const span = high > low ? high - low : 1
  return { domain, at: (value) => start + ((Math.log(value) - low) / span) * (end - start) }
}

const extent = (values: ReadonlyArray<number>): readonly [number, number] =>
  values.length === 0 ? [1, 10] : [Math.min(...values), Math.max(...values)]

const padded = ([low, high]: readonly [number, number]): readonly [number, number] => [low / 1.25, high * 1.25]

/** 1, 2 and 5 in every decade, as far as they are within. */
const ticks = ([low, high]: readonly [number, number], steps: ReadonlyArray<number>): ReadonlyArray<number> => {
  const found = []
  for (let decade = Math.floor(Math.log10(low)); decade <= Math.ceil(Math.log10(high)); decade++) {
    for (const step of steps) {
      const tick = Number((step * 10 ** decade).toPrecision(1))
      if (tick >= low && tick <= high) found.push(tick)
    }
  }
  return found
}

const grid = (x: Scale, y: Scale): ReadonlyArray<string> => [
  ...ticks(y.domain, [1, 2, 5]).flatMap((tick) => {
    const at = round(y.at(tick))
    return [
      `<path class="grid" d="M${frame.left} ${at}H${frame.right}"/>`,
      `<text class="soft" text-anchor="end" x="${frame.left - 10}" y="${at + 4}">${tick} s</text>`
    ]
  }),
  ...ticks(x.domain, [1, 2, 5]).map((tick) => {
    const at = round(x.at(tick))
    const text = tick.toLocaleString("en").replaceAll(",", " ")
    return `<path class="tick" d="M${at} ${frame.bottom}v5"/><text class="soft" text-anchor="middle" x="${at}" y="${frame.bottom + 22}">${text}</text>`
  }),
  `<path class="axis" d="M${frame.left} ${frame.bottom}H${frame.right}"/>`,
  `<text class="soft" text-anchor="middle" x="${(frame.left + frame.right) / 2}" y="${frame.bottom + 44}">requests</text>`
]

const drawLine = ({ dash, family, path }: Line): string => {
  const d = path.map(({ x, y }, i) => `${i === 0 ? "M" : "L"}${round(x)} ${round(y)}`).join("")
  const dots = path.map(({ x, y }) => `<circle cx="${round(x)}" cy="${round(y)}" r="${family === "ours" ? 4 : 3}"/>`)
  const dashed = dash === "" ? "" : ` stroke-dasharray="${dash}"`
  return `<g class="${family}"><path class="line" d="${d}"${dashed}/>${dots.join("")}</g>`
}

const drawLabel = ({ anchor, at, end }: Label, line: Line | undefined): string => {
  if (line === undefined) return ""
  const isFar = Math.abs(at.y - end.y) > 3 || at.x - end.x > 20
  const lead = anchor === "column" && isFar ? leader(end, at) : ""
  const x = round(at.x)
  const y = round(at.y + 4)
  return `<g class="${line.family}">${lead}<text class="label" x="${x}" y="${y}">${escape(line.label)} <tspan class="value">${time(line)}</tspan></text></g>`
}

const leader = (end: Point, at: Point): string =>
  `<path class="leader" d="M${round(end.x + 6)} ${round(end.y)}L${round(at.x - 5)} ${round(at.y)}"/>`

const textOf = (line: Line) => ({
  end: line.path.at(-1) ?? { x: 0, y: 0 },
  width: textWidth(`${line.label} ${time(line)}`)
})

/** Of the most requests that the client was given. */
const time = ({ points }: Series): string => {
  const seconds = points.at(-1)?.seconds ?? 0
  return `${seconds < 1 ? seconds.toFixed(2) : seconds.toFixed(1)} s`
}

const description = (series: ReadonlyArray<Series>): string =>
  series
    .map(
      ({ label, points }) =>
        `${label}: ${points.map(({ requests, seconds }) => `${requests} in ${seconds.toPrecision(3)} s`).join(", ")}.`
    )
    .join(" ")

const round = (value: number): number => Math.round(value * 10) / 10

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

const scheme = (which: 0 | 1): string => {
  const [paper, ink, soft, faint] =
    which === 0 ? ["#ffffff", "#1f2328", "#59636e", "#e4e8ec"] : ["#0d1117", "#f0f6fc", "#9aa4af", "#262c35"]
  return [
    `.paper{fill:${paper};stroke:${faint}}`,
    `.title{fill:${ink}}.soft{fill:${soft}}`,
    `.grid{stroke:${faint}}.axis,.tick{stroke:${soft}}`,
    `.label{stroke:${paper}}`,
    ...Object.entries(colours).map(([family, colour]) => `.${family}{stroke:${colour[which]};fill:${colour[which]}}`)
  ].join("")
}

const style = [
  `text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}`,
  ".title{font-size:19px;font-weight:600}",
  ".line{fill:none;stroke-width:1.75;stroke-linejoin:round}.ours .line{stroke-width:3}",
  "circle{stroke:none}",
  ".leader{fill:none;stroke-width:1;opacity:.45}",
  // A rim of the paper's colour keeps a label readable where a line passes under it.
  ".label{paint-order:stroke;stroke-width:4px;stroke-linejoin:round}.ours .label{font-weight:600}",
  ".value{font-weight:400;opacity:.8}",
  scheme(0),
  `@media (prefers-color-scheme:dark){${scheme(1)}}`
].join("")
