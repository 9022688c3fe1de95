/** HTTP/1.1 with servers that others wrote. They are used where they are installed. */
import { describe, expect, it, layer } from "@effect/vitest"
import { Effect, Redacted, Stream } from "effect"
import { authority as ca, clientCertificate } from "./support/certificates.js"
import { connected, eventually, failsWith } from "./support/failing.js"
import * as Apache from "./support/peers/apache.js"
import { large, sha256, small, text } from "./support/peers/contents.js"
import * as HaProxy from "./support/peers/haproxy.js"
import * as Nginx from "./support/peers/nginx.js"
import * as OpenSsl from "./support/peers/openssl.js"
import { isMissing } from "./support/peers/Peer.js"
import { servesWhileReloading } from "./support/peers/reloading.js"
import { http1, live, serves } from "./support/peers/serving.js"
import { clientSockets } from "./support/sockets.js"

describe.skipIf(isMissing(Nginx.nginx))("nginx", () => {
  layer(
    Nginx.layer,
    live
  )((it) => {
    serves(it, Nginx.Nginx, { name: "http", base: ({ http }) => http, ...http1 })
    serves(it, Nginx.Nginx, { name: "https", base: ({ https }) => https, ...http1 })

    it.scoped("chunked and compressed bodies are what they were", () =>
      Effect.gen(function* () {
        const nginx = yield* Nginx.Nginx
        const { client } = yield* connected()
        const chunked = yield* client.get(`${nginx.http}/chunked`)
        expect(chunked.headers["transfer-encoding"]).toBe("chunked")
        expect(yield* chunked.text).toBe(text)
        const gzip = yield* client.get(`${nginx.http}/gzip`)
        expect(gzip.headers["content-encoding"]).toBe("gzip")
        expect(yield* gzip.text).toBe(text)
        expect(gzip.numBytesDownloaded).toBeLessThan(text.length / 10)
      })
    )

    it.scoped("a body that comes too slowly is given up in time, and so is its connection", () =>
      Effect.gen(function* () {
        const nginx = yield* Nginx.Nginx
        const { client, stats } = yield* connected()
        const error = yield* failsWith(client.get(`${nginx.http}/slow`, { timeout: "300 millis" }), "TotalTimeout")
        expect(error).toMatchObject({ phase: "read", delivery: "answered" })
        expect(yield* stats).toMatchObject({ active: 0, idle: 0 })
      })
    )

    it.scoped("a connection that has served its share is replaced", () =>
      Effect.gen(function* () {
        const { few } = yield* Nginx.Nginx
        for (const url of [few.http, few.https]) {
          const sockets = yield* clientSockets
          const { client } = yield* connected({ http2: false, tls: { ca } })
          for (let i = 0; i < 25; i++) {
            const response = yield* client.post(`${url}/echo`, { content: `number ${i}` })
            expect(response.headers["connection"]).toBe(i % 10 === 9 ? "close" : "keep-alive")
            expect(yield* response.text).toBe(`number ${i}`)
          }
          expect(sockets.length).toBe(3)
        }
      })
    )

    it.scoped("is spoken to by a Unix socket too", () =>
      Effect.gen(function* () {
        const { socket } = yield* Nginx.Nginx
        const { client, stats } = yield* connected({ unixSocket: socket })
        for (let i = 0; i < 3; i++) {
          expect(yield* (yield* client.get("http://anything.example/small")).text).toBe(small)
        }
        const download = yield* client.get("http://anything.example/large")
        expect(sha256(yield* download.read)).toBe(sha256(large))
        expect(yield* stats).toMatchObject({ active: 0, idle: 1 })
      })
    )

    it.scoped("no request fails while it is reloaded", () =>
      Effect.gen(function* () {
        const nginx = yield* Nginx.Nginx
        const { client } = yield* connected({ limits: { connectionsPerOrigin: 4 } })
        const { http: base, reload } = nginx
        yield* servesWhileReloading({ client, base, httpVersion: "HTTP/1.1", tells: "x-worker", reload })
      })
    )
  })
})

describe.skipIf(isMissing(Apache.apache))("apache", () => {
  layer(
    Apache.layer,
    live
  )((it) => {
    serves(it, Apache.Apache, { name: "http", base: ({ http }) => http, ...http1 })
    serves(it, Apache.Apache, { name: "https", base: ({ https }) => https, ...http1 })

    it.scoped("compressed bodies are what they were", () =>
      Effect.gen(function* () {
        const { http } = yield* Apache.Apache
        const { client } = yield* connected()
        const gzip = yield* client.get(`${http}/gzip`)
        expect(gzip.headers).toMatchObject({ "content-encoding": "gzip" })
        expect(yield* gzip.text).toBe(text)
      })
    )

    it.scoped("a connection that has served its share is replaced", () =>
      Effect.gen(function* () {
        const { few } = yield* Apache.Apache
        const sockets = yield* clientSockets
        const { client } = yield* connected()
        for (let i = 0; i < 25; i++) {
          expect(yield* (yield* client.post(`${few}/echo`, { content: `number ${i}` })).text).toBe(`number ${i}`)
        }
        expect(sockets.length).toBe(3)
      })
    )

    it.scoped("no request fails while it is restarted gracefully", () =>
      Effect.gen(function* () {
        const { http, reload } = yield* Apache.Apache
        const { client } = yield* connected({ limits: { connectionsPerOrigin: 4 } })
        const reloaded = { base: http, tells: "x-generation", reload: reload("reloaded") }
        yield* servesWhileReloading({ client, httpVersion: "HTTP/1.1", ...reloaded })
      })
    )
  })
})

describe.skipIf(isMissing(HaProxy.haproxy))("haproxy", () => {
  layer(
    HaProxy.layer,
    live
  )((it) => {
    serves(it, HaProxy.HaProxy, { name: "http", base: ({ http }) => http, ...http1 })
    serves(it, HaProxy.HaProxy, { name: "https", base: ({ https }) => https, ...http1 })

    it.scoped("trailers come through", () =>
      Effect.gen(function* () {
        const { http } = yield* HaProxy.HaProxy
        const { client } = yield* connected()
        const response = yield* client.get(`${http}/trailers`)
        expect(yield* response.text).toBe("with trailers")
        expect(response.trailers).toEqual([["x-sum", "42"]])
      })
    )
  })
})

describe.skipIf(isMissing(OpenSsl.openssl))("openssl s_server", () => {
  it.scopedLive("a body that ends with its connection is whole, in TLS 1.2 and 1.3", () =>
    Effect.gen(function* () {
      for (const version of ["-tls1_2", "-tls1_3"]) {
        const server = yield* OpenSsl.start("-WWW", version)
        const { client, stats } = yield* connected({ tls: { ca } })
        const response = yield* client.stream("GET", `${server.url}/large`)
        expect(response.httpVersion).toBe("HTTP/1.0")
        expect(sha256(yield* response.read)).toBe(sha256(large))
        expect(yield* (yield* client.get(`${server.url}/small`)).text).toBe(small)
        expect(yield* stats).toMatchObject({ active: 0, idle: 0 })
      }
    })
  )

  it.scopedLive("tells what was negotiated, which is what was asked for", () =>
    Effect.gen(function* () {
      const server = yield* OpenSsl.start("-www")
      const { client } = yield* connected({ tls: { ca } })
      expect(yield* (yield* client.get(server.url)).text).toContain("TLSv1.3")
      const older = yield* OpenSsl.start("-www", "-tls1_2")
      expect(yield* (yield* client.get(older.url)).text).toContain("TLSv1.2")
    })
  )

  it.scopedLive("that is older than `minVersion` is TlsError", () =>
    Effect.gen(function* () {
      const server = yield* OpenSsl.start("-www", "-tls1_2")
      const { client } = yield* connected({ tls: { ca, minVersion: "TLSv1.3" } })
      const error = yield* failsWith(client.get(server.url), "TlsError")
      expect(error).toMatchObject({ delivery: "unsent" })
    })
  )

  it.scopedLive.each(["-tls1_2", "-tls1_3"])("asks for a certificate, and checks it, with %s", (version) =>
    Effect.gen(function* () {
      const server = yield* OpenSsl.start("-www", "-Verify", "1", "-verify_return_error", version)
      const key = Redacted.make(clientCertificate.key)
      const known = yield* connected({ tls: { ca, cert: clientCertificate.cert, key } })
      expect(yield* (yield* known.client.get(server.url)).text).toContain("a client")
      const unknown = yield* connected({ tls: { ca } })
      yield* failsWith(unknown.client.post(server.url), "TlsError")
      yield* eventually(() => server.output().includes("peer did not return a certificate"))
    })
  )

  it.scopedLive("a download that is given up lets the next one in", () =>
    Effect.gen(function* () {
      const server = yield* OpenSsl.start("-WWW")
      const { client } = yield* connected({ tls: { ca } })
      const download = yield* client.stream("GET", `${server.url}/large`)
      yield* Stream.runDrain(Stream.take(download.stream, 1))
      yield* download.close
      expect(yield* (yield* client.get(`${server.url}/small`)).text).toBe(small)
    })
  )
})
