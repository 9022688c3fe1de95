/** What a redirect asks for, as pure decisions. */
import { describe, expect, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { Fields } from "../src/protocol/Fields.js"
import {
  type Crossing,
  crossing,
  destinationOf,
  fieldsAfter,
  isRedirectStatus,
  methodAfter,
  resolveLocation
} from "../src/protocol/redirect.js"
import { isTargetProblem, parseTarget } from "../src/protocol/target.js"

const resolved = (location: string, base: string): string => {
  const url = resolveLocation(location, base)
  if (typeof url !== "string") throw new Error(`${location}: ${url.message}`)
  return url
}

const problemOf = (location: string, base = "http://a.test/") => {
  const destination = destinationOf(location, base)
  return isProblem(destination) ? destination._tag : undefined
}

const isProblem = (value: ReturnType<typeof destinationOf>) => "_tag" in value

describe("a status", () => {
  it("is that of a redirect: 301, 302, 303, 307, 308 and no other", () => {
    const redirects = Array.from({ length: 900 }, (_, i) => i + 100).filter(isRedirectStatus)
    expect(redirects).toEqual([301, 302, 303, 307, 308])
  })

  it("changes the method as browsers do, and never that of HEAD", () => {
    const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]
    const after = (status: number) => methods.map((method) => methodAfter(status, method))
    expect(after(301)).toEqual(["GET", "HEAD", "GET", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
    expect(after(302)).toEqual(["GET", "HEAD", "GET", "GET", "GET", "GET", "GET", "GET"])
    expect(after(303)).toEqual(after(302))
    expect(after(307)).toEqual(methods)
    expect(after(308)).toEqual(methods)
  })
})

describe("a Location", () => {
  const base = "http://a.test:8080/dir/file?q=1#frag"

  it.each([
    ["http://b.test/", "http://b.test/#frag"],
    ["HTTPS://B.Test:443/x", "https://b.test/x#frag"],
    ["//b.test/x", "http://b.test/x#frag"],
    ["/x", "http://a.test:8080/x#frag"],
    ["x", "http://a.test:8080/dir/x#frag"],
    ["../x", "http://a.test:8080/x#frag"],
    ["?r=2", "http://a.test:8080/dir/file?r=2#frag"],
    ["?", "http://a.test:8080/dir/file?#frag"],
    ["", "http://a.test:8080/dir/file?q=1#frag"],
    ["#part", "http://a.test:8080/dir/file?q=1#part"],
    ["/x#part?no", "http://a.test:8080/x#part?no"],
    [" \t/x ", "http://a.test:8080/x#frag"]
  ])("%j is resolved against the URL that it answers", (location, url) => {
    expect(resolved(location, base)).toBe(url)
  })

  it("costs no more than its length, however it is padded", () => {
    const spaces = " \t".repeat(1_000_000)
    expect(problemOf(`/${spaces}`)).toBeUndefined()
    expect(problemOf(`${spaces}/${spaces}x${spaces}`)).toBe("Invalid")
  }, 5_000)

  it("without a host has that of the request", () => {
    expect(resolved("https://:443/x", "http://a.test:8080/")).toBe("https://a.test/x")
    expect(resolved("http:///x", "http://[::1]:8080/")).toBe("http://[::1]/x")
    expect(resolved("http://?x", "http://a.test/")).toBe("http://a.test/?x")
    expect(resolved("http://", "http://a.test/")).toBe("http://a.test/")
  })

  it("may have a host in any script, raw or not", () => {
    expect(resolved("http://bücher.test/", "http://a.test/")).toBe("http://xn--bcher-kva.test/")
    expect(resolved("http://b\xc3\xbccher.test/", "http://a.test/")).toBe("http://xn--bcher-kva.test/")
  })

  it("that a server sends raw is UTF-8, or else latin1, and is percent-encoded as UTF-8", () => {
    expect(resolved("/caf\xc3\xa9", "http://a.test/")).toBe("http://a.test/caf%C3%A9")
    expect(resolved("/caf\xe9", "http://a.test/")).toBe("http://a.test/caf%C3%A9")
    expect(resolved("/caf\u00e9/\u20ac", "http://a.test/")).toBe("http://a.test/caf%C3%A9/%E2%82%AC")
    expect(parseTarget(resolved("/?caf\xc3\xa9 x", "http://a.test/"))).toMatchObject({
      pathAndQuery: "/?caf%C3%A9%20x"
    })
  })

  it("keeps its query as it is written: a signed URL stays signed", () => {
    const query = "?a=b%20c+d&sig=x%2Fy~z!*'()&flag&&=;@/?:%zz|^`{}\\[]"
    expect(resolved(`/x${query}`, "http://a.test/?old")).toBe(`http://a.test/x${query}`)
  })

  it("never has user and password in what it leads to", () => {
    expect(resolved("http://jo:pw@b.test/", "http://a.test/")).toBe("http://b.test/")
    expect(resolved("/x", "http://jo:pw@a.test/")).toBe("http://a.test/x")
  })

  it("is no place to go if nothing can be requested there", () => {
    for (const location of ["http:/a", "https:a", "http://a b/", "http://a:99999/", "//", "http://xn--a.test/"]) {
      expect([location, problemOf(location)]).toEqual([location, "Invalid"])
    }
    for (const location of ["/a\nb", "/a\tb", "/\u0000", "/\u007f"]) expect(problemOf(location)).toBe("Invalid")
    for (const location of ["data:,x", "ftp://a.test/", "javascript:alert(1)", "localhost:8080/x"]) {
      expect([location, problemOf(location)]).toEqual([location, "UnsupportedScheme"])
    }
    expect(problemOf("/x", "no URL")).toBe("Invalid")
    expect(problemOf("http://b.test/", "ftp://a.test/")).toBe("UnsupportedScheme")
    expect(problemOf("", "http://a.test/?\n")).toBe("Invalid")
  })

  it("always has an answer, and what it leads to can be requested", () => {
    const parts = [
      "http:",
      "https:",
      "/",
      "//",
      "?",
      "#",
      "a",
      "..",
      ":",
      "@",
      "[",
      "%",
      "é",
      "\xc3\xa9",
      " ",
      "\\",
      "80"
    ]
    const anything = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(fc.constantFrom(...parts)).map((all) => all.join(""))
    )
    fc.assert(
      fc.property(anything, fc.oneof(anything, fc.webUrl()), (location, base) => {
        const destination = destinationOf(location, base)
        if (isProblem(destination)) return
        expect(isTargetProblem(parseTarget(destination.url))).toBe(false)
        expect(new URL(destination.url)).toMatchObject({ username: "", password: "" })
      }),
      { numRuns: 2_000 }
    )
  })

  it("is resolved as the URL Standard does it, wherever that does not rewrite the query", () => {
    const urls = fc.webUrl({ withQueryParameters: true, withFragments: true })
    const relative = fc.tuple(fc.webPath(), fc.webQueryParameters()).map(([path, query]) => `.${path}?${query}`)
    fc.assert(
      fc.property(urls, fc.oneof(urls, relative, fc.webPath()), (base, location) => {
        fc.pre(URL.canParse(location, base))
        const oracle = new URL(location, base)
        const url = new URL(resolved(location, base))
        expect([url.origin, url.pathname]).toEqual([oracle.origin, oracle.pathname])
        if (oracle.hash !== "") expect(url.hash).toBe(oracle.hash)
        if (!location.includes("?") && location !== "") expect(url.search).toBe("")
        else expect(url.search).toBe(oracle.search)
      }),
      { numRuns: 2_000 }
    )
  })
})

describe("an origin", () => {
  const between = (from: string, to: string): Crossing => {
    const [a, b] = [parseTarget(from), parseTarget(to)]
    if (isTargetProblem(a) || isTargetProblem(b)) throw new Error("no targets")
    return crossing(a, b)
  }

  it.each([
    ["http://a.test/", "http://A.test:80/x", "Same"],
    ["https://a.test/", "https://a.test:443/", "Same"],
    ["http://[::1]/", "http://[0:0::1]/", "Same"],
    ["http://a.test/", "https://a.test/", "Upgrade"],
    ["http://a.test/", "https://b.test/", "Other"],
    ["http://a.test/", "https://a.test:8443/", "Other"],
    ["http://a.test:8080/", "https://a.test/", "Other"],
    ["http://a.test/", "http://a.test:8080/", "Other"],
    ["http://a.test/", "http://www.a.test/", "Other"],
    ["https://a.test/", "http://a.test/", "Downgrade"],
    ["https://a.test:8443/", "http://b.test/", "Downgrade"]
  ] as const)("from %s to %s: %s", (from, to, expected) => {
    expect(between(from, to)).toBe(expected)
  })
})

describe("a request that something on the way has sent elsewhere", () => {
  it.each([
    ["/x", "http://b.test/x", "/end", "Same"],
    ["/x", "http://b.test/x", "http://a.test/", "Other"],
    ["http://a.test/", "http://b.test/x", "/end", "Other"],
    ["http://a.test/", "http://b.test/x", "http://a.test/", "Same"],
    ["http://a.test/", "https://a.test/x", "http://a.test/", "Downgrade"]
  ] as const)("to %s given, answered at %s, redirected to %s: %s", (...[given, base, location, expected]) => {
    expect(destinationOf(location, base, given)).toMatchObject({ crossing: expected })
  })
})

describe("the fields of the next request", () => {
  const fields = new Fields([
    ...["Accept", "*/*", "AUTHORIZATION", "Bearer 1", "Cookie", "a=1", "Proxy-Authorization", "Basic 2", "Host", "h"],
    ...["X-Own", "3", "x-own", "4", "Content-Type", "text/plain", "content-length", "5", "Expect", "100-continue"],
    ...["Transfer-Encoding", "chunked", "Digest", "6", "If-Match", '"7"']
  ])
  const isSensitive = (name: string) => name === "x-own"
  const names = (crossing: Crossing, bodyDropped: boolean) =>
    Array.from(fieldsAfter(fields, { crossing, bodyDropped, isSensitive }), ([name]) => name)
  const content = ["Content-Type", "content-length", "Expect", "Transfer-Encoding", "Digest"]

  it("are all of them within an origin", () => {
    expect(fieldsAfter(fields, { crossing: "Same", bodyDropped: false, isSensitive })).toBe(fields)
  })

  it("are those that do not describe a body, where there is none any more", () => {
    const kept = Array.from(fields, ([name]) => name).filter((name) => !content.includes(name))
    expect(names("Same", true)).toEqual(kept)
  })

  it("are those that give nothing away, to another origin", () => {
    expect(names("Other", false)).toEqual(["Accept", ...content, "If-Match"])
    expect(names("Downgrade", true)).toEqual(["Accept", "If-Match"])
  })

  it("are all but Host from http to https on the same host", () => {
    expect(names("Upgrade", false)).toEqual(Array.from(fields, ([name]) => name).filter((name) => name !== "Host"))
  })

  it("keep their order, case and repetitions, whatever they are", () => {
    const name = fc.constantFrom("A", "a", "Authorization", "cookie", "Content-MD5", "X-Own", "host")
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string())), fc.boolean(), (pairs, bodyDropped) => {
        const after = fieldsAfter(Fields.from(pairs), { crossing: "Other", bodyDropped, isSensitive })
        const kept = bodyDropped ? /^a$/i : /^(a|content-md5)$/i
        expect(Array.from(after)).toEqual(pairs.filter(([name]) => kept.test(name)))
      })
    )
  })
})
