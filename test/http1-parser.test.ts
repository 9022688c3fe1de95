import { FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import { portableByteStrings, type ByteStrings } from "../src/protocol/http1/Latin1.js"
import { ResponseParser } from "../src/protocol/http1/ResponseParser.js"
import { response } from "./support/http1-generators.js"
import { bufferByteStrings, latin1, record, type RecordOptions } from "./support/http1-recorder.js"
import { ok, head, chunked, both, violation, silent } from "./support/http1-cases.js"

describe("a body without length", () => {
  it("ends with the connection, which is not used again", () => {
    expect(both(head() + "hello")).toMatchObject({
      body: "hello",
      trailers: [],
      keepAlive: false,
      violation: undefined
    })
    expect(both(head("Transfer-Encoding: identity") + "hello")).toMatchObject({
      body: "hello",
      trailers: [],
      keepAlive: false
    })
    expect(both(head() + "hello", { close: false }).trailers).toBeUndefined()
  })
})

describe("responses without body", () => {
  it.each([
    ["GET", 204],
    ["GET", 304],
    ["HEAD", 200]
  ])("%s answered with %d ends with its head, whatever its fields say", (method, status) => {
    for (const framing of ["", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"]) {
      const read = both(`HTTP/1.1 ${status} X\r\n${framing}\r\nhello`, { method })
      expect(read).toMatchObject({ body: "", trailers: [], keepAlive: true, rest: "hello" })
    }
  })

  it("are read when their lengths contradict each other, and the connection is not used again", () => {
    const read = both("HTTP/1.1 304 X\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n")
    expect(read).toMatchObject({ trailers: [], keepAlive: false, violation: undefined })
  })

  it("do not include 205", () => {
    expect(both("HTTP/1.1 205 X\r\nContent-Length: 1\r\n\r\nx").body).toBe("x")
  })
})

describe("informational responses", () => {
  const hint = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"

  it("come before the answer", () => {
    const read = both(`HTTP/1.1 100 Continue\r\n\r\n\r\n${hint}${head("Content-Length: 1")}x`)
    expect(read.informational.map((each) => each.status)).toEqual([100, 103])
    expect(read.informational[1]?.fields).toEqual(["Link", "</a>"])
    expect(read).toMatchObject({ head: { status: 200 }, body: "x", keepAlive: true })
  })

  it("have no body and do not close, whatever their fields say", () => {
    const read = both(`HTTP/1.0 102 X\r\nContent-Length: 5, 6\r\nConnection: close\r\n\r\n${head("Content-Length: 0")}`)
    expect(read).toMatchObject({ head: { status: 200 }, keepAlive: true })
  })

  it("are bounded in number", () => {
    expect(both(hint.repeat(32) + head()).informational).toHaveLength(32)
    expect(violation(hint.repeat(33) + head())).toBe("TOO_MANY_INFORMATIONAL")
    expect(violation(hint + head(), { limits: { informational: 0 } })).toBe("TOO_MANY_INFORMATIONAL")
  })

  it("are not the answer when the peer closes after them", () => {
    expect(record(hint)).toMatchObject({ violation: "CLOSED_BEFORE_HEAD" })
    expect(record(hint).message).toContain("after 1 informational")
  })
})

describe("upgrades", () => {
  it("leave the bytes after the head: 101, and 2xx to CONNECT", () => {
    const upgraded = {
      upgraded: true,
      body: "",
      trailers: undefined,
      keepAlive: false,
      violation: undefined,
      rest: "\0raw"
    }
    expect(both("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n\0raw")).toMatchObject(upgraded)
    const connected = both(head("Content-Length: 4", "Transfer-Encoding: chunked") + "\0raw", { method: "CONNECT" })
    expect(connected).toMatchObject({ ...upgraded, head: { status: 200 } })
  })

  it("do not happen when CONNECT is refused", () => {
    const refused = both("HTTP/1.1 407 Auth\r\nContent-Length: 2\r\n\r\nno", { method: "CONNECT" })
    expect(refused).toMatchObject({ upgraded: false, body: "no", keepAlive: true })
  })
})

describe("keep-alive", () => {
  it.each([
    ["HTTP/1.1", undefined, true],
    ["HTTP/1.1", "close", false],
    ["HTTP/1.1", "Close", false],
    ["HTTP/1.1", "keep-alive", true],
    ["HTTP/1.1", "x, CLOSE , y", false],
    ["HTTP/1.1", "closed", true],
    ["HTTP/1.1", "keep-alive, close", false],
    ["HTTP/1.0", undefined, false],
    ["HTTP/1.0", "Keep-Alive", true],
    ["HTTP/1.0", "x,keep-alive", true],
    ["HTTP/1.0", "x", false]
  ])("%s with Connection %j is %s", (version, connection, expected) => {
    const field = connection === undefined ? "" : `Connection: ${connection}\r\n`
    expect(both(`${version} 200 OK\r\n${field}Content-Length: 1\r\n\r\nx`).keepAlive).toBe(expected)
  })

  it("joins repeated Connection fields", () => {
    expect(both(head("Connection: x", "Connection: close", "Content-Length: 0")).keepAlive).toBe(false)
  })
})

describe("a close", () => {
  it("before, in and after a head is told apart", () => {
    expect(record("")).toMatchObject({ violation: "CLOSED_BEFORE_HEAD" })
    expect(record("\r\n")).toMatchObject({ violation: "CLOSED_BEFORE_HEAD" })
    expect(record("HTTP/1.1 200")).toMatchObject({ violation: "CLOSED_IN_HEAD" })
    expect(record("HTTP/1.1 200").message).toContain("after 12 bytes")
    expect(record(head("Content-Length: 1"))).toMatchObject({ violation: "CLOSED_IN_BODY" })
  })

  it("changes nothing after the end, an upgrade or a violation", () => {
    expect(record(head("Content-Length: 0"))).toMatchObject({ trailers: [], violation: undefined })
    expect(record("HTTP/1.1 101 X\r\n\r\n")).toMatchObject({ upgraded: true, violation: undefined })
    expect(record("nonsense").violation).toBe("NOT_HTTP")
  })
})

describe("the parser", () => {
  const whole = latin1(head("Content-Length: 5") + "hello")

  it("says whether the message has begun and is done", () => {
    const parser = new ResponseParser(portableByteStrings)
    parser.begin(silent, "GET")
    parser.push(latin1("\r\n"))
    expect([parser.started, parser.done]).toEqual([false, false])
    parser.push(latin1("H"))
    expect([parser.started, parser.done]).toEqual([true, false])
    parser.push(whole.subarray(1))
    expect([parser.started, parser.done, parser.keepAlive]).toEqual([true, true, true])
    parser.begin(silent, "GET")
    expect([parser.started, parser.done, parser.keepAlive]).toEqual([false, false, false])
  })

  it("says how much of the body is to come, as far as that is known", () => {
    const parser = new ResponseParser(portableByteStrings)
    const leastAfter = (text: string) => {
      parser.begin(silent, "GET")
      parser.push(latin1(text))
      return parser.leastToCome
    }
    expect(leastAfter("HTTP/1.1 200")).toBe(Infinity)
    expect(leastAfter(head("Content-Length: 5"))).toBe(5)
    expect(leastAfter(head("Content-Length: 5") + "hel")).toBe(2)
    expect(leastAfter(head("Content-Length: 5") + "hello")).toBe(0)
    expect(leastAfter(chunked("5\r\nhel"))).toBe(0)
    expect(leastAfter(head() + "hel")).toBe(Infinity)
    expect(leastAfter(head("Content-Length: 5\r\nConnection: close"))).toBe(Infinity)
  })

  it("uses no bytes when no message is expected, and none after a violation", () => {
    const parser = new ResponseParser(portableByteStrings)
    expect(parser.push(whole)).toBe(0)
    expect(parser.finish()).toBe(true)
    parser.begin(silent, "GET")
    expect(parser.push(latin1("nonsense"))).toBe(-1)
    expect(parser.push(whole)).toBe(-1)
    expect(parser.finish()).toBe(false)
    parser.begin(silent, "GET")
    expect(parser.violation).toBeUndefined()
    expect(parser.push(whole)).toBe(whole.length)
    expect(parser.push(whole)).toBe(0)
  })

  it("may be given the next message while it ends this one", () => {
    const parser = new ResponseParser(portableByteStrings)
    const seen: Array<string> = []
    parser.begin({ ...silent, onEnd: () => (seen.push("end"), parser.release(), parser.begin(silent, "HEAD")) }, "GET")
    expect(parser.push(Buffer.concat([whole, whole]))).toBe(whole.length)
    expect(parser.done).toBe(false)
    expect(parser.push(latin1(head("Content-Length: 5")))).toBe(whole.length - 5)
    expect(parser.done).toBe(true)
    expect(seen).toEqual(["end"])
  })

  it.each([
    ["onHead", head("Content-Length: 0")],
    ["onHead", head("Content-Length: 5") + "hello"],
    ["onData", head("Content-Length: 5") + "hello"],
    ["onData", chunked("5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n")],
    ["onInformational", "HTTP/1.1 100 X\r\n\r\n" + head("Content-Length: 0")]
  ] as const)("says no more when it is released in %s", (event, text) => {
    const parser = new ResponseParser(portableByteStrings)
    const seen: Array<string> = []
    const note = (name: string) => (): void => {
      seen.push(name)
      if (name === event) parser.release()
    }
    parser.begin(
      {
        onInformational: note("onInformational"),
        onHead: note("onHead"),
        onData: note("onData"),
        onEnd: note("onEnd")
      },
      "GET"
    )
    expect(parser.push(latin1(text))).toBeGreaterThan(0)
    expect(seen.filter((name) => name === event)).toHaveLength(1)
    expect(seen.at(-1)).toBe(event)
    expect([parser.done, parser.upgraded, parser.push(whole)]).toEqual([false, false, 0])
  })

  it("remembers after a release how the message ended", () => {
    const parser = new ResponseParser(portableByteStrings)
    parser.begin(silent, "GET")
    parser.push(whole)
    parser.release()
    expect([parser.done, parser.keepAlive]).toEqual([true, true])
  })

  it("gives views into the pushed bytes, not copies", () => {
    const views: Array<Uint8Array> = []
    const parser = new ResponseParser(portableByteStrings)
    const views_ = { ...silent, onData: (bytes: Uint8Array) => views.push(bytes) }
    parser.begin(views_, "GET")
    parser.push(whole)
    expect(views[0]?.buffer).toBe(whole.buffer)
    parser.begin(views_, "GET")
    parser.push(latin1(head()))
    const piece = latin1("piece")
    parser.push(piece)
    expect(views[1]).toBe(piece)
  })
})

describe("whatever the bytes", () => {
  const numRuns = Number(process.env["FUZZ_RUNS"] ?? 2000)
  const cuts = fc.oneof(fc.constant("each" as const), fc.array(fc.nat(600), { minLength: 1, maxLength: 6 }))
  const withoutMessage = (options: RecordOptions, text: string) => ({ ...record(text, options), message: "" })

  it("any split of them gives the same events, also over portable code", { timeout: 30_000 + numRuns * 10 }, () => {
    fc.assert(
      fc.property(response, cuts, fc.boolean(), ({ method, text }, at, close) => {
        const whole = withoutMessage({ method, close }, text)
        expect(withoutMessage({ method, close, cuts: at }, text)).toEqual(whole)
        expect(withoutMessage({ method, close, strings: portableByteStrings }, text)).toEqual(whole)
      }),
      { numRuns }
    )
  })

  it("any split is the same near the limits", () => {
    const limits = { headBytes: 60, chunkLineBytes: 3, informational: 1 }
    fc.assert(
      fc.property(response, cuts, ({ method, text }, at) => {
        expect(withoutMessage({ method, limits, cuts: at }, text)).toEqual(withoutMessage({ method, limits }, text))
      }),
      { numRuns: 500 }
    )
  })

  it("they never make it throw, and a violation has a code and a sentence", () => {
    const prefix = fc.constantFrom("", ok, head(), chunked(""), chunked("0\r\n"), head("Content-Length: 9"), `${ok}A: `)
    fc.assert(
      fc.property(prefix, fc.uint8Array({ maxLength: 200 }), cuts, fc.string(), (before, bytes, at, method) => {
        const read = record(Buffer.concat([latin1(before), bytes]), { cuts: at, method })
        expect(read.message === undefined || /^[\x20-\x7e…]{10,200}$/.test(read.message)).toBe(true)
        expect(read.violation === undefined).toBe(read.trailers !== undefined || read.upgraded)
      }),
      { numRuns: 500 }
    )
  })
})

describe("byte strings", () => {
  const ascii = fc.constantFrom("\r\n\r\n", "\r\n", "\n")
  const bytes = fc
    .array(fc.constantFrom(13, 10, 65, 0, 255, 0x80), { maxLength: 40 })
    .map((each) => Uint8Array.from(each))

  it("of portable code are those of Buffer", () => {
    fc.assert(
      fc.property(bytes, ascii, fc.nat(40), fc.nat(40), (each, needle, a, b) => {
        const [start, end] = [Math.min(a, b, each.length), Math.min(Math.max(a, b), each.length)]
        const found = (strings: ByteStrings) => [strings.indexOf(each, needle, start), strings.latin1(each, start, end)]
        expect(found(portableByteStrings)).toEqual(found(bufferByteStrings))
      })
    )
  })

  it("are every byte as it is, however many", () => {
    const many = Uint8Array.from({ length: 20_000 }, (_, index) => index % 256)
    expect(portableByteStrings.latin1(many, 1, 19_999)).toBe(bufferByteStrings.latin1(many, 1, 19_999))
  })
})
