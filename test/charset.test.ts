import { FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import { charsetOf, decodeJsonText, decodeText, textDecoder } from "../src/content/charset.js"

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const utf16 = (text: string, littleEndian: boolean): Uint8Array => {
  const view = new DataView(new ArrayBuffer(text.length * 2))
  for (let index = 0; index < text.length; index++) view.setUint16(index * 2, text.charCodeAt(index), littleEndian)
  return new Uint8Array(view.buffer)
}
const utf32 = (codePoints: ReadonlyArray<number>, littleEndian: boolean): Uint8Array => {
  const view = new DataView(new ArrayBuffer(codePoints.length * 4))
  codePoints.forEach((codePoint, index) => view.setUint32(index * 4, codePoint, littleEndian))
  return new Uint8Array(view.buffer)
}
const codePointsOf = (text: string): Array<number> => Array.from(text, (character) => character.codePointAt(0) ?? 0)

const decodeInPieces = (pieces: Iterable<Uint8Array>, contentType: string | undefined): string => {
  const decoder = textDecoder(contentType)
  let text = ""
  for (const piece of pieces) text += decoder.write(piece)
  return text + decoder.end()
}
const byteByByte = (bytes: Uint8Array): Array<Uint8Array> => Array.from(bytes, (byte) => Uint8Array.of(byte))

describe("the charset of a Content-Type", () => {
  it.each([
    [undefined, undefined],
    ["", undefined],
    ["text/html", undefined],
    ["text/html; charset=utf-8", "utf-8"],
    ["text/html;charset=UTF-8", "utf-8"],
    ["text/html ; Charset = ISO-8859-1 ; x=y", "iso-8859-1"],
    ['text/html; charset="utf-8"', "utf-8"],
    ['text/html; charset="utf\\-8"', "utf-8"],
    ['text/html; charset="utf-8', "utf-8"],
    ['text/html; charset=" utf-8 "', "utf-8"],
    ["text/html; charset='utf-8'", "utf-8"],
    ["text/html; boundary=x; charset=koi8-r", "koi8-r"],
    ['text/html; title="a; charset=utf-16"; charset=koi8-r', "koi8-r"],
    ['text/html; title="\\"; charset=utf-16"; charset=koi8-r', "koi8-r"],
    ["text/html; charset=koi8-r; charset=utf-8", "koi8-r"],
    ["text/html; charset=; charset=utf-8", "utf-8"],
    ["text/html; charset", undefined],
    ["text/html; xcharset=utf-8", undefined],
    ["text/html charset=utf-8", "utf-8"],
    ["charset=utf-8", "utf-8"],
    ["text/html;;;\tcharset=utf-8;;", "utf-8"],
    ["text/html; charset=utf-8, text/plain", "utf-8"]
  ])("%j is %j", (contentType, charset) => {
    expect(charsetOf(contentType)).toBe(charset)
  })

  it("is found in linear time", () => {
    const started = performance.now()
    for (const unit of [" ", ";", "a", "a ", ';a="', ";a=\\", "= "]) charsetOf("text/html;" + unit.repeat(100_000))
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})

describe("decoding a text", () => {
  it("takes UTF-8 if nothing is said", () => {
    expect(decodeText(utf8("smörgås €"), undefined)).toBe("smörgås €")
    expect(decodeText(utf8("smörgås €"), "text/plain")).toBe("smörgås €")
  })

  it("uses the charset of the Content-Type", () => {
    expect(decodeText(Uint8Array.of(0xd4, 0xc5, 0xd3, 0xd4), "text/plain; charset=koi8-r")).toBe("тест")
    expect(decodeText(Uint8Array.of(0x83, 0x65), "text/plain; charset=Shift_JIS")).toBe("テ")
    expect(decodeText(utf16("añb", true), "text/plain; charset=utf-16le")).toBe("añb")
  })

  it("reads iso-8859-1 as windows-1252, as WHATWG has it", () => {
    const bytes = Uint8Array.of(0x80, 0x81, 0x93, 0xe9, 0x94, 0x9f)
    const text = "€\x81“é”Ÿ"
    for (const charset of ["iso-8859-1", "windows-1252", "us-ascii"]) {
      expect(decodeText(bytes, `text/plain; charset=${charset}`)).toBe(text)
      expect(decodeInPieces(byteByByte(bytes), `text/plain; charset=${charset}`)).toBe(text)
    }
  })

  it("lets a byte order mark beat the charset, and takes it off", () => {
    const contentType = "text/plain; charset=koi8-r"
    expect(decodeText(utf8("\ufeffé"), contentType)).toBe("é")
    expect(decodeText(utf16("\ufeffé", true), contentType)).toBe("é")
    expect(decodeText(utf16("\ufeffé", false), contentType)).toBe("é")
    expect(decodeText(utf8("\ufeff"), undefined)).toBe("")
  })

  it("takes only one mark off", () => {
    expect(decodeText(utf8("\ufeff\ufeffa"), undefined)).toBe("\ufeffa")
    expect(decodeText(utf16("\ufeff\ufeffa", true), undefined)).toBe("\ufeffa")
  })

  it("falls back to UTF-8 for a charset that nobody knows", () => {
    for (const charset of ["bogus", "utf-32", "replacement"]) {
      expect(decodeText(utf8("é"), `text/plain; charset=${charset}`)).toBe("é")
    }
  })

  it("puts U+FFFD in the place of invalid bytes", () => {
    expect(decodeText(Uint8Array.of(0x61, 0xff, 0x62, 0xc3), undefined)).toBe("a\ufffdb\ufffd")
  })
})

describe("decoding a text in pieces", () => {
  const charsets = [
    "utf-8",
    "utf-16le",
    "utf-16be",
    "windows-1252",
    "koi8-r",
    "shift_jis",
    "euc-kr",
    "bogus",
    undefined
  ]
  const byte = fc.oneof(
    fc.constantFrom(0xef, 0xbb, 0xbf, 0xfe, 0xff, 0x00, 0x61, 0xe2, 0x82, 0xac),
    fc.integer({ min: 0, max: 255 })
  )
  const pieces = fc.array(fc.array(byte, { maxLength: 6 }).map((bytes) => Uint8Array.from(bytes)))
  const join = (all: ReadonlyArray<Uint8Array>): Uint8Array => Uint8Array.from(all.flatMap((piece) => [...piece]))

  it("gives what decoding the whole gives, however the bytes are split", () => {
    fc.assert(
      fc.property(pieces, fc.constantFrom(...charsets), (all, charset) => {
        const contentType = charset === undefined ? undefined : `text/plain; charset=${charset}`
        expect(decodeInPieces(all, contentType)).toBe(decodeText(join(all), contentType))
      }),
      { numRuns: 1_000 }
    )
  })

  it("finds a byte order mark that is split", () => {
    for (const bytes of [utf8("\ufeffé€"), utf16("\ufeffé€", true), utf16("\ufeffé€", false)]) {
      expect(decodeInPieces(byteByByte(bytes), "text/plain; charset=koi8-r")).toBe("é€")
    }
  })

  it("does not hold back a text that has no mark", () => {
    const decoder = textDecoder(undefined)
    expect(decoder.write(utf8("a"))).toBe("a")
    expect(decoder.write(utf8("€").subarray(0, 2))).toBe("")
    expect(decoder.write(utf8("€").subarray(2))).toBe("€")
    expect(decoder.end()).toBe("")
  })

  it("decodes what began like a mark and was none", () => {
    expect(decodeInPieces(byteByByte(Uint8Array.of(0xef, 0xbb, 0x61)), undefined)).toBe("\ufffda")
    expect(decodeInPieces(byteByByte(Uint8Array.of(0xef, 0xbb)), undefined)).toBe("\ufffd")
    expect(decodeInPieces(byteByByte(Uint8Array.of(0xef, 0xbb)), "text/plain; charset=windows-1252")).toBe("ï»")
    expect(decodeInPieces([], undefined)).toBe("")
  })

  it("puts U+FFFD in the place of a character that the end cuts off", () => {
    expect(decodeInPieces(byteByByte(utf8("a€").subarray(0, 3)), undefined)).toBe("a\ufffd")
    // Node's decoder throws here.
    const bytes = Uint8Array.of(0x4c, 0x29, 0x4d, 0xf5, 0x39, 0xcb, 0x7f)
    expect(decodeInPieces(byteByByte(bytes), "text/plain; charset=gb18030")).toContain("\ufffd")
  })
})

describe("decoding a JSON text", () => {
  const text = '{"a":"é😀"}'

  it.each([
    ["UTF-8", utf8(text), utf8("\ufeff" + text)],
    ["UTF-16LE", utf16(text, true), utf16("\ufeff" + text, true)],
    ["UTF-16BE", utf16(text, false), utf16("\ufeff" + text, false)],
    ["UTF-32LE", utf32(codePointsOf(text), true), utf32(codePointsOf("\ufeff" + text), true)],
    ["UTF-32BE", utf32(codePointsOf(text), false), utf32(codePointsOf("\ufeff" + text), false)]
  ])("recognizes %s with a byte order mark and without", (_, plain, marked) => {
    expect(decodeJsonText(plain)).toBe(text)
    expect(decodeJsonText(marked)).toBe(text)
  })

  it("recognizes the shortest texts", () => {
    expect(decodeJsonText(new Uint8Array(0))).toBe("")
    expect(decodeJsonText(utf8("1"))).toBe("1")
    expect(decodeJsonText(utf8("12"))).toBe("12")
    expect(decodeJsonText(utf8("123"))).toBe("123")
    expect(decodeJsonText(utf16("1", true))).toBe("1")
    expect(decodeJsonText(utf16("1", false))).toBe("1")
    expect(decodeJsonText(utf32([0x31], true))).toBe("1")
    expect(decodeJsonText(utf32([0x31], false))).toBe("1")
    expect(decodeJsonText(utf16('"€"', true))).toBe('"€"')
    expect(decodeJsonText(utf16('"€', true))).toBe('"€')
  })

  it("works on a part of a larger buffer", () => {
    const buffer = new Uint8Array(100)
    const bytes = utf32(codePointsOf(text), true)
    buffer.set(bytes, 3)
    expect(decodeJsonText(buffer.subarray(3, 3 + bytes.length))).toBe(text)
  })

  it("puts U+FFFD in the place of what is no character", () => {
    expect(decodeJsonText(Uint8Array.of(0x22, 0xff, 0x22))).toBe('"\ufffd"')
    expect(decodeJsonText(utf32([0x22, 0xd800, 0x110000, 0x22], true))).toBe('"\ufffd\ufffd"')
    expect(decodeJsonText(utf32([0x22, 0x22], false).subarray(0, 7))).toBe('"\ufffd')
  })
})
