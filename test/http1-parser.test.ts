import { FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import { portableByteStrings, type ByteStrings } from "../src/protocol/http1/Latin1.js"
import { ResponseParser, type ResponseSink } from "../src/protocol/http1/ResponseParser.js"
import { response } from "./http1-generators.js"
import { bufferByteStrings, latin1, record, type RecordOptions } from "./http1-recorder.js"

const ok = "HTTP/1.1 200 OK\r\n"
const head = (...lines: ReadonlyArray<string>): string => `${ok}${lines.map((line) => `${line}\r\n`).join("")}\r\n`
const chunked = (body: string): string => head("Transfer-Encoding: chunked") + body

/** What whole bytes and single bytes both give. */
const both = (input: string, options: RecordOptions = {}) => {
  const whole = record(input, options)
  const each = record(input, { ...options, cuts: "each" })
  expect({ ...each, message: "" }).toEqual({ ...whole, message: "" })
  return whole
}
const violation = (input: string, options?: RecordOptions): string | undefined => both(input, options).violation
const fields = (...lines: ReadonlyArray<string>): ReadonlyArray<string> | undefined => both(head(...lines)).head?.fields

const silent: ResponseSink = {
  onInformational: () => undefined,
  onHead: () => undefined,
  onData: () => undefined,
  onEnd: () => undefined
}

describe("the status line", () => {
  it.each([
    ["HTTP/1.1 200 OK", 1, 200, "OK"],
    ["HTTP/1.0 404 Not Found", 0, 404, "Not Found"],
    ["HTTP/1.1 200 ", 1, 200, ""],
    ["HTTP/1.1 200", 1, 200, ""],
    ["HTTP/1.1 999 caf\xe9\t!", 1, 999, "caf\xe9\t!"],
    ["HTTP/1.9 200 OK", 9, 200, "OK"]
  ])("reads %j", (line, minor, status, reasonPhrase) => {
    for (const end of ["\r\n\r\n", "\n\n"]) {
      expect(both(line + end).head).toEqual({ minor, status, reasonPhrase, fields: [] })
    }
  })

  it.each([
    ["HTTP/2.0 200 OK", "UNSUPPORTED_VERSION"],
    ["HTTP/0.9 200 OK", "UNSUPPORTED_VERSION"],
    ["HTTP/11 200 OK", "UNSUPPORTED_VERSION"],
    ["HTTP/1.x 200 OK", "INVALID_STATUS_LINE"],
    ["HTTP/1.1200 OK", "INVALID_STATUS_LINE"],
    ["HTTP/1.1  200 OK", "INVALID_STATUS_LINE"],
    ["HTTP/1.1 20 OK", "INVALID_STATUS_LINE"],
    ["HTTP/1.1 2000 OK", "INVALID_STATUS_LINE"],
    ["HTTP/1.1 099 OK", "INVALID_STATUS_LINE"],
    ["HTTP/1.1 2x0 OK", "INVALID_STATUS_LINE"],
    ["HTTP/1.1 200\tOK", "INVALID_STATUS_LINE"],
    ["HTTP/1.1 200 O\0K", "INVALID_STATUS_LINE"],
    ["HTTP/1.1 200 O\x7fK", "INVALID_STATUS_LINE"],
    ["HTTP/1.1 200 O\rK", "INVALID_STATUS_LINE"],
    ["http/1.1 200 OK", "NOT_HTTP"],
    ["ICY 200 OK", "NOT_HTTP"],
    ["<html>", "NOT_HTTP"]
  ])("refuses %j", (line, code) => {
    expect(violation(`${line}\r\n\r\n`)).toBe(code)
  })

  it("finds out a peer that speaks something else by its first bytes", () => {
    expect(record("SSH-2.0-OpenSSH_9.2\r\n", { close: false }).violation).toBe("NOT_HTTP")
    expect(record("S", { close: false }).violation).toBe("NOT_HTTP")
    expect(record("HTTP/1", { close: false }).violation).toBeUndefined()
    expect(record("HTTP/3", { close: false }).violation).toBe("UNSUPPORTED_VERSION")
  })

  it("shows a bounded and escaped beginning of what is not HTTP", () => {
    expect(record(`\x1b]"\\\r\n\xff${"x".repeat(100)}`).message).toBe(
      `the answer is not HTTP, it begins with "\\x1b]\\"\\\\\\r\\n\\xff${"x".repeat(33)}"…`
    )
    expect(record("\x15\x03\x03\0\x02\x02\x16").message).toContain("https")
  })

  it("skips a few empty lines before it", () => {
    expect(both(`\r\n\n${ok}\r\n`).head?.status).toBe(200)
    expect(violation(`\r\n\r\n\r\n\r\n\r\n${ok}\r\n`)).toBe("TOO_MANY_EMPTY_LINES")
    expect(violation(`\r${ok}\r\n`)).toBe("BARE_CR")
    expect(violation(`\r\r\n${ok}\r\n`)).toBe("BARE_CR")
  })
})

describe("fields", () => {
  it("keep their order, case and repetitions, and lose the white space around them", () => {
    expect(fields("B: 1", "a:2", "B:\t 3 \t", "Empty:", "Blank:  ", "Latin: \xe9\xa0", "T: a\tb")).toEqual([
      "B",
      "1",
      "a",
      "2",
      "B",
      "3",
      "Empty",
      "",
      "Blank",
      "",
      "Latin",
      "\xe9\xa0",
      "T",
      "a\tb"
    ])
  })

  it("may be folded, and are unfolded with one space", () => {
    expect(fields("A: b", "  c", "\t d ", "E: f")).toEqual(["A", "b c d", "E", "f"])
    expect(fields("A:", " b")).toEqual(["A", "b"])
    expect(fields("A: b", " ")).toEqual(["A", "b"])
    expect(both("HTTP/1.1 200 OK\nA: b\n c\n\n").head?.fields).toEqual(["A", "b c"])
  })

  it("may have white space before the colon, which does not hide them", () => {
    expect(fields("A : b", "C\t :d")).toEqual(["A", "b", "C", "d"])
    expect(both(head("Content-Length : 1") + "xy")).toMatchObject({ body: "x", rest: "y" })
  })

  it("may end in a lone LF, also before a body that has CRLF CRLF in it", () => {
    expect(both("HTTP/1.1 200 OK\nContent-Length: 6\r\n\na\r\n\r\nb")).toMatchObject({ body: "a\r\n\r\nb", rest: "" })
    expect(both("HTTP/1.1 200 OK\r\nContent-Length: 6\n\r\na\r\n\r\nb")).toMatchObject({ body: "a\r\n\r\nb", rest: "" })
  })

  it.each([
    [" A: b", "WHITESPACE_BEFORE_FIELDS"],
    [": b", "INVALID_FIELD_NAME"],
    ["A", "INVALID_FIELD_NAME"],
    ["A b: c", "INVALID_FIELD_NAME"],
    ["A\0: b", "INVALID_FIELD_NAME"],
    ["A\r: b", "INVALID_FIELD_NAME"],
    ["\xe9: b", "INVALID_FIELD_NAME"],
    ["(A): b", "INVALID_FIELD_NAME"],
    ["A: b\0", "INVALID_FIELD_VALUE"],
    ["A: \x01", "INVALID_FIELD_VALUE"],
    ["A: \x7f", "INVALID_FIELD_VALUE"],
    ["A: b\rc", "BARE_CR"],
    ["A: b\r\r\n c", "BARE_CR"],
    ["A: b\r\n c\0", "INVALID_FIELD_VALUE"],
    ["\rA: b", "BARE_CR"]
  ])("refuses %j", (line, code) => {
    expect(violation(head(line))).toBe(code)
  })

  it("never shows a value, and no more than the beginning of a name", () => {
    expect(record(head("Set-Cookie: secret\0")).message).not.toContain("secret")
    expect(record(head(`${"n".repeat(99)}(: v`)).message).toContain(`"${"n".repeat(40)}"…`)
  })
})

describe("the limit of a head", () => {
  const limits = { headBytes: 100 }
  const sized = (length: number): string => head(`A: ${"x".repeat(length - ok.length - 7)}`)

  it("lets a head of that size in, and none that is larger", () => {
    expect(sized(100)).toHaveLength(100)
    expect(both(sized(100), { limits }).head?.status).toBe(200)
    expect(violation(sized(101), { limits })).toBe("HEAD_TOO_LARGE")
  })

  it("holds while the head is incomplete, whatever else comes", () => {
    expect(violation(ok + "A: b\r\n".repeat(20), { close: false, limits })).toBe("HEAD_TOO_LARGE")
    expect(violation(ok + "x".repeat(100), { close: false, limits })).toBe("HEAD_TOO_LARGE")
    expect(violation("x".repeat(200), { close: false, limits })).toBe("NOT_HTTP")
  })

  it("does not count the body", () => {
    expect(both(head() + "x".repeat(1000), { limits }).body).toHaveLength(1000)
    expect(both(`HTTP/1.1 200 OK\n\n${"x".repeat(200)}\r\n\r\n`, { limits }).body).toHaveLength(204)
  })

  it("is 64 KiB, and also that of trailers", () => {
    const field = `A: ${"x".repeat(65536 - ok.length - 7)}\r\n`
    expect(record(`${ok}${field}\r\n`).head?.status).toBe(200)
    expect(record(`${ok}A${field}\r\n`).violation).toBe("HEAD_TOO_LARGE")
    expect(violation(chunked(`0\r\n${"A: b\r\n".repeat(20)}\r\n`), { limits })).toBe("HEAD_TOO_LARGE")
    expect(both(chunked(`0\r\n${"A: b\r\n".repeat(16)}\r\n`), { limits }).trailers).toHaveLength(32)
  })
})

describe("Content-Length", () => {
  it("ends the body, and what follows is left", () => {
    expect(both(head("Content-Length: 5") + "helloHTTP")).toMatchObject({
      body: "hello",
      keepAlive: true,
      rest: "HTTP"
    })
    expect(both(head("Content-Length: 0") + "x")).toMatchObject({ body: "", trailers: [], rest: "x" })
  })

  it("may be repeated when it is equal", () => {
    expect(both(head("Content-Length: 2", "content-length: 2") + "abc").body).toBe("ab")
    expect(both(head("Content-Length: 2, 02 ,2") + "abc").body).toBe("ab")
    expect(violation(head("Content-Length: 2", "Content-Length: 3"))).toBe("CONFLICTING_CONTENT_LENGTH")
    expect(violation(head("Content-Length: 2, 3"))).toBe("CONFLICTING_CONTENT_LENGTH")
  })

  it.each([
    "",
    "+5",
    "-1",
    "0x5",
    "5 5",
    "5.0",
    "1e1",
    "five",
    "5,",
    ",5",
    "5\xa0",
    "5, 5\xa0",
    "9007199254740992",
    "1".repeat(400)
  ])("refuses %j", (value) => {
    expect(violation(head(`Content-Length: ${value}`))).toBe("INVALID_CONTENT_LENGTH")
  })

  it("may be as large as a number can hold", () => {
    expect(both(head("Content-Length: 9007199254740991") + "x", { close: false })).toMatchObject({
      body: "x",
      trailers: undefined
    })
  })

  it("may not stand with Transfer-Encoding", () => {
    const code = "CONTENT_LENGTH_WITH_TRANSFER_ENCODING"
    expect(violation(head("Content-Length: 5", "Transfer-Encoding: chunked"))).toBe(code)
    expect(violation(head("Transfer-Encoding: identity", "Content-Length: 5"))).toBe(code)
  })

  it("tells a truncated body", () => {
    const short = both(head("Content-Length: 5") + "hell")
    expect(short).toMatchObject({ body: "hell", trailers: undefined, violation: "CLOSED_IN_BODY", keepAlive: false })
    expect(short.message).toContain("4 of 5")
  })
})

describe("chunked", () => {
  it("gives the data without its framing, and the trailers", () => {
    expect(
      both(chunked('5\r\nhello\r\n1a;x="y"\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nA: b\r\n c\r\nD : e\r\n\r\nrest'))
    ).toMatchObject({
      body: "helloabcdefghijklmnopqrstuvwxyz",
      trailers: ["A", "b c", "D", "e"],
      keepAlive: true,
      rest: "rest"
    })
    expect(both(chunked("00\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")).rest).toBe("HTTP/1.1 200 OK\r\n\r\n")
  })

  it.each(["A", "a", "00a", "a ", "a\t \t", "a;", "a;b", "a ; b = c", "a;\xe9\t"])("reads the size line %j", (line) => {
    expect(both(chunked(`${line}\r\n0123456789\r\n0\r\n\r\n`)).body).toBe("0123456789")
  })

  it.each([
    ["\r\n", "INVALID_CHUNK_SIZE"],
    [" 5\r\nhello\r\n", "INVALID_CHUNK_SIZE"],
    ["+5\r\nhello\r\n", "INVALID_CHUNK_SIZE"],
    ["-5\r\nhello\r\n", "INVALID_CHUNK_SIZE"],
    ["0x5\r\nhello\r\n", "INVALID_CHUNK_SIZE"],
    ["g\r\n", "INVALID_CHUNK_SIZE"],
    [":\r\n", "INVALID_CHUNK_SIZE"],
    ["5 5\r\nhello\r\n", "INVALID_CHUNK_SIZE"],
    ["5\nhello\r\n", "INVALID_CHUNK_SIZE"],
    ["5\rhello\r\n", "INVALID_CHUNK_SIZE"],
    ["20000000000000\r\n", "INVALID_CHUNK_SIZE"],
    ["5;a\nhello\r\n", "INVALID_CHUNK_EXTENSION"],
    ["5;a\0\r\nhello\r\n", "INVALID_CHUNK_EXTENSION"],
    ["5;a\x7f\r\nhello\r\n", "INVALID_CHUNK_EXTENSION"],
    ["5;a\rb\r\nhello\r\n", "INVALID_CHUNK_SIZE"],
    ["5\r\nhello!\r\n0\r\n\r\n", "CHUNK_NOT_TERMINATED"],
    ["5\r\nhello\n0\r\n\r\n", "CHUNK_NOT_TERMINATED"],
    ["5\r\nhello\r0\r\n\r\n", "CHUNK_NOT_TERMINATED"],
    ["0\r\n\n", "BARE_LF"],
    ["0\r\nA: b\n\r\n", "BARE_LF"],
    ["0\r\nA: b\rc\r\n\r\n", "BARE_CR"],
    ["0\r\nA b: c\r\n\r\n", "INVALID_FIELD_NAME"],
    ["0\r\n A: b\r\n\r\n", "WHITESPACE_BEFORE_FIELDS"]
  ])("refuses %j", (body, code) => {
    expect(violation(chunked(body))).toBe(code)
  })

  it("bounds the size line", () => {
    const limits = { chunkLineBytes: 20 }
    expect(both(chunked(`5;${"x".repeat(19)}\r\nhello\r\n0\r\n\r\n`), { limits }).body).toBe("hello")
    for (const line of [`5;${"x".repeat(20)}`, `${"0".repeat(20)}5`, `5${" ".repeat(20)}`]) {
      expect(violation(chunked(`${line}\r\nhello\r\n0\r\n\r\n`), { limits })).toBe("CHUNK_LINE_TOO_LONG")
    }
    expect(violation(chunked("5;" + "x".repeat(5000)), { close: false })).toBe("CHUNK_LINE_TOO_LONG")
  })

  it("is not ended by a close, wherever that comes", () => {
    const whole = chunked("5\r\nhello\r\n0\r\nA: b\r\n\r\n")
    for (let length = chunked("").length; length < whole.length; length++) {
      expect(record(whole.slice(0, length))).toMatchObject({ trailers: undefined, violation: "CLOSED_IN_BODY" })
    }
    expect(record(whole.slice(0, -10)).message).toContain("5 bytes of a chunked body")
  })

  it.each(["gzip, chunked", "chunked, chunked", "chunked, gzip", "gzip", "xchunked", "chunked;q=1", "chunked\xa0", ""])(
    "is the only coding understood: %j is refused",
    (coding) => {
      expect(violation(head(`Transfer-Encoding: ${coding}`))).toBe("UNSUPPORTED_TRANSFER_CODING")
    }
  )

  it("is found in any case, and over two fields", () => {
    expect(both(head("transfer-encoding: CHUNKED") + "0\r\n\r\n").trailers).toEqual([])
    expect(violation(head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"))).toBe(
      "UNSUPPORTED_TRANSFER_CODING"
    )
  })

  it("does not exist in HTTP/1.0", () => {
    expect(violation("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")).toBe(
      "TRANSFER_ENCODING_IN_HTTP_1_0"
    )
  })
})

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
