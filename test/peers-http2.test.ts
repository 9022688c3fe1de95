/** HTTP/2 with servers that others wrote. They are used where they are installed. */
import { describe, expect, it, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { authority as ca } from "./support/certificates.js"
import { connected } from "./support/failing.js"
import * as Apache from "./support/peers/apache.js"
import { large, sha256, small, text } from "./support/peers/contents.js"
import * as HaProxy from "./support/peers/haproxy.js"
import * as Nghttpd from "./support/peers/nghttpd.js"
import * as Nginx from "./support/peers/nginx.js"
import { isMissing } from "./support/peers/Peer.js"
import { servesWhileReloading } from "./support/peers/reloading.js"
import { h2c, http2, live, pieces, serves } from "./support/peers/serving.js"
import { clientSockets } from "./support/sockets.js"

describe.skipIf(isMissing(Nginx.nginx))("nginx", () => {
  layer(
    Nginx.layer,
    live
  )((it) => {
    serves(it, Nginx.Nginx, { name: "TLS", base: ({ https }) => https, ...http2 })
    serves(it, Nginx.Nginx, { name: "h2c", base: (nginx) => nginx.h2c, ...h2c })

    it.scoped("chunks and compression are no matter", () =>
      Effect.gen(function* () {
        const { https } = yield* Nginx.Nginx
        const { client } = yield* connected({ tls: { ca } })
        const unknownLength = yield* client.get(`${https}/chunked`)
        expect(unknownLength.httpVersion).toBe("HTTP/2")
        expect(unknownLength.headers["content-length"]).toBeUndefined()
        expect(yield* unknownLength.text).toBe(text)
        const gzip = yield* client.get(`${https}/gzip`)
        expect(gzip.headers["content-encoding"]).toBe("gzip")
        expect(yield* gzip.text).toBe(text)
      })
    )

    it.scoped("a connection that says GOAWAY after its share is replaced, and no request fails", () =>
      Effect.gen(function* () {
        const { few } = yield* Nginx.Nginx
        const sockets = yield* clientSockets
        const { client } = yield* connected({ tls: { ca } })
        for (let i = 0; i < 25; i++) {
          const response = yield* client.post(`${few.https}/echo`, { content: `number ${i}` })
          expect(response.httpVersion).toBe("HTTP/2")
          expect(yield* response.text).toBe(`number ${i}`)
        }
        expect(sockets.length).toBeGreaterThanOrEqual(3)
      })
    )

    it.scoped("nor does one fail that was underway with many others when GOAWAY came", () =>
      Effect.gen(function* () {
        const { few } = yield* Nginx.Nginx
        const { client } = yield* connected({ tls: { ca } })
        const numbers = Array.from({ length: 25 }, (_, i) => `number ${i}`)
        const answers = yield* Effect.forEach(numbers, (content) => client.post(`${few.https}/echo`, { content }), {
          concurrency: "unbounded"
        })
        expect(new Set(answers.map(({ httpVersion }) => httpVersion))).toEqual(new Set(["HTTP/2"]))
        expect(yield* Effect.forEach(answers, ({ text }) => text)).toEqual(numbers)
      })
    )

    it.scoped("no request fails while it is reloaded", () =>
      Effect.gen(function* () {
        const nginx = yield* Nginx.Nginx
        const { client } = yield* connected({ tls: { ca } })
        const download = yield* client.stream("GET", `${nginx.https}/large`)
        const { https: base, reload } = nginx
        yield* servesWhileReloading({ client, base, httpVersion: "HTTP/2", tells: "x-worker", reload })
        // What the old worker was at is ended by it.
        expect(sha256(yield* download.read)).toBe(sha256(large))
      })
    )
  })
})

describe.skipIf(isMissing(Apache.apache))("apache", () => {
  layer(
    Apache.layer,
    live
  )((it) => {
    serves(it, Apache.Apache, { name: "TLS", base: ({ https }) => https, ...http2 })
    serves(it, Apache.Apache, { name: "h2c", base: ({ http }) => http, ...h2c })

    it.scoped("no request fails while it is restarted gracefully", () =>
      Effect.gen(function* () {
        const { https, reload } = yield* Apache.Apache
        const { client } = yield* connected({ tls: { ca } })
        const reloaded = { base: https, tells: "x-generation", reload: reload("reloaded") }
        yield* servesWhileReloading({ client, httpVersion: "HTTP/2", ...reloaded })
      })
    )
  })
})

describe.skipIf(isMissing(HaProxy.haproxy))("haproxy", () => {
  layer(
    HaProxy.layer,
    live
  )((it) => {
    serves(it, HaProxy.HaProxy, { name: "TLS", base: ({ https }) => https, ...http2 })
    serves(it, HaProxy.HaProxy, { name: "h2c", base: (haproxy) => haproxy.h2c, ...h2c })

    it.scoped("trailers come through", () =>
      Effect.gen(function* () {
        const { https } = yield* HaProxy.HaProxy
        const { client } = yield* connected({ tls: { ca } })
        const response = yield* client.get(`${https}/trailers`)
        expect(response.httpVersion).toBe("HTTP/2")
        expect(yield* response.text).toBe("with trailers")
        expect(response.trailers).toEqual([["x-sum", "42"]])
      })
    )
  })
})

/** The most requests that one connection had open at once, by the log of nghttpd. */
const mostOpen = (log: string): number => {
  const open = new Set<string>()
  let most = 0
  for (const [, id, opened, closed] of log.matchAll(
    /^\[id=(\d+)\].*?(?:recv \(stream_id=(\d+)\) :path|stream_id=(\d+) closed)/gm
  )) {
    if (opened === undefined) open.delete(`${id}/${closed}`)
    else open.add(`${id}/${opened}`)
    most = Math.max(most, [...open].filter((stream) => stream.startsWith(`${id}/`)).length)
  }
  return most
}

const Server = Context.GenericTag<Nghttpd.Nghttpd>("test/nghttpd")

describe.skipIf(isMissing(Nghttpd.nghttpd))("nghttpd", () => {
  layer(
    Layer.scoped(Server, Nghttpd.start("https")),
    live
  )((it) => {
    serves(it, Server, { name: "TLS", base: ({ url }) => url, ...http2, lacks: ["204", "413"] })
  })
  layer(
    Layer.scoped(Server, Nghttpd.start("http")),
    live
  )((it) => {
    serves(it, Server, { name: "h2c", base: ({ url }) => url, ...h2c, lacks: ["204", "413"] })
  })

  it.scopedLive("trailers come after the body", () =>
    Effect.gen(function* () {
      const server = yield* Nghttpd.start("https", "--trailer=x-first: 1", "--trailer=x-second: two")
      const { client } = yield* connected({ tls: { ca } })
      const response = yield* client.stream("GET", `${server.url}/large`)
      expect(response.trailers).toEqual([])
      expect(sha256(yield* response.read)).toBe(sha256(large))
      expect(response.trailers).toEqual([
        ["x-first", "1"],
        ["x-second", "two"]
      ])
    })
  )

  it.scopedLive("no more requests are open at once than it allows", () =>
    Effect.gen(function* () {
      const server = yield* Nghttpd.start("https", "--max-concurrent-streams=5")
      const { client } = yield* connected({ tls: { ca } })
      // What it allows is known when the first answer has come.
      yield* client.get(`${server.url}/small`)
      const answers = yield* Effect.forEach(
        Array.from({ length: 50 }),
        () => Effect.flatMap(client.get(`${server.url}/text.txt`), (response) => response.text),
        { concurrency: "unbounded" }
      )
      expect(new Set(answers)).toEqual(new Set([text]))
      expect(mostOpen(server.output())).toBe(5)
    })
  )

  it.scopedLive("nor does a burst fail that comes before it is known how many it allows", () =>
    Effect.gen(function* () {
      const server = yield* Nghttpd.start("https", "--max-concurrent-streams=5")
      const { client } = yield* connected({ tls: { ca } })
      const answers = yield* Effect.forEach(
        Array.from({ length: 50 }),
        () => Effect.flatMap(client.post(server.url, { content: small }), (response) => response.text),
        { concurrency: "unbounded" }
      )
      expect(new Set(answers)).toEqual(new Set([small]))
    })
  )

  it.scopedLive("pushes nothing to a client that does not want it", () =>
    Effect.gen(function* () {
      const server = yield* Nghttpd.start("https", "--push=/small=/large,/text.txt")
      const { client, stats } = yield* connected({ tls: { ca } })
      for (let i = 0; i < 3; i++) expect(yield* (yield* client.get(`${server.url}/small`)).text).toBe(small)
      expect(server.output()).toContain("SETTINGS_ENABLE_PUSH(0x02):0")
      expect(server.output()).not.toContain("PUSH_PROMISE")
      expect(yield* stats).toMatchObject({ active: 0, idle: 1 })
    })
  )

  it.scopedLive("answers that come before the body has gone out are not lost", () =>
    Effect.gen(function* () {
      const server = yield* Nghttpd.start("https", "--early-response")
      const { client } = yield* connected({ tls: { ca } })
      for (const content of [large, pieces(large)]) {
        const response = yield* client.post(`${server.url}/small`, { content })
        expect(response.status).toBe(200)
      }
    })
  )

  it.scopedLive("padding and small windows are no matter", () =>
    Effect.gen(function* () {
      const server = yield* Nghttpd.start("https", "--padding=255", "--window-bits=10", "--connection-window-bits=16")
      const { client } = yield* connected({ tls: { ca } })
      expect(sha256(yield* (yield* client.get(`${server.url}/large`)).read)).toBe(sha256(large))
      const body = large.subarray(0, 300_000)
      expect(sha256(yield* (yield* client.post(server.url, { content: body })).read)).toBe(sha256(body))
    })
  )
})
