/**
 * The package as its users get it: packed, installed from the tarball into an empty project, compiled and run there.
 * Needs a fresh build. Run by `npm run check:package`.
 */
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "pack-"))
const json = (...path: ReadonlyArray<string>) => JSON.parse(readFileSync(join(...path), "utf8"))

const run = (cwd: string, command: string, ...args: ReadonlyArray<string>): string => {
  try {
    return execFileSync(command, args, {
      cwd,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32" && command === "npm"
    })
  } catch (error) {
    const { stderr, stdout } = error as { readonly stdout?: string; readonly stderr?: string }
    throw new Error(`${[command, ...args].join(" ")}\n${stdout ?? ""}${stderr ?? ""}`, { cause: error })
  }
}

const step = (name: string, body: () => void): void => {
  const start = Date.now()
  body()
  console.log(`ok  ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`)
}

/** The same versions as here, so that npm has them already. */
const installed = (name: string): string => `${name}@${json(root, "node_modules", name, "package.json").version}`

/** Compiles in the project. Third-party declarations are checked too: what is wrong in them alone is passed over. */
const compile = (name: string, files: ReadonlyArray<string>, options: Record<string, unknown>): void => {
  const config = `tsconfig.${name}.json`
  writeFileSync(
    join(folder, config),
    JSON.stringify({ compilerOptions: { strict: true, target: "ES2022", skipLibCheck: false, ...options }, files })
  )
  let output: string
  try {
    output = run(folder, process.execPath, "node_modules/typescript/bin/tsc", "-p", config, "--pretty", "false")
  } catch (error) {
    output = (error as Error).message
    const errors = output.split("\n").filter((line) => /error TS\d+/.test(line))
    const ours = errors.filter((line) => !/^(\.\.\/)*node_modules\/(?!effect-httpx\/)/.test(line))
    if (errors.length === 0 || ours.length > 0) throw error
    console.log(`    ${errors.length} errors in declarations of others, the first: ${errors[0]}`)
  }
}

try {
  const name: string = json(root, "package.json").name
  let tarball = ""

  step("pack", () => {
    const packed = Object.values(
      JSON.parse(run(root, "npm", "pack", "--json", "--ignore-scripts", "--pack-destination", folder))
    )[0] as { readonly filename: string; readonly files: ReadonlyArray<{ readonly path: string }> }
    tarball = join(folder, packed.filename)
    const files = packed.files.map((file) => file.path)
    for (const path of files) {
      assert.match(path, /^((dist|src)\/.+|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/)
      assert.doesNotMatch(path, /^(dist|src)\/cli\//)
    }
    for (const path of ["README.md", "LICENSE", "CHANGELOG.md"])
      assert.ok(files.includes(path), `${path} is not packed`)
    for (const path of files.filter((path) => path.endsWith(".map"))) {
      for (const source of json(root, path).sources as ReadonlyArray<string>) {
        const target = relative(root, join(root, dirname(path), source)).replaceAll("\\", "/")
        assert.ok(files.includes(target), `${path} points to ${target}, which is not packed`)
      }
    }
  })

  step("install", () => {
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }))
    const packages = ["effect", "@effect/platform", "typescript", "@types/node"].map(installed)
    const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
    run(folder, "npm", "install", ...flags, tarball, ...packages)
    assert.ok(!existsSync(join(folder, "node_modules", name, "node_modules")), "effect is installed a second time")
    cpSync(join(root, "test/package/consumer"), folder, { recursive: true })
  })

  step("import every sub-path", () => {
    const paths = Object.keys(json(folder, "node_modules", name, "package.json").exports)
    const code = paths.map((path) => {
      const options = path.endsWith(".json") ? `, { with: { type: "json" } }` : ""
      return `await import(${JSON.stringify(path.replace(".", name))}${options})`
    })
    run(folder, process.execPath, "--no-warnings", "--input-type=module", "--eval", code.join("\n"))
  })

  const nodeNext = { module: "NodeNext", moduleResolution: "NodeNext" }
  const bundler = { module: "ESNext", moduleResolution: "bundler" }
  step("compile for everywhere, without the types of Node", () =>
    compile("portable", ["portable.ts"], { ...nodeNext, types: [], noEmit: true })
  )
  step("compile for a bundler", () => compile("bundler", ["main.ts"], { ...bundler, types: ["node"], noEmit: true }))
  step("compile for Node", () => compile("node", ["main.ts"], { ...nodeNext, types: ["node"], outDir: "out" }))
  step("run", () => assert.match(run(folder, process.execPath, "out/main.js"), /the consumer works/))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
