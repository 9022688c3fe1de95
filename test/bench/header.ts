/** Where and of what a run was: the head of the report. */
import { readFileSync } from "node:fs"
import { cpus } from "node:os"
import { join } from "node:path"
import type { Python } from "./python.js"
import { root } from "./root.js"
import type { Runner } from "./run.js"
import type { Timing } from "./timing.js"

export interface Header {
  readonly date: Date
  readonly server: string
  readonly rounds: number
  readonly quick: boolean
  readonly cpus: string
  readonly versions: ReadonlyArray<readonly [name: string, version: string]>
  readonly timing: Timing
}

export const headerOf = ({ pythons, server, timing }: Runner, rounds: number, quick: boolean): Header => {
  const [cpu] = cpus()
  return {
    date: new Date(),
    server: server.name,
    rounds,
    quick,
    cpus: `${cpus().length} × ${cpu?.model ?? "CPU"}`,
    versions: [...packages.map((name) => [name, versionOf(name)] as const), ...pythonVersions(pythons)],
    timing
  }
}

const packages = ["undici", "effect", "@effect/platform", "@effect/platform-node", "axios", "got", "ky", "p-limit"]

const versionOf = (name: string): string => {
  const text = readFileSync(join(root, "node_modules", name, "package.json"), "utf8")
  return (JSON.parse(text) as { readonly version: string }).version
}

const pythonVersions = (pythons: ReadonlyMap<string, Python>): Header["versions"] => {
  const [first] = pythons.values()
  if (first === undefined) return []
  const libraries = [...pythons].map(([name, python]) => [`${name.replace("_", " ")}`, python.libraryVersion] as const)
  return [["Python", first.version], ...libraries]
}
