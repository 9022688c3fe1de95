/** What a proxy's URL says, what it may leave out, and that its password is nowhere to be seen. */
import { describe, expect, it } from "@effect/vitest"
import { FastCheck as fc, Redacted } from "effect"
import { inspect } from "node:util"
import type { Proxy } from "../src/protocol/proxy.js"
import { isProxyUrlProblem, parseProxyUrl } from "../src/protocol/proxyUrl.js"

const proxyOf = (url: string | URL): Proxy => {
  const proxy = parseProxyUrl(url)
  if (isProxyUrlProblem(proxy)) throw new Error(proxy.message)
  return proxy
}

const problemOf = (url: string) => {
  const proxy = parseProxyUrl(url)
  return isProxyUrlProblem(proxy) ? proxy : undefined
}

const credentialsOf = (url: string | URL) => {
  const { credentials } = proxyOf(url)
  return credentials === undefined ? undefined : [credentials.username, Redacted.value(credentials.password)]
}

describe("a proxy's URL", () => {
  it("names scheme, host, port and nothing else", () => {
    const { headers, ...rest } = proxyOf("HTTP://Proxy.TEST:3128/")
    expect(rest).toEqual({
      scheme: "http",
      hostname: "proxy.test",
      port: 3128,
      url: "http://proxy.test:3128",
      credentials: undefined
    })
    expect(headers.flat).toEqual([])
  })

  it.each([
    ["http://proxy.test", "http://proxy.test:80"],
    ["https://proxy.test", "https://proxy.test:443"],
    ["socks5://proxy.test", "socks5://proxy.test:1080"],
    ["socks5h://proxy.test", "socks5h://proxy.test:1080"],
    ["SOCKS5H://Proxy.Test:80", "socks5h://proxy.test:80"],
    ["https://proxy.test:80", "https://proxy.test:80"],
    ["proxy.test", "http://proxy.test:80"],
    ["proxy.test:8080", "http://proxy.test:8080"],
    ["jo:pw@proxy.test:8080", "http://proxy.test:8080"],
    ["localhost:3128/", "http://localhost:3128"],
    ["192.0.2.1", "http://192.0.2.1:80"],
    ["socks5://127.1:9050", "socks5://127.0.0.1:9050"],
    ["http://[2001:DB8::0:1]:3128", "http://[2001:db8::1]:3128"],
    ["socks5://[::1]", "socks5://[::1]:1080"],
    ["[::1]:3128", "http://[::1]:3128"],
    ["socks5://bücher.test", "socks5://xn--bcher-kva.test:1080"],
    ["http://proxy.test:08080", "http://proxy.test:8080"],
    ["http://proxy.test:8080/pac?x=1#y", "http://proxy.test:8080"],
    ["http://proxy.test?x", "http://proxy.test:80"]
  ])("%s is %s", (url, shown) => {
    expect(proxyOf(url).url).toBe(shown)
  })

  it("may be a URL already", () => {
    const proxy = proxyOf(new URL("socks5://jo%40corp:p%3Aw@proxy.test"))
    expect(proxy).toMatchObject({ scheme: "socks5", hostname: "proxy.test", port: 1080 })
    expect(credentialsOf(new URL("http://jo%40corp:p%3Aw@proxy.test"))).toEqual(["jo@corp", "p:w"])
  })

  it("has the host of an IPv6 address without brackets", () => {
    expect(proxyOf("http://[::1]:3128").hostname).toBe("::1")
  })

  it.each([
    ["http://jo:pw@h", ["jo", "pw"]],
    ["http://jo@h", ["jo", ""]],
    ["http://jo:@h", ["jo", ""]],
    ["http://:pw@h", ["", "pw"]],
    ["http://jo:p:w@h", ["jo", "p:w"]],
    ["http://j%C3%B6:p%40%2F%25@h", ["jö", "p@/%"]],
    ["http://jo:100%@h", ["jo", "100%"]],
    ["http://jo@corp:pw@h", ["jo@corp", "pw"]],
    ["http://a%3Ab:pw@h", ["a:b", "pw"]],
    ["http://@h", undefined],
    ["http://:@h", undefined],
    ["http://h", undefined]
  ])("%s has the credentials %j", (url, credentials) => {
    expect(credentialsOf(url)).toEqual(credentials)
  })

  it("keeps any user and password that was percent-encoded", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 })
    fc.assert(
      fc.property(text, text, fc.constantFrom("http", "https", "socks5", "socks5h"), (user, password, scheme) => {
        const url = `${scheme}://${encodeURIComponent(user)}:${encodeURIComponent(password)}@h.test`
        expect(credentialsOf(url)).toEqual([user, password])
        expect(proxyOf(url).hostname).toBe("h.test")
      })
    )
  })

  it.each(["ftp", "socks4", "socks4a", "socks", "file", "ws", "constructor"])(
    "is refused with its scheme %s",
    (scheme) => {
      const problem = problemOf(`${scheme}://jo:s3cret@h:80`)
      expect(problem?._tag).toBe("UnsupportedScheme")
      expect(problem?.message).toContain(` ${scheme}: `)
      expect(problem?.message).not.toContain("s3cret")
    }
  )

  it.each([
    "",
    "/",
    "http://",
    "http:///h",
    "http://:80",
    "http://jo:pw@",
    "http://jo:pw@:80",
    "http://h:",
    "http://h:0",
    "http://h:65536",
    "http://h:8o80",
    "http://h:-1",
    "http://h:80:80",
    "http://::1:80",
    "http://[::1",
    "http://[::g]",
    "http://[fe80::1%25eth0]",
    "http://[::1]80",
    "http://1.2.3.4.5",
    "http://a%40b",
    "http://a<b",
    "//h:80",
    "://h",
    "http:/h",
    "http:h",
    "socks5:/h",
    "http:\\\\h"
  ])("is refused as %j", (url) => {
    expect(problemOf(url)).toMatchObject({ _tag: "Invalid" })
  })

  it.each([
    " http://h",
    "http://h ",
    "http://h\n",
    "http://h\r\nx: y",
    "ht\ttp://h",
    "http://a b",
    "http://jo:\0@h",
    "\x7fh"
  ])("is refused with what is not to be seen: %j", (url) => {
    expect(problemOf(url)?.message).toContain("white space or a control character")
  })
})

/** Every way in which a value is shown, but for asking for the password. */
const shownOf = (value: unknown): string =>
  [JSON.stringify(value), String(value), inspect(value, { depth: 10, showHidden: true })].join("\n")

describe("a proxy's password", () => {
  it("is in nothing that is shown of the proxy", () => {
    const proxy = proxyOf("https://jo:s3cret@proxy.test:8443")
    expect(shownOf(proxy)).not.toContain("s3cret")
    expect(shownOf(proxy)).toContain("https://proxy.test:8443")
    expect(Redacted.isRedacted(proxy.credentials?.password)).toBe(true)
  })

  it.each([
    "http://jo:s3cret@",
    "http://jo:s3cret@h:99999",
    "http://jo:s3cret@h:s3cret",
    "http://jo:s3cret@[::1",
    "http://jo:s3/cret@h",
    "http://jo:12/s3cret@h",
    "http://jo/s3cret@h",
    "http://jo:s3?cret@h",
    "http://jo:s3#cret@h",
    "http://jo:s3\\cret@h",
    "http://jo:s3cret\n@h",
    "jo:s3cret@h:x",
    "jo:s3/cret@h",
    "jo:s3cret://h@h",
    "http:/jo:s3cret@h:x",
    "ftp://jo:s3cret@h"
  ])("is not in the message for %j", (url) => {
    const shown = shownOf(problemOf(url))
    expect(shown).toContain("message")
    expect(shown).not.toMatch(/s3|cret|jo/)
  })

  it("is not shown, whatever the URL is like", () => {
    const part = fc.string({ unit: fc.constantFrom(..."ab/?#@:\\ []1%=\n"), maxLength: 6 })
    const start = fc.constantFrom("http://", "HTTPS://", "socks5://", "ftp://", "", "//", "http:")
    fc.assert(
      fc.property(start, part, part, (scheme, before, after) => {
        const proxy = parseProxyUrl(`${scheme}jo:${before}s3cret${after}@h.test`)
        expect(shownOf(proxy)).not.toContain("s3cret")
      }),
      { numRuns: 3_000 }
    )
  })

  it("is a result for any text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.webUrl({ withQueryParameters: true })), (text) => {
        const proxy = parseProxyUrl(text)
        if (!isProxyUrlProblem(proxy)) expect(proxyOf(proxy.url)).toEqual(proxyOf(proxyOf(proxy.url).url))
      })
    )
  })
})
