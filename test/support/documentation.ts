/** Code in documentation: where it stands, and what the compiler says of it. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"

export const root = fileURLToPath(new URL("../../", import.meta.url))

export interface Block {
  readonly line: number
  readonly run: boolean
  readonly code: string
}

/** The blocks of a Markdown text; `line` is where the first line of code stands. */
export const blocksOf = (markdown: string): ReadonlyArray<Block> => {
  const blocks: Array<Block> = []
  const lines = markdown.split(/\r?\n/)
  for (let i = 0; i < lines.length; i++) {
    const open = /^( *)(`{3,})(.*)$/.exec(lines[i]!)
    if (open === null) continue
    const [, indent, fence, info] = open
    const first = i + 1
    while (++i < lines.length && lines[i]!.trim() !== fence) continue
    const [language, ...words] = info!.trim().split(/\s+/)
    if (language !== "ts" && language !== "typescript") continue
    const code = lines.slice(first, i).map((line) => (line.startsWith(indent!) ? line.slice(indent!.length) : line))
    blocks.push({ line: first + 1, run: words.includes("run"), code: code.join("\n") })
  }
  return blocks
}

/** The blocks of a source file's comments. */
export const commentBlocksOf = (source: string): ReadonlyArray<Block> => blocksOf(source.replace(/^ \* ?/gm, ""))

/** "effect-httpx" and its sub-paths as this source, from `exports` of package.json. */
export const paths = Object.fromEntries(
  Object.entries<string | { readonly default: string }>(
    JSON.parse(readFileSync(join(root, "package.json"), "utf8")).exports
  ).flatMap(([path, target]) =>
    typeof target === "string"
      ? []
      : [
          [
            path.replace(/^\./, "effect-httpx"),
            [join(root, target.default.replace("./dist/", "src/").replace(/\.js$/, ".ts"))]
          ]
        ]
  )
)

/** What the compiler says of the blocks of some documents, by the lines of those. */
export const typeErrors = (
  documents: ReadonlyArray<{ readonly name: string; readonly blocks: ReadonlyArray<Block> }>
): ReadonlyArray<string> => {
  const config = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile)
  const options: ts.CompilerOptions = {
    ...ts.parseJsonConfigFileContent(config.config, ts.sys, root).options,
    paths,
    noUnusedLocals: false,
    noUnusedParameters: false
  }
  // Each block is a file that begins with as many empty lines as stand before it in its document.
  const names = new Map<string, string>()
  const files = new Map<string, string>()
  for (const { blocks, name } of documents) {
    for (const { code, line } of blocks) {
      const file = join(root, `${name.replace(/\W/g, "-")}.${line}.ts`)
      names.set(file, name)
      files.set(file, "\n".repeat(line - 1) + code)
    }
  }
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile } = host
  host.fileExists = (name) => files.has(name) || fileExists(name)
  host.readFile = (name) => files.get(name) ?? readFile(name)
  const getSourceFile = host.getSourceFile
  host.getSourceFile = (name, target, ...rest) =>
    files.has(name) ? ts.createSourceFile(name, files.get(name)!, target) : getSourceFile(name, target, ...rest)
  const program = ts.createProgram({ rootNames: [...files.keys()], options, host })
  return [...files.keys()].flatMap((name) => {
    const file = program.getSourceFile(name)!
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map((diagnostic) => {
      const { character, line } = file.getLineAndCharacterOfPosition(diagnostic.start ?? 0)
      const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n")
      return `${names.get(name)}:${line + 1}:${character + 1} ${message}`
    })
  })
}
