import { execFile } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { blocksOf, commentBlocksOf, paths, root, typeErrors } from "./support/documentation.js"

/*
 * The README's examples. A block that begins with
 *
 *   ```ts      is type-checked: it is a whole module, and what it imports from "effect-httpx" is this source;
 *   ```ts run  is also run, in a process of its own. Each `// prints: …` in it is one line that it prints, in order,
 *              and it prints no other. Every origin that it names at example.com, .org or .net (https or http, any
 *              subdomain) is a loopback server with the `routes` below, and is named as written in what is printed.
 */

/** What the servers answer, by path. */
const routes: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
  "/": (_, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8")
    response.end("<!doctype html><title>Example</title>\n")
  },
  /** What the request says. */
  "/echo": (request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const { headers, method, url } = request
      response.end(`${method} ${url}, X-Version ${headers["x-version"] ?? "none"}: ${Buffer.concat(chunks).toString()}`)
    })
  },
  /** A megabyte, in 64 chunks. */
  "/big": async (_, response) => {
    for (let i = 0; i < 64; i++) {
      if (!response.write(Buffer.alloc(16_384, "x"))) await new Promise((resume) => response.once("drain", resume))
    }
    response.end()
  },
  "/lines": (_, response) => {
    response.setHeader("content-type", "text/plain")
    response.end("one\ntwo\nthree\n")
  },
  /** A problem document (RFC 9457) with a member of its own. */
  "/fault": (_, response) => {
    response.writeHead(409, { "content-type": "application/problem+json" })
    response.end(JSON.stringify({ title: "Out of stock", code: 7 }))
  },
  "/points": (_, response) => response.end('{"x":1}\n{"x":2}\n{"x":3}\n'),
  "/login": (_, response) => response.writeHead(303, { "set-cookie": "session=42", location: "/basket" }).end(),
  "/basket": ({ headers }, response) => response.end(headers.cookie ?? "no cookies"),
  "/users/1": (_, response) => json(response, { id: 1, name: "Ada" }),
  "/redirect": (_, response) => response.writeHead(302, { location: "/" }).end(),
  "/unavailable": (_, response) => response.writeHead(503, { "retry-after": "1" }).end("try again later\n")
}

const json = (response: ServerResponse, value: unknown): void => {
  response.setHeader("content-type", "application/json")
  response.end(JSON.stringify(value))
}

/** A path that ends in a number and has no route of its own answers with that number: for examples in parallel. */
const answer = (request: IncomingMessage, response: ServerResponse): void => {
  const path = new URL(request.url ?? "/", "http://localhost").pathname
  const number = /\/(\d+)$/.exec(path)?.[1]
  const route = routes[path] ?? (path.startsWith("/echo/") ? routes["/echo"] : undefined)
  if (route !== undefined) route(request, response)
  else if (number !== undefined) response.end(number)
  else response.writeHead(404).end("not found\n")
}

const readme = readFileSync(join(root, "README.md"), "utf8")
const blocks = blocksOf(readme)

/** Those that begin with prose and an example: all that a user imports, the three that only gather others aside. */
const modules = [
  ...readdirSync(join(root, "src"))
    .filter((name) => /^[A-Z].*\.ts$/.test(name))
    .map((name) => `src/${name}`),
  "src/transport/Transport.ts",
  "src/transport/InProcess.ts"
]

describe("README.md", () => {
  test("every ts block type-checks", { timeout: 120_000 }, () => {
    expect(typeErrors([{ name: "README.md", blocks }])).toEqual([])
  })
})

describe("the modules' own documentation", () => {
  test("every example type-checks", { timeout: 120_000 }, () => {
    const documents = modules.map((name) => ({ name, blocks: commentBlocksOf(readFileSync(join(root, name), "utf8")) }))
    expect(documents.filter(({ blocks }) => blocks.length === 0).map(({ name }) => name)).toEqual([])
    expect(typeErrors(documents)).toEqual([])
  })
})

/** An origin that stands for a loopback server. */
const examples = /https?:\/\/(?:[\w-]+\.)*example\.(?:com|org|net)(?::\d+)?(?![\w.-])/g

const runnable = blocks.filter((block) => block.run)

describe.runIf(runnable.length > 0)("README.md, run", () => {
  const servers = new Map<string, Server>()
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "readme-"))
    await symlink(join(root, "node_modules"), join(folder, "node_modules"), "junction")
    await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }))
    await writeFile(
      join(folder, "tsconfig.json"),
      JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions: { paths }, include: ["*.ts"] })
    )
    for (const [origin] of runnable
      .map(({ code }) => code)
      .join("\n")
      .matchAll(examples)) {
      if (servers.has(origin)) continue
      const server = createServer(answer)
      servers.set(origin, server)
      await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
    }
  })

  afterAll(async () => {
    for (const server of servers.values()) {
      server.closeAllConnections()
      server.close()
    }
    await rm(folder, { recursive: true, force: true })
  })

  test.each(runnable)("the block at line $line prints what it says", { timeout: 60_000 }, async ({ code, line }) => {
    const addresses = [...servers].map(
      ([origin, server]) => [origin, `127.0.0.1:${(server.address() as AddressInfo).port}`] as const
    )
    const local = new Map(addresses)
    const file = join(folder, `README.${line}.ts`)
    await writeFile(file, "\n".repeat(line - 1) + code.replaceAll(examples, (origin) => `http://${local.get(origin)}`))
    const { stderr, stdout } = await promisify(execFile)(
      process.execPath,
      ["--import", pathToFileURL(join(root, "node_modules/tsx/dist/loader.mjs")).href, file],
      { cwd: folder, timeout: 50_000, env: { ...process.env, NO_COLOR: "1", NODE_OPTIONS: "" } }
    )
    const printed = addresses
      .reduce(
        (text, [origin, address]) =>
          text.replaceAll(`http://${address}`, origin).replaceAll(address, new URL(origin).host),
        stdout
      )
      .trimEnd()
    const promised = [...code.matchAll(/\/\/ prints: ?(.*)$/gm)].map(([, text]) => text!.trimEnd())
    expect(stderr).toBe("")
    if (promised.length > 0) expect(printed.split("\n")).toEqual(promised)
  })
})
