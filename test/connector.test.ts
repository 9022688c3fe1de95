/** Connections without a proxy: names, addresses, TLS, and how each of them fails. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as http2 from "node:http2"
import * as net from "node:net"
import * as os from "node:os"
import { join } from "node:path"
import { direct } from "../src/transport/connect/Route.js"
import * as Certificates from "./support/certificates.js"
import { eventually } from "./support/failing.js"
import { destination, dialed, dialer, exchanged, interruptedAfter, proxyAt, refusedTo } from "./support/proxies.js"
import { answering, ok, once, scripted, scriptedTls } from "./support/scripted.js"
import { clientSockets } from "./support/sockets.js"

const hello = answering(ok("hello"))
const to = (url: string) => destination(url, direct)

const hasIpv6 = Object.values(os.networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"))
if (!hasIpv6) console.warn("no ::1: tests of IPv6 are skipped")

describe("a host", () => {
  it.scopedLive("is resolved by `resolve`, by its port first, then by `lookup`, then by the system", () =>
    Effect.gen(function* () {
      const server = yield* scripted(hello)
      const here = ["127.0.0.1"]
      const asked: Array<string> = []
      const lookup = (hostname: string) => Effect.sync(() => (asked.push(hostname), here))
      const url = server.url("/", "some.example")
      const byPort = { [`some.example:${server.port}`]: "127.0.0.1", "some.example": "127.0.0.2" }
      expect(yield* exchanged(yield* dialed(to(url), { resolve: byPort, lookup }), "hello")).toContain("200 OK")
      yield* dialed(to(url), { resolve: { "some.example": here }, lookup })
      expect(asked).toEqual([])
      const { info } = yield* dialed(to(url), { lookup })
      expect(asked).toEqual(["some.example"])
      expect(info).toMatchObject({ remoteAddress: "127.0.0.1", remotePort: server.port, localAddress: "127.0.0.1" })
      expect(info).toMatchObject({ proxy: undefined, tls: undefined, protocol: "http/1.1" })
      expect(info.timings).toEqual({
        dns: expect.any(Number),
        connect: expect.any(Number),
        proxy: undefined,
        tls: undefined
      })
      yield* dialed(to(server.url("/", "localhost")))
      const literal = yield* dialed(to(server.url()), { lookup })
      expect(literal.info.timings.dns).toBeUndefined()
      expect(asked.length).toBe(1)
    })
  )

  it.live("without an address is a problem of DNS, as is a lookup that fails, dies or gives no addresses", () =>
    Effect.gen(function* () {
      const invalid = to("http://no-such-host.invalid/")
      expect(yield* refusedTo(invalid)).toMatchObject({
        _tag: "Dns",
        phase: "dns",
        message: expect.stringMatching(/^the host no-such-host\.invalid has no address \(E\w+\)$/)
      })
      const nothing: ReadonlyArray<string> = []
      expect((yield* refusedTo(invalid, { lookup: () => Effect.succeed(nothing) })).message).toContain("(ENOTFOUND)")
      const bad: ReadonlyArray<() => Effect.Effect<ReadonlyArray<string>, unknown>> = [
        () => Effect.fail("oops"),
        () => Effect.die("oops"),
        () => Effect.interrupt,
        () => Effect.succeed(["127.0.0.1", "localhost"]),
        () => {
          throw new Error("oops")
        },
        // What a caller without types can write.
        () => Effect.succeed("127.0.0.1" as never),
        () => undefined as never
      ]
      for (const lookup of bad) expect(yield* refusedTo(invalid, { lookup })).toMatchObject({ _tag: "Dns" })
      expect(yield* refusedTo(to("http://constructor/"), { resolve: {}, lookup: () => Effect.fail(1) })).toMatchObject({
        message: "the host constructor could not be looked up: 1"
      })
    })
  )

  it.scopedLive("is refused when the guard lets none of its addresses pass, and reached at those that it does", () =>
    Effect.gen(function* () {
      const server = yield* scripted(hello)
      const resolve = { "some.example": ["127.0.0.2", "127.0.0.1"] }
      const seen: Array<readonly [string, string]> = []
      const allowAddress = (address: string, hostname: string) => {
        seen.push([address, hostname])
        return address === "127.0.0.1"
      }
      const url = server.url("/", "some.example")
      expect((yield* dialed(to(url), { resolve, allowAddress })).info.remoteAddress).toBe("127.0.0.1")
      expect(seen).toEqual([
        ["127.0.0.2", "some.example"],
        ["127.0.0.1", "some.example"]
      ])
      const sockets = yield* clientSockets
      const none = yield* refusedTo(to(url), { resolve, allowAddress: () => false })
      expect(none).toMatchObject({ _tag: "Refused", phase: "dns", address: "127.0.0.2" })
      expect(none.message).toBe("the host some.example has no address that is allowed (127.0.0.2, 127.0.0.1)")
      expect(yield* refusedTo(to(server.url()), { allowAddress: () => false })).toMatchObject({
        _tag: "Refused",
        message: "the address 127.0.0.1 is not allowed"
      })
      const broken = () => {
        throw new Error("oops")
      }
      expect(yield* refusedTo(to(server.url()), { allowAddress: broken })).toMatchObject({ _tag: "Refused" })
      expect(sockets).toEqual([])
    })
  )

  it.scopedLive("is reached at an address that answers when another one does not, with TLS too", () =>
    Effect.gen(function* () {
      const plain = yield* scripted(hello)
      const secure = yield* scriptedTls(Certificates.localhost, hello)
      const resolve = { localhost: ["::1", "127.0.0.1"] }
      for (const server of [plain, secure]) {
        const connected = yield* dialed(to(server.url("/", "localhost")), { resolve })
        expect(connected.info.remoteAddress).toBe("127.0.0.1")
        expect(yield* exchanged(connected, "hello")).toContain("200 OK")
      }
      const closed = yield* Effect.scoped(scripted())
      const dead = yield* refusedTo(to(closed.url("/", "localhost")), { resolve })
      expect(dead).toMatchObject({ _tag: "Connect", phase: "connect" })
      expect(dead.message).toMatch(
        /^cannot connect to localhost:\d+: connect \w+ ::1:\d+.*; connect \w+ 127\.0\.0\.1:\d+/
      )
    })
  )

  it.scopedLive("is reached from the local address, at addresses of its family", () =>
    Effect.gen(function* () {
      const server = yield* scripted(hello)
      const resolve = { "some.example": ["::1", "127.0.0.3", "127.0.0.1"], six: "::1" }
      const options = { resolve, localAddress: "127.0.0.9" }
      expect((yield* dialed(to(server.url("/", "some.example")), options)).info).toMatchObject({
        localAddress: "127.0.0.9",
        remoteAddress: "127.0.0.1"
      })
      expect((yield* refusedTo(to(server.url("/", "six")), options)).message).toContain("no IPv4 address")
      expect(yield* refusedTo(to(server.url()), { localAddress: "here" })).toMatchObject({ _tag: "Connect" })
    })
  )

  it.scopedLive.skipIf(!hasIpv6)("can be an IPv6 address", () =>
    Effect.gen(function* () {
      const server = net.createServer((socket) =>
        socket
          .on("error", () => undefined)
          .resume()
          .end("hello")
      )
      yield* Effect.addFinalizer(() => Effect.async<void>((resume) => void server.close(() => resume(Effect.void))))
      yield* Effect.async<void>((resume) => void server.listen(0, "::1", () => resume(Effect.void)))
      const { port } = server.address() as net.AddressInfo
      const connected = yield* dialed(to(`http://[::1]:${port}/`))
      expect(connected.info.remoteAddress).toBe("::1")
      expect(yield* exchanged(connected, "hello")).toBe("hello")
    })
  )
})

describe("a Unix socket", () => {
  it.scopedLive("is connected to without a lookup or a guard, whatever the URL's host", () =>
    Effect.gen(function* () {
      const path = join(os.tmpdir(), `httpx-${process.pid}-${Math.random().toString(36).slice(2)}.sock`)
      const server = net.createServer((socket) =>
        socket
          .on("error", () => undefined)
          .resume()
          .end("hello")
      )
      yield* Effect.addFinalizer(() => Effect.async<void>((resume) => void server.close(() => resume(Effect.void))))
      yield* Effect.async<void>((resume) => void server.listen(path, () => resume(Effect.void)))
      const unix = (at: string) => destination("http://no-such-host.invalid/", { _tag: "Unix", path: at })
      const connected = yield* dialed(unix(path), { allowAddress: () => false })
      expect(yield* exchanged(connected, "hello")).toBe("hello")
      expect(connected.info.timings.dns).toBeUndefined()
      expect(yield* refusedTo(unix(`${path}.none`))).toMatchObject({
        _tag: "Connect",
        message: expect.stringContaining(`cannot connect to ${path}.none: connect ENOENT`)
      })
    })
  )
})

describe("TLS", () => {
  it.scopedLive("is told by what was agreed on, and timed apart", () =>
    Effect.gen(function* () {
      const server = yield* scriptedTls({ ...Certificates.localhost, ALPNProtocols: ["http/1.1"] }, hello)
      const { info, protocol, socket } = yield* dialed(to(server.url("/", "localhost")))
      expect(protocol).toBe("http/1.1")
      expect(info.tls).toEqual({ version: "TLSv1.3", cipher: expect.stringMatching(/^TLS_/), resumed: false })
      expect(info.timings).toMatchObject({ connect: expect.any(Number), tls: expect.any(Number), proxy: undefined })
      expect(socket.listeners("close").length).toBeLessThanOrEqual(1)
    })
  )

  it.scopedLive("that fails says with whom and why, and its socket is closed by then", () =>
    Effect.gen(function* () {
      const sockets = yield* clientSockets
      const server = yield* scriptedTls(Certificates.selfSigned, hello)
      const problem = yield* refusedTo(to(server.url("/", "localhost")))
      expect(problem).toMatchObject({ _tag: "Tls", phase: "tls", code: "DEPTH_ZERO_SELF_SIGNED_CERT" })
      expect(problem.message).toContain(`the TLS handshake with localhost:${server.port} failed: `)
      expect(sockets.map(({ closed }) => closed)).toEqual([true])
    })
  )

  it.scopedLive("hands HTTP/2 over with everything that the server has said already", () =>
    Effect.gen(function* () {
      const server = http2.createSecureServer(Certificates.localhost, (_, response) => response.end("hello"))
      yield* Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void)))
      yield* Effect.addFinalizer(() => Effect.async<void>((resume) => void server.close(() => resume(Effect.void))))
      const url = `https://localhost:${(server.address() as net.AddressInfo).port}`
      const { protocol, reader, socket } = yield* dialed(to(url))
      expect(protocol).toBe("h2")
      const before = socket.bytesRead
      yield* eventually(() => socket.bytesRead > before)
      const session = http2.connect(url, { createConnection: () => (reader.handOver(socket), socket) })
      const text = yield* Effect.async<string>((resume) => {
        let read = ""
        const stream = session.request({ ":path": "/" }).setEncoding("utf8")
        stream.on("data", (chunk: string) => (read += chunk)).on("end", () => resume(Effect.succeed(read)))
      })
      expect(text).toBe("hello")
      session.destroy()
    })
  )
})

describe("a server that speaks first", () => {
  it.scopedLive("is heard, though nobody listened yet", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) => Effect.zipRight(c.send("first, "), once("then")(c)))
      const connected = yield* dialed(to(server.url()))
      yield* eventually(() => connected.socket.bytesRead === 7)
      expect(yield* exchanged(connected, "then")).toBe("first, then")
    })
  )
})

describe("interruption at any moment", () => {
  it.scopedLive.each(["http", "https"] as const)("leaves no socket open, with %s", (scheme) =>
    Effect.gen(function* () {
      const server = yield* scheme === "http" ? scripted(hello) : scriptedTls(Certificates.localhost, hello)
      const sockets = yield* clientSockets
      const by = dialer()
      const phases = new Set<string>()
      for (let i = 0; i < 300; i++) {
        const turns = Math.floor(Math.random() * (scheme === "http" ? 6 : 14))
        phases.add(yield* interruptedAfter(by, to(server.url("/", "localhost")), turns))
        expect(sockets.every(({ closed }) => closed)).toBe(true)
      }
      expect([...phases]).toEqual(expect.arrayContaining(["dns", "done"]))
      yield* server.untilOpen(0)
    })
  )

  it.scopedLive("of a lookup interrupts that", () =>
    Effect.gen(function* () {
      let interrupted = false
      const lookup = () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => void (interrupted = true)))
      expect(yield* interruptedAfter(dialer({ lookup }), to("http://some.example/"), 2)).toBe("dns")
      expect(interrupted).toBe(true)
    })
  )
})

describe("a proxy that forwards", () => {
  it.scopedLive.each(["http", "https"] as const)("is connected to, and is all there is to it: %s", (scheme) =>
    Effect.gen(function* () {
      const server = yield* scheme === "http" ? scripted(hello) : scriptedTls(Certificates.localhost, hello)
      const proxy = proxyAt(server.port, scheme)
      const way = destination("http://some.example/", { _tag: "Forward", proxy })
      const connected = yield* dialed(way, { allowAddress: () => false })
      expect(yield* exchanged(connected, "hello")).toContain("200 OK")
      expect(connected.info).toMatchObject({ proxy: proxy.url, tls: undefined, protocol: "http/1.1" })
      const literal = destination("http://10.0.0.1/", { _tag: "Forward", proxy })
      expect(yield* refusedTo(literal, { allowAddress: () => false })).toMatchObject({ address: "10.0.0.1" })
    })
  )
})
