/** For each entry point of the package a module that imports it, and one that imports what it uses of others. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Client, Scenario } from "./catalog.js"
import { entries } from "./entries.js"
import { importGraph } from "./importGraph.js"

/** Written where packages are found from. */
export const writeImports = (built: string): void => {
  mkdirSync(join(built, "imports"))
  for (const { file, name, specifier } of entries) {
    const { others } = importGraph(file, (file) => readFileSync(file, "utf8"))
    write(built, `import-${name}`, "entry-point", [specifier])
    write(built, `import-${name}`, "others-modules", others)
  }
}

export const importFile = (built: string, scenario: Scenario, client: Client): string =>
  join(built, "imports", `${scenario.name}.${client.name}.mjs`)

const write = (built: string, scenario: string, client: string, specifiers: ReadonlyArray<string>): void => {
  const text = specifiers.map((specifier) => `import ${JSON.stringify(specifier)}\n`).join("")
  writeFileSync(join(built, "imports", `${scenario}.${client}.mjs`), text)
}
