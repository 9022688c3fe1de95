/** What a Content-Type says. */
import { FastCheck as fc } from "effect"
import { MIMEType } from "node:util"
import { describe, expect, it } from "vitest"
import { mediaTypeOf } from "../src/content/MediaType.js"

describe("a media type", () => {
  it.each([
    ["text/html", "text/html", {}],
    [" Text/HTML ; Charset=UTF-8", "text/html", { charset: "UTF-8" }],
    ['multipart/mixed; boundary="a;b, \\"c\\""', "multipart/mixed", { boundary: 'a;b, "c"' }],
    ["application/problem+json;charset=utf-8;charset=latin1", "application/problem+json", { charset: "utf-8" }],
    ["text/plain; charset='x'; q=\"unclosed", "text/plain", { charset: "x", q: "unclosed" }],
    ["text/html, text/plain", "text/html", {}],
    ["a/b;", "a/b", {}]
  ])("%j is %s with its parameters", (field, type, parameters) => {
    const mediaType = mediaTypeOf(field)
    expect(mediaType?.type).toBe(type)
    expect(Object.fromEntries(mediaType?.parameters ?? [])).toEqual(parameters)
  })

  it.each([undefined, "", "text", "text/", "/html", "text html/x", "a/b c", "te@xt/html"])("%j is none", (field) => {
    expect(mediaTypeOf(field)).toBeUndefined()
  })

  it("that is valid is what Node's MIMEType reads", () => {
    const token = fc.string({ unit: fc.constantFrom(..."abZ09!#$&-^_.+".split("")), minLength: 1, maxLength: 6 })
    const value = fc.string({ unit: fc.constantFrom(...'ab ;,="\\'.split("")), maxLength: 6 })
    fc.assert(
      fc.property(
        token,
        token,
        fc.array(fc.tuple(token, fc.oneof(token, value)), { maxLength: 3 }),
        (type, sub, given) => {
          const parameters = given.map(([name, value]) =>
            /^[!#$&\-^_.+\w]+$/.test(value) ? `${name}=${value}` : `${name}="${value.replace(/["\\]/g, "\\$&")}"`
          )
          const field = [`${type}/${sub}`, ...parameters].join("; ")
          const theirs = new MIMEType(field)
          const ours = mediaTypeOf(field)
          expect(ours?.type).toBe(theirs.essence)
          expect([...(ours?.parameters ?? [])]).toEqual([...theirs.params])
        }
      )
    )
  })
})
