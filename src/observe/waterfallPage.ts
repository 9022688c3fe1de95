/**
 * A waterfall as a page: one file of HTML that needs nothing else, and that runs nothing.
 *
 * What to know: the page has no script and no address to load from, and its policy forbids both, so that nothing in a URL
 * or an error message can do more than be read. The table under the bars has all their numbers.
 */
import { visible } from "./cells.js"
import { bytes, counted, duration, grouped } from "./quantities.js"
import {
  type Answered,
  connecting,
  type Entry,
  type Failed,
  kinds,
  marksOf,
  segmentsOf,
  selected,
  stepOf,
  summaryOf
} from "./Waterfall.js"
import { style } from "./waterfallStyle.js"

export interface PageOptions {
  /** Said under the title, e.g. when the requests were sent. Default: nothing. */
  readonly subtitle?: string | undefined
  /** How many requests have a row; of more, those that failed, up to half of them, and the longest. Default: 5000, which a browser shows in about a second. */
  readonly most?: number | undefined
}

/** All of the page. */
export const waterfallPage = (entries: ReadonlyArray<Entry>, options: PageOptions = {}): string => {
  const { most = 5_000, subtitle = "" } = options
  const shown = selected(entries, most)
  const total = summaryOf(shown).total
  const title = `Waterfall of ${counted(entries.length, "request")}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p>${escaped(subtitle)}</p>
${summary(entries)}
${legend}
${shown.length < entries.length ? note(shown.length, entries.length) : ""}
<div class="frame">
<table style="--step:${percent(stepOf(total, marks), total)}">
<caption>${title}, one in a row: what it was, how it ended, and how long each part of it took</caption>
<thead>
<tr>
<th scope="col" class="index">#</th>
<th scope="col" class="request">Request</th>
<th scope="col" class="status">Status</th>
<th scope="col" class="protocol">Protocol</th>
<th scope="col" class="bytes">Bytes</th>
<th scope="col" class="time">Time</th>
<th scope="col" class="bar" aria-label="Bars over time">${scale(total)}</th>
${partNames.map((name) => `<th scope="col" class="part">${name}</th>`).join("\n")}
</tr>
</thead>
<tbody>
${shown.map((entry) => row(entry, total)).join("\n")}
</tbody>
</table>
</div>
<footer><p>The values of queries, and users and passwords, are not shown. Rest the pointer on a bar to read its times.</p></footer>
</main>
</body>
</html>
`
}

const marks = 6

const partNames = ["Queued", "Connect", "TLS", "Wait", "Download"]

/** Text of others as text. */
const escaped = (text: string): string => visible(text).replace(/[&<>"']/g, (character) => entities[character]!)

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" }

const percent = (part: number, total: number): string => `${total > 0 ? decimal((100 * part) / total) : 100}%`

const decimal = (value: number): number => Math.round(value * 100) / 100

const summary = (entries: ReadonlyArray<Entry>): string => {
  const { answered, bytes: received, failed, high, median, total } = summaryOf(entries)
  const cards: ReadonlyArray<readonly [name: string, value: string, mark?: string]> = [
    ["Answered", grouped(answered)],
    ["Failed", grouped(failed), failed > 0 ? "bad" : ""],
    ["Total time", duration(total)],
    ["Median", duration(median)],
    ["95 % within", duration(high)],
    ["Received", bytes(received)],
    ["Requests/s", total > 0 ? grouped(Math.round((1000 * entries.length) / total)) : "–"]
  ]
  const items = cards.map(([name, value, mark = ""]) => `<div><dt>${name}</dt><dd class="${mark}">${value}</dd></div>`)
  return `<dl class="summary">\n${items.join("\n")}\n</dl>`
}

const square = (kind: string): string =>
  `<svg viewBox="0 0 1 1" aria-hidden="true"><rect class="${kind}" width="1" height="1"/></svg>`

const legend = `<ul class="legend" aria-label="What the colours mean">
${kinds.map((kind) => `<li>${square(kind)}${kind}</li>`).join("\n")}
</ul>`

const note = (shown: number, all: number): string =>
  `<p class="note">There are rows for ${grouped(shown)} of ${grouped(all)} requests: failures, and those that took longest.</p>`

const scale = (total: number): string => {
  // A text that begins at the very end would stand outside.
  const texts = marksOf(total, marks).filter((mark) => mark <= total * 0.88)
  const spans = texts.map(
    (mark) => `<span style="left:${percent(mark, total)}">${mark === 0 ? "0" : duration(mark)}</span>`
  )
  return `<div class="scale">${total > 0 ? spans.join("") : ""}</div>`
}

const row = (entry: Entry, total: number): string => {
  const { elapsed, index, method, result, url } = entry
  const shown = escaped(method === "GET" ? url : `${method} ${url}`)
  const isAnswered = result._tag === "Answered"
  const why = isAnswered
    ? ""
    : `<small title="${escaped(result.message)}">${escaped(`${result.tag}: ${reasonOf(entry, result)}`)}</small>`
  const cells = [
    `<td class="index">${index}</td>`,
    `<th scope="row" class="request" title="${shown}"><bdi>${shown}</bdi>${why}</th>`,
    isAnswered
      ? `<td class="status ${moodOf(result.status)}">${result.status}</td>`
      : `<td class="status bad">failed</td>`,
    `<td class="protocol">${isAnswered ? escaped(result.httpVersion) : ""}</td>`,
    `<td class="bytes">${isAnswered ? bytes(result.bytes) : ""}</td>`,
    `<td class="time">${duration(elapsed)}</td>`,
    `<td class="bar">${bars(entry, total)}</td>`,
    ...partsOf(entry).map((part) => `<td class="part">${part === undefined ? "" : duration(part)}</td>`)
  ]
  return `<tr${isAnswered ? "" : ' class="failure"'}>${cells.join("")}</tr>`
}

const moodOf = (status: number): string => (status < 300 ? "good" : status < 400 ? "moved" : "bad")

/** The message without the request, which stands above it. */
const reasonOf = ({ method, url }: Entry, { message }: Failed): string => {
  const which = `${method} ${url}: `
  return message.startsWith(which) ? message.slice(which.length) : message
}

/** In the order of `partNames`. */
const partsOf = ({ result, startedAt }: Entry): ReadonlyArray<number | undefined> => {
  if (result._tag === "Failed") return [startedAt, undefined, undefined, undefined, undefined]
  const { timings } = result
  const connected = timings.connect === undefined ? undefined : connecting(timings)
  return [startedAt + (timings.queued ?? 0), connected, timings.tls, timings.wait, timings.download]
}

/** Of a thousand units in width. */
const units = 1000

// What is shorter would not be seen.
const narrowest = 3

const bars = (entry: Entry, total: number): string => {
  const rects = segmentsOf(entry).map(({ from, kind, to }) => {
    const x = total > 0 ? (units * from) / total : 0
    const width = Math.max(narrowest, total > 0 ? (units * (to - from)) / total : 0)
    const [y, height] = kind === "queued" ? [4, 2] : [0, 10]
    return `<rect class="${kind}" x="${decimal(Math.min(x, units - narrowest))}" y="${y}" width="${decimal(width)}" height="${height}"/>`
  })
  return `<svg viewBox="0 0 ${units} 10" preserveAspectRatio="none" aria-hidden="true"><title>${tooltip(entry)}</title>${rects.join("")}</svg>`
}

const tooltip = (entry: Entry): string => {
  const { elapsed, result } = entry
  const lines = [`${entry.method} ${entry.url}`]
  if (result._tag === "Failed") {
    const { delivery, phase, tag } = result
    lines.push(`${tag}${phase === undefined ? "" : ` (${phase}, ${delivery})`} after ${duration(elapsed)}`)
  } else {
    lines.push(`${result.status} ${result.httpVersion}, ${counted(result.bytes, "byte")} in ${duration(elapsed)}`)
    lines.push(...steps(entry.startedAt, result).map(([name, took]) => `${name}: ${duration(took)}`))
  }
  return lines.map(escaped).join("\n")
}

const steps = (startedAt: number, { timings }: Answered): ReadonlyArray<readonly [name: string, took: number]> => {
  const { connect, dns, download, proxy, queued, tls, wait } = timings
  const all = { queued: startedAt + (queued ?? 0), dns, connect, proxy, tls, wait, download }
  return Object.entries(all).flatMap(([name, took]) => (took === undefined ? [] : [[name, took] as const]))
}
