/** URLs of pages: named by others, and with other parameters. */
import { describe, expect, test } from "vitest"
import { isSameResource, paramOf, resolvePage, withParams, withUserOf } from "../src/protocol/pageUrl.js"

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
    ["http://a.test/1?x=%2f", "http://a.test/1?x=%2f", true],
    ["http://a.test/", "http://a.test", true],
    ["http://a.test/1", "http://a.test/1#part", true],
    ["http://a.test/1#part", "http://a.test/1", false],
    ["http://a.test/2", "http://a.test/1", false],
    ["http://a.test/2", "no URL", false]
  ])("a link from %s leads from the page %s: %s", (context, url, same) => {
    expect(isSameResource(context, url)).toBe(same)
  })

  test.each([
    ["http://ada:p%40w@a.test/1", "http://a.test/2?x=//", "http://ada:p%40w@a.test/2?x=//"],
    ["http://ada@a.test/1", "https://bob@a.test/2", "https://bob@a.test/2"],
    ["http://a.test/1?x=@", "http://a.test/2", "http://a.test/2"]
  ])("takes the user of %s: %s becomes %s", (from, url, whole) => {
    expect(withUserOf(from, url)).toBe(whole)
  })
})
