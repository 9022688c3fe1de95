import { FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import { Fields, type FieldsInput } from "../src/protocol/Fields.js"
import {
  chunkHead,
  lastChunk,
  serializeRequest,
  type BodyFraming,
  type RequestViolation,
  type SerializedRequest
} from "../src/protocol/http1/RequestSerializer.js"
import { hostileRequest, readByServer, wellFormedRequest, writeRequest } from "./support/http1-requests.js"

const none: BodyFraming = { _tag: "None" }
const chunked: BodyFraming = { _tag: "Chunked" }
const ofLength = (length: number): BodyFraming => ({ _tag: "Length", length })

interface Given {
  readonly method?: string
  readonly target?: string
  readonly authority?: string
  readonly fields?: FieldsInput
  readonly body?: BodyFraming
}

const serialize = (given: Given): SerializedRequest | RequestViolation => {
  const { authority = "example.com", body = none, fields, method = "GET", target = "/" } = given
  return serializeRequest(method, target, authority, Fields.from(fields), body)
}
const refusal = (given: Given): string | undefined => {
  const result = serialize(given)
  return "code" in result ? result.code : undefined
}
const sent = (given: Given): SerializedRequest => {
  const result = serialize(given)
  if ("code" in result) throw new Error(result.message)
  return result
}

describe("a request head", () => {
  it("has Host first, then the fields in their order, case and repetitions", () => {
    const fields: FieldsInput = [
      ["b", "1"],
      ["A", "2"],
      ["b", "3"]
    ]
    expect(sent({ target: "/p?q=%20~!", authority: "h:81", fields })).toEqual({
      head: "GET /p?q=%20~! HTTP/1.1\r\nHost: h:81\r\nb: 1\r\nA: 2\r\nb: 3\r\n\r\n",
      chunked: false,
      contentLength: undefined
    })
  })

  it("has any method and any form of target", () => {
    expect(sent({ method: "M-SEARCH", target: "*" }).head).toMatch(/^M-SEARCH \* HTTP\/1\.1\r\n/)
    expect(sent({ method: "CONNECT", target: "h:443" }).head).toMatch(/^CONNECT h:443 HTTP\/1\.1\r\n/)
    expect(sent({ target: "http://h/" }).head).toMatch(/^GET http:\/\/h\/ HTTP\/1\.1\r\n/)
  })

  it("has the Host that the caller gave, where the caller gave it, and no other", () => {
    const fields: FieldsInput = { a: "b", host: "other" }
    expect(sent({ fields }).head).toBe("GET / HTTP/1.1\r\na: b\r\nhost: other\r\n\r\n")
    expect(sent({ fields: { ...fields, "Content-Length": "0" } }).head).not.toContain("example.com")
    expect(refusal({ fields: { Host: ["a", "a"] } })).toBe("INVALID_HOST")
  })

  it("may have an empty Host", () => {
    expect(sent({ authority: "" }).head).toContain("Host: \r\n")
  })

  it.each(["", "G T", "G\r\nT", "GÉT", "GET/", "G:T"])("is refused with the method %j", (method) => {
    expect(refusal({ method })).toBe("INVALID_METHOD")
  })

  it.each(["", "/a b", "/a\r\nX: y", "/a\nb", "/a\0", "/\x7f", "/é", "/\ud83d\ude00", "/a\t"])(
    "is refused with the target %j",
    (target) => {
      expect(refusal({ target })).toBe("INVALID_TARGET")
    }
  )

  it.each(["h\r\nX: y", "h h", "h\0", "é"])("is refused with the authority %j", (authority) => {
    expect(refusal({ authority })).toBe("INVALID_HOST")
  })

  it("is refused with a field that would forge another", () => {
    expect(refusal({ fields: { A: "b\r\nX: y" } })).toBe("INVALID_FIELD")
    expect(refusal({ fields: { "A:": "b" } })).toBe("INVALID_FIELD")
    expect(refusal({ fields: { Host: "h\nX: y" } })).toBe("INVALID_FIELD")
  })
})

describe("the framing of a request", () => {
  it("is Content-Length for a body of known length", () => {
    expect(sent({ method: "POST", body: ofLength(5) })).toEqual({
      head: "POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\n",
      chunked: false,
      contentLength: 5
    })
    expect(sent({ body: ofLength(0) }).head).toContain("Content-Length: 0\r\n")
  })

  it("is chunked for a body of unknown length", () => {
    expect(sent({ method: "POST", body: chunked })).toEqual({
      head: "POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n",
      chunked: true,
      contentLength: undefined
    })
  })

  it.each(["POST", "PUT", "PATCH"])("is Content-Length: 0 for a %s without body", (method) => {
    expect(sent({ method })).toMatchObject({ contentLength: 0, chunked: false })
    expect(sent({ method }).head).toMatch(/\r\nContent-Length: 0\r\n\r\n$/)
  })

  it.each(["GET", "HEAD", "DELETE", "OPTIONS", "CONNECT", "post", "X"])(
    "is nothing for a %s without body",
    (method) => {
      expect(sent({ method }).head).toBe(`${method} / HTTP/1.1\r\nHost: example.com\r\n\r\n`)
      expect(sent({ method }).contentLength).toBeUndefined()
    }
  )

  it.each([-1, 1.5, NaN, Infinity, 2 ** 53])("is refused for a body of length %d", (length) => {
    expect(refusal({ body: ofLength(length) })).toBe("INVALID_CONTENT_LENGTH")
  })

  it("is the Content-Length that the caller gave when it is that of the body", () => {
    const fields = { "content-length": "5" }
    expect(sent({ fields, body: ofLength(5) })).toEqual({
      head: "GET / HTTP/1.1\r\nHost: example.com\r\ncontent-length: 5\r\n\r\n",
      chunked: false,
      contentLength: 5
    })
    expect(refusal({ fields, body: ofLength(6) })).toBe("INVALID_CONTENT_LENGTH")
    expect(refusal({ fields })).toBe("INVALID_CONTENT_LENGTH")
    expect(sent({ fields: { "Content-Length": "0" } })).toMatchObject({ contentLength: 0 })
  })

  it("is the Content-Length that the caller gave instead of chunks", () => {
    expect(sent({ fields: { "Content-Length": "5" }, body: chunked })).toEqual({
      head: "GET / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\n",
      chunked: false,
      contentLength: 5
    })
  })

  it("has one Content-Length, however often it was given", () => {
    const { contentLength, head } = sent({ fields: { "content-length": ["5", "05"], A: "b" }, body: chunked })
    expect(head).toBe("GET / HTTP/1.1\r\nHost: example.com\r\nA: b\r\nContent-Length: 5\r\n\r\n")
    expect(contentLength).toBe(5)
    expect(refusal({ fields: { "content-length": ["5", "6"] }, body: chunked })).toBe("INVALID_CONTENT_LENGTH")
  })

  it.each(["", "+5", "5, 5", " 5", "0x5", "five", "9007199254740992"])(
    "is refused with the Content-Length %j",
    (value) => {
      expect(refusal({ fields: { "Content-Length": value }, body: chunked })).toBe("INVALID_CONTENT_LENGTH")
    }
  )

  it.each([chunked, ofLength(5)])("is chunked when the caller says so, for %j", (body) => {
    expect(sent({ fields: { "transfer-encoding": "Chunked" }, body })).toEqual({
      head: "GET / HTTP/1.1\r\nHost: example.com\r\ntransfer-encoding: Chunked\r\n\r\n",
      chunked: true,
      contentLength: undefined
    })
  })

  it.each([
    [{ "Transfer-Encoding": "gzip, chunked" }, chunked],
    [{ "Transfer-Encoding": "identity" }, chunked],
    [{ "Transfer-Encoding": "" }, chunked],
    [{ "Transfer-Encoding": " chunked" }, chunked],
    [{ "Transfer-Encoding": ["chunked", "chunked"] }, chunked],
    [{ "Transfer-Encoding": "chunked", "Content-Length": "5" }, ofLength(5)],
    [{ "Transfer-Encoding": "chunked" }, none]
  ] as const)("is refused with %j for %j", (fields, body) => {
    expect(refusal({ fields, body })).toBe("INVALID_TRANSFER_ENCODING")
  })

  it("has chunk sizes in hexadecimal", () => {
    expect([chunkHead(1), chunkHead(500), chunkHead(65536), lastChunk]).toEqual([
      "1\r\n",
      "1f4\r\n",
      "10000\r\n",
      "0\r\n\r\n"
    ])
  })
})

describe("what is written", () => {
  it("node:http's server reads back", () =>
    fc.assert(
      fc.asyncProperty(wellFormedRequest, async (request) => {
        const written = writeRequest(request)
        if ("code" in written) throw new Error(written.message)
        expect(await readByServer(written.wire)).toEqual({ requests: [written.expected], refused: undefined })
      }),
      { numRuns: 500 }
    ))

  it("is never two requests, whatever the caller gave", () =>
    fc.assert(
      fc.asyncProperty(hostileRequest, async (request) => {
        const written = writeRequest(request)
        if ("code" in written) return
        const { refused, requests } = await readByServer(written.wire)
        expect(requests).toEqual(refused === undefined ? [written.expected] : [])
      }),
      { numRuns: 500 }
    ))

  it("never has more line ends than a head has lines, whatever the input", () => {
    const any = fc.oneof(fc.string(), fc.constantFrom("GET", "/", "h", "\r\n", "a\nb", "5", "chunked"))
    const fields = fc.array(
      fc.tuple(fc.oneof(any, fc.constantFrom("Host", "Content-Length", "Transfer-Encoding", "A")), any)
    )
    const body = fc.constantFrom(none, chunked, ofLength(5), ofLength(NaN))
    fc.assert(
      fc.property(any, any, any, fields, body, (method, target, authority, pairs, framing) => {
        const result = serialize({ method, target, authority, fields: pairs, body: framing })
        if ("code" in result) {
          expect(result.message).not.toBe("")
          return
        }
        const lines = result.head.split("\r\n")
        expect(result.head.match(/[\r\n]/g)).toHaveLength(2 * (lines.length - 1))
        expect(lines.slice(-2)).toEqual(["", ""])
        expect(lines.slice(0, -2).every((line) => line !== "")).toBe(true)
        expect(lines.length - 2).toBeLessThanOrEqual(pairs.length + 3)
        expect(lines.filter((line) => /^host:/i.test(line))).toHaveLength(1)
      }),
      { numRuns: 2000 }
    )
  })
})
