/** The README with the chart at the beginning of its measurements; their prose is written by hand. */

const begin = "<!-- measurements: begin -->"
const end = "<!-- measurements: end -->"

const image = "![Seconds to fetch 1 000 to 100 000 URLs, 64 at once, for this client and others](test/bench/chart.svg)"

export const withChart = (readme: string): string => {
  const from = readme.indexOf(begin)
  const to = readme.indexOf(end)
  if (from < 0 || to < from) throw new Error(`the README has no ${begin} before ${end}`)
  const prose = readme
    .slice(from + begin.length, to)
    .replace(/^!\[[^\]]*\]\([^)]*chart\.svg\)$/m, "")
    .trim()
  return [readme.slice(0, from) + begin, image, prose, end + readme.slice(to + end.length)]
    .filter((part) => part !== "")
    .join("\n\n")
}
