/** Proxies that others wrote. They are used where they are installed. */
import { describe, expect, it, layer } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import type { Client } from "effect-httpx"
import type { Transport } from "effect-httpx/node"
import { authority as ca } from "./support/certificates.js"
import { connected, eventually, failsWith } from "./support/failing.js"
import { type Account, account } from "./support/peers/account.js"
import { large, sha256, small } from "./support/peers/contents.js"
import * as Microsocks from "./support/peers/microsocks.js"
import { type Origin, origin, type Seen } from "./support/peers/origin.js"
import { isMissing } from "./support/peers/Peer.js"
import { live, pieces } from "./support/peers/serving.js"
import * as Squid from "./support/peers/squid.js"
import * as Tinyproxy from "./support/peers/tinyproxy.js"
import { scripted } from "./support/scripted.js"
import { clientSockets } from "./support/sockets.js"

const Site = Context.GenericTag<Origin>("test/Origin")
const site = Layer.scoped(Site, origin)

/** The proxy's URL with the account in it. */
const withAccount = (url: string, { password, username }: Account): string =>
  url.replace("://", `://${encodeURIComponent(username)}:${encodeURIComponent(password)}@`)

const mistaken: Account = { ...account, password: "mistaken" }

const auth = { username: account.username, password: Redacted.make(account.password) }

const through = (proxy: Transport.TransportOptions["proxy"], options?: Transport.TransportOptions) =>
  connected({ tls: { ca }, proxy, ...options })

/** Answers, uploads, and what the origin is told. */
const carries = (client: Client.Client, base: string, version: string) =>
  Effect.gen(function* () {
    const get = yield* client.get(`${base}/small`)
    expect([get.status, get.httpVersion]).toEqual([200, version])
    expect(yield* get.text).toBe(small)
    const body = large.subarray(0, 300_000)
    for (const content of [body, pieces(body)]) {
      const echo = yield* client.post(`${base}/echo`, { content })
      expect(sha256(yield* echo.read)).toBe(sha256(body))
    }
    return yield* seen(client, base)
  })

const downloads = (client: Client.Client, base: string) =>
  Effect.gen(function* () {
    expect(sha256(yield* (yield* client.get(`${base}/large`)).read)).toBe(sha256(large))
  })

const seen = (client: Client.Client, base: string) =>
  Effect.gen(function* () {
    // What `/seen` answers with.
    const told = (yield* (yield* client.get(`${base}/seen`)).json) as Seen
    expect(told.url).toBe("/seen")
    expect(told.headers).not.toHaveProperty("proxy-authorization")
    return told
  })

/** The proxy's refusal, with nothing of the password in it. */
const noWay = (proxy: Transport.TransportOptions["proxy"], url: string) =>
  Effect.gen(function* () {
    const { client, stats } = yield* through(proxy)
    const error = yield* failsWith(client.post(url, { content: "x" }), "ProxyError")
    expect(error).toMatchObject({ phase: "proxy", delivery: "unsent" })
    expect(JSON.stringify(error) + error.message + String(error.stack)).not.toContain(mistaken.password)
    expect(yield* stats).toMatchObject({ queued: 0, connecting: 0, active: 0 })
    return error
  })

/** The origin of a server that is there no more. */
const nobody = Effect.map(Effect.scoped(scripted()), (server) => `https://127.0.0.1:${server.port}`)

const Proxy = Context.GenericTag<Squid.Squid>("test/Squid")

describe.skipIf(isMissing(Squid.squid))("squid", () => {
  describe.each(["basic", "digest"] as const)("that wants %s authentication", (scheme) => {
    layer(
      Layer.merge(Layer.scoped(Proxy, Squid.start(scheme)), site),
      live
    )((it) => {
      it.scoped("forwards http, all by one connection", () =>
        Effect.gen(function* () {
          const squid = yield* Proxy
          const { http } = yield* Site
          const sockets = yield* clientSockets
          const { client } = yield* through(withAccount(squid.http, account))
          for (let i = 0; i < 20; i++) expect(yield* (yield* client.get(`${http}/small`)).text).toBe(small)
          expect(sockets.length).toBe(1)
          expect((yield* carries(client, http, "HTTP/1.1")).headers["via"]).toContain("squid")
          yield* downloads(client, http)
        })
      )

      it.scoped.each(["HTTP/2", "HTTP/1.1"])("opens a tunnel for https, with %s in it", (version) =>
        Effect.gen(function* () {
          const squid = yield* Proxy
          const { https } = yield* Site
          const use = Effect.gen(function* () {
            const { client } = yield* through({ url: squid.http, auth }, { http2: version === "HTTP/2" })
            expect((yield* carries(client, https, version)).headers).not.toHaveProperty("via")
            yield* downloads(client, https)
            for (let i = 0; i < 20; i++) expect(yield* (yield* client.get(`${https}/small`)).text).toBe(small)
          })
          yield* Effect.scoped(use)
          // It writes down a tunnel that has ended.
          yield* eventually(() => squid.output().includes(`CONNECT ${new URL(https).host} ${account.username}`))
        })
      )

      it.scoped("is spoken to over TLS too", () =>
        Effect.gen(function* () {
          const squid = yield* Proxy
          const { http, https } = yield* Site
          const { client } = yield* through({ url: squid.https, auth, tls: { ca } })
          yield* carries(client, http, "HTTP/1.1")
          yield* carries(client, https, "HTTP/2")
        })
      )

      it.scoped("refuses those whom it does not know", () =>
        Effect.gen(function* () {
          const squid = yield* Proxy
          const { http, https } = yield* Site
          for (const proxy of [squid.http, withAccount(squid.http, mistaken)]) {
            expect((yield* noWay(proxy, `${https}/echo`)).status).toBe(407)
            expect((yield* noWay(proxy, `${http}/echo`)).status).toBe(407)
          }
        })
      )

      it.scoped("says that nobody is there", () =>
        Effect.gen(function* () {
          const squid = yield* Proxy
          const error = yield* noWay(withAccount(squid.http, account), yield* nobody)
          expect(error.status).toBe(503)
        })
      )
    })
  })
})

const known: Account = { username: "jo", password: "pass-word_1" }
const Tiny = Context.GenericTag<Tinyproxy.Tinyproxy>("test/Tinyproxy")

describe.skipIf(isMissing(Tinyproxy.tinyproxy))("tinyproxy", () => {
  layer(
    Layer.merge(Layer.scoped(Tiny, Tinyproxy.start(known)), site),
    live
  )((it) => {
    it.scoped("forwards http", () =>
      Effect.gen(function* () {
        const tiny = yield* Tiny
        const { http } = yield* Site
        // It closes each connection without having said so, and a POST on one that is just closed is not sent again.
        const { client } = yield* through(withAccount(tiny.http, known), { limits: { keepAliveExpiry: 0 } })
        expect((yield* carries(client, http, "HTTP/1.1")).headers["via"]).toContain("tinyproxy")
        yield* downloads(client, http)
      })
    )

    it.scoped.each(["HTTP/2", "HTTP/1.1"])("opens a tunnel for https, with %s in it", (version) =>
      Effect.gen(function* () {
        const tiny = yield* Tiny
        const { https } = yield* Site
        const { client } = yield* through(withAccount(tiny.http, known), { http2: version === "HTTP/2" })
        yield* carries(client, https, version)
        yield* downloads(client, https)
        yield* eventually(() => tiny.output().includes(`CONNECT ${new URL(https).host}`))
      })
    )

    it.scoped("refuses those whom it does not know", () =>
      Effect.gen(function* () {
        const tiny = yield* Tiny
        const { http, https } = yield* Site
        for (const proxy of [tiny.http, withAccount(tiny.http, mistaken)]) {
          // Credentials that are wrong are a 401 here, which a server could have said as well.
          const status = proxy === tiny.http ? 407 : 401
          expect((yield* noWay(proxy, `${https}/echo`)).status).toBe(status)
          if (status === 407) expect((yield* noWay(proxy, `${http}/echo`)).status).toBe(status)
          else expect((yield* (yield* through(proxy)).client.get(`${http}/small`)).status).toBe(status)
        }
      })
    )

    it.scoped("says that nobody is there", () =>
      Effect.gen(function* () {
        const tiny = yield* Tiny
        const error = yield* noWay(withAccount(tiny.http, known), yield* nobody)
        expect(error.status).toBe(500)
      })
    )
  })

  it.scopedLive("that knows nobody lets all through", () =>
    Effect.gen(function* () {
      const tiny = yield* Tinyproxy.start()
      const { http, https } = yield* origin
      const { client } = yield* through(tiny.http)
      expect((yield* seen(client, http)).headers["via"]).toContain("tinyproxy")
      yield* seen(client, https)
      yield* eventually(() => tiny.output().includes(`CONNECT ${new URL(https).host}`))
    })
  )
})

describe.skipIf(isMissing(Microsocks.microsocks))("microsocks", () => {
  it.scopedLive.each(["socks5", "socks5h"])("as %s: carries http and https, with an account and without", (scheme) =>
    Effect.gen(function* () {
      const { http, https } = yield* origin
      const open = yield* Microsocks.start()
      const closed = yield* Microsocks.start(account)
      const plain = `${scheme}://${open.authority}`
      const proxies = [plain, withAccount(plain, account), withAccount(`${scheme}://${closed.authority}`, account)]
      for (const proxy of proxies) {
        const { client } = yield* through(proxy)
        yield* carries(client, http, "HTTP/1.1")
        yield* carries(client, https, "HTTP/2")
        if (proxy === plain) yield* downloads(client, https)
      }
      for (const peer of [open, closed]) {
        yield* eventually(() => peer.output().includes(`connected to ${new URL(http).host}`))
        expect(peer.output()).toContain(`connected to ${new URL(https).host}`)
      }
    })
  )

  it.scopedLive("refuses those whom it does not know", () =>
    Effect.gen(function* () {
      const { http, https } = yield* origin
      const socks = yield* Microsocks.start(account)
      const url = `socks5://${socks.authority}`
      for (const target of [http, https]) {
        for (const proxy of [url, withAccount(url, mistaken)]) {
          expect((yield* noWay(proxy, `${target}/echo`)).status).toBeUndefined()
        }
      }
    })
  )

  it.scopedLive("says that nobody is there, and that a name is nobody's", () =>
    Effect.gen(function* () {
      const socks = yield* Microsocks.start()
      yield* noWay(`socks5://${socks.authority}`, yield* nobody)
      yield* noWay(`socks5h://${socks.authority}`, "https://no-such-host.invalid/")
    })
  )
})
