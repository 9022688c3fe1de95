/** Through SOCKS5 proxies: what is said to them, byte for byte, and what comes of what they say. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, FastCheck as fc, Redacted } from "effect"
import { socks5, type Socks5Request } from "../src/protocol/socks5.js"
import * as Certificates from "./support/certificates.js"
import {
  credentials,
  destination,
  dialed,
  dialer,
  exchanged,
  interruptedAfter,
  proxyAt,
  refusedTo,
  socksing
} from "./support/proxies.js"
import { answering, ok, scripted, scriptedTls } from "./support/scripted.js"
import { clientSockets } from "./support/sockets.js"

const hello = answering(ok("hello"))
const login = { username: "user", password: "secret word" }
const domain: Socks5Request = { host: { _tag: "Domain", name: "some.example" }, port: 8080, login: undefined }

/** All that a handshake says and how it ends, when the proxy's bytes come in these pieces. */
const replay = (request: Socks5Request, pieces: ReadonlyArray<ReadonlyArray<number>>) => {
  const handshake = socks5(request)
  if ("_tag" in handshake) return handshake
  const sent: Array<number> = [...handshake.greeting]
  let given = 0
  for (const piece of pieces) {
    const step = handshake.push(Uint8Array.from(piece))
    if (step._tag === "Failed") return { sent, ended: step }
    sent.push(...step.send)
    if (step._tag === "Open") return { sent, ended: given + step.used }
    given += piece.length
  }
  return { sent, ended: undefined }
}

const split = (bytes: ReadonlyArray<number>, cuts: ReadonlyArray<number>) => {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, i) => bytes.slice(at[i], end))
}

describe("a SOCKS5 handshake", () => {
  it("asks for a name or an address, by user and password when there are any", () => {
    expect(replay(domain, [[5, 0]])).toMatchObject({
      sent: [5, 1, 0, 5, 1, 0, 3, 12, ...Buffer.from("some.example"), 0x1f, 0x90]
    })
    const bytes = Uint8Array.of(10, 0, 0, 1)
    expect(
      replay({ host: { _tag: "Address", bytes }, port: 80, login }, [
        [5, 2],
        [1, 0]
      ])
    ).toMatchObject({
      sent: [
        5,
        2,
        0,
        2,
        1,
        4,
        ...Buffer.from("user"),
        11,
        ...Buffer.from("secret word"),
        5,
        1,
        0,
        1,
        10,
        0,
        0,
        1,
        0,
        80
      ]
    })
    const six = Uint8Array.of(0xfd, ...Array.from({ length: 14 }, () => 0), 1)
    expect(replay({ host: { _tag: "Address", bytes: six }, port: 80, login }, [[5, 0]])).toMatchObject({
      sent: [5, 2, 0, 2, 5, 1, 0, 4, ...six, 0, 80]
    })
  })

  it("leaves what comes after the reply, whichever kind of address that has", () => {
    for (const address of [
      [1, 9, 9, 9, 9],
      [3, 2, 97, 98],
      [3, 0],
      [4, ...Array.from({ length: 16 }, () => 7)]
    ]) {
      const said = [5, 0, 5, 0, 0, ...address, 1, 2]
      expect(replay(domain, [[...said, 42, 43]])).toMatchObject({ ended: said.length })
    }
  })

  it("cannot begin with a user, a password or a host of no or too many bytes", () => {
    for (const text of ["", "é".repeat(128)]) {
      expect(socks5({ ...domain, login: { ...login, username: text } })).toMatchObject({ _tag: "Failed" })
      expect(socks5({ ...domain, login: { ...login, password: text } })).toMatchObject({ _tag: "Failed" })
      expect(socks5({ ...domain, host: { _tag: "Domain", name: text } })).toMatchObject({ _tag: "Failed" })
    }
    expect(socks5({ ...domain, login: { username: "u".repeat(255), password: "p".repeat(255) } })).not.toHaveProperty(
      "_tag"
    )
  })

  it.each([
    [[5, 0xff], "it wants to know who we are"],
    [[5, 2], "it chose a method that was not offered"],
    [[72, 84], "it does not speak SOCKS5"],
    [[5, 0, 5, 2], "its rules do not allow it"],
    [[5, 0, 5, 5, 0, 1], "the connection was refused"],
    [[5, 0, 5, 99], "the reply 99, which means nothing"],
    [[5, 0, 4, 0], "it does not speak SOCKS5"],
    [[5, 0, 5, 0, 0, 2], "it does not speak SOCKS5"]
  ])("fails with clear words after %j", (said, message) => {
    expect(replay(domain, [said])).toMatchObject({ ended: { _tag: "Failed", message } })
  })

  it("fails with clear words when the user is not enough for the proxy", () => {
    const message = "it wants another way to know who we are"
    expect(replay({ ...domain, login }, [[5, 0xff]])).toMatchObject({ ended: { _tag: "Failed", message } })
  })

  it("gives the same for any split of any bytes, and never throws", () => {
    const likely = fc.constantFrom(
      [5, 0, 5, 0, 0, 1, 1, 2, 3, 4, 0, 80],
      [5, 2, 1, 0, 5, 0, 0, 3, 1, 97, 0, 80],
      [5, 2, 1, 1]
    )
    const byte = fc.integer({ min: 0, max: 255 })
    const said = fc.tuple(fc.oneof(likely, fc.array(byte)), fc.array(byte, { maxLength: 300 })).map((all) => all.flat())
    const request = fc.constantFrom<Socks5Request>(domain, { ...domain, login })
    fc.assert(
      fc.property(request, said, fc.array(fc.nat(), { maxLength: 20 }), (asked, bytes, cuts) => {
        const whole = replay(asked, [bytes])
        const inPieces = replay(asked, split(bytes, cuts))
        // After a failure there is nothing more to be said.
        if ("ended" in whole && typeof whole.ended === "object") expect(inPieces).toMatchObject({ ended: whole.ended })
        else expect(inPieces).toEqual(whole)
      })
    )
  })
})

describe("a connection through a SOCKS5 proxy", () => {
  it.scopedLive.each(["http", "https"] as const)(
    "leaves the name to socks5h, and resolves it for socks5: %s",
    (scheme) =>
      Effect.gen(function* () {
        const server = yield* scheme === "http" ? scripted(hello) : scriptedTls(Certificates.localhost, hello)
        const socks = yield* socksing(server.port)
        const url = `${scheme}://localhost:81/`
        for (const version of ["socks5h", "socks5"] as const) {
          const proxy = proxyAt(socks.port, version, { credentials })
          const connected = yield* dialed(destination(url, { _tag: "Socks", proxy }), {
            resolve: { localhost: "127.0.0.7" }
          })
          expect(yield* exchanged(connected, "hello")).toContain("200 OK")
          expect(connected.info).toMatchObject({ proxy: proxy.url, remotePort: socks.port, protocol: "http/1.1" })
          expect(connected.info.tls !== undefined).toBe(scheme === "https")
          expect(connected.info.timings).toMatchObject({ connect: expect.any(Number), proxy: expect.any(Number) })
        }
        expect(socks.heard).toEqual([
          "\x01\x04user\x0bsecret word",
          "\x05\x01\x00\x03\x09localhost\x00\x51",
          "\x01\x04user\x0bsecret word",
          "\x05\x01\x00\x01\x7f\x00\x00\x07\x00\x51"
        ])
      })
  )

  it.scopedLive("does not lose what the server says first, in one segment with the reply", () =>
    Effect.gen(function* () {
      const socks = yield* scripted((c) =>
        Effect.gen(function* () {
          yield* c.takeBytes(3)
          yield* c.send("\x05\x00")
          yield* c.takeBytes(17)
          yield* c.send("\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00first, ")
          yield* c.request
          yield* c.send("then")
        })
      )
      const way = destination("http://some.examp/", { _tag: "Socks", proxy: proxyAt(socks.port, "socks5h") })
      const connected = yield* dialed(way)
      expect(yield* exchanged(connected, "then")).toBe("first, then")
    })
  )

  it.scopedLive("tries the next address when the proxy cannot reach one", () =>
    Effect.gen(function* () {
      const greeted = (reply: string) => (c: Parameters<typeof hello>[0]) =>
        Effect.gen(function* () {
          yield* c.takeBytes(3)
          yield* c.send("\x05\x00")
          yield* c.takeBytes(10)
          yield* c.send(reply)
        })
      const socks = yield* scripted(greeted("\x05\x04"), greeted("\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"))
      const proxy = proxyAt(socks.port, "socks5")
      const way = destination("http://some.example/", { _tag: "Socks", proxy })
      yield* dialed(way, { resolve: { "some.example": ["10.0.0.1", "10.0.0.2"] } })
      expect(socks.connections.map(({ received }) => received.charCodeAt(10))).toEqual([1, 2])
      expect(socks.open).toBe(1)
    })
  )

  it.scopedLive("that is refused or breaks off is a problem of the proxy, without the password", () =>
    Effect.gen(function* () {
      const wrong = [
        (c: Parameters<typeof hello>[0]) => c.close,
        (c: Parameters<typeof hello>[0]) => Effect.zipRight(c.takeBytes(4), c.reset),
        (c: Parameters<typeof hello>[0]) => c.send("HTTP/1.1 400 Bad Request\r\n\r\n"),
        (c: Parameters<typeof hello>[0]) => c.send("\x05\x02\x01\x01"),
        (c: Parameters<typeof hello>[0]) => Effect.zipRight(c.send("\x05\x00\x05\x00"), c.close)
      ]
      for (const script of wrong) {
        const socks = yield* scripted(script)
        const proxy = proxyAt(socks.port, "socks5h", { credentials })
        const problem = yield* refusedTo(destination("http://some.example/", { _tag: "Socks", proxy }))
        expect(problem).toMatchObject({ _tag: "Proxy", phase: "proxy", status: undefined })
        expect(problem.message).toContain(`the proxy ${proxy.url} did not connect to some.example: `)
        expect(problem.message).not.toContain("secret word")
        yield* socks.untilOpen(0)
      }
      const proxy = proxyAt(1, "socks5h", { credentials: { username: "", password: Redacted.make("x") } })
      const problem = yield* refusedTo(destination("http://some.example/", { _tag: "Socks", proxy }))
      expect(problem.message).toContain("1 to 255 bytes")
    })
  )

  it.scopedLive("guards what is resolved here, and literals", () =>
    Effect.gen(function* () {
      const sockets = yield* clientSockets
      const options = { resolve: { "some.example": "10.0.0.1" }, allowAddress: () => false }
      const by = (version: "socks5" | "socks5h", url: string) =>
        refusedTo(destination(url, { _tag: "Socks", proxy: proxyAt(1, version) }), options)
      expect(yield* by("socks5", "http://some.example/")).toMatchObject({ _tag: "Refused", address: "10.0.0.1" })
      expect(yield* by("socks5h", "http://10.0.0.2/")).toMatchObject({ _tag: "Refused", address: "10.0.0.2" })
      expect(sockets).toEqual([])
    })
  )

  it.scopedLive("leaves no socket open, whenever it is interrupted", () =>
    Effect.gen(function* () {
      const server = yield* scriptedTls(Certificates.localhost, hello)
      const socks = yield* socksing(server.port)
      const proxy = proxyAt(socks.port, "socks5", { credentials })
      const way = destination("https://localhost:81/", { _tag: "Socks", proxy })
      const sockets = yield* clientSockets
      const by = dialer()
      const phases = new Set<string>()
      for (let i = 0; i < 300; i++) {
        phases.add(yield* interruptedAfter(by, way, Math.floor(Math.random() * 30)))
        expect(sockets.every((socket) => socket.closed || socks.onward.has(socket))).toBe(true)
      }
      expect([...phases]).toEqual(expect.arrayContaining(["proxy", "tls"]))
      yield* server.untilOpen(0)
    })
  )
})
