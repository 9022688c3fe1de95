/** What TLS reads from files and writes to them: authorities that the environment or the system names, and key logs. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import { delimiter, join } from "node:path"
import { KeyLog } from "../src/transport/connect/tls/KeyLog.js"
import { SessionCache } from "../src/transport/connect/tls/SessionCache.js"
import type { TlsEnvironment, TlsOptions } from "../src/transport/connect/tls/TlsOptions.js"
import { systemAuthorities } from "../src/transport/connect/tls/trust.js"
import { chained, intermediate, root } from "./support/certificates-chain.js"
import * as Certificates from "./support/certificates.js"
import { refusedBy, seenBy, setup, telling } from "./support/handshakes.js"

const { authority, selfSigned } = Certificates

/** A folder with these files, until the test ends. */
const folderOf = (files: Readonly<Record<string, string | Uint8Array>> = {}) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const folder = fs.mkdtempSync(join(os.tmpdir(), "tls-files-"))
      for (const [name, content] of Object.entries(files)) fs.writeFileSync(join(folder, name), content)
      return folder
    }),
    (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
  )

const peer = { hostname: "localhost", key: "localhost" }

const problemOf = (options: TlsOptions, environment?: TlsEnvironment) =>
  Effect.flatMap(setup(options, environment), (made) => Effect.flip(made.connectionOptions(peer)))

describe("SSL_CERT_FILE", () => {
  it.scopedLive("replaces Node's authorities, with all certificates that are in it", () =>
    Effect.gen(function* () {
      const folder = yield* folderOf({
        "bundle.pem": `# Two of them\n${authority}\nand\r\n${root}`,
        "one.pem": authority
      })
      const server = yield* telling(chained)
      yield* seenBy(server, yield* setup({}, { certFile: join(folder, "bundle.pem") }))
      const without = yield* refusedBy(server, yield* setup({}, { certFile: join(folder, "one.pem") }))
      expect(without.code).toMatch(/UNABLE_TO_/)
    })
  )

  it.scopedLive("goes before SSL_CERT_DIR, and an empty one is none", () =>
    Effect.gen(function* () {
      const good = yield* folderOf({ "root.pem": root })
      const other = yield* folderOf({ "other.pem": authority })
      const server = yield* telling(chained)
      yield* seenBy(server, yield* setup({}, { certFile: join(good, "root.pem"), certDir: other }))
      yield* refusedBy(server, yield* setup({}, { certFile: join(other, "other.pem"), certDir: good }))
      yield* seenBy(server, yield* setup({}, { certFile: "", certDir: good }))
      expect((yield* refusedBy(server, yield* setup({}, { certFile: "", certDir: "" }))).code).toMatch(
        /SELF_SIGNED|UNABLE/
      )
    })
  )

  it.scopedLive("does not count where `ca`, `authorities` or `verify: false` says otherwise", () =>
    Effect.gen(function* () {
      const environment = { certFile: "/no/such/file" }
      const server = yield* telling(chained)
      yield* seenBy(server, yield* setup({ ca: root }, environment))
      yield* seenBy(server, yield* setup({ verify: false }, environment))
      expect((yield* refusedBy(server, yield* setup({ authorities: "node" }, environment))).code).toMatch(
        /SELF_SIGNED|UNABLE/
      )
    })
  )

  it.scopedLive("that leads to no certificate is a problem that names it", () =>
    Effect.gen(function* () {
      const missing = yield* problemOf({}, { certFile: "/no/such/file" })
      expect(missing.code).toBe("ENOENT")
      expect(missing.message).toMatch(/^TLS cannot be set up: SSL_CERT_FILE cannot be read: ENOENT.*\/no\/such\/file/)
      const folder = yield* folderOf({
        "key.pem": chained.key,
        "broken.pem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
      })
      for (const name of ["key.pem", "broken.pem"]) {
        const { message } = yield* problemOf({}, { certFile: join(folder, name) })
        expect(message).toContain(`SSL_CERT_FILE names ${join(folder, name)}, which holds no certificate`)
      }
      expect((yield* problemOf({}, { certFile: folder })).message).toContain("SSL_CERT_FILE cannot be read: EISDIR")
    })
  )
})

describe("SSL_CERT_DIR", () => {
  it.scopedLive("is all files of its directories that hold certificates, whatever else is there", () =>
    Effect.gen(function* () {
      const first = yield* folderOf({
        "ABCD.txt": authority,
        "key.pem": chained.key,
        "broken.pem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "cut.pem": root.slice(0, 200),
        bytes: Uint8Array.of(0, 255, 254)
      })
      fs.mkdirSync(join(first, "folder"))
      fs.symlinkSync("/no/such/file", join(first, "dangling.0"))
      const second = yield* folderOf({ "root.crt": root })
      const certDir = ["/no/such/folder", "", first, second].join(delimiter)
      yield* seenBy(yield* telling(chained), yield* setup({}, { certDir }))
      yield* seenBy(yield* telling(Certificates.localhost), yield* setup({}, { certDir }))
      yield* refusedBy(yield* telling(selfSigned), yield* setup({}, { certDir }))
    })
  )

  it.scopedLive("that leads to no certificate is a problem that names it", () =>
    Effect.gen(function* () {
      const folder = yield* folderOf({ "key.pem": chained.key })
      for (const certDir of [folder, "/no/such/folder", `/no/such${delimiter}${folder}`]) {
        const { message } = yield* problemOf({}, { certDir })
        expect(message).toBe(`TLS cannot be set up: SSL_CERT_DIR names ${certDir}, where there is no certificate`)
      }
    })
  )
})

describe("files of authorities", () => {
  it.scopedLive("are read at the first connection, once, and again after one that failed", () =>
    Effect.gen(function* () {
      const folder = yield* folderOf()
      const certFile = join(folder, "late.pem")
      const made = yield* setup({}, { certFile })
      expect((yield* Effect.flip(made.connectionOptions(peer))).code).toBe("ENOENT")
      fs.writeFileSync(certFile, root)
      const { secureContext } = yield* made.connectionOptions(peer)
      fs.rmSync(certFile)
      expect((yield* made.connectionOptions(peer)).secureContext).toBe(secureContext)
    })
  )

  it.scopedLive("are read once for all who wait, and whose wait is interrupted harms nobody", () =>
    Effect.gen(function* () {
      const folder = yield* folderOf({ "root.pem": root })
      const made = yield* setup({}, { certFile: join(folder, "root.pem") })
      const fibers = yield* Effect.forEach([1, 2, 3, 4], () => Effect.fork(made.connectionOptions(peer)))
      yield* Effect.yieldNow()
      expect(fibers.map((fiber) => fiber.unsafePoll())).toEqual([null, null, null, null])
      yield* Fiber.interruptAll([fibers[0]!, fibers[2]!])
      const contexts = new Set([
        (yield* Fiber.join(fibers[1]!)).secureContext,
        (yield* Fiber.join(fibers[3]!)).secureContext,
        (yield* made.connectionOptions(peer)).secureContext
      ])
      expect(contexts.size).toBe(1)
    })
  )

  it.scopedLive("are read to their end though all who waited are interrupted", () =>
    Effect.gen(function* () {
      const folder = yield* folderOf({ "root.pem": root })
      const made = yield* setup({}, { certFile: join(folder, "root.pem") })
      const fiber = yield* Effect.fork(made.connectionOptions(peer))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(fiber)
      yield* seenBy(yield* telling(chained), made)
    })
  )
})

describe("`ca`", () => {
  it.scopedLive("may hold several certificates in one text, and a broken one is a problem", () =>
    Effect.gen(function* () {
      yield* seenBy(yield* telling(chained), yield* setup({ ca: chained.key + authority + root }))
      const cut = root.slice(0, 200)
      expect((yield* problemOf({ ca: [authority, `${intermediate}${cut}`] })).message).toContain(
        "certificate 3 of 3 in `ca` cannot be read"
      )
      const none = "`ca` has a member that holds no PEM certificate"
      expect((yield* problemOf({ ca: "no authority" })).message).toContain(none)
      expect((yield* problemOf({ ca: [authority, chained.key] })).message).toContain(none)
    })
  )
})

describe("the system's authorities", () => {
  it.effect("are those that Node knows, where it knows any", () =>
    Effect.gen(function* () {
      const asked: Array<string> = []
      const getCACertificates = (store: string) => {
        asked.push(store)
        return [root]
      }
      expect(yield* systemAuthorities({ getCACertificates, bundles: [] })).toEqual([root])
      expect(asked).toEqual(["system"])
    })
  )

  it.scoped("are else those of the first bundle that has any", () =>
    Effect.gen(function* () {
      const folder = yield* folderOf({ "empty.crt": "", "first.crt": root, "second.crt": authority })
      const bundles = ["missing", "empty.crt", "first.crt", "second.crt"].map((name) => join(folder, name))
      for (const getCACertificates of [undefined, () => []]) {
        expect(yield* systemAuthorities({ getCACertificates, bundles })).toEqual([root.trimEnd()])
      }
    })
  )

  it.effect("are a problem where nobody knows them, which says what to do", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(systemAuthorities({ getCACertificates: undefined, bundles: [] }))
      expect(message).toContain("needs Node 22.15 or later, or give them as `ca`")
    })
  )

  it.scopedLive("are used with `authorities`", (context) =>
    Effect.gen(function* () {
      const known = yield* Effect.option(systemAuthorities())
      if (known._tag === "None") return context.skip("this system has no bundle of certificates")
      expect(known.value?.length).toBeGreaterThan(0)
      const made = yield* setup({ authorities: "system" }, { certFile: "/no/such/file" })
      const error = yield* refusedBy(yield* telling(chained), made)
      expect(error.code).toMatch(/SELF_SIGNED|UNABLE/)
    })
  )
})

describe("the key log", () => {
  it.scopedLive.each([
    ["TLSv1.2", /^CLIENT_RANDOM [0-9a-f]{64} [0-9a-f]+$/],
    ["TLSv1.3", /^(CLIENT|SERVER|EXPORTER)_\w+ [0-9a-f]{64} [0-9a-f]+$/]
  ] as const)("has the secrets of each connection, appended to what is there, in %s", ([version, line]) =>
    Effect.gen(function* () {
      const folder = yield* folderOf({ log: "# before\n" })
      const keyLogFile = join(folder, "log")
      const server = yield* telling({ ...chained, minVersion: version, maxVersion: version })
      yield* seenBy(server, yield* setup({ ca: root, keyLogFile }))
      const [before, ...lines] = fs.readFileSync(keyLogFile, "utf8").split("\n").slice(0, -1)
      expect(before).toBe("# before")
      expect(lines.length).toBeGreaterThan(0)
      for (const written of lines) expect(written).toMatch(line)
    })
  )

  it.scopedLive("is named by SSLKEYLOGFILE, unless `keyLogFile` is given; only who has the file may read it", () =>
    Effect.gen(function* () {
      const folder = yield* folderOf()
      const [named, given] = [join(folder, "named"), join(folder, "given")]
      const server = yield* telling(chained)
      const environment = { keyLogFile: named }
      yield* seenBy(server, yield* setup({ ca: root, keyLogFile: given }, environment))
      yield* seenBy(server, yield* setup({ ca: root, keyLogFile: "" }, environment))
      expect(fs.existsSync(named)).toBe(false)
      expect(fs.statSync(given).mode & 0o077).toBe(0)
      yield* seenBy(server, yield* setup({ ca: root }, environment))
      expect(fs.readFileSync(named, "utf8")).toContain("CLIENT_TRAFFIC_SECRET_0 ")
    })
  )

  it.scopedLive("is not opened before the first connection, and breaks none when it cannot be written", () =>
    Effect.gen(function* () {
      const folder = yield* folderOf()
      yield* setup({ ca: root, keyLogFile: join(folder, "unused") })
      expect(fs.readdirSync(folder)).toEqual([])
      const server = yield* telling(chained)
      for (const keyLogFile of [folder, join(folder, "no", "such"), "\0"]) {
        yield* seenBy(server, yield* setup({ ca: root, keyLogFile }))
      }
    })
  )

  it.scoped("takes nothing more when it is closed, or has failed once", () =>
    Effect.gen(function* () {
      const folder = yield* folderOf()
      const open = new KeyLog(join(folder, "log"))
      open.append(Buffer.from("one\n"))
      open.close()
      open.append(Buffer.from("two\n"))
      open.close()
      expect(fs.readFileSync(join(folder, "log"), "utf8")).toBe("one\n")

      const failing = new KeyLog(join(folder, "later", "log"))
      failing.append(Buffer.from("one\n"))
      fs.mkdirSync(join(folder, "later"))
      failing.append(Buffer.from("two\n"))
      expect(fs.readdirSync(join(folder, "later"))).toEqual([])
    })
  )
})

describe("kept sessions", () => {
  const session = (name: string) => Buffer.from(name)

  it("are given out once each, the newest first", () => {
    const cache = new SessionCache()
    cache.put("a", session("1"))
    cache.put("a", session("2"))
    expect(String(cache.take("a"))).toBe("2")
    expect(String(cache.take("a"))).toBe("1")
    expect(cache.take("a")).toBeUndefined()
  })

  it("are a few of each peer, the newest, and none after `remove`", () => {
    const cache = new SessionCache()
    for (let i = 0; i < 20; i++) cache.put("a", session(`${i}`))
    const kept = Array.from({ length: 20 }, () => cache.take("a")).filter((one) => one !== undefined)
    expect(kept.map(String)).toEqual(["19", "18", "17", "16", "15", "14", "13", "12"])
    cache.put("a", session("x"))
    cache.put("b", session("y"))
    cache.remove("a")
    expect(cache.take("a")).toBeUndefined()
    expect(String(cache.take("b"))).toBe("y")
  })

  it("are of so many peers, those that were used last", () => {
    const cache = new SessionCache(2)
    for (const name of ["a", "a", "b"]) cache.put(name, session(name))
    cache.take("a")
    cache.put("c", session("c"))
    expect(cache.take("b")).toBeUndefined()
    expect(String(cache.take("a"))).toBe("a")
    expect(String(cache.take("c"))).toBe("c")
  })
})
