/**
 * Translates what runs in child processes to JavaScript, once, so that they run under plain `node`. A loader such as tsx
 * stays in the measured process: undici.request was 15 % slower under it, undici's dispatch 1 %, and the peak RSS
 * 20 to 150 MB higher.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import ts from "typescript"
import { writeImports } from "./imports.js"
import { root } from "./root.js"

export const source = join(root, "test", "bench")

/** Whether there is something of the package to be measured. */
export const isBuilt = (): boolean => ["index.js", "node.js"].every((file) => existsSync(join(root, "dist", file)))

/**
 * Returns the folder with `child.js` and the servers. It lies where the sources lie in the repository, and what is
 * built of the package where its sources do: so relative imports of what the package does not export lead there too.
 */
export const build = (folder: string): string => {
  const out = join(folder, "test", "bench")
  mkdirSync(join(out, "clients"), { recursive: true })
  for (const file of [...sources(""), ...sources("clients")]) {
    const text = ts.transpileModule(readFileSync(join(source, file), "utf8"), {
      fileName: file,
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true
      }
    }).outputText
    writeFileSync(join(out, file.replace(/\.ts$/, ".js")), text)
  }
  writeFileSync(join(out, "package.json"), JSON.stringify({ type: "module" }))
  // Packages are found by walking up: first this package under its own name, then all it has installed.
  mkdirSync(join(out, "node_modules"))
  symlinkSync(root, join(out, "node_modules", "effect-httpx"), "junction")
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction")
  symlinkSync(join(root, "dist"), join(folder, "src"), "junction")
  if (isBuilt()) writeImports(out)
  return out
}

const sources = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(source, folder))
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(folder, file))
