import { describe, expect, it } from "vitest"
import { record } from "./support/http1-recorder.js"
import { ok, head, chunked, both, violation, fields } from "./support/http1-cases.js"

/** What parsers before this one were found to read wrongly: each has the section that decides. */
describe("a response of the wild", () => {
  const refusedLines: ReadonlyArray<readonly [because: string, text: string, code: string]> = [
    ["RFC 9112 §2.3: the name is HTTP, and nothing longer", "HTTPS/1.1 200 OK\r\n\r\n", "NOT_HTTP"],
    ["RFC 9112 §2.3: nor shorter", "HTT/1.1 200 OK\r\n\r\n", "NOT_HTTP"],
    ["RFC 9112 §2.3: another protocol with the same syntax", "RTSP/1.0 200 OK\r\n\r\n", "NOT_HTTP"],
    ["RFC 9112 §2.3: a request is no response", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "NOT_HTTP"],
    ["RFC 9112 §2.3: the major version has one digit", "HTTP/01.1 200 OK\r\n\r\n", "UNSUPPORTED_VERSION"],
    ["RFC 9112 §2.3: and not two", "HTTP/11.1 200 OK\r\n\r\n", "UNSUPPORTED_VERSION"],
    ["RFC 9112 §2.3: the minor version has one digit", "HTTP/1.10 200 OK\r\n\r\n", "INVALID_STATUS_LINE"],
    ["RFC 9112 §2.3: a version has a minor one", "HTTP/1 200 OK\r\n\r\n", "UNSUPPORTED_VERSION"],
    ["RFC 9112 §4: a space comes after the version, no tab", "HTTP/1.1\t200 OK\r\n\r\n", "INVALID_STATUS_LINE"],
    ["RFC 9112 §4: the status has three digits", "HTTP/1.1 2 OK\r\n\r\n", "INVALID_STATUS_LINE"],
    ["RFC 9112 §4: digits and no sign", "HTTP/1.1 -20 OK\r\n\r\n", "INVALID_STATUS_LINE"],
    ["RFC 9112 §4: the status is not left out", "HTTP/1.1 OK\r\n\r\n", "INVALID_STATUS_LINE"],
    ["RFC 9112 §4: no reason without a space", "HTTP/1.1 200OK\r\n\r\n", "INVALID_STATUS_LINE"],
    ["RFC 9112 §2.2: white space after the status line", `${ok} A: b\r\n\r\n`, "WHITESPACE_BEFORE_FIELDS"],
    ["RFC 9112 §2.2: a CR does not separate fields", head("A: 1\rB: 2"), "BARE_CR"],
    ["RFC 9112 §2.2: nor does it end the head", `${ok}A: b\r\r\n\r\n`, "BARE_CR"],
    ["RFC 9110 §5.1: a name is a token", head("A@b: c"), "INVALID_FIELD_NAME"],
    ["RFC 9110 §5.1: a name is not in quotes", head('"A": b'), "INVALID_FIELD_NAME"],
    ["RFC 9110 §5.1: a name has no DEL", head("A\x7f: b"), "INVALID_FIELD_NAME"],
    ["RFC 9110 §5.5: a vertical tab is no white space", head("Content-Length: \x0b5"), "INVALID_FIELD_VALUE"],
    ["RFC 9110 §5.5: nor is a form feed", head("Transfer-Encoding: chunked\x0c"), "INVALID_FIELD_VALUE"]
  ]

  it.each(refusedLines)("is refused: %s", (_because, text, code) => {
    expect(violation(text)).toBe(code)
  })

  const refusedFraming: ReadonlyArray<readonly [because: string, text: string, code: string]> = [
    ["RFC 9112 §7: chunked twice in one word is another coding", "chunkedchunked", "UNSUPPORTED_TRANSFER_CODING"],
    ["RFC 9112 §6.1: chunked comes last", "chunked, identity", "UNSUPPORTED_TRANSFER_CODING"],
    ["RFC 9112 §7: a coding is a token, not in quotes", '"chunked"', "UNSUPPORTED_TRANSFER_CODING"],
    ["RFC 9112 §5.2: a fold is part of the value", "chunked\r\n abc", "UNSUPPORTED_TRANSFER_CODING"],
    ["RFC 9112 §6.1: over two fields too", "chunked\r\nTransfer-Encoding: gzip", "UNSUPPORTED_TRANSFER_CODING"],
    ["RFC 9112 §6.3: with a length", "\r\nContent-Length: 5", "CONTENT_LENGTH_WITH_TRANSFER_ENCODING"],
    ["RFC 9112 §6.3: the other way", "x\r\nContent-Length : 5", "CONTENT_LENGTH_WITH_TRANSFER_ENCODING"]
  ]

  it.each(refusedFraming)("is refused with a Transfer-Encoding: %s", (_because, coding, code) => {
    expect(violation(`${head(`Transfer-Encoding: ${coding}`)}5\r\nhello\r\n0\r\n\r\n`)).toBe(code)
  })

  const refusedChunks: ReadonlyArray<readonly [because: string, body: string, code: string]> = [
    ["RFC 9112 §7.1: a size of any number of digits", `${"9".repeat(100)}\r\nxxx`, "INVALID_CHUNK_SIZE"],
    ["RFC 9112 §7.1: that wraps around at 64 bits", "10000000000000005\r\nhello\r\n", "INVALID_CHUNK_SIZE"],
    ["RFC 9112 §7.1: with a control in it", "10\0\r\nxxx", "INVALID_CHUNK_SIZE"],
    ["RFC 9112 §7.1.1: an extension has a semicolon", "2 abc\r\naa\r\n0\r\n\r\n", "INVALID_CHUNK_SIZE"],
    ["RFC 9112 §7.1: nothing stands for CRLF after data", "3\r\nxxx__1a\r\n", "CHUNK_NOT_TERMINATED"],
    ["RFC 9112 §7.1: not half of it", "3\r\nxxx\r_1a\r\n", "CHUNK_NOT_TERMINATED"],
    ["RFC 9112 §7.1: nor the other half", "3\r\nxxx_\n1a\r\n", "CHUNK_NOT_TERMINATED"],
    ["RFC 9112 §7.1.1: a LF in quotes ends nothing", '5;a="\n"\r\nhello\r\n', "INVALID_CHUNK_EXTENSION"],
    ["RFC 9112 §7.1.2: a trailer is a field", "0\r\nA\r\n\r\n", "INVALID_FIELD_NAME"],
    ["RFC 9112 §7.1.2: data after the last chunk is no trailer", "0\r\nhello\r\n\r\n", "INVALID_FIELD_NAME"]
  ]

  it.each(refusedChunks)("is refused in its chunks: %s", (_because, body, code) => {
    expect(violation(chunked(body))).toBe(code)
  })

  it("RFC 9112 §4: has a reason with a second space before it", () => {
    expect(both("HTTP/1.1 200  OK\r\n\r\n").head?.reasonPhrase).toBe(" OK")
  })

  it("RFC 9110 §5.1: has fields that only look like those that frame it", () => {
    const lines = ["Content-Length-X: 0", "X-Content-Length: 0", "Content_Length: 0", "Transfer_Encoding: chunked"]
    const read = both(`${head(...lines, "Transfer-Encoding: chunked")}2\r\nOK\r\n0\r\n\r\n`)
    expect(read).toMatchObject({ body: "OK", keepAlive: true, rest: "" })
    expect(both(`${head(...lines, "Content-Length: 1")}xy`)).toMatchObject({ body: "x", rest: "y" })
  })

  it("RFC 9112 §5: has tabs around its length and its coding", () => {
    expect(both(`${head("Content-Length:\t1\t ")}xy`)).toMatchObject({ body: "x", rest: "y" })
    expect(both(`${head("Transfer-Encoding:\t chunked\t")}0\r\n\r\nx`)).toMatchObject({ body: "", rest: "x" })
  })

  it("RFC 9112 §5.2: folds a field that frames it", () => {
    expect(both(`${head("Content-Length:", "\t1")}xy`)).toMatchObject({ body: "x", rest: "y" })
    expect(both(`${head("Connection: x,", " close", "Content-Length: 0")}`).keepAlive).toBe(false)
  })

  it("RFC 9110 §5.1: does not join a field without value with the next one", () => {
    expect(fields("Pragma: ", "Location: /x", "Empty:", "Vary: *")).toEqual([
      "Pragma",
      "",
      "Location",
      "/x",
      "Empty",
      "",
      "Vary",
      "*"
    ])
  })

  it("RFC 9110 §5.5: has colons, quotes and any visible character in a value", () => {
    const value = 'policyref="http://h/p?a=b",CP="A B"; x: y\\z'
    expect(fields(`P3P: ${value}`, "X-$a.b_c~d: e")).toEqual(["P3P", value, "X-$a.b_c~d", "e"])
  })

  it("RFC 9112 §7.1.1: has extensions, which say nothing about the data", () => {
    const size = '5;a="b; c=5";d;e=f'
    expect(both(chunked(`${size}\r\nhello\r\n0; g="h"\r\n\r\nx`))).toMatchObject({ body: "hello", rest: "x" })
    expect(both(chunked('5;a="b\r\nhello\r\n0\r\n\r\n')).body).toBe("hello")
  })

  it("RFC 9110 §6.5.1: has trailers that would frame it, and do not", () => {
    const read = both(chunked("0\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"))
    expect(read).toMatchObject({ body: "", keepAlive: true, rest: "hello" })
    expect(read.trailers).toEqual(["Content-Length", "5", "Connection", "close"])
    expect(read.head?.fields).toEqual(["Transfer-Encoding", "chunked"])
  })

  it("RFC 9112 §9.3: keeps a connection open only when its end is known without a close", () => {
    const next = "HTTP/1.0 200 OK"
    expect(both(`HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n${next}`)).toMatchObject({
      body: next,
      keepAlive: false,
      rest: ""
    })
    expect(both(`HTTP/1.0 204 No Content\r\nConnection: keep-alive\r\n\r\n${next}`)).toMatchObject({
      body: "",
      keepAlive: true,
      rest: next
    })
    expect(both(`HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n${next}`)).toMatchObject({
      body: "",
      keepAlive: false,
      rest: next
    })
  })

  it("RFC 9112 §9.3: closes when close and keep-alive are both there, in any version", () => {
    for (const version of ["HTTP/1.0", "HTTP/1.1"]) {
      for (const options of ["close, keep-alive", "keep-alive, close", "keep-alive\r\nConnection: close"]) {
        expect(both(`${version} 200 OK\r\nConnection: ${options}\r\nContent-Length: 0\r\n\r\n`).keepAlive).toBe(false)
      }
    }
  })

  it("RFC 9112 §C.2.2: is not closed by Proxy-Connection", () => {
    expect(both(head("Proxy-Connection: close", "Content-Length: 0")).keepAlive).toBe(true)
  })

  it("RFC 9110 §15.2.2: is no upgrade with 200, whatever its fields say", () => {
    const fields = ["Connection: upgrade", "Upgrade: h2c"]
    expect(both(head(...fields, "Content-Length: 4") + "body")).toMatchObject({ upgraded: false, body: "body" })
    expect(both(head(...fields) + "body")).toMatchObject({ upgraded: false, body: "body", keepAlive: false })
  })

  it.each(["Content-Length: 4", "Transfer-Encoding: chunked", "Content-Length: 4, 5"])(
    "RFC 9112 §6.3 item 1: is a 101 that has no body, also with %s",
    (framing) => {
      const read = both(`HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n${framing}\r\n\r\nproto`)
      expect(read).toMatchObject({ upgraded: true, body: "", rest: "proto", violation: undefined })
    }
  )

  it("RFC 9112 §9.3.2: is followed by the next one, each with a length of its own", () => {
    const second = "HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\ny"
    const answers = both(`${head("Content-Length: 123")}${second}`, { method: "HEAD" })
    expect(answers).toMatchObject({ body: "", keepAlive: true, rest: second })
    expect(both(answers.rest)).toMatchObject({ head: { status: 404 }, body: "y", rest: "" })
  })

  it("RFC 9112 §8: is incomplete when its last chunk or its trailers are", () => {
    for (const body of ["", "5", "5\r\nhello", "5\r\nhello\r\n", "0", "0\r\n", "0\r\n\r", "0\r\nA: b\r\n"]) {
      expect(record(chunked(body))).toMatchObject({ trailers: undefined, violation: "CLOSED_IN_BODY" })
    }
  })
})
