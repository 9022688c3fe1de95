import { FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import { lineSplitter } from "../src/content/lines.js"

const splitAll = (pieces: ReadonlyArray<string>): Array<string> => {
  const splitter = lineSplitter()
  return [...pieces.flatMap((piece) => splitter.write(piece)), ...splitter.end()]
}

const split = (...pieces: ReadonlyArray<string>): Array<string> => splitAll(pieces)

const reference = (text: string): Array<string> => {
  const lines = text.split(/\r\n|\r|\n/)
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines
}

describe("lines", () => {
  it("end at LF, at CR and at CRLF", () => {
    expect(split("a\nb\rc\r\nd")).toEqual(["a", "b", "c", "d"])
  })

  it("do not end at the other characters that Unicode calls line breaks", () => {
    const text = "a\u2028b\u2029c\u0085d\ve\ff\x1cg\x1dh\x1ei"
    expect(split(text + "\n", text)).toEqual([text, text])
  })

  it("are empty between two line ends", () => {
    expect(split("\n\n")).toEqual(["", ""])
    expect(split("\r\r\n\n")).toEqual(["", "", ""])
    expect(split("a\n\r\nb")).toEqual(["a", "", "b"])
  })

  it("of an empty text are none", () => {
    expect(split()).toEqual([])
    expect(split("", "")).toEqual([])
  })

  it("are given at the end if nothing ended them", () => {
    const splitter = lineSplitter()
    expect(splitter.write("a\nb")).toEqual(["a"])
    expect(splitter.end()).toEqual(["b"])
    expect(splitter.end()).toEqual([])
  })

  it("are given as soon as CR is seen, and an LF that comes later ends nothing", () => {
    const splitter = lineSplitter()
    expect(splitter.write("a\r")).toEqual(["a"])
    expect(splitter.write("")).toEqual([])
    expect(splitter.write("\nb\r")).toEqual(["b"])
    expect(splitter.write("c")).toEqual([])
    expect(splitter.write("\n")).toEqual(["c"])
    expect(splitter.end()).toEqual([])
  })

  it("are the same however the text is split", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "\r", "\n", "\r\n", "\u2028", "é") })
    fc.assert(
      fc.property(fc.array(text), (pieces) => {
        expect(splitAll(pieces)).toEqual(reference(pieces.join("")))
      })
    )
  })

  it("of any length in any number of pieces take linear time", () => {
    // Quadratic, these would be 2 * 10^11 characters to go over.
    const pieces = Array.from({ length: 200_000 }, () => "0123456789")
    const [line, ...others] = splitAll([...pieces, "\n"])
    expect(line?.length).toBe(2_000_000)
    expect(others).toEqual([])
    expect(split("\n".repeat(200_000) + "\r").length).toBe(200_001)
  })
})
