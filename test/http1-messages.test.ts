import { describe, expect, it } from "vitest"
import { record } from "./support/http1-recorder.js"
import { ok, head, chunked, both, violation, fields } from "./support/http1-cases.js"

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
