/** What a module imports, and what that imports in turn: files by relative specifiers, and the specifiers of all else. */
import { dirname, join } from "node:path"

export interface ImportGraph {
  /** The module itself, and all that it reaches by relative specifiers. */
  readonly files: ReadonlyArray<string>
  /** Packages' modules and those of Node, as they are imported. */
  readonly others: ReadonlyArray<string>
}

/** `read` gives a file's JavaScript, by the path that relative specifiers lead to. */
export const importGraph = (entry: string, read: (file: string) => string): ImportGraph => {
  const files = new Set([entry])
  const others = new Set<string>()
  for (const file of files) {
    for (const specifier of specifiers(read(file))) {
      if (specifier.startsWith(".")) files.add(join(dirname(file), specifier))
      else others.add(specifier)
    }
  }
  return { files: [...files], others: [...others].sort() }
}

/** Of declarations that the compiler or the formatter has written: they begin a line. `import()` is not among them. */
const specifiers = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/^(?:import|export)\b(?:[^"';()=]*?\bfrom)?\s*["']([^"']+)["']/gm)].flatMap(
    ([, specifier]) => specifier ?? []
  )
