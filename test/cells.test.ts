/** Text in the cells of a terminal, and quantities as people read them. */
import { describe, expect, test } from "vitest"
import { cut, left, right, visible, widthOf } from "../src/observe/cells.js"
import { bytes, counted, duration, grouped } from "../src/observe/quantities.js"

describe("the width of a text", () => {
  test.each([
    ["", 0],
    ["plain", 5],
    ["naïve", 5],
    ["e\u0301", 1],
    ["日本", 4],
    ["한국어", 6],
    ["ﾊﾝｶｸ", 4],
    ["ＷＩＤＥ", 8],
    ["😀", 2],
    ["👩‍👩‍👧", 2],
    ["❤\ufe0f", 2],
    ["█▏·…", 4],
    ["\u200b", 0]
  ])("%j takes %d cells", (text, cells) => {
    expect(widthOf(text)).toBe(cells)
  })
})

describe("a text that is cut", () => {
  test("never takes more cells than it may", () => {
    expect([cut("plain", 5), cut("plain", 4), cut("plain", 1), cut("plain", 0)]).toEqual(["plain", "pla…", "…", ""])
    expect([cut("日本語", 6), cut("日本語", 5), cut("日本語", 4)]).toEqual(["日本語", "日本…", "日…"])
  })

  test("is filled up on either side", () => {
    expect([left("ab", 4), right("ab", 4), left("日本", 5), right("日本語", 4)]).toEqual([
      "ab  ",
      "  ab",
      "日本 ",
      " 日…"
    ])
  })
})

test("what steers a terminal is shown", () => {
  expect(visible("a\u001b[31m\r\n\u0007\u007f\u009b\u2028\u202e\u2066é")).toBe(
    "a\\u{1b}[31m\\u{d}\\u{a}\\u{7}\\u{7f}\\u{9b}\\u{2028}\\u{202e}\\u{2066}é"
  )
})

describe("quantities", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "1 kB"],
    [1_540, "1.5 kB"],
    [9_960, "10 kB"],
    [999_499, "999 kB"],
    [999_500, "1 MB"],
    [12_345_678, "12 MB"],
    [5e15, "5000 TB"]
  ])("%d bytes are %s", (count, text) => {
    expect(bytes(count)).toBe(text)
  })

  test.each([
    [0, "0 ms"],
    [0.04, "0 ms"],
    [0.44, "0.4 ms"],
    [9.96, "10 ms"],
    [999.4, "999 ms"],
    [999.6, "1 s"],
    [1_540, "1.5 s"],
    [59_900, "60 s"],
    [59_960, "1 min 0 s"],
    [125_000, "2 min 5 s"]
  ])("%d milliseconds are %s", (ms, text) => {
    expect(duration(ms)).toBe(text)
  })

  test("have their thousands apart, and a plural", () => {
    expect([grouped(1), grouped(1_234_567), counted(1, "byte"), counted(2_000, "byte")]).toEqual([
      "1",
      "1 234 567",
      "1 byte",
      "2 000 bytes"
    ])
  })
})
