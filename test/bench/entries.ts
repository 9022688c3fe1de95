/** The entry points of the package, as its manifest has them. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./root.js"

export interface Entry {
  /** `index` for the package itself, otherwise the sub-path. */
  readonly name: string
  readonly specifier: string
  /** The built file. */
  readonly file: string
}

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly name: string
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>
}

export const entries: ReadonlyArray<Entry> = Object.entries(manifest.exports).flatMap(([path, target]) =>
  typeof target === "string"
    ? []
    : [
        {
          name: path === "." ? "index" : path.slice(2),
          specifier: manifest.name + path.slice(1),
          file: join(root, target.default)
        }
      ]
)
