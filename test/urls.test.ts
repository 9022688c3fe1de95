/** From a URL as written to where the request goes, and params to text. */
import { describe, expect, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { formString, type ParamsInput, queryString } from "../src/protocol/params.js"
import { percentDecode, percentEncode } from "../src/protocol/percent.js"
import {
  appendQuery,
  authorizationOf,
  isAbsolute,
  isTargetProblem,
  joinBase,
  parseTarget,
  type Target
} from "../src/protocol/target.js"
import { TargetParser } from "../src/protocol/TargetParser.js"

const targetOf = (url: string): Target => {
  const target = parseTarget(url)
  if (isTargetProblem(target)) throw new Error(`${url}: ${target.message}`)
  return target
}

const problemOf = (url: string) => {
  const target = parseTarget(url)
  return isTargetProblem(target) ? target._tag : undefined
}

/** What UTF-8 makes of a text: a lone surrogate becomes U+FFFD. */
const wellFormed = (text: string): string => new TextDecoder().decode(new TextEncoder().encode(text))

describe("a URL", () => {
  it("names scheme, host, port and what is asked for", () => {
    expect(targetOf("HTTPS://Example.COM:8443/a/b?x=1#frag")).toEqual({
      scheme: "https",
      hostname: "example.com",
      port: 8443,
      authority: "example.com:8443",
      origin: "https://example.com:8443",
      pathAndQuery: "/a/b?x=1"
    })
  })

  it("has no default port in what the server sees", () => {
    expect(targetOf("http://a.test:80/")).toMatchObject({ port: 80, authority: "a.test", origin: "http://a.test" })
    expect(targetOf("https://a.test:443")).toMatchObject({ port: 443, authority: "a.test", pathAndQuery: "/" })
    expect(targetOf("HTTP://a.test:80")).toMatchObject({ authority: "a.test" })
    expect(targetOf("http://a.test:443/")).toMatchObject({ port: 443, authority: "a.test:443" })
    expect(targetOf("http://a.test:0080/")).toMatchObject({ port: 80, authority: "a.test" })
  })

  it("may have an address or a name in any script as its host", () => {
    expect(targetOf("http://[::1]:8080/")).toMatchObject({ hostname: "::1", authority: "[::1]:8080" })
    expect(targetOf("http://127.1/").hostname).toBe("127.0.0.1")
    expect(targetOf("http://0x7f.0.0.1/").hostname).toBe("127.0.0.1")
    expect(targetOf("http://bücher.test/").hostname).toBe("xn--bcher-kva.test")
    expect(targetOf("http://xn--bcher-kva.test/").hostname).toBe("xn--bcher-kva.test")
    expect(problemOf("http://xn--a.test/")).toBe("Invalid")
    expect(targetOf("http://jo:pw@a.test/")).toMatchObject({ hostname: "a.test", authority: "a.test" })
  })

  it("keeps its query as written, but for what no request line can carry", () => {
    const kept = "?a=b%20c&sig=x%2Fy~z!'()*&flag&%zz=%&|^`\\{}[]@:/?"
    expect(targetOf(`http://a.test/p${kept}`).pathAndQuery).toBe(`/p${kept}`)
    expect(targetOf('http://a.test/?ä b"<>').pathAndQuery).toBe("/?%C3%A4%20b%22%3C%3E")
    expect(targetOf("http://a.test/?a\ud800b").pathAndQuery).toBe("/?a%EF%BF%BDb")
    expect(targetOf("http://a.test?").pathAndQuery).toBe("/?")
    expect(targetOf("http://a.test/#x?y").pathAndQuery).toBe("/")
    expect(targetOf("http://a.test/?q#frag").pathAndQuery).toBe("/?q")
    expect(targetOf("http://a.test/p?x=1#frag?y").pathAndQuery).toBe("/p?x=1")
  })

  it("that cannot be requested says why", () => {
    expect(problemOf("/relative")).toBe("Invalid")
    expect(problemOf("")).toBe("Invalid")
    expect(problemOf("http:/a.test")).toBe("Invalid")
    expect(problemOf("http://")).toBe("Invalid")
    expect(problemOf("http://a.test:99999/")).toBe("Invalid")
    expect(problemOf("http://a b/")).toBe("Invalid")
    expect(problemOf("http://a.test/\r\nx")).toBe("Invalid")
    expect(problemOf("http://a.test/\tx")).toBe("Invalid")
    expect(problemOf("ftp://a.test/")).toBe("UnsupportedScheme")
    expect(problemOf("data:text/plain,x")).toBe("UnsupportedScheme")
  })

  it("is what the URL Standard says it is", () => {
    const label = fc.string({ unit: fc.constantFrom(..."abxyzABN019-_."), minLength: 1, maxLength: 8 })
    const host = fc.oneof(
      label,
      fc.ipV4Extended(),
      fc.ipV6().map((address) => `[${address}]`),
      fc.domain()
    )
    const port = fc.oneof(
      fc.constant(""),
      fc.nat(70_000).map((n) => `:${n}`),
      fc.constantFrom(":", ":080", ":443")
    )
    const path = fc.string({ unit: fc.constantFrom(..."ab./%2eE\\~!$&'()*+,;=:@ä|^ `{}\"<>[]"), maxLength: 12 })
    const query = fc.string({ unit: fc.constantFrom(..."ab%20+&=?/~!;:@#"), maxLength: 8 })
    const scheme = fc.constantFrom("http", "https", "HTTP", "hTTps")
    fc.assert(
      fc.property(scheme, host, port, path, query, (scheme, host, port, path, query) => {
        const url = `${scheme}://${host}${port}/${path}?${query}`
        const ours = parseTarget(url)
        if (!URL.canParse(url)) {
          expect(isTargetProblem(ours)).toBe(true)
          return
        }
        const { host: authority, hostname, origin, pathname, port: written, protocol, search } = new URL(url)
        // An empty query is one that was written, though the URL Standard shows it as none.
        const asked = search === "" && !`${path}?`.includes("#") ? "?" : search
        const expected = {
          scheme: protocol.slice(0, -1),
          hostname: hostname.replace(/^\[|\]$/g, ""),
          port: written === "" ? (protocol === "https:" ? 443 : 80) : Number(written),
          authority,
          origin,
          pathAndQuery: pathname + (query.includes("'") ? "" : asked)
        }
        expect(ours).toEqual(expected)
      }),
      { numRuns: 2_000 }
    )
  })

  it("has the same target, whatever the requests before went to", () => {
    const origins = [
      "http://a.b",
      "http://a.b:8080",
      "https://a.b",
      "http://a.b.c",
      "http://127.0.0.1:1",
      "http://[::1]"
    ]
    const rest = fc.string({ unit: fc.constantFrom(..."1:/.@?#&%2eaä b"), maxLength: 8 })
    const url = fc.tuple(fc.constantFrom(...origins), rest).map(([origin, rest]) => origin + rest)
    fc.assert(
      fc.property(fc.array(url, { maxLength: 10 }), (urls) => {
        const parser = new TargetParser()
        expect(urls.map((url) => parser.parse(url))).toEqual(urls.map(parseTarget))
      }),
      { numRuns: 2_000 }
    )
  })

  it("is absolute when it names its scheme", () => {
    expect(["http://a", "ftp:x", "HTTP:"].map(isAbsolute)).toEqual([true, true, true])
    expect(["/a:b", "a/b", "//a", "?x:y", ""].map(isAbsolute)).toEqual([false, false, false, false, false])
  })

  it("with a user in it asks for Basic authorization", () => {
    const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`
    expect(authorizationOf("https://jo:pw@a.test/")).toBe(basic("jo:pw"))
    expect(authorizationOf("https://jo@a.test/")).toBe(basic("jo:"))
    expect(authorizationOf("https://:pw@a.test/")).toBe(basic(":pw"))
    expect(authorizationOf("https://j%C3%B6:p%40:w@a.test/")).toBe(basic("jö:p@:w"))
    expect(authorizationOf("https://jo:50%@a.test/")).toBe(basic("jo:50%"))
    expect(authorizationOf("https://@a.test/")).toBeUndefined()
    expect(authorizationOf("https://a.test/@jo")).toBeUndefined()
    expect(authorizationOf("https://a.test/?to=jo@b.test")).toBeUndefined()
    expect(authorizationOf("https://a.test/")).toBeUndefined()
  })
})

describe("a base", () => {
  it.each([
    ["https://h/v1", "/p", "https://h/v1/p"],
    ["https://h/v1", "p", "https://h/v1/p"],
    ["https://h/v1/", "p", "https://h/v1/p"],
    ["https://h", "", "https://h/"],
    ["https://h/v1", "", "https://h/v1/"],
    ["https://h/v1", "?q=1", "https://h/v1/?q=1"],
    ["https://h/v1?k=1", "p", "https://h/v1/p?k=1"],
    ["https://h/v1?k=1", "p?q=2", "https://h/v1/p?k=1&q=2"],
    ["https://h/v1?k=1", "p?", "https://h/v1/p?k=1"],
    ["https://h/v1#part", "p#other", "https://h/v1/p"],
    ["https://h/v1", "p?q=1#other", "https://h/v1/p?q=1"],
    ["https://h/v1", "p#a?b", "https://h/v1/p"],
    ["https://h/v1", "HTTPS://other/p?q#f", "HTTPS://other/p?q#f"]
  ])("%s with %s is %s", (base, url, joined) => {
    expect(joinBase(base, url)).toBe(joined)
  })

  it("does not let a URL without a scheme name another host", () => {
    expect(joinBase("https://h/v1", "//other/p")).toMatchObject({ _tag: "Invalid" })
  })

  it.each(["..//other.test/p", "/\\other.test", "\\\\other.test", "@other.test/", ".evil.test", ":80@other.test"])(
    "keeps its host whatever is put under it: %s",
    (url) => {
      const joined = joinBase("https://h.test", url)
      if (typeof joined === "string") expect(targetOf(joined).hostname).toBe("h.test")
    }
  )
})

describe("params", () => {
  it("come after the query that a URL has, before its fragment", () => {
    expect(appendQuery("http://h/p", "a=1")).toBe("http://h/p?a=1")
    expect(appendQuery("http://h/p?", "a=1")).toBe("http://h/p?a=1")
    expect(appendQuery("http://h/p?x", "a=1")).toBe("http://h/p?x&a=1")
    expect(appendQuery("http://h/p?x&", "a=1")).toBe("http://h/p?x&a=1")
    expect(appendQuery("http://h/p?x#f?g", "a=1")).toBe("http://h/p?x&a=1#f?g")
    expect(appendQuery("http://h/p?x%zz", "")).toBe("http://h/p?x%zz")
  })

  it("are percent-encoded, a space as %20", () => {
    expect(queryString({ "a b": "c d", e: "~!*'()", f: "ä&=?#/+" })).toBe(
      "a%20b=c%20d&e=~!*'()&f=%C3%A4%26%3D%3F%23%2F%2B"
    )
    expect(queryString({ n: 1, big: 2n, yes: true, no: false, none: undefined, list: ["a", 1], empty: [] })).toBe(
      "n=1&big=2&yes=true&no=false&list=a&list=1"
    )
    expect(queryString(new URLSearchParams("a=1&a=2"))).toBe("a=1&a=2")
    expect(queryString(new Map([["k", 1]]))).toBe("k=1")
  })

  it("that have no text are a problem, not a defect", () => {
    const untyped = (json: string): ParamsInput => JSON.parse(json)
    expect(queryString(untyped('{"a":null}'))).toMatchObject({ message: expect.stringContaining('"a" is null') })
    expect(queryString(untyped('{"a":[{}]}'))).toMatchObject({ message: expect.stringContaining("an object") })
    expect(formString(untyped("null"))).toMatchObject({ _tag: "ParamsProblem" })
    expect(queryString(untyped('"a=1"'))).toMatchObject({ _tag: "ParamsProblem" })
  })

  it("are read back by any server", () => {
    const pairs = fc.array(fc.tuple(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })))
    fc.assert(
      fc.property(pairs, (pairs) => {
        const expected = pairs.map(([name, value]) => [wellFormed(name), wellFormed(value)])
        expect([...new URLSearchParams(String(queryString(pairs)))]).toEqual(expected)
      })
    )
  })

  it("of a form are written as URLSearchParams writes them", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom(..."a !'()*~-._&=+%\ud800") })
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
        expect(formString(pairs)).toBe(new URLSearchParams(pairs).toString())
      })
    )
  })
})

describe("percent-encoding", () => {
  it("has an answer for every string", () => {
    expect(percentEncode("a/ä")).toBe("a%2F%C3%A4")
    expect(percentEncode("a\ud800\ud83d\ude00")).toBe("a%EF%BF%BD%F0%9F%98%80")
    expect(percentDecode("a%2F%C3%A4")).toBe("a/ä")
    expect(percentDecode("100%")).toBe("100%")
  })
})
