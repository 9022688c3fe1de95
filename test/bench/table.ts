/** A table in Markdown: the first column is text, the others are numbers. */
export const table = (titles: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const line = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`
  return [line(titles), line(titles.map((_, i) => (i === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n")
}

export const micros = (value: number): string => value.toFixed(Math.abs(value) < 10 ? 2 : 0)

export const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)

export const percent = (share: number): string => `${(share * 100).toFixed(0)} %`
