/** Requests go through proxies: told whole URLs, asked for tunnels, chosen by options or environment, given credentials. */
import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect, Inspectable, Redacted } from "effect"
import type { Transport } from "effect-httpx/node"
import { authority, localhost } from "./support/certificates.js"
import { atRest, connected, eventually, failsWith } from "./support/failing.js"
import { proxyServer } from "./support/proxyServer.js"
import { answering, ok, scripted, scriptedTls } from "./support/scripted.js"

const secure = (body: string) => scriptedTls({ ...localhost, ALPNProtocols: ["http/1.1"] }, answering(ok(body)))
const ca = { tls: { ca: authority } }
const jo = { username: "jo", password: Redacted.make("s3cret") }

describe("an HTTP proxy", () => {
  it.scopedLive("is told the whole URL of an http request, and what is for it alone", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("through")))
      const proxy = yield* proxyServer()
      const { client, stats } = yield* connected({ proxy: { url: proxy.url, headers: { "x-proxy": "mine" } } })
      const response = yield* client.get(server.url("/a?b=%20c"))
      expect(yield* response.text).toBe("through")
      expect(proxy.seen).toMatchObject([
        {
          method: "GET",
          target: server.url("/a?b=%20c"),
          headers: { "x-proxy": "mine", host: `127.0.0.1:${server.port}` }
        }
      ])
      expect(response.connection).toMatchObject({ value: { proxy: proxy.url, protocol: "http/1.1" } })
      yield* client.get(server.url("/again"))
      expect(proxy.seen.length).toBe(2)
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("serves http requests to all hosts over the same connections", () =>
    Effect.gen(function* () {
      const one = yield* scripted(answering(ok("one")))
      const two = yield* scripted(answering(ok("two")))
      const proxy = yield* proxyServer()
      const { client, stats } = yield* connected({ proxy: proxy.url })
      expect(yield* (yield* client.get(one.url())).text).toBe("one")
      expect(yield* (yield* client.get(two.url())).text).toBe("two")
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("is asked for a tunnel to an https server, which sees nothing of it", () =>
    Effect.gen(function* () {
      const server = yield* secure("private")
      const proxy = yield* proxyServer()
      const { client } = yield* connected({ proxy: { url: proxy.url, headers: { "x-proxy": "mine" } }, ...ca })
      const url = server.url("/path", "localhost")
      const response = yield* client.get(url)
      expect(yield* response.text).toBe("private")
      expect(proxy.seen).toMatchObject([
        { method: "CONNECT", target: `localhost:${server.port}`, headers: { "x-proxy": "mine" } }
      ])
      expect(server.connections[0]!.received).toMatch(/^GET \/path HTTP\/1\.1/)
      expect(server.connections[0]!.received).not.toContain("x-proxy")
      expect(response.connection).toMatchObject({ value: { proxy: proxy.url, tls: { version: "TLSv1.3" } } })
    })
  )

  it.scopedLive("that is not there is ConnectError, and named", () =>
    Effect.gen(function* () {
      const closed = yield* Effect.scoped(scripted())
      const { client, stats } = yield* connected({ proxy: `http://jo:s3cret@127.0.0.1:${closed.port}` })
      for (const url of ["http://h.test/", "https://h.test/"]) {
        const error = yield* failsWith(client.get(url), "ConnectError")
        expect(error).toMatchObject({ delivery: "unsent" })
        expect(error.message).toContain(`127.0.0.1:${closed.port}`)
        expect(Inspectable.toStringUnknown(error)).not.toContain("s3cret")
      }
      expect(yield* stats).toEqual(atRest(0))
    })
  )
})

describe("credentials for a proxy", () => {
  const wants = { scheme: "basic", username: "jo", password: "s3cret" } as const

  it.scopedLive("are sent at once as Basic, from the URL or beside it, and to nobody else", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("in")))
      const tls = yield* secure("in")
      const proxy = yield* proxyServer({ wants })
      const inUrl = proxy.url.replace("//", "//jo:s3cret@")
      for (const option of [inUrl, { url: proxy.url, auth: jo }]) {
        const { client } = yield* connected({ proxy: option, ...ca })
        expect((yield* client.get(server.url())).status).toBe(200)
        expect((yield* client.get(tls.url("/", "localhost"))).status).toBe(200)
      }
      expect(proxy.seen.map(({ method }) => method)).toEqual(["GET", "CONNECT", "GET", "CONNECT"])
      for (const { received } of [...server.connections, ...tls.connections]) {
        expect(received.toLowerCase()).not.toContain("authorization")
      }
    })
  )

  it.scopedLive("are answered to a Digest challenge, for both kinds of requests, and then sent unasked", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("in")))
      const tls = yield* secure("in")
      const proxy = yield* proxyServer({ wants: { ...wants, scheme: "digest" } })
      const { client, stats } = yield* connected({
        proxy: { url: proxy.url, auth: { ...jo, scheme: "digest" } },
        limits: { keepAlive: 0 },
        ...ca
      })
      for (let i = 0; i < 3; i++) {
        expect((yield* client.post(server.url(), { json: i })).status).toBe(200)
        expect((yield* client.get(tls.url("/", "localhost"))).status).toBe(200)
      }
      const sent = proxy.seen.map(({ headers, method }) => [method, headers["proxy-authorization"]?.slice(0, 6)])
      expect(sent).toEqual([
        ["POST", undefined],
        ...Array.from({ length: 3 }, () => [
          ["POST", "Digest"],
          ["CONNECT", "Digest"]
        ]).flat()
      ])
      yield* eventually(() => proxy.open() === 0)
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive("that were sent as Basic are given as Digest to a proxy that asks for it", () =>
    Effect.gen(function* () {
      const tls = yield* secure("in")
      const proxy = yield* proxyServer({ wants: { ...wants, scheme: "digest" } })
      const { client } = yield* connected({ proxy: proxy.url.replace("//", "//jo:s3cret@"), ...ca })
      expect((yield* client.get(tls.url("/", "localhost"))).status).toBe(200)
      expect(proxy.seen.map(({ headers }) => headers["proxy-authorization"]?.split(" ")[0])).toEqual([
        "Basic",
        "Digest"
      ])
    })
  )

  it.scopedLive.each(["basic", "digest"] as const)("that are wrong are ProxyError with the status 407: %s", (scheme) =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("in")))
      const proxy = yield* proxyServer({ wants: { ...wants, scheme } })
      const auth = { username: "jo", password: Redacted.make("wr0ng"), scheme }
      const { client, stats } = yield* connected({ proxy: { url: proxy.url, auth } })
      for (const url of [server.url(), "https://127.0.0.1:1/"]) {
        const error = yield* failsWith(client.get(url), "ProxyError")
        expect(error).toMatchObject({ status: 407, phase: "proxy", delivery: "unsent" })
        expect(error.message).toContain(proxy.url)
        expect(Inspectable.toStringUnknown(error) + JSON.stringify(error)).not.toContain("wr0ng")
      }
      expect(server.connections.length).toBe(0)
      expect(yield* stats).toMatchObject({ queued: 0, connecting: 0, active: 0 })
    })
  )

  it.scopedLive("that a request brings itself are left to it, answer and all", () =>
    Effect.gen(function* () {
      const proxy = yield* proxyServer({ wants })
      const { client } = yield* connected({ proxy: proxy.url })
      const headers = { "proxy-authorization": "Basic b3RoZXI=" }
      expect((yield* client.get("http://h.test/", { headers })).status).toBe(407)
    })
  )
})

describe("which proxy is used", () => {
  const environment = (variables: Record<string, string>) =>
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(variables))))

  it.scopedLive("is said by mounts, the most specific one first, and `null` is none", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("x")))
      const [general, special] = [yield* proxyServer(), yield* proxyServer()]
      const proxy: Transport.ProxyMounts = {
        "all://": general.url,
        [`http://127.0.0.1:${server.port}`]: special.url,
        "all://localhost": null
      }
      const { client } = yield* connected({ proxy })
      yield* client.get(server.url())
      expect([general.seen.length, special.seen.length]).toEqual([0, 1])
      yield* client.get(server.url("/", "localhost"))
      expect([general.seen.length, special.seen.length]).toEqual([0, 1])
      yield* Effect.exit(client.get("http://127.0.0.1:1/"))
      expect([general.seen.length, special.seen.length]).toEqual([1, 1])
    })
  )

  it.scopedLive("is said by the environment, through Config, except for what NO_PROXY names", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("x")))
      const proxy = yield* proxyServer()
      const variables = { HTTP_PROXY: proxy.url, no_proxy: "localhost, 10.0.0.0/8" }
      const { client } = yield* environment(variables)(connected())
      yield* client.get(server.url())
      expect(proxy.seen.length).toBe(1)
      yield* client.get(server.url("/", "localhost"))
      expect(proxy.seen.length).toBe(1)
    })
  )

  it.scopedLive.each<readonly [string, Record<string, string>, Transport.TransportOptions]>([
    ["the environment is not trusted", {}, { trustEnv: false }],
    ["the option says that there is none", {}, { proxy: null }],
    ["HTTP_PROXY may be a field of a CGI program's client", { REQUEST_METHOD: "GET" }, {}]
  ])("is none when %s", ([, variables, options]) =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("direct")))
      const HTTP_PROXY = "http://127.0.0.1:1"
      const { client } = yield* environment({ HTTP_PROXY, ...variables })(connected(options))
      expect(yield* (yield* client.get(server.url())).text).toBe("direct")
    })
  )

  it.scopedLive("that is no proxy is ProxyError of those requests that it is for, without its secret", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("direct")))
      const variables = { HTTPS_PROXY: "ftp://jo:s3cret@proxy.test" }
      const { client } = yield* environment(variables)(connected())
      expect((yield* client.get(server.url())).status).toBe(200)
      const error = yield* failsWith(client.get("https://h.test/"), "ProxyError")
      expect(error).toMatchObject({ phase: "prepare", delivery: "unsent", status: undefined })
      expect(error.message).toContain("HTTPS_PROXY")
      expect(Inspectable.toStringUnknown(error)).not.toContain("s3cret")
    })
  )

  it.scopedLive.each<readonly [string, Transport.TransportOptions]>([
    ["a mount", { proxy: { "nonsense://": "http://p.test" } }],
    ["a limit", { limits: { connections: 0 } }],
    ["a duration", { timeout: { read: "soon" as "5 seconds" } }],
    ["both protocols off", { http1: false, http2: false }],
    ["two ways at once", { unixSocket: "none.socket", proxy: "http://p.test" }]
  ])("and what makes no sense in the options (%s) is LocalProtocolError", ([, options]) =>
    Effect.gen(function* () {
      const { client } = yield* connected(options)
      const error = yield* failsWith(client.get("http://127.0.0.1:1/"), "LocalProtocolError")
      expect(error).toMatchObject({ phase: "prepare", delivery: "unsent" })
    })
  )
})
