/** A server that fails, lies or falls silent makes an error with a type: never a defect, a hang or an empty success. */
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Stream } from "effect"
import type { HttpxError } from "effect-httpx"
import { gzipSync } from "node:zlib"
import { atRest, connected, failsWith } from "./support/failing.js"
import { answering, ok, once, type Script, scripted, type ScriptedServer } from "./support/scripted.js"

const head = (...fields: ReadonlyArray<string>) => `HTTP/1.1 200 OK\r\n${fields.map((f) => `${f}\r\n`).join("")}\r\n`
const chunked = (body: string) => head("Transfer-Encoding: chunked") + body

/** Sends this in answer to a request, then does that with the connection. */
const thenClose =
  (bytes: string): Script =>
  (c) =>
    once(bytes)(c).pipe(Effect.zipRight(c.close))
const thenReset =
  (bytes: string): Script =>
  (c) =>
    once(bytes)(c).pipe(Effect.zipRight(c.reset))

/** The call fails, by `get` as by `stream`, and nothing of it stays open on either side. */
const fails = <Tag extends HttpxError.HttpxError["_tag"]>(script: Script, tag: Tag, method = "GET") =>
  Effect.gen(function* () {
    const server = yield* scripted(script)
    const { client, stats } = yield* connected()
    const error = yield* failsWith(client.request(method, server.url("/path?key=value")), tag)
    expect(yield* stats).toEqual(atRest(0))
    const whole = Effect.flatMap(client.stream(method, server.url("/path?key=value")), (response) =>
      Stream.runDrain(response.stream)
    )
    yield* failsWith(Effect.scoped(whole), tag)
    expect(yield* stats).toEqual(atRest(0))
    yield* server.untilOpen(0)
    expect(error.request).toEqual({ method, url: server.url("/path?key=<redacted>") })
    return { error, server }
  })

describe("a connection that is lost", () => {
  const withLength = head("Content-Length: 10")
  const places: ReadonlyArray<readonly [where: string, bytes: string, phase: HttpxError.Phase, why: string]> = [
    ["before the head", "", "wait", "before a response"],
    ["after a 1xx", "HTTP/1.1 103 Early Hints\r\n\r\n", "wait", "after 1 informational"],
    ["inside the status line", "HTTP/1.", "wait", "bytes of a head"],
    ["inside the head", "HTTP/1.1 200 OK\r\nContent-Le", "wait", "bytes of a head"],
    ["after the head", withLength, "read", "0 of 10 bytes"],
    ["inside a body with a Content-Length", `${withLength}12345`, "read", "5 of 10 bytes"],
    ["one byte before the end", `${withLength}123456789`, "read", "9 of 10 bytes"],
    ["before the first chunk", chunked(""), "read", "before its last chunk"],
    ["inside a chunk's size", chunked("5"), "read", "before its last chunk"],
    ["inside a chunk", chunked("5\r\n12"), "read", "2 bytes of a chunked body"],
    ["between chunks", chunked("5\r\n12345\r\n"), "read", "5 bytes of a chunked body"],
    ["before the end of the trailers", chunked("5\r\n12345\r\n0\r\nA: b\r\n"), "read", "before its last chunk"]
  ]

  it.scopedLive.each(places)("by FIN %s is ReadError", ([, bytes, phase, why]) =>
    Effect.gen(function* () {
      const { error } = yield* fails(thenClose(bytes), "ReadError")
      expect(error.message).toContain(why)
      expect(error).toMatchObject({ phase, delivery: bytes === "" ? "unknown" : "answered" })
    })
  )

  it.scopedLive.each(places)("by RST %s is ReadError", ([, bytes]) => fails(thenReset(bytes), "ReadError"))

  it.scopedLive("by RST inside a body that ends with the connection is ReadError, and no short success", () =>
    Effect.gen(function* () {
      const server = yield* scripted(once(`${head()}a part`))
      const { client, stats } = yield* connected()
      const response = yield* client.stream("GET", server.url())
      const [first] = yield* Stream.runCollect(
        Stream.take(
          Stream.tap(response.raw, () => server.connections[0]!.reset),
          1
        )
      )
      expect(first).toBeDefined()
      expect(yield* stats).toEqual(atRest(0))

      const again = yield* client.stream("GET", server.url())
      yield* server.connections[1]!.reset
      const error = yield* failsWith(again.read, "ReadError")
      expect(error.message).toContain("ECONNRESET")
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive("by FIN is the end of a body that has no other", () =>
    Effect.gen(function* () {
      const server = yield* scripted(thenClose(`${head()}all of it`))
      const { client } = yield* connected()
      const response = yield* client.get(server.url())
      expect(yield* response.text).toBe("all of it")
    })
  )

  it.scopedLive("leaves it unknown what became of a POST, which is not sent again", () =>
    Effect.gen(function* () {
      const { error, server } = yield* fails(thenClose(""), "ReadError", "POST")
      expect(error.delivery).toBe("unknown")
      // One for the call of `post`, one for that of `stream`.
      expect(server.connections.length).toBe(2)
    })
  )
})

describe("an answer that breaks HTTP", () => {
  it.scopedLive.each([
    ["garbage", "\x16\x03\x01\0\x02garbage\r\n\r\n", "NOT_HTTP"],
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n", "NOT_HTTP"],
    ["another version", "HTTP/2.0 200 OK\r\n\r\n", "UNSUPPORTED_VERSION"],
    ["a bad status", "HTTP/1.1 2000 OK\r\n\r\n", "INVALID_STATUS_LINE"],
    ["a NUL in a field", head("A: b\0c"), "INVALID_FIELD_VALUE"],
    ["a CR in a field", head("A: b\rc"), "BARE_CR"],
    ["a field without a name", head(": b"), "INVALID_FIELD_NAME"],
    [
      "two different Content-Lengths",
      `${head("Content-Length: 1", "Content-Length: 2")}12`,
      "CONFLICTING_CONTENT_LENGTH"
    ],
    ["a list of Content-Lengths", `${head("Content-Length: 1, 2")}12`, "CONFLICTING_CONTENT_LENGTH"],
    ["a negative Content-Length", head("Content-Length: -1"), "INVALID_CONTENT_LENGTH"],
    ["a Content-Length past all counting", head(`Content-Length: ${"9".repeat(30)}`), "INVALID_CONTENT_LENGTH"],
    [
      "Content-Length with Transfer-Encoding",
      head("Content-Length: 3", "Transfer-Encoding: chunked"),
      "CONTENT_LENGTH_WITH_TRANSFER_ENCODING"
    ],
    ["a Transfer-Encoding that is unknown", head("Transfer-Encoding: rot13"), "UNSUPPORTED_TRANSFER_CODING"],
    ["a chunk size that is no number", chunked("xyz\r\n"), "INVALID_CHUNK_SIZE"],
    ["a chunk size without digits", chunked("\r\n"), "INVALID_CHUNK_SIZE"],
    ["a negative chunk size", chunked("-1\r\n"), "INVALID_CHUNK_SIZE"],
    ["a chunk size that overflows", chunked(`${"f".repeat(17)}\r\n`), "INVALID_CHUNK_SIZE"],
    ["a chunk longer than its size", chunked("2\r\n12345\r\n"), "CHUNK_NOT_TERMINATED"],
    ["a chunk line without end", chunked(`1;${"e".repeat(5000)}`), "CHUNK_LINE_TOO_LONG"],
    ["a head over the limit", head(`A: ${"x".repeat(70_000)}`), "HEAD_TOO_LARGE"],
    ["a trailer section over the limit", chunked(`0\r\nA: ${"x".repeat(70_000)}`), "HEAD_TOO_LARGE"],
    ["101 that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "UNEXPECTED_UPGRADE"]
  ])("is RemoteProtocolError: %s", ([, bytes, code]) =>
    Effect.gen(function* () {
      const { error } = yield* fails(once(bytes!), "RemoteProtocolError")
      expect(error).toMatchObject({ code, delivery: "answered" })
      expect(error.message).toMatch(/^[\x20-\x7e…]+$/)
    })
  )

  it.scopedLive("is RemoteProtocolError when its head never ends", () =>
    Effect.gen(function* () {
      const endless: Script = (c) =>
        once("HTTP/1.1 200 OK\r\n")(c).pipe(Effect.zipRight(Effect.forever(c.send("A: b\r\n".repeat(100)))))
      const { error } = yield* fails(endless, "RemoteProtocolError")
      expect(error.code).toBe("HEAD_TOO_LARGE")
    })
  )

  it.scopedLive("is RemoteProtocolError when 1xx never end", () =>
    Effect.gen(function* () {
      const endless: Script = (c) =>
        c.request.pipe(Effect.zipRight(Effect.forever(c.send("HTTP/1.1 102 Processing\r\n\r\n".repeat(9)))))
      const { error } = yield* fails(endless, "RemoteProtocolError")
      expect(error.code).toBe("TOO_MANY_INFORMATIONAL")
    })
  )

  it.scopedLive("is never a response of `stream` when it is 101", () =>
    Effect.gen(function* () {
      const server = yield* scripted(once("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"))
      const { client } = yield* connected()
      const error = yield* failsWith(client.stream("GET", server.url()), "RemoteProtocolError")
      expect(error.phase).toBe("wait")
    })
  )
})

describe("bytes that belong to no answer", () => {
  it.scopedLive("after the answer are dropped with the connection, and no later request sees them", () =>
    Effect.gen(function* () {
      const server = yield* scripted(
        once(`${ok("mine")}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`),
        answering(ok("yours"))
      )
      const { client, stats } = yield* connected()
      expect(yield* (yield* client.get(server.url())).text).toBe("mine")
      expect(yield* stats).toEqual(atRest(0))
      expect(yield* (yield* client.get(server.url())).text).toBe("yours")
      expect(server.connections.length).toBe(2)
    })
  )

  it.scopedLive("on an idle connection close it", () =>
    Effect.gen(function* () {
      const server = yield* scripted(once(ok("mine")), answering(ok("yours")))
      const { client, stats } = yield* connected()
      yield* client.get(server.url())
      expect(yield* stats).toEqual(atRest(1))
      yield* server.connections[0]!.send(ok("poison"))
      yield* server.connections[0]!.closed
      expect(yield* stats).toEqual(atRest(0))
      expect(yield* (yield* client.get(server.url())).text).toBe("yours")
    })
  )

  it.scopedLive("before any request close the connection too", () =>
    Effect.gen(function* () {
      const greeting: Script = (c) => c.send("220 smtp.example ESMTP\r\n").pipe(Effect.zipRight(c.request))
      const { error } = yield* fails(greeting, "RemoteProtocolError")
      expect(error.code).toBe("NOT_HTTP")
    })
  )
})

describe("an answer that is odd but allowed", () => {
  const reads = (bytes: string, method = "GET") =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(bytes))
      const { client, stats } = yield* connected()
      yield* client.request(method, server.url())
      const response = yield* client.request(method, server.url())
      expect(yield* stats).toEqual(atRest(1))
      expect(server.connections.length).toBe(1)
      return { response, text: yield* response.text }
    })

  it.scopedLive("is read after an unsolicited 100 and 103", () =>
    Effect.gen(function* () {
      const { response, text } = yield* reads(
        `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok("body")}`
      )
      expect([response.status, text, response.headers.link]).toEqual([200, "body", undefined])
    })
  )

  it.scopedLive("is read with folded and oddly spaced fields, and without a reason", () =>
    Effect.gen(function* () {
      const { response, text } = yield* reads(
        "HTTP/1.1 299\r\nA:1\r\nB : \t 2 \t\r\nC: 3\r\n  4\r\nD:\r\nContent-Length:2\r\n\r\nok"
      )
      expect(response.rawHeaders.slice(0, 4)).toEqual([
        ["A", "1"],
        ["B", "2"],
        ["C", "3 4"],
        ["D", ""]
      ])
      expect([response.status, response.reasonPhrase, text]).toEqual([299, "", "ok"])
    })
  )

  it.scopedLive.each([
    ["204 with a Content-Length", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "GET"],
    ["304 with a Content-Length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET"],
    ["304 with Transfer-Encoding", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", "GET"],
    ["HEAD with a Content-Length", head("Content-Length: 5"), "HEAD"],
    ["HEAD with Transfer-Encoding", head("Transfer-Encoding: chunked"), "HEAD"],
    ["HEAD of what would be gzip", head("Content-Length: 5", "Content-Encoding: gzip"), "HEAD"],
    ["a Content-Length of 0", head("Content-Length: 0"), "GET"],
    ["gzip of nothing", head("Content-Length: 0", "Content-Encoding: gzip"), "GET"]
  ])("has no body, and leaves its connection reusable: %s", ([, bytes, method]) =>
    Effect.gen(function* () {
      const { text } = yield* reads(bytes!, method)
      expect(text).toBe("")
    })
  )

  it.scopedLive("is read when every byte comes by itself", () =>
    Effect.gen(function* () {
      const bytes = chunked("3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n")
      const server = yield* scripted((c) =>
        c.request.pipe(Effect.zipRight(Effect.forEach(bytes, (byte) => c.send(byte), { discard: true })))
      )
      const { client } = yield* connected()
      expect(yield* (yield* client.get(server.url())).text).toBe("abcde")
    })
  )
})

describe("a compressed body", () => {
  const gzip = gzipSync("a text that was compressed ".repeat(20)).toString("latin1")
  const sized = (body: string) => head("Content-Encoding: gzip", `Content-Length: ${body.length}`) + body
  const cut = gzip.slice(0, -12)
  const corrupt = `${gzip.slice(0, 20)}\xff\xff\xff\xff${gzip.slice(24)}`

  /** Both ways of reading: all at once, and as a stream. */
  const bothFail = (script: Script, tag: "DecodingError" | "ReadError", idle: number) =>
    Effect.gen(function* () {
      const server: ScriptedServer = yield* scripted(script)
      const { client, stats } = yield* connected()
      const error = yield* failsWith(client.get(server.url()), tag)
      expect(error).toMatchObject({ phase: "read", delivery: "answered" })
      const streamed = Effect.flatMap(client.stream("GET", server.url()), (r) => Stream.runCollect(r.stream))
      yield* failsWith(Effect.scoped(Effect.map(streamed, Chunk.size)), tag)
      expect(yield* stats).toEqual(atRest(idle))
    })

  it.scopedLive("that is cut short in correct framing is DecodingError", () =>
    bothFail(answering(sized(cut)), "DecodingError", 1)
  )

  it.scopedLive("that is corrupt is DecodingError", () => bothFail(answering(sized(corrupt)), "DecodingError", 1))

  it.scopedLive("that is none is DecodingError", () => bothFail(answering(sized("plain text")), "DecodingError", 1))

  it.scopedLive("that is cut short with its framing is ReadError", () =>
    bothFail(thenClose(sized(gzip).slice(0, -12)), "ReadError", 0)
  )

  it.scopedLive("that cannot be decoded can still be had raw", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(sized(cut)))
      const { client } = yield* connected()
      const response = yield* client.stream("GET", server.url())
      const chunks = yield* Stream.runCollect(response.raw)
      expect(Buffer.concat(Chunk.toReadonlyArray(chunks)).toString("latin1")).toBe(cut)
    })
  )
})

describe("a host that cannot be reached", () => {
  const unreachable = <Tag extends "ConnectError" | "DnsError">(url: string, tag: Tag) =>
    Effect.gen(function* () {
      const { client, stats } = yield* connected()
      const error = yield* failsWith(client.post(url, { json: { a: 1 } }), tag)
      expect(error).toMatchObject({ phase: tag === "DnsError" ? "dns" : "connect", delivery: "unsent" })
      expect(yield* stats).toEqual(atRest(0))
      return error
    })

  it.scopedLive("is ConnectError when its port is closed", () =>
    Effect.gen(function* () {
      const closed = yield* Effect.scoped(scripted())
      const error = yield* unreachable(closed.url(), "ConnectError")
      expect(error.message).toContain(`cannot connect to 127.0.0.1:${closed.port}`)
      expect(error.message).toContain("ECONNREFUSED")
      const both = yield* unreachable(closed.url("/", "localhost"), "ConnectError")
      expect(both.message).toContain("ECONNREFUSED")
    })
  )

  it.scopedLive("is ConnectError when its port is 0", () => unreachable("http://127.0.0.1:0/", "ConnectError"))

  it.scopedLive("is DnsError when its name has no address", () =>
    Effect.gen(function* () {
      const error = yield* unreachable("http://no-such-host.invalid/", "DnsError")
      expect(error.message).toContain("the host no-such-host.invalid has no address")
    })
  )

  it.scopedLive("fails each of many calls, and leaves none waiting", () =>
    Effect.gen(function* () {
      const closed = yield* Effect.scoped(scripted())
      const { client, stats } = yield* connected({ limits: { connections: 2 } })
      const calls = Array.from({ length: 20 }, () => failsWith(client.get(closed.url()), "ConnectError"))
      yield* Effect.all(calls, { concurrency: "unbounded" })
      expect(yield* stats).toEqual(atRest(0))
    })
  )
})
