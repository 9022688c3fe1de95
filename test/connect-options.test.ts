/** Where connections go, and where they may not: names, addresses, sockets, as options of the transport. */
import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect, type Scope } from "effect"
import type { Transport } from "effect-httpx/node"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import * as http from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { authority, localhost, selfSigned } from "./support/certificates.js"
import { atRest, connected, failsWith } from "./support/failing.js"
import { proxyServer } from "./support/proxyServer.js"
import { answering, ok, scripted, scriptedTls } from "./support/scripted.js"

describe("resolve", () => {
  it.scopedLive("gives addresses of hosts, or of hosts at a port, and leaves Host and SNI as they are", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("here")))
      const { client } = yield* connected({
        resolve: { "api.test": "127.0.0.1", [`other.test:${server.port}`]: ["127.0.0.1"] }
      })
      for (const host of ["api.test", "other.test", "API.test"]) {
        expect(yield* (yield* client.get(server.url("/", host))).text).toBe("here")
      }
      expect(server.connections[0]!.received).toContain(`Host: api.test:${server.port}`)
      yield* failsWith(client.get("http://other.test:1/"), "DnsError")
    })
  )

  it.scopedLive("tries the next address when one does not answer", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("second")))
      const { client } = yield* connected({ resolve: { "api.test": ["127.0.0.2", "127.0.0.1"] } })
      const response = yield* client.get(server.url("/", "api.test"))
      expect(yield* response.text).toBe("second")
      expect(response.remoteAddress).toMatchObject({ value: "127.0.0.1" })
    })
  )
})

describe("lookup", () => {
  it.scopedLive("finds addresses by an effect", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("found")))
      const asked: Array<string> = []
      const lookup = (hostname: string) =>
        Effect.delay(
          Effect.sync(() => {
            asked.push(hostname)
            return ["127.0.0.1"]
          }),
          1
        )
      const { client } = yield* connected({ lookup })
      const response = yield* client.get(server.url("/", "api.test"))
      expect(yield* response.text).toBe("found")
      expect(asked).toEqual(["api.test"])
      expect(response.connection).toMatchObject({
        value: { timings: { dns: expect.any(Number), connect: expect.any(Number), proxy: undefined, tls: undefined } }
      })
    })
  )

  it.scopedLive.each<readonly [string, NonNullable<Transport.TransportOptions["lookup"]>]>([
    ["fails", () => Effect.fail("no such thing")],
    ["dies", () => Effect.die(new Error("broken"))],
    ["finds nothing", () => Effect.succeed([])],
    ["finds what is no address", () => Effect.succeed(["not an address"])]
  ])("that %s is DnsError", ([, lookup]) =>
    Effect.gen(function* () {
      const { client, stats } = yield* connected({ lookup })
      const error = yield* failsWith(client.get("http://api.test/"), "DnsError")
      expect(error).toMatchObject({ phase: "dns", delivery: "unsent" })
      expect(yield* stats).toEqual(atRest(0))
    })
  )
})

describe("allowAddress", () => {
  it.scopedLive.each([
    ["127.0.0.1"],
    ["10.1.2.3"],
    ["192.168.0.1"],
    ["169.254.169.254"],
    ["[::1]"],
    ["[::ffff:10.0.0.1]"],
    ["[fe80::1]"],
    ["[fd00::1]"],
    ["0.0.0.0"],
    ["localhost"],
    ["2130706433"],
    ["0x7f.1"]
  ])('"public" refuses %s, and sends nothing', ([host]) =>
    Effect.gen(function* () {
      const { client, stats } = yield* connected({ allowAddress: "public" })
      for (const scheme of ["http", "https"]) {
        const error = yield* failsWith(client.post(`${scheme}://${host}:1/`), "AddressRefused")
        expect(error).toMatchObject({ phase: "dns", delivery: "unsent" })
        expect(error.address).not.toBe("")
      }
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive('"public" refuses a public name with a private address (DNS rebinding)', () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("inside")))
      const { client } = yield* connected({ allowAddress: "public", resolve: { "innocent.test": "127.0.0.1" } })
      const error = yield* failsWith(client.get(server.url("/", "innocent.test")), "AddressRefused")
      expect(error.address).toBe("127.0.0.1")
      expect(error.message).toContain("innocent.test")
      expect(server.connections.length).toBe(0)
    })
  )

  it.scopedLive("asks for each address, and uses those that it allows", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("allowed")))
      const asked: Array<readonly [string, string]> = []
      const { client } = yield* connected({
        resolve: { "api.test": ["127.0.0.2", "127.0.0.1"] },
        allowAddress: (address, hostname) => {
          asked.push([address, hostname])
          return address === "127.0.0.1"
        }
      })
      const response = yield* client.get(server.url("/", "api.test"))
      expect(response.remoteAddress).toMatchObject({ value: "127.0.0.1" })
      expect(asked).toEqual([
        ["127.0.0.2", "api.test"],
        ["127.0.0.1", "api.test"]
      ])
    })
  )

  it.scopedLive("does not ask about a proxy's own address, but about a target that is an address", () =>
    Effect.gen(function* () {
      const proxy = yield* proxyServer()
      const { client } = yield* connected({ allowAddress: "public", proxy: proxy.url })
      yield* failsWith(client.get("http://127.0.0.1:1/"), "AddressRefused")
      yield* failsWith(client.get("https://10.0.0.1/"), "AddressRefused")
      expect(proxy.seen.length).toBe(0)
      yield* Effect.exit(client.get("http://no-such-host.invalid/"))
      expect(proxy.seen.length).toBe(1)
    })
  )
})

describe("localAddress", () => {
  it.scopedLive("is where connections come from", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("x")))
      const { client } = yield* connected({ localAddress: "127.0.0.3" })
      const response = yield* client.get(server.url())
      expect(response.connection).toMatchObject({ value: { localAddress: "127.0.0.3" } })
    })
  )

  it.scopedLive("that this machine does not have is ConnectError", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("x")))
      const { client } = yield* connected({ localAddress: "192.0.2.1" })
      yield* failsWith(client.get(server.url()), "ConnectError")
    })
  )
})

describe.skipIf(process.platform === "win32")("unixSocket", () => {
  const listening: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
    Effect.async<{ readonly path: string; readonly server: http.Server; readonly folder: string }>((resume) => {
      const folder = mkdtempSync(join(tmpdir(), "effect-httpx-"))
      const path = join(folder, "socket")
      const server = http.createServer((request, response) => response.end(`${request.headers.host}${request.url}`))
      server.listen(path, () => resume(Effect.succeed({ path, server, folder })))
    }),
    ({ folder, server }) =>
      Effect.async<void>((resume) => {
        server.closeAllConnections()
        server.close(() => {
          rmSync(folder, { recursive: true, force: true })
          resume(Effect.void)
        })
      })
  ).pipe(Effect.map(({ path }) => path))

  it.scopedLive("is where all connections go, whatever the host, and kept like others", () =>
    Effect.gen(function* () {
      const { client, stats } = yield* connected({ unixSocket: yield* listening, allowAddress: "public" })
      expect(yield* (yield* client.get("http://docker/v1/info")).text).toBe("docker/v1/info")
      expect(yield* (yield* client.get("http://docker/v1/again")).text).toBe("docker/v1/again")
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("that is not there is ConnectError with its path", () =>
    Effect.gen(function* () {
      const { client } = yield* connected({ unixSocket: join(tmpdir(), "no-such-socket") })
      const error = yield* failsWith(client.get("http://docker/"), "ConnectError")
      expect(error.message).toContain("no-such-socket")
    })
  )
})

describe("response.connection", () => {
  it.scopedLive("says how long each step took, and what TLS agreed on; a second connection resumes the session", () =>
    Effect.gen(function* () {
      const server = yield* scriptedTls({ ...localhost }, answering(ok("x", "Connection: close")))
      const { client } = yield* connected({ tls: { ca: authority } })
      const url = server.url("/", "localhost")
      const first = yield* client.get(url)
      expect(first.connection).toMatchObject({
        value: {
          protocol: "http/1.1",
          remotePort: server.port,
          proxy: undefined,
          tls: { version: "TLSv1.3", resumed: false },
          timings: { dns: expect.any(Number), connect: expect.any(Number), tls: expect.any(Number), proxy: undefined }
        }
      })
      expect((yield* client.get(url)).connection).toMatchObject({ value: { tls: { resumed: true } } })
    })
  )
})

describe("a server that speaks before it is asked", () => {
  it.scopedLive("behind a proxy is ConnectError: what it says is no answer", () =>
    Effect.gen(function* () {
      // SOCKS5: no authentication, and the way is open; the target's first bytes come with that.
      const socks = yield* scripted((c) =>
        Effect.gen(function* () {
          yield* c.send("\x05\x00")
          yield* c.send(`\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50${ok("smuggled")}`)
        })
      )
      const { client, stats } = yield* connected({ proxy: socks.url().replace("http:", "socks5h:") })
      const error = yield* failsWith(client.get("http://h.test/"), "ConnectError")
      expect(error.message).toContain("before it was asked")
      expect(yield* stats).toEqual(atRest(0))
    })
  )
})

describe("requests that a proxy forwards over a kept connection", () => {
  it.scopedLive("are asked about each by itself", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("x")))
      const proxy = yield* proxyServer()
      const allowAddress = (_: string, hostname: string) => hostname !== "127.0.0.9"
      const { client } = yield* connected({ allowAddress, proxy: proxy.url })
      yield* client.get(server.url())
      const error = yield* failsWith(client.get("http://127.0.0.9/"), "AddressRefused")
      expect(error).toMatchObject({ address: "127.0.0.9", delivery: "unsent" })
      expect(proxy.seen.length).toBe(1)
    })
  )
})

describe("a server that closes each connection at once", () => {
  it.scopedLive("keeps nobody waiting, whatever the limits", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) => c.reset)
      const none = { connect: Infinity, read: Infinity, write: Infinity, pool: Infinity }
      const { client, stats } = yield* connected({ timeout: none, limits: { connections: 20 } })
      const exits = yield* Effect.forEach(Array(200), () => Effect.either(client.post(server.url(), { json: 1 })), {
        concurrency: "unbounded"
      })
      for (const exit of exits) expect(exit).toMatchObject({ left: { _tag: expect.stringMatching(/Error$/) } })
      expect(yield* stats).toEqual(atRest(0))
    })
  )
})

describe("authorities and key logs of the environment", () => {
  const folder = Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "effect-httpx-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )

  it.scopedLive("count through Config, unless the environment is not trusted or an option says otherwise", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const [SSL_CERT_FILE, SSLKEYLOGFILE] = [join(path, "ca.pem"), join(path, "keys.log")]
      writeFileSync(SSL_CERT_FILE, authority)
      const environment = Effect.withConfigProvider(
        ConfigProvider.fromMap(new Map(Object.entries({ SSL_CERT_FILE, SSLKEYLOGFILE })))
      )
      const server = yield* scriptedTls({ ...localhost }, answering(ok("trusted")))
      const url = server.url("/", "localhost")
      const untrusting = yield* environment(connected({ trustEnv: false }))
      yield* failsWith(untrusting.client.get(url), "TlsError")
      expect(existsSync(SSLKEYLOGFILE)).toBe(false)
      const { client } = yield* environment(connected())
      expect(yield* (yield* client.get(url)).text).toBe("trusted")
      expect(readFileSync(SSLKEYLOGFILE, "utf8")).toMatch(/^CLIENT_|^SERVER_/m)
      const other = yield* environment(connected({ tls: { ca: selfSigned.cert } }))
      yield* failsWith(other.client.get(url), "TlsError")
    })
  )
})
