/** Where a text stops being JSON. */
import { FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import { jsonFlawAt } from "../src/content/json.js"

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe("a text that is not JSON", () => {
  it.each([
    ["<html>", 0],
    ['{"a":1,}', 7],
    ['{"a" 1}', 5],
    ["{,}", 1],
    ["{1:2}", 1],
    ["[1,]", 3],
    ["[1 2]", 3],
    ["[1}", 2],
    ['{"a":1]', 6],
    ["{}}", 2],
    ["1 2", 2],
    ["1,2", 1],
    [" nul", 1],
    ["01", 1],
    ['"a\nb"', 2],
    ['"a\\x"', 2],
    ['"\\u12"', 1],
    ["[undefined]", 1],
    ["{'a':1}", 1]
  ])("%j goes wrong at %i", (text, at) => {
    expect(jsonFlawAt(text)).toBe(at)
  })

  it.each(["", "  ", "[", "[1", "[1,", "{", '{"a"', '{"a":', '{"a":1', '"abc'])("%j ends too early", (text) => {
    expect(isJson(text)).toBe(false)
    expect(jsonFlawAt(text)).toBe(text.length)
  })

  it("goes wrong after a beginning of JSON, never in a whole one", () => {
    const mutated = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom(...'[]{},:"1 a\\'.split(""), ""))
      .map(([text, at, put]) => {
        const cut = at % (text.length + 1)
        return text.slice(0, cut) + put + text.slice(cut + 1)
      })
    fc.assert(
      fc.property(fc.oneof(fc.json(), mutated), (text) => {
        const at = jsonFlawAt(text)
        if (isJson(text)) expect(at).toBe(text.length)
        // Cut off before the flaw, it only ends too early.
        else expect(jsonFlawAt(text.slice(0, at))).toBe(at)
      }),
      { numRuns: 1000 }
    )
  })

  it("is found in linear time, however deep", () => {
    const started = performance.now()
    expect(jsonFlawAt("[".repeat(500_000))).toBe(500_000)
    expect(jsonFlawAt(`"${"\\n".repeat(200_000)}`)).toBe(400_001)
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})
