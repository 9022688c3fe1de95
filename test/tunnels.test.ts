/** Tunnels through HTTP proxies: what CONNECT says, and what comes of each answer. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { Fields } from "../src/protocol/Fields.js"
import type { ProxyAuthorization } from "../src/transport/connect/ProxyAuthorization.js"
import * as Certificates from "./support/certificates.js"
import { eventually } from "./support/failing.js"
import {
  credentials,
  destination,
  dialed,
  dialer,
  exchanged,
  interruptedAfter,
  proxyAt,
  refusedTo,
  tunnelling
} from "./support/proxies.js"
import { answering, ok, once, type Script, scripted, scriptedTls } from "./support/scripted.js"
import { clientSockets } from "./support/sockets.js"
import type { Proxy } from "../src/protocol/proxy.js"

const hello = answering(ok("hello"))
const through = (proxy: Proxy, url = "http://some.example/") => destination(url, { _tag: "Tunnel", proxy })

const basic: ProxyAuthorization = {
  first: ({ credentials: known }) =>
    known === undefined ? undefined : `Basic ${btoa(`${known.username}:${Redacted.value(known.password)}`)}`,
  challenged: () => undefined
}

/** Answers a challenge by its nonce. */
const challenged: ProxyAuthorization = {
  first: () => undefined,
  challenged: (_, fields, method, uri) => `Fake ${fields.get("Proxy-Authenticate")} ${method} ${uri}`
}

const wanting = (body: string, ...fields: ReadonlyArray<string>): string =>
  ["HTTP/1.1 407 Who Are You", "Proxy-Authenticate: nonce", ...fields, "", body].join("\r\n")

describe("a tunnel", () => {
  it.scopedLive.each([
    ["http", "http"],
    ["https", "http"],
    ["http", "https"],
    ["https", "https"]
  ] as const)("through an %s proxy leads to an %s server", ([scheme, target]) =>
    Effect.gen(function* () {
      const server = yield* target === "http" ? scripted(hello) : scriptedTls(Certificates.localhost, hello)
      const tunnel = yield* tunnelling(server.port, undefined, scheme === "https" ? Certificates.localhost : undefined)
      const headers = Fields.from({ "X-Trace": "1" })
      const proxy = proxyAt(tunnel.port, scheme, { credentials, headers })
      const connected = yield* dialed(through(proxy, `${target}://localhost/`), { proxyAuthorization: basic })
      expect(yield* exchanged(connected, "hello")).toContain("200 OK")
      const port = target === "http" ? 80 : 443
      expect(tunnel.heard).toEqual([
        `CONNECT localhost:${port} HTTP/1.1\r\nHost: localhost:${port}\r\nX-Trace: 1\r\n` +
          `Proxy-Authorization: Basic ${btoa("user:secret word")}\r\n\r\n`
      ])
      const { info } = connected
      expect(info).toMatchObject({ proxy: proxy.url, remoteAddress: "127.0.0.1", remotePort: tunnel.port })
      expect(info.tls !== undefined).toBe(target === "https")
      expect(info.timings.tls !== undefined).toBe(target === "https")
      expect(info.timings.proxy).toEqual(expect.any(Number))
    })
  )

  it.scopedLive("is asked for by brackets for an IPv6 address", () =>
    Effect.gen(function* () {
      const tunnel = yield* tunnelling(1, () => "HTTP/1.1 403 No\r\n\r\n")
      yield* refusedTo(through(proxyAt(tunnel.port), "http://[fd00::1]:8080/"))
      expect(tunnel.heard).toEqual(["CONNECT [fd00::1]:8080 HTTP/1.1\r\nHost: [fd00::1]:8080\r\n\r\n"])
    })
  )

  it.scopedLive("loses nothing that comes in one segment with the proxy's answer, and can be paused", () =>
    Effect.gen(function* () {
      const early: Script = (c) =>
        Effect.gen(function* () {
          yield* c.request
          yield* c.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfirst, ")
          yield* c.request
          yield* c.send("then")
          yield* c.take("more")
          yield* c.send("last")
          yield* c.close
        })
      const proxy = yield* scripted(early)
      const connected = yield* dialed(through(proxyAt(proxy.port)))
      const { socket } = connected
      expect(yield* exchanged(connected, "then")).toBe("first, then")
      let read = ""
      connected.reader.receiver = (bytes) => (read += Buffer.from(bytes).toString("latin1"))
      socket.pause()
      socket.write("more")
      yield* eventually(() => socket.readableLength === 4)
      expect(read).toBe("")
      socket.resume()
      yield* eventually(() => read === "last")
      yield* eventually(() => socket.closed)
    })
  )

  it.scopedLive("that is closed at once after the last bytes gives these", () =>
    Effect.gen(function* () {
      const proxy = yield* scripted((c) => Effect.zipRight(once("HTTP/1.1 200 OK\r\n\r\nall there is")(c), c.close))
      const connected = yield* dialed(through(proxyAt(proxy.port)))
      expect(yield* exchanged(connected, "is")).toBe("all there is")
    })
  )

  it.scopedLive("guards an address that the proxy is to connect to, and leaves names and the proxy to it", () =>
    Effect.gen(function* () {
      const server = yield* scripted(hello)
      const tunnel = yield* tunnelling(server.port)
      const options = { allowAddress: () => false }
      yield* dialed(through(proxyAt(tunnel.port)), options)
      expect(yield* refusedTo(through(proxyAt(tunnel.port), "http://10.0.0.1/"), options)).toMatchObject({
        _tag: "Refused",
        address: "10.0.0.1"
      })
      expect(tunnel.heard.length).toBe(1)
    })
  )
})

describe("a proxy that asks who we are", () => {
  it.scopedLive("is told on the same connection when the answer's body is short", () =>
    Effect.gen(function* () {
      const proxy = yield* scripted((c) =>
        Effect.gen(function* () {
          yield* once(wanting("who?", "Content-Length: 4"))(c)
          yield* once(ok("").replace("Content-Length: 0\r\n", ""))(c)
          yield* hello(c)
        })
      )
      const connected = yield* dialed(through(proxyAt(proxy.port)), { proxyAuthorization: challenged })
      expect(yield* exchanged(connected, "hello")).toContain("200 OK")
      expect(proxy.connections.length).toBe(1)
      expect(proxy.connections[0]!.received).toContain(
        "Proxy-Authorization: Fake nonce CONNECT some.example:80\r\n\r\nGET / "
      )
    })
  )

  it.scopedLive.each([
    ["has no length", wanting("who?")],
    ["is long", wanting("x".repeat(70_000), "Content-Length: 70001")],
    ["is the last one", wanting("", "Content-Length: 0", "Connection: close")],
    ["is broken", wanting("zz\r\n", "Transfer-Encoding: chunked")]
  ] as const)("is told on a new connection when the answer %s", ([, answer]) =>
    Effect.gen(function* () {
      const proxy = yield* scripted(once(answer), (c) => Effect.zipRight(once("HTTP/1.1 200 OK\r\n\r\n")(c), hello(c)))
      const connected = yield* dialed(through(proxyAt(proxy.port)), { proxyAuthorization: challenged })
      expect(yield* exchanged(connected, "hello")).toContain("200 OK")
      expect(proxy.connections.length).toBe(2)
      yield* proxy.untilOpen(1)
    })
  )

  it.scopedLive("and then closes, though it said that it would not, is told on a new connection", () =>
    Effect.gen(function* () {
      const proxy = yield* scripted(
        (c) => Effect.zipRight(once(wanting("", "Content-Length: 0"))(c), Effect.zipRight(c.request, c.close)),
        once("HTTP/1.1 200 OK\r\n\r\n")
      )
      yield* dialed(through(proxyAt(proxy.port)), { proxyAuthorization: challenged })
      expect(proxy.connections.length).toBe(2)
    })
  )

  it.scopedLive("again, is not told again", () =>
    Effect.gen(function* () {
      const proxy = yield* scripted(answering(wanting("", "Content-Length: 0")))
      const problem = yield* refusedTo(through(proxyAt(proxy.port, "http", { credentials })), {
        proxyAuthorization: challenged
      })
      expect(problem).toMatchObject({ _tag: "Proxy", phase: "proxy", status: 407 })
      expect(problem.message).toBe(
        `the proxy http://127.0.0.1:${proxy.port} answered CONNECT some.example:80 with 407 Who Are You`
      )
      expect(proxy.connections[0]!.received.split("CONNECT some.example:80 HTTP").length).toBe(3)
      yield* proxy.untilOpen(0)
    })
  )
})

describe("a proxy that opens no tunnel", () => {
  it.scopedLive.each([
    ["refuses", once("HTTP/1.1 502 Bad Gateway\r\n\r\n"), 502, "with 502 Bad Gateway"],
    ["switches protocols", once("HTTP/1.1 101 X\r\n\r\n"), 101, "with 101 X"],
    ["redirects", once("HTTP/1.1 302\r\nLocation: /\r\n\r\n"), 302, "with 302"],
    ["talks nonsense", once("nonsense"), undefined, "it broke HTTP/1.1"],
    ["says too much", once(`HTTP/1.1 200 OK\r\n${"a: b\r\n".repeat(20_000)}`), undefined, "the head is over"],
    ["closes", (c) => Effect.zipRight(c.request, c.close), undefined, "closed before a response"],
    ["closes in its head", (c) => Effect.zipRight(once("HTTP/1.1 2")(c), c.close), undefined, "bytes of a head"],
    ["resets", (c) => Effect.zipRight(c.request, c.reset), undefined, "ECONNRESET"]
  ] satisfies ReadonlyArray<readonly [string, Script, number | undefined, string]>)(
    "because it %s is a problem of the proxy",
    ([, script, status, message]) =>
      Effect.gen(function* () {
        const proxy = yield* scripted(script)
        const problem = yield* refusedTo(through(proxyAt(proxy.port, "http", { credentials })), {
          proxyAuthorization: basic
        })
        expect(problem).toMatchObject({ _tag: "Proxy", phase: "proxy", status })
        expect(problem.message).toContain(`the proxy http://127.0.0.1:${proxy.port} `)
        expect(problem.message).toContain(message)
        expect(problem.message).not.toContain(btoa("user:secret word"))
        yield* proxy.untilOpen(0)
      })
  )

  it.scopedLive("because it is not there, or is none by TLS, or cannot be asked, says so", () =>
    Effect.gen(function* () {
      const closed = yield* Effect.scoped(scripted())
      expect(yield* refusedTo(through(proxyAt(closed.port)))).toMatchObject({
        _tag: "Connect",
        message: expect.stringContaining(
          `cannot connect to the proxy http://127.0.0.1:${closed.port}: connect ECONNREF`
        )
      })
      const other = yield* tunnelling(1, undefined, Certificates.selfSigned)
      expect(yield* refusedTo(through(proxyAt(other.port, "https")))).toMatchObject({
        _tag: "Tls",
        phase: "proxy",
        code: "DEPTH_ZERO_SELF_SIGNED_CERT",
        message: expect.stringContaining(`the TLS handshake with the proxy https://127.0.0.1:${other.port} failed: `)
      })
      const forged = proxyAt(closed.port, "http", { headers: Fields.from({ "X-Trace": "1\r\nX-Other: 2" }) })
      expect(yield* refusedTo(through(forged))).toMatchObject({ _tag: "Proxy", status: undefined })
      const nowhere = proxyAt(80, "http", { hostname: "no-such-host.invalid" })
      expect((yield* refusedTo(through(nowhere))).message).toContain(
        "the host no-such-host.invalid of the proxy has no"
      )
    })
  )

  it.scopedLive("to a server whose handshake fails blames the server", () =>
    Effect.gen(function* () {
      const server = yield* scriptedTls(Certificates.selfSigned, hello)
      const tunnel = yield* tunnelling(server.port)
      const problem = yield* refusedTo(through(proxyAt(tunnel.port), "https://localhost/"))
      expect(problem).toMatchObject({ _tag: "Tls", phase: "tls", code: "DEPTH_ZERO_SELF_SIGNED_CERT" })
      const cut = yield* scripted((c) => Effect.zipRight(once("HTTP/1.1 200 OK\r\n\r\n")(c), c.close))
      expect(yield* refusedTo(through(proxyAt(cut.port), "https://localhost/"))).toMatchObject({ _tag: "Tls" })
    })
  )
})

describe("interruption at any moment", () => {
  it.scopedLive.each(["http", "https"] as const)("leaves no socket open, through an %s proxy", (scheme) =>
    Effect.gen(function* () {
      const server = yield* scriptedTls(Certificates.localhost, hello)
      const secure = scheme === "https" ? Certificates.localhost : undefined
      const asking = (head: string) =>
        head.includes("Proxy-Auth") ? "HTTP/1.1 200 OK\r\n\r\n" : wanting("", "Content-Length: 0")
      const tunnel = yield* tunnelling(server.port, asking, secure)
      const sockets = yield* clientSockets
      const by = dialer({ proxyAuthorization: challenged })
      const way = through(proxyAt(tunnel.port, scheme), "https://localhost/")
      const phases = new Set<string>()
      for (let i = 0; i < 200; i++) {
        phases.add(yield* interruptedAfter(by, way, Math.floor(Math.random() * 30)))
        expect(sockets.every((socket) => socket.closed || tunnel.onward.has(socket))).toBe(true)
      }
      expect([...phases]).toEqual(expect.arrayContaining(["proxy", "tls"]))
      yield* eventually(() => tunnel.open() === 0)
      yield* server.untilOpen(0)
    })
  )
})
