/** What pages are found by: links, and parameters in URLs. */
import { describe, expect, test } from "vitest"
import { nextLink } from "../src/protocol/nextLink.js"
import { isSamePlace, paramOf, resolvePage, withParams } from "../src/protocol/pageUrl.js"
import { parseTarget, type Target } from "../src/protocol/target.js"

describe("the next page in a Link field", () => {
  test.each([
    ['<https://a.test/?page=2>; rel="next"', "https://a.test/?page=2"],
    ["</2>; rel=next", "/2"],
    ['<>; REL="NEXT"', ""],
    ['</1>; rel="prev", </3>; rel="next", </9>; rel="last"', "/3"],
    ['</2>; rel="prefetch next"', "/2"],
    ['</2?a=1,2;3>; title="a \\" b, c"; rel=next', "/2?a=1,2;3"],
    ['</2> ; rel = "next" ; type="text/html"', "/2"],
    ["</1>; rel=prev; rel=next, </2>; rel=next", "/2"]
  ])("is found: %s", (field, next) => {
    expect(nextLink(field)).toBe(next)
  })

  test.each([
    undefined,
    "",
    "</2>",
    "no link at all; rel=next",
    '</2>; rel="nextish"',
    '</2>; rel="http://rels.test/next"',
    '</2>; title="; rel=next"',
    '</2>; rel="next"; anchor="#part"',
    "</2>; rel"
  ])("is not there: %s", (field) => {
    expect(nextLink(field)).toBeUndefined()
  })

  test("is looked for in a time that grows with the length of the field alone", () => {
    for (const piece of ["<", "<>;", "<a>;a=", '<a>; rel="', "; ", '<a>;a="\\', " \t"]) {
      const started = performance.now()
      expect(nextLink(piece.repeat(50_000 / piece.length))).toBeUndefined()
      expect(performance.now() - started).toBeLessThan(500)
    }
  })
})

describe("the URL of a page", () => {
  test.each([
    ["https://b.test/?sig=%2f%2F'\"", "https://b.test/?sig=%2f%2F'\""],
    ["?page=2", "http://a.test/list?page=2"],
    ["/x?q=%2f|[]#part", "http://a.test/x?q=%2f|[]"],
    ["other", "http://a.test/other"],
    ["//b.test/x", "http://b.test/x"],
    ["", "http://a.test/list?page=1"],
    ["#part", "http://a.test/list?page=1"],
    ["//[/", "//[/"]
  ])("%s is resolved to %s", (written, url) => {
    expect(resolvePage(written, "http://a.test/list?page=1")).toBe(url)
  })

  test.each([
    ["http://a.test/", { page: 2 }, "http://a.test/?page=2"],
    ["http://a.test/?", { page: 2 }, "http://a.test/?page=2"],
    ["http://a.test/?page=1&sig=%2f", { page: 2 }, "http://a.test/?sig=%2f&page=2"],
    ["http://a.test/?pa%67e=1&page=1&page&b", { page: 2, "a b": "ü&" }, "http://a.test/?b&page=2&a%20b=%C3%BC%26"],
    ["http://a.test/?a=1#part", { page: 2 }, "http://a.test/?a=1&page=2"]
  ])("%s with %o is %s", (url, params, changed) => {
    expect(withParams(url, params)).toBe(changed)
  })

  test("has parameters", () => {
    const url = "http://a.test/?a+b=1%202&page=3&page=4&none#?page=5"
    expect(paramOf(url, "a b")).toBe("1 2")
    expect(paramOf(url, "page")).toBe("3")
    expect(paramOf(url, "absent")).toBeUndefined()
    expect(paramOf("http://a.test/", "page")).toBeUndefined()
  })

  test.each([
    ["http://a.test/1", "http://a.test/2", true],
    ["http://a.test/", "https://a.test/", true],
    ["https://a.test/", "http://a.test/", false],
    ["http://a.test/", "https://a.test:8443/", false],
    ["http://a.test:8080/", "https://a.test/", false],
    ["http://a.test/", "https://b.test/", false]
  ])("%s and %s are in one place: %s", (from, to, same) => {
    expect(isSamePlace(parseTarget(from) as Target, parseTarget(to) as Target)).toBe(same)
  })
})
