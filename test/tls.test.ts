/** Certificates are checked unless that is switched off, and what is wrong with one has a type of its own. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { Transport } from "effect-httpx/node"
import * as tls from "node:tls"
import { inspect } from "node:util"
import * as Certificates from "./support/certificates.js"
import { atRest, connected, eventually, failsWith } from "./support/failing.js"
import { answering, ok, scripted, scriptedTls, type Script } from "./support/scripted.js"

const hello: Script = answering(ok("hello"))
const { authority: ca, clientCertificate } = Certificates

/** The text of one answer. */
const getOf = (url: string, options: Transport.TransportOptions) =>
  Effect.gen(function* () {
    const { client, stats } = yield* connected(options)
    const text = yield* (yield* client.get(url)).text
    expect(yield* stats).toEqual(atRest(1))
    return text
  })

/** The failure of a request that may not have been sent. */
const refusedBy = (url: string, options: Transport.TransportOptions = {}) =>
  Effect.gen(function* () {
    const { client, stats } = yield* connected(options)
    const error = yield* failsWith(client.post(url, { json: { secret: true } }), "TlsError")
    expect(error).toMatchObject({ phase: "tls", delivery: "unsent" })
    expect(yield* stats).toEqual(atRest(0))
    return error
  })

describe("a certificate", () => {
  it.scopedLive("is trusted when `ca` has signed it for the host", () =>
    Effect.gen(function* () {
      const server = yield* scriptedTls(Certificates.localhost, hello)
      expect(yield* getOf(server.url("/", "localhost"), { tls: { ca } })).toBe("hello")
      expect(yield* getOf(server.url("/", "127.0.0.1"), { tls: { ca: [Certificates.selfSigned.cert, ca] } })).toBe(
        "hello"
      )
      expect(yield* getOf(server.url(), { tls: { ca: new TextEncoder().encode(ca) } })).toBe("hello")
      expect(server.connections[0]!.received).toContain(`Host: localhost:${server.port}\r\n`)
    })
  )

  it.scopedLive.each([
    ["of an unknown authority", Certificates.localhost, {}, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    ["that is self-signed", Certificates.selfSigned, {}, "DEPTH_ZERO_SELF_SIGNED_CERT"],
    ["that has expired", Certificates.expired, { ca }, "CERT_HAS_EXPIRED"],
    ["of another host", Certificates.otherHost, { ca }, "ERR_TLS_CERT_ALTNAME_INVALID"]
  ] as const)("%s is TlsError, and nothing is sent", ([, certificate, options, code]) =>
    Effect.gen(function* () {
      const server = yield* scriptedTls(certificate, hello)
      const error = yield* refusedBy(server.url("/", "localhost"), { tls: options })
      expect(error.code).toBe(code)
      expect(error.message).toContain(`the TLS handshake with localhost:${server.port} failed`)
      yield* eventually(() => server.open === 0)
      for (const connection of server.connections) expect(connection.received).toBe("")
    })
  )

  it.scopedLive("is accepted whatever it is with `verify: false`", () =>
    Effect.gen(function* () {
      for (const certificate of [Certificates.selfSigned, Certificates.expired, Certificates.otherHost]) {
        const server = yield* scriptedTls(certificate, hello)
        expect(yield* getOf(server.url(), { tls: { verify: false } })).toBe("hello")
      }
    })
  )

  it.scopedLive("is asked and checked for `servername`, when that is given", () =>
    Effect.gen(function* () {
      const asked: Array<string> = []
      const server = yield* scriptedTls(
        {
          ...Certificates.localhost,
          SNICallback: (name, done) => {
            asked.push(name)
            done(null, tls.createSecureContext(Certificates.otherHost))
          }
        },
        hello
      )
      expect(yield* getOf(server.url(), { tls: { ca, servername: "other.example" } })).toBe("hello")
      const error = yield* refusedBy(server.url("/", "localhost"), { tls: { ca } })
      expect(error.code).toBe("ERR_TLS_CERT_ALTNAME_INVALID")
      expect(asked).toEqual(["other.example", "localhost"])
    })
  )

  it.scopedLive("of the client is shown to a server that asks for it", () =>
    Effect.gen(function* () {
      const server = yield* scriptedTls({ ...Certificates.localhost, ca, requestCert: true }, hello)
      const key = Redacted.make(clientCertificate.key)
      expect(yield* getOf(server.url(), { tls: { ca, cert: clientCertificate.cert, key } })).toBe("hello")
    })
  )

  it.scopedLive.each(["TLSv1.2", "TLSv1.3"] as const)(
    "of the client that the server wants and does not get is TlsError, in %s",
    (version) =>
      Effect.gen(function* () {
        const wants = { ...Certificates.localhost, ca, requestCert: true, rejectUnauthorized: true }
        const server = yield* scriptedTls({ ...wants, minVersion: version, maxVersion: version }, hello)
        const error = yield* refusedBy(server.url(), { tls: { ca } })
        expect(error.code).toMatch(/^ERR_SSL_/)
        expect(error.message).toMatch(/failed: [\w ]+$/)
        expect(server.connections).toEqual([])
      })
  )

  it.scopedLive("or key that cannot be read is TlsError, without the key in it", () =>
    Effect.gen(function* () {
      const server = yield* scriptedTls(Certificates.localhost, hello)
      const key = Redacted.make("-----BEGIN PRIVATE KEY-----\nno-such-key\n-----END PRIVATE KEY-----\n")
      const withKey = yield* refusedBy(server.url(), { tls: { ca, cert: clientCertificate.cert, key } })
      expect(withKey.message).toContain("TLS cannot be set up")
      expect(inspect(withKey, { depth: 9 })).not.toContain("no-such-key")
      yield* refusedBy(server.url(), { tls: { ca, cert: "no certificate" } })
      yield* refusedBy(server.url(), { tls: { ca: "no authority" } })
      expect(server.connections).toEqual([])
    })
  )
})

describe("a server that cannot do TLS", () => {
  it.scopedLive("because it speaks HTTP is TlsError", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) => Effect.zipRight(c.send("HTTP/1.1 400 Bad Request\r\n\r\n"), c.close))
      const error = yield* refusedBy(server.url().replace("http:", "https:"))
      expect(error.message).toContain(`the TLS handshake with 127.0.0.1:${server.port} failed`)
      yield* server.untilOpen(0)
    })
  )

  it.scopedLive.each([
    ["closes", (c) => Effect.zipRight(c.takeBytes(1), c.close)],
    ["resets", (c) => Effect.zipRight(c.takeBytes(1), c.reset)]
  ] satisfies ReadonlyArray<readonly [string, Script]>)("because it %s the connection is TlsError", ([, script]) =>
    Effect.gen(function* () {
      const server = yield* scripted(script)
      yield* refusedBy(server.url().replace("http:", "https:"))
      yield* server.untilOpen(0)
    })
  )

  it.scopedLive("of any version that is safe is TlsError", () =>
    Effect.gen(function* () {
      const server = yield* scriptedTls(
        { ...Certificates.localhost, ciphers: "DHE-RSA-AES256-SHA", maxVersion: "TLSv1.2" },
        hello
      )
      const error = yield* refusedBy(server.url(), { tls: { ca } })
      expect(error.code).toMatch(/^ERR_SSL_/)
    })
  )

  it.scopedLive("is told from one that cannot be reached", () =>
    Effect.gen(function* () {
      const closed = yield* Effect.scoped(scripted())
      const { client } = yield* connected()
      yield* failsWith(client.get(closed.url().replace("http:", "https:")), "ConnectError")
      yield* failsWith(client.get("https://no-such-host.invalid/"), "DnsError")
    })
  )

  it.scopedLive("but is asked for https all the same is named, where http was asked", () =>
    Effect.gen(function* () {
      const server = yield* scriptedTls(Certificates.localhost, hello)
      const { client } = yield* connected()
      const error = yield* Effect.flip(client.get(server.url().replace("https:", "http:")))
      expect(["ReadError", "RemoteProtocolError"]).toContain(error._tag)
    })
  )
})

describe("a connection under TLS", () => {
  it.scopedLive("is kept, carries large bodies both ways, and is closed with its transport", () =>
    Effect.gen(function* () {
      const size = 3_000_000
      const server = yield* scriptedTls(Certificates.localhost, (c) =>
        Effect.forever(
          Effect.gen(function* () {
            yield* c.request
            const body = yield* c.takeBytes(size)
            yield* c.send(ok(body))
          })
        )
      )
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { client } = yield* connected({ tls: { ca } })
          const content = new Uint8Array(size).map((_, i) => i % 251)
          for (let i = 0; i < 2; i++) {
            const response = yield* client.post(server.url(), { content })
            expect(Buffer.compare(yield* response.read, content)).toBe(0)
          }
          expect(server.connections.length).toBe(1)
        })
      )
      yield* server.untilOpen(0)
    })
  )

  it.scopedLive("that breaks inside a body is ReadError", () =>
    Effect.gen(function* () {
      const server = yield* scriptedTls(Certificates.localhost, (c) =>
        c.request.pipe(Effect.zipRight(c.send(ok("12345").slice(0, -2))), Effect.zipRight(c.close))
      )
      const { client, stats } = yield* connected({ tls: { ca } })
      const error = yield* failsWith(client.get(server.url()), "ReadError")
      expect(error.message).toContain("3 of 5 bytes")
      expect(yield* stats).toEqual(atRest(0))
    })
  )
})

describe("a connection that was opened for a request that another one served", () => {
  it.scopedLive("is kept like any other, and replaced when its server has closed it meanwhile", () =>
    Effect.gen(function* () {
      const handshakes: Array<() => void> = []
      const server = yield* scriptedTls(
        {
          ...Certificates.localhost,
          SNICallback: (_, done) => {
            handshakes.push(() => done(null, tls.createSecureContext(Certificates.localhost)))
            if (handshakes.length !== 2) handshakes.at(-1)!()
          }
        },
        hello,
        (c) => Effect.zipRight(c.request, c.close),
        answering(ok("fresh"))
      )
      const { client, stats } = yield* connected({ tls: { ca }, http2: false })
      const url = server.url("/", "localhost")
      yield* Effect.all([client.get(url), client.get(url)], { concurrency: 2 })
      expect(yield* stats).toMatchObject({ queued: 0, connecting: 1, active: 0, idle: 1 })
      handshakes[1]!()
      yield* server.connection(1)
      yield* eventually(() => server.open === 2)
      yield* Effect.repeat(Effect.yieldNow(), { until: () => Effect.map(stats, ({ idle }) => idle === 2) })

      // The one that became idle last is taken first.
      expect(yield* (yield* client.get(url)).text).toBe("fresh")
      yield* server.untilOpen(1)
    })
  )
})
