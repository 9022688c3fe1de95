/** NO_PROXY: which requests need no proxy. */
import { describe, expect, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { compileNoProxy, type Endpoint } from "../src/protocol/noProxy.js"
import { isTargetProblem, parseTarget } from "../src/protocol/target.js"

const endpointOf = (url: string): Endpoint => {
  const target = parseTarget(url)
  if (isTargetProblem(target)) throw new Error(`${url}: ${target.message}`)
  return target
}

const excepts = (noProxy: string, url: string): boolean => compileNoProxy(noProxy)(endpointOf(url))

describe("NO_PROXY", () => {
  it.each([
    // A name is the host and what is below it, at a dot.
    ["example.com", "http://example.com/"],
    ["example.com", "http://www.example.com/"],
    ["example.com", "https://a.b.example.com:8443/"],
    ["EXAMPLE.com", "http://www.Example.COM/"],
    ["example.com.", "http://example.com/"],
    ["example.com", "http://example.com./"],
    ["example.com.", "http://www.example.com./"],
    ["localhost", "http://localhost:3000/"],
    ["LocalHost", "http://localhost/"],
    ["com", "http://example.com/"],
    ["intra_net", "http://intra_net/"],
    ["bücher.test", "http://bücher.test/"],
    ["BÜCHER.test", "http://www.xn--bcher-kva.test/"],
    // A dot before it: what is below alone.
    [".example.com", "http://www.example.com/"],
    ["*.example.com", "http://a.b.example.com/"],
    ["*.example.com.", "http://www.example.com/"],
    // Addresses, however they are written.
    ["192.0.2.1", "http://192.0.2.1/"],
    ["127.0.0.1", "http://127.1:8080/"],
    ["127.0.0.1.", "http://127.0.0.1/"],
    ["127.0.0.1", "http://[::ffff:127.0.0.1]/"],
    ["::ffff:127.0.0.1", "http://127.0.0.1/"],
    ["::1", "http://[::1]/"],
    ["[::1]", "http://[::1]:8080/"],
    ["0:0:0:0:0:0:0:1", "http://[::1]/"],
    ["2001:DB8::A", "http://[2001:db8::a]/"],
    ["fe80::1%eth0", "http://[fe80::1]/"],
    // Networks.
    ["10.0.0.0/8", "http://10.9.8.7/"],
    ["10.9.9.9/8", "http://10.1.1.1/"],
    ["192.0.2.0/25", "https://192.0.2.127/"],
    ["0.0.0.0/0", "http://198.51.100.7/"],
    ["2001:db8::/32", "http://[2001:db8:1::1]/"],
    ["[2001:db8::]/32", "http://[2001:db8:1::1]/"],
    ["10.0.0.0/8", "http://[::ffff:10.0.0.1]/"],
    // Ports.
    ["example.com:8080", "http://example.com:8080/"],
    ["example.com:8080", "http://www.example.com:8080/"],
    ["example.com:80", "http://example.com/"],
    ["example.com:443", "https://example.com/"],
    [".example.com:8080", "http://www.example.com:8080/"],
    ["192.0.2.1:8080", "http://192.0.2.1:8080/"],
    ["[::1]:80", "http://[::1]/"],
    ["*:8080", "http://anything.test:8080/"],
    // Schemes.
    ["https://example.com", "https://example.com/"],
    ["HTTPS://Example.com/", "https://www.example.com/"],
    ["http://192.0.2.0/24", "http://192.0.2.9/"],
    ["https://[::1]:8443", "https://[::1]:8443/"],
    ["https://*", "https://anything.test/"],
    ["all://example.com", "http://example.com/"],
    // Everything.
    ["*", "http://example.com/"],
    ["*", "http://[::1]:8080/"],
    ["other.test, *", "https://example.com/"],
    // Lists.
    ["other.test,example.com", "http://example.com/"],
    [" other.test , example.com ", "http://example.com/"],
    [",, ,example.com,,", "http://example.com/"],
    ["other.test example.com", "http://example.com/"],
    ["other.test\texample.com\n", "http://example.com/"],
    ["!,[,::::,10.0.0.0/99,example.com", "http://example.com/"]
  ])("%j excepts %s", (noProxy, url) => {
    expect(excepts(noProxy, url)).toBe(true)
  })

  it.each([
    ["", "http://example.com/"],
    [" , ,", "http://example.com/"],
    ["example.com", "http://notexample.com/"],
    ["example.com", "http://example.com.test/"],
    ["example.com", "http://example.org/"],
    ["www.example.com", "http://example.com/"],
    ["example", "http://example.com/"],
    [".example.com", "http://example.com/"],
    [".example.com", "http://notexample.com/"],
    ["*.example.com", "http://example.com/"],
    ["localhost", "http://127.0.0.1/"],
    ["localhost", "http://notlocalhost/"],
    ["192.0.2.1", "http://192.0.2.11/"],
    ["192.0.2.1", "http://192.0.2.2/"],
    ["2.1", "http://192.0.2.1/"],
    [".2.1", "http://192.0.2.1/"],
    ["::1", "http://[::2]/"],
    ["::1:80", "http://[::1]/"],
    ["10.0.0.0/8", "http://11.0.0.1/"],
    ["10.0.0.0/8", "http://10.0.0.1.example.com/"],
    ["10.0.0.0/8", "http://example.com/"],
    ["0.0.0.0/0", "http://[2001:db8::1]/"],
    ["2001:db8::/32", "http://[2001:db9::1]/"],
    ["::/0", "http://192.0.2.1/"],
    ["example.com:8080", "http://example.com/"],
    ["example.com:8080", "http://example.com:8081/"],
    ["[::1]:80", "http://[::1]:81/"],
    ["*:8080", "http://example.com/"],
    ["https://example.com", "http://example.com/"],
    ["http://example.com", "https://www.example.com/"],
    ["https://*", "http://example.com/"]
  ])("%j does not except %s", (noProxy, url) => {
    expect(excepts(noProxy, url)).toBe(false)
  })

  it.each([
    "*example.com",
    "exam*.com",
    "**",
    ".",
    "..",
    "*.",
    "example..com",
    "..example.com",
    "example.com..",
    "example.com:",
    "example.com:http",
    "example.com:0",
    "example.com:99999",
    "example.com:443:443",
    "example.com/",
    "example.com/8",
    "example.com/path",
    "https://example.com/path",
    "https://",
    "https://:443",
    "https:///",
    "://example.com",
    "ftp://example.com",
    "https:example.com",
    "jo@example.com",
    "jö@example.com",
    "ü%zz",
    "[example.com]",
    "[example.com]:443",
    "example.com\u0001",
    "\u00ad",
    "/",
    "10.0.0.0/8:443",
    "2001:db8::1:99999",
    "0x5d.184.215.14",
    "http://*"
  ])("%j is no entry, and excepts nothing", (noProxy) => {
    const urls = [
      "https://example.com/",
      "https://www.example.com/",
      "https://93.184.215.14/",
      "https://[2001:db8::1]/"
    ]
    expect(urls.filter((url) => excepts(noProxy, url))).toEqual([])
  })

  it("takes a host as others than URLs write it", () => {
    const noProxy = compileNoProxy("example.com,::1")
    expect(noProxy({ scheme: "http", hostname: "WWW.EXAMPLE.COM.", port: 80 })).toBe(true)
    expect(noProxy({ scheme: "http", hostname: "[::1]", port: 80 })).toBe(true)
    expect(noProxy({ scheme: "http", hostname: "", port: 80 })).toBe(false)
  })

  it("has an answer for any text", () => {
    const piece = fc.constantFrom(
      "*",
      ".",
      ":",
      "/",
      "[",
      "]",
      "::1",
      "10.0.0.0",
      "/8",
      ":80",
      "a.test",
      "https://",
      ","
    )
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(piece).map((pieces) => pieces.join(""))
    )
    const hostname = fc.oneof(fc.string(), fc.domain(), fc.ipV4(), fc.ipV6())
    fc.assert(
      fc.property(text, hostname, fc.nat(65_535), (noProxy, hostname, port) => {
        const endpoint: Endpoint = { scheme: "http", hostname, port }
        const excepted = compileNoProxy(noProxy)(endpoint)
        // Another entry adds to what is excepted, and takes nothing away.
        expect(compileNoProxy(`${noProxy},*`)(endpoint)).toBe(true)
        expect(compileNoProxy(`nowhere.test,${noProxy}`)(endpoint)).toBe(excepted)
      }),
      { numRuns: 1_000 }
    )
  })
})
