/** How the page of a waterfall looks: in light and in dark, on a wide screen, a narrow one and on paper. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #fbfbfa; --raised: #ffffff; --text: #1d2127; --muted: #5d6570; --line: #e3e5e8; --grid: #eceef0;
  --queued: #b9c0c8; --connect: #e69138; --tls: #9a63c9; --wait: #2f9e77; --download: #2f6fd6; --failed: #cc2f3f;
  --good: #14734f; --moved: #8a5a00; --bad: #b3202f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14161a; --raised: #1b1e24; --text: #e4e7eb; --muted: #9aa3ae; --line: #2c3038; --grid: #252931;
    --queued: #555d68; --connect: #e8a04c; --tls: #b58be0; --wait: #46b98f; --download: #5b93ee; --failed: #ef5b69;
    --good: #5fc79d; --moved: #e2b04a; --bad: #ff7b86;
  }
}
* { box-sizing: border-box }
body {
  margin: 0; padding: 2rem clamp(.75rem, 3vw, 2.5rem) 3rem; background: var(--ground); color: var(--text);
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
main { max-width: 1500px; margin: 0 auto }
h1 { margin: 0 0 .15rem; font-size: 1.5rem; line-height: 1.2; letter-spacing: -.01em }
p { margin: 0; color: var(--muted) }
dl.summary { display: grid; grid-template-columns: repeat(auto-fit, minmax(6.5rem, 1fr)); gap: .6rem; margin: 1.25rem 0 }
dl.summary div { background: var(--raised); border: 1px solid var(--line); border-radius: .6rem; padding: .6rem .8rem }
dl.summary dt { color: var(--muted); font-size: .8rem }
dl.summary dd { margin: 0; font-size: 1.2rem; font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap }
dl.summary dd.bad { color: var(--bad) }
ul.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin: 0 0 .9rem; padding: 0; list-style: none; color: var(--muted) }
ul.legend svg { width: .85rem; height: .85rem; margin-right: .4rem; border-radius: 3px; vertical-align: -.1rem }
.note { margin: 0 0 .9rem; padding: .5rem .8rem; border-left: 3px solid var(--connect); background: var(--raised); color: var(--text) }
.frame { background: var(--raised); border: 1px solid var(--line); border-radius: .6rem; overflow-x: clip }
table { width: 100%; border-collapse: separate; border-spacing: 0; table-layout: fixed; font-variant-numeric: tabular-nums }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
th, td { padding: .3rem .5rem; text-align: right; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; vertical-align: middle }
thead th {
  position: sticky; top: 0; z-index: 1; background: var(--raised); border-bottom: 1px solid var(--line);
  color: var(--muted); font-size: .78rem; font-weight: 600; vertical-align: bottom
}
tbody tr + tr > * { border-top: 1px solid var(--grid) }
tbody tr:hover > * { background: color-mix(in srgb, var(--download) 8%, transparent) }
tbody th { font-weight: 400 }
.index { width: 3rem; color: var(--muted) }
.request { width: 20%; text-align: left }
.request bdi { display: block; overflow: hidden; text-overflow: ellipsis }
.request small { display: block; overflow: hidden; text-overflow: ellipsis; color: var(--bad); font-size: .8rem }
.status { width: 4.2rem; text-align: left; font-weight: 600 }
.protocol { width: 5.2rem; text-align: left; color: var(--muted) }
.bytes, .time { width: 4.6rem }
.part { width: 4.9rem; color: var(--muted); font-size: .85rem }
thead .part { font-size: .78rem }
.part:last-child { width: 5.6rem }
.bar { padding: 0 .9rem 0 .6rem; overflow: visible }
td.bar {
  background: repeating-linear-gradient(to right, var(--grid) 0 1px, transparent 1px var(--step)) .6rem 0 / calc(100% - 1.5rem) 100% no-repeat
}
td.bar svg { display: block; width: 100%; height: .95rem; overflow: visible }
.good { color: var(--good) } .moved { color: var(--moved) } .bad { color: var(--bad) }
.scale { position: relative; height: 1.1rem; font-weight: 400 }
.scale span { position: absolute; bottom: .1rem; padding-left: .25rem; border-left: 1px solid var(--line) }
.scale span:first-child { padding-left: 0; border: 0 }
thead th:first-child { border-top-left-radius: .6rem } thead th:last-child { border-top-right-radius: .6rem }
rect.queued { fill: var(--queued) } rect.connect { fill: var(--connect) } rect.tls { fill: var(--tls) }
rect.wait { fill: var(--wait) } rect.download { fill: var(--download) } rect.failed { fill: var(--failed) }
footer { margin-top: 1rem; font-size: .85rem }
@media (max-width: 1150px) { .part { display: none } .request { width: 28% } }
@media (max-width: 950px) { .scale span:nth-child(even) { display: none } }
@media (max-width: 720px) {
  body { padding-top: 1rem; font-size: 13px }
  .protocol, .bytes { display: none }
  .index { width: 2.4rem } .status { width: 3.9rem } .time { width: 4rem } .request { width: 36% }
  th, td { padding: .3rem .3rem }
  .request bdi { white-space: normal; overflow-wrap: anywhere; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2 }
  .bar { padding: 0 .5rem 0 .3rem }
  td.bar { background-position: .3rem 0; background-size: calc(100% - .8rem) 100% }
}
@media print { body { background: none } .frame { border: 0 } thead th { position: static } tr { break-inside: avoid } }
@media (forced-colors: active) { svg { forced-color-adjust: none } }
`
