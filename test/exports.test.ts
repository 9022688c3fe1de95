import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import { builtinModules } from "node:module"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import ts from "typescript"
import { describe, expect, test } from "vitest"

const root = new URL("../", import.meta.url)
const manifest = JSON.parse(await readFile(new URL("package.json", root), "utf8"))

const isModule = (value: unknown): value is object => Object.prototype.toString.call(value) === "[object Module]"

/** Every name that an entry exports, and every name in the modules that it exports: `Client`, `Client.make`… */
const surface = (entry: object): ReadonlyArray<string> =>
  Object.entries(entry)
    .flatMap(([name, value]) =>
      isModule(value) ? [name, ...Object.keys(value).map((member) => `${name}.${member}`)] : [name]
    )
    .sort()

/** The source of what `exports` of package.json names, by sub-path: `./Client` is `src/Client.ts`. */
const sources: ReadonlyMap<string, URL> = new Map(
  Object.entries<string | { readonly default: string }>(manifest.exports).flatMap(([path, target]) =>
    typeof target === "string"
      ? []
      : [[path, new URL(target.default.replace("./dist/", "src/").replace(/\.js$/, ".ts"), root)]]
  )
)

// To accept a change of these lists: npx vitest run test/exports.test.ts --update
describe("exported names", () => {
  test("effect-httpx", async () => {
    expect(surface(await import("../src/index.js"))).toMatchInlineSnapshot(`
      [
        "Auth",
        "Auth.OAuthError",
        "Auth.TypeId",
        "Auth.awsPresign",
        "Auth.awsSigV4",
        "Auth.basic",
        "Auth.bearer",
        "Auth.digest",
        "Auth.header",
        "Auth.isAuth",
        "Auth.make",
        "Auth.netrc",
        "Auth.oauth2ClientCredentials",
        "Auth.oauth2RefreshToken",
        "Auth.provideContext",
        "Auth.query",
        "Auth.withAuth",
        "Client",
        "Client.Client",
        "Client.all",
        "Client.defaultHeaders",
        "Client.del",
        "Client.get",
        "Client.head",
        "Client.layer",
        "Client.layerConfig",
        "Client.layerHttpClient",
        "Client.make",
        "Client.options",
        "Client.parallel",
        "Client.patch",
        "Client.post",
        "Client.put",
        "Client.race",
        "Client.request",
        "Client.send",
        "Client.stream",
        "Cookies",
        "Cookies.CookieConflict",
        "Cookies.CookieError",
        "Cookies.Cookies",
        "Cookies.TypeId",
        "Cookies.isCookieJar",
        "Cookies.layer",
        "Cookies.layerPersisted",
        "Cookies.make",
        "Cookies.makePersisted",
        "Cookies.withJar",
        "Exchange",
        "Exchange.Call",
        "Exchange.WireSymbol",
        "Exchange.asCall",
        "Exchange.asOpenCall",
        "Exchange.asReadCall",
        "Exchange.asRest",
        "Hooks",
        "Hooks.onRequest",
        "Hooks.onResponse",
        "HttpxError",
        "HttpxError.AddressRefused",
        "HttpxError.AuthError",
        "HttpxError.BodyError",
        "HttpxError.BodyTooLarge",
        "HttpxError.ConnectError",
        "HttpxError.ConnectTimeout",
        "HttpxError.DecodingError",
        "HttpxError.DnsError",
        "HttpxError.HookError",
        "HttpxError.InvalidLine",
        "HttpxError.InvalidUrl",
        "HttpxError.LocalProtocolError",
        "HttpxError.NoPendingResponses",
        "HttpxError.PaginationError",
        "HttpxError.PoolTimeout",
        "HttpxError.ProxyError",
        "HttpxError.ReadError",
        "HttpxError.ReadTimeout",
        "HttpxError.RedirectRefused",
        "HttpxError.RemoteProtocolError",
        "HttpxError.RequestCancelled",
        "HttpxError.StatusError",
        "HttpxError.StreamClosed",
        "HttpxError.StreamConsumed",
        "HttpxError.TlsError",
        "HttpxError.TooManyRedirects",
        "HttpxError.TotalTimeout",
        "HttpxError.UnobservedFailures",
        "HttpxError.UnsupportedProtocol",
        "HttpxError.WriteError",
        "HttpxError.WriteTimeout",
        "HttpxError.isHttpxError",
        "Multipart",
        "Multipart.file",
        "Multipart.form",
        "Multipart.make",
        "Multipart.part",
        "Pagination",
        "Pagination.byCursor",
        "Pagination.byLink",
        "Pagination.byOffset",
        "Pagination.byPageNumber",
        "Pagination.items",
        "Pagination.pages",
        "Parallel",
        "Parallel.make",
        "Promises",
        "Promises.PromiseResponse",
        "Promises.make",
        "Redirects",
        "Redirects.and",
        "Redirects.follow",
        "Redirects.limited",
        "Redirects.or",
        "Redirects.sameOrigin",
        "Request",
        "Request.Fields",
        "Request.Request",
        "Request.TypeId",
        "Request.build",
        "Request.inContext",
        "Request.isRequest",
        "Request.jsonOf",
        "Request.make",
        "Request.providedOptions",
        "Request.repeatable",
        "Request.unmade",
        "Request.unsendable",
        "Response",
        "Response.ProblemDetails",
        "Response.Response",
        "Response.TypeId",
        "Response.initOf",
        "Response.isResponse",
        "Template",
        "Template.TemplateError",
        "Template.TypeId",
        "Template.isTemplate",
        "Template.make",
        "Upload",
        "Upload.track",
      ]
    `)
  })

  test("effect-httpx/node", async () => {
    expect(surface(await import("../src/node.js"))).toMatchInlineSnapshot(`
      [
        "Transport",
        "Transport.layer",
        "Transport.make",
      ]
    `)
  })

  test("effect-httpx/testing", async () => {
    expect(surface(await import("../src/testing.js"))).toMatchInlineSnapshot(`
      [
        "InProcess",
        "InProcess.json",
        "InProcess.layer",
        "InProcess.make",
      ]
    `)
  })

  test("each module of effect-httpx is a sub-path of its own", async () => {
    const entry: Record<string, object> = await import("../src/index.js")
    const modules = Object.keys(entry).filter((name) => isModule(entry[name]))
    expect([...sources.keys()].sort()).toEqual(
      [".", "./node", "./testing", ...modules.map((name) => `./${name}`)].sort()
    )
    for (const name of modules) {
      expect(Object.keys(await import(fileURLToPath(sources.get(`./${name}`)!))).sort()).toEqual(
        Object.keys(entry[name]!).sort()
      )
    }
  })
})

/** What a file imports and exports from, its types and its dynamic imports too. */
const specifiers = (text: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  const visit = (node: ts.Node): void => {
    const specifier =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
          ? node.argument.literal
          : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
            ? node.arguments[0]
            : undefined
    if (specifier !== undefined && ts.isStringLiteralLike(specifier)) found.push(specifier.text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile("file.ts", text, ts.ScriptTarget.Latest))
  return found
}

/** The files that a file reaches by relative imports, each with the way to it, and the packages. */
const importGraph = async (entry: URL) => {
  const files = new Map<string, ReadonlyArray<string>>()
  const packages = new Map<string, ReadonlyArray<string>>()
  const visit = async (url: URL, way: ReadonlyArray<string>): Promise<void> => {
    if (files.has(url.href)) return
    const here = [...way, url.href.slice(root.href.length)]
    files.set(url.href, here)
    for (const specifier of specifiers(await readFile(url, "utf8"))) {
      if (specifier.startsWith(".")) await visit(new URL(specifier.replace(/\.js$/, ".ts"), url), here)
      else if (!packages.has(specifier)) packages.set(specifier, here)
    }
  }
  await visit(entry, [])
  return { files, packages }
}

describe("the portable entry", () => {
  test("reaches nothing of Node", async () => {
    const { files, packages } = await importGraph(new URL("src/index.ts", root))
    expect(files.size).toBeGreaterThan(1)
    const ofNode = [...packages].filter(([name]) => name.startsWith("node:") || builtinModules.includes(name))
    expect(ofNode.map(([name, way]) => [...way, name].join(" -> "))).toEqual([])
  })

  test("loads the hashes of Digest and of AWS with Auth, and not with Client", async () => {
    const hashes = async (entry: string) => {
      const { packages } = await importGraph(new URL(entry, root))
      return [...packages.keys()].some((name) => name.startsWith("@noble/hashes"))
    }
    expect([await hashes("src/Auth.ts"), await hashes("src/Client.ts")]).toEqual([true, false])
  })

  test("reaches no package that package.json does not ask for", async () => {
    const asked = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
    for (const source of sources.values()) {
      const { packages } = await importGraph(source)
      const others = [...packages.keys()].filter(
        (name) =>
          !name.startsWith("node:") &&
          !asked.some((dependency) => name === dependency || name.startsWith(`${dependency}/`))
      )
      expect(others).toEqual([])
    }
  })
})

/** Imports in a process of its own, and tells what is different afterwards. What effect itself does is not counted. */
const probe = (entry: string): string => `
  import "effect"
  import "@effect/platform"
  import http from "node:http"
  import https from "node:https"
  const dispatcher = Symbol.for("undici.globalDispatcher.1")
  const look = () => ({
    globals: Reflect.ownKeys(globalThis).map(String).sort(),
    values: [fetch, setTimeout, queueMicrotask, Promise, http.globalAgent, https.globalAgent, http.request, process.emit],
    dispatcher: globalThis[dispatcher],
    listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
    environment: { ...process.env },
    directory: process.cwd()
  })
  void fetch
  const before = look()
  await import(${JSON.stringify(entry)})
  const after = look()
  const { isDeepStrictEqual } = await import("node:util")
  const changed = Object.keys(before).filter((key) =>
    key === "values" ? before[key].some((value, i) => value !== after[key][i])
    : key === "dispatcher" ? before[key] !== after[key]
    : !isDeepStrictEqual(before[key], after[key]))
  console.log("changed: " + JSON.stringify(changed))
`

describe("importing", () => {
  test.each(["./src/index.ts", "./src/node.ts", "./src/testing.ts"])(
    "%s changes nothing, prints nothing and keeps no process alive",
    async (entry) => {
      const { stderr, stdout } = await promisify(execFile)(
        process.execPath,
        ["--import", "tsx", "--input-type=module", "--eval", probe(entry)],
        { cwd: fileURLToPath(root), timeout: 60_000 }
      )
      expect(stderr).toBe("")
      expect(stdout.trim()).toBe("changed: []")
    },
    60_000
  )
})
