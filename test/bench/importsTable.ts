/** The entry points of the package in one table: each against the modules of others that it imports. */
import { entries } from "./entries.js"
import { resultOf, speedRatio, type Row } from "./results.js"
import { table } from "./table.js"

export const importsTable = (rows: ReadonlyArray<Row>): ReadonlyArray<string> => {
  const body = entries.flatMap(({ name, specifier }) => {
    const entry = resultOf(rows, "entry-point", `import-${name}`)
    const others = resultOf(rows, "others-modules", `import-${name}`)
    if (entry === undefined || others === undefined) return []
    const millis = [entry, others].map(({ seconds }) => (seconds * 1e3).toFixed(1))
    return [[specifier, ...millis, speedRatio(others, entry).toFixed(2)]]
  })
  if (body.length === 0) return []
  return [
    "## Import into a fresh process",
    "Against a module that imports what the entry point uses of others: of Effect, of its platform, of Node.",
    table(["entry point", "ms", "ms of the others", "ratio"], body)
  ]
}
