/** Each option of TLS does what it says, and what cannot be used is said before anything is sent. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as net from "node:net"
import * as tls from "node:tls"
import { inspect } from "node:util"
import { identityOf } from "../src/transport/connect/tls/identity.js"
import type { TlsOptions } from "../src/transport/connect/tls/TlsOptions.js"
import {
  chained,
  chainedClient,
  clientPfx,
  encryptedKey,
  passphrase,
  pins,
  root
} from "./support/certificates-chain.js"
import * as Certificates from "./support/certificates.js"
import { dial, refusedBy, seenBy, setup, telling } from "./support/handshakes.js"
import * as OpenSsl from "./support/peers/openssl.js"
import { isMissing } from "./support/peers/Peer.js"

const { authority: ca } = Certificates

/** Why a set-up refuses to connect to anybody. */
const problemOf = (options: TlsOptions) =>
  Effect.flatMap(setup(options), (made) =>
    Effect.flip(made.connectionOptions({ hostname: "localhost", key: "localhost" }))
  )

describe("the client's own certificate", () => {
  const wantsOne = { ...chained, ca: root, requestCert: true, rejectUnauthorized: true }
  const { cert, key } = chainedClient

  it.scopedLive.each([
    ["`cert` and `key`", { cert, key: Redacted.make(key) }],
    [
      "`cert` and `key` in bytes",
      { cert: new TextEncoder().encode(cert), key: Redacted.make(new TextEncoder().encode(key)) }
    ],
    ["an encrypted `key`", { cert, key: Redacted.make(encryptedKey), passphrase: Redacted.make(passphrase) }],
    ["`pfx`", { pfx: Redacted.make(new Uint8Array(clientPfx)), passphrase: Redacted.make(passphrase) }]
  ] satisfies ReadonlyArray<readonly [string, TlsOptions]>)("is shown from %s", ([, options]) =>
    Effect.gen(function* () {
      const server = yield* telling(wantsOne)
      expect(yield* seenBy(server, yield* setup({ ca: root, ...options }))).toMatchObject({ client: "a client" })
    })
  )

  it.scopedLive("is missed by a server that requires one", () =>
    Effect.gen(function* () {
      const server = yield* telling(wantsOne)
      const { code } = yield* refusedBy(server, yield* setup({ ca: root }))
      expect(code).toMatch(/^ERR_SSL_/)
      expect(server.handshakes()).toBe(0)
    })
  )

  const secret = Redacted.make("not-the-passphrase")
  it.scopedLive.each([
    [
      "a passphrase that does not open `key`",
      { cert, key: Redacted.make(encryptedKey), passphrase: secret },
      "`passphrase` does not open `key`"
    ],
    [
      "no passphrase for an encrypted `key`",
      { cert, key: Redacted.make(encryptedKey) },
      "`key` is encrypted, and there is no `passphrase`"
    ],
    [
      "a passphrase that does not open `pfx`",
      { pfx: Redacted.make(clientPfx), passphrase: secret },
      "`passphrase` does not open `pfx`"
    ],
    [
      "no passphrase for an encrypted `pfx`",
      { pfx: Redacted.make(clientPfx) },
      "`pfx` is encrypted, and there is no `passphrase`"
    ],
    ["a `pfx` that is none", { pfx: Redacted.make(Buffer.from("secret-bytes")) }, "`pfx` cannot be read as PKCS #12"],
    ["a `key` of another `cert`", { cert, key: Redacted.make(chained.key) }, "`key` is not the key of `cert`"],
    [
      "a `key` that is none",
      { cert, key: Redacted.make(key.replace(/^M.*$/m, "secret-line")) },
      "`key` cannot be read as PEM"
    ],
    ["a `cert` that is none", { cert: "no certificate", key: Redacted.make(key) }, "`cert` cannot be read as PEM"],
    ["`cert` without `key`", { cert }, "`cert` is given without its `key`"],
    ["`key` without `cert`", { key: Redacted.make(key) }, "`key` is given without its `cert`"],
    ["`pfx` besides `cert`", { pfx: Redacted.make(clientPfx), cert }, "`pfx` stands in place of `cert` and `key`"]
  ] satisfies ReadonlyArray<readonly [string, TlsOptions, string]>)(
    "cannot be set up with %s, and the problem says so without a secret",
    ([, options, message]) =>
      Effect.gen(function* () {
        const problem = yield* problemOf(options)
        expect(problem.message).toContain(`TLS cannot be set up: ${message}`)
        const shown = inspect(problem, { depth: 9, showHidden: true })
        for (const word of ["not-the-passphrase", "secret-", "PRIVATE KEY", key.split("\n")[1]!]) {
          expect(shown).not.toContain(word)
        }
      })
  )

  it.scopedLive("of a wrong type is a problem, and is not shown", () =>
    Effect.gen(function* () {
      // What a caller without types can do.
      const number = Redacted.make(123456789) as unknown as Redacted.Redacted<string>
      for (const options of [
        { cert, key: Redacted.make(encryptedKey), passphrase: number },
        { cert, key: number },
        { pfx: Redacted.make(clientPfx), passphrase: number }
      ]) {
        const problem = yield* problemOf(options)
        expect(problem.message).toContain("`key`, `pfx` or `passphrase` is not a Redacted of its type")
        expect(inspect(problem, { depth: 9 })).not.toContain("123456789")
      }
      const bare = key as unknown as Redacted.Redacted<string>
      const problem = yield* problemOf({ cert, key: bare })
      expect(problem.message).toBe("TLS cannot be set up: `key`, `pfx` or `passphrase` is not a Redacted of its type")
    })
  )
})

describe("versions and ciphers", () => {
  it.scopedLive("a server that is older than `minVersion` is refused, and one of that version is not", () =>
    Effect.gen(function* () {
      const older = yield* telling({ ...Certificates.localhost, maxVersion: "TLSv1.2" })
      expect((yield* refusedBy(older, yield* setup({ ca, minVersion: "TLSv1.3" }))).code).toMatch(/PROTOCOL_VERSION/)
      expect(yield* seenBy(older, yield* setup({ ca, minVersion: "TLSv1.2" }))).toMatchObject({ version: "TLSv1.2" })
    })
  )

  it.scopedLive("no more than `maxVersion` is spoken", () =>
    Effect.gen(function* () {
      const server = yield* telling(Certificates.localhost)
      expect(yield* seenBy(server, yield* setup({ ca }))).toMatchObject({ version: "TLSv1.3" })
      expect(yield* seenBy(server, yield* setup({ ca, maxVersion: "TLSv1.2" }))).toMatchObject({ version: "TLSv1.2" })
    })
  )

  it.scopedLive("`ciphers` are those that are offered", () =>
    Effect.gen(function* () {
      const server = yield* telling(Certificates.localhost)
      const newer = { ciphers: "TLS_AES_128_GCM_SHA256" }
      expect(yield* seenBy(server, yield* setup({ ca, ...newer }))).toMatchObject({ cipher: newer.ciphers })
      const older = { ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256", maxVersion: "TLSv1.2" } as const
      expect(yield* seenBy(server, yield* setup({ ca, ...older }))).toMatchObject({ cipher: older.ciphers })
    })
  )

  it.scopedLive("what is no version, no range or no cipher is a problem", () =>
    Effect.gen(function* () {
      const empty = yield* problemOf({ minVersion: "TLSv1.3", maxVersion: "TLSv1.2" })
      expect(empty.message).toContain("no version is left between `minVersion` TLSv1.3 and `maxVersion` TLSv1.2")
      expect((yield* problemOf({ maxVersion: "TLSv1.1" })).message).toContain("no version is left")
      const none = "TLSv1.25" as "TLSv1.2"
      expect((yield* problemOf({ minVersion: none })).message).toContain("`minVersion` or `maxVersion` is none")
      expect(yield* problemOf({ ciphers: "NO-SUCH" })).toMatchObject({
        message: "TLS cannot be set up: `ciphers` cannot be used: no cipher match",
        code: "ERR_SSL_NO_CIPHER_MATCH"
      })
    })
  )
})

describe("the name of the server", () => {
  it.scopedLive("is the URL's host, unless `servername` is given; no IP address is asked for", () =>
    Effect.gen(function* () {
      const server = yield* telling(chained)
      const made = yield* setup({ ca: root, sessionReuse: false })
      const asked = (hostname: string) => Effect.map(seenBy(server, made, { hostname }), (seen) => seen.servername)
      expect(yield* asked("localhost")).toBe("localhost")
      expect(yield* asked("localhost.")).toBe("localhost")
      expect(yield* asked("127.0.0.1")).toBe(false)
      expect(yield* asked("::1")).toBe(false)

      const named = yield* setup({ ca: root, servername: "localhost" })
      expect(yield* seenBy(server, named, { hostname: "other.example" })).toMatchObject({ servername: "localhost" })
      const byAddress = yield* setup({ ca: root, servername: "127.0.0.1" })
      expect(yield* seenBy(server, byAddress, { hostname: "other.example" })).toMatchObject({ servername: false })
      const unnamed = yield* setup({ ca: root, servername: "" })
      expect(yield* seenBy(server, unnamed)).toMatchObject({ servername: false })
    })
  )

  it.scopedLive("is checked in the certificate, IP addresses too", () =>
    Effect.gen(function* () {
      const server = yield* telling(chained)
      const made = yield* setup({ ca: root })
      for (const hostname of ["other.example", "127.0.0.2", "::2"]) {
        const error = yield* refusedBy(server, made, { hostname })
        expect(error.code).toBe("ERR_TLS_CERT_ALTNAME_INVALID")
        expect(error.message).toContain(hostname)
      }
      const named = yield* setup({ ca: root, servername: "other.example" })
      expect((yield* refusedBy(server, named)).code).toBe("ERR_TLS_CERT_ALTNAME_INVALID")
    })
  )

  it.scopedLive("is checked over a socket that knows no host", () =>
    Effect.gen(function* () {
      const server = yield* telling(chained)
      const made = yield* setup({ ca: root })
      const options = yield* made.connectionOptions({ hostname: "127.0.0.2", key: "tunnel" })
      const error = yield* Effect.async<NodeJS.ErrnoException>((resume) => {
        const socket = tls.connect({ ...options, socket: net.connect(server.port, "127.0.0.1") })
        socket.on("error", (error) => resume(Effect.succeed(error)))
      })
      expect(error.code).toBe("ERR_TLS_CERT_ALTNAME_INVALID")
    })
  )

  it("is not found among alternative names that are malformed, and nothing is thrown", () => {
    const malformed = { subject: { CN: "localhost" }, subjectaltname: 'DNS:"localhost' } as tls.PeerCertificate
    expect(identityOf("localhost", undefined).check(malformed)).toBeInstanceOf(Error)
  })
})

describe("a certificate that cannot be trusted", () => {
  it.scopedLive.each([
    ["has expired", Certificates.expired, { ca }, "CERT_HAS_EXPIRED", "certificate has expired"],
    ["is for another host", Certificates.otherHost, { ca }, "ERR_TLS_CERT_ALTNAME_INVALID", "localhost. is not in"],
    ["is self-signed", Certificates.selfSigned, {}, "DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate"],
    ["has an unknown root", Certificates.localhost, {}, "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "unable to verify"]
  ] as const)("because it %s is refused, but with `verify: false`", ([, certificate, options, code, message]) =>
    Effect.gen(function* () {
      const server = yield* telling(certificate)
      const error = yield* refusedBy(server, yield* setup(options))
      expect(error.code).toBe(code)
      expect(error.message).toContain(message)
      yield* seenBy(server, yield* setup({ ...options, verify: false }))
    })
  )
})

describe("pinned keys", () => {
  const wrong = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

  it.scopedLive.each(["leaf", "intermediate", "root"] as const)("are found in the chain: %s", (which) =>
    Effect.gen(function* () {
      const server = yield* telling(chained)
      const made = yield* setup({ ca: root, pins: [wrong, pins[which]] })
      expect(yield* seenBy(server, made)).toMatchObject({ resumed: false })
      expect(yield* seenBy(server, made)).toMatchObject({ resumed: true })
    })
  )

  it.scopedLive("that the chain does not have are refused each time, and the message says which it has", () =>
    Effect.gen(function* () {
      const server = yield* telling(chained)
      const made = yield* setup({ ca: root, pins: [wrong] })
      for (let i = 0; i < 2; i++) {
        const { message } = yield* refusedBy(server, made)
        expect(message).toContain("none of the server's keys is pinned")
        expect(message).toContain(`${pins.leaf}, ${pins.intermediate}, ${pins.root}`)
      }
      const unverified = yield* setup({ verify: false, pins: [wrong] })
      expect((yield* refusedBy(server, unverified)).message).toContain("is pinned")
    })
  )

  it.scopedLive("count only when their certificate has signed the one before it", () =>
    Effect.gen(function* () {
      // A certificate that the server only shows.
      const server = yield* telling({ ...Certificates.localhost, cert: Certificates.localhost.cert + root })
      const made = yield* setup({ ca: [ca, root], pins: [pins.root] })
      expect((yield* refusedBy(server, made)).message).not.toContain(pins.root)
    })
  )

  it.scopedLive.each([
    "",
    "sha1/AAAA",
    pins.leaf.replace("sha256/", ""),
    pins.leaf.replace("/", "//"),
    pins.leaf.slice(0, -1),
    `${wrong.slice(0, -2)}B=`,
    `${pins.leaf} `
  ])("that are malformed are a problem before anything is sent: %j", (pin) =>
    Effect.gen(function* () {
      const { message } = yield* problemOf({ pins: [pins.root, pin] })
      expect(message).toContain(`the pin ${JSON.stringify(pin)} is not sha256/`)
    })
  )
})

describe("a session", () => {
  it.scopedLive.each(["TLSv1.2", "TLSv1.3"] as const)(
    "is resumed the next time, and the time after that, in %s",
    (version) =>
      Effect.gen(function* () {
        const server = yield* telling({ ...chained, minVersion: version, maxVersion: version })
        const made = yield* setup({ ca: root })
        const resumed: Array<boolean> = []
        for (let i = 0; i < 3; i++) {
          const { resumed: isResumed, text } = yield* dial(made, { port: server.port })
          expect(isResumed).toBe(JSON.parse(text).resumed)
          resumed.push(isResumed)
        }
        expect(resumed).toEqual([false, true, true])
      })
  )

  it.scopedLive("is of one peer, and of one transport", () =>
    Effect.gen(function* () {
      const server = yield* telling(chained)
      const made = yield* setup({ ca: root })
      yield* seenBy(server, made)
      expect(yield* seenBy(server, made, { hostname: "127.0.0.1" })).toMatchObject({ resumed: false })
      expect(yield* seenBy(server, yield* setup({ ca: root }))).toMatchObject({ resumed: false })
      expect(yield* seenBy(server, made)).toMatchObject({ resumed: true })
    })
  )

  it.scopedLive("is not resumed with `sessionReuse: false`, after a failure, or when all is closed", () =>
    Effect.gen(function* () {
      const server = yield* telling(chained)
      const never = yield* setup({ ca: root, sessionReuse: false })
      yield* seenBy(server, never)
      expect(yield* seenBy(server, never)).toMatchObject({ resumed: false })

      const made = yield* setup({ ca: root })
      yield* seenBy(server, made)
      made.failed(`localhost:${server.port}`)
      expect(yield* seenBy(server, made)).toMatchObject({ resumed: false })
      yield* made.close
      expect(yield* seenBy(server, made)).toMatchObject({ resumed: false })
    })
  )
})

describe.skipIf(isMissing(OpenSsl.openssl))("openssl s_server", () => {
  it.scopedLive.each(["-tls1_2", "-tls1_3"])("resumes a session of a client with a certificate, with %s", (version) =>
    Effect.gen(function* () {
      const server = yield* OpenSsl.start("-www", "-Verify", "1", "-verify_return_error", version)
      const { cert, key } = Certificates.clientCertificate
      const made = yield* setup({ ca, cert, key: Redacted.make(key) })
      const whom = { port: server.ports[0]!, say: "GET / HTTP/1.0\r\n\r\n" }
      const first = yield* dial(made, whom)
      expect(first.text).toContain("New, TLSv1.")
      expect(first.text).toContain("a client")
      const second = yield* dial(made, whom)
      expect(second.text).toContain("Reused, TLSv1.")
      expect(second.resumed).toBe(true)
      const error = yield* Effect.flip(dial(yield* setup({ ca }), whom))
      expect(error.code).toMatch(/^ERR_SSL_/)
    })
  )
})
