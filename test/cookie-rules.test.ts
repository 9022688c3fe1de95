/** The rules for cookies one by one, beside tough-cookie's. */
import { describe, expect, it } from "@effect/vitest"
import { Cookies } from "effect-httpx"
import { Effect, FastCheck as fc } from "effect"
import * as ToughCookie from "tough-cookie"
import { joinCookies, nameProblem, parseCookieField, valueProblem } from "../src/protocol/cookieField.js"
import { defaultPath, domainMatches, isSecure, pathMatches, pathOf } from "../src/protocol/cookieScope.js"
import { isTargetProblem, parseTarget } from "../src/protocol/target.js"

const label = fc.constantFrom("a", "b", "www", "0", "127", "1")
const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."))
const path = fc.array(fc.constantFrom("/", "a", "b", "/a", "/b"), { maxLength: 5 }).map((parts) => `/${parts.join("")}`)

describe("the scope of a cookie", () => {
  it.prop("is the domain and what is below it, as tough-cookie has it", { host, domain: host }, ({ domain, host }) => {
    expect(domainMatches(host, domain)).toBe(ToughCookie.domainMatch(host, domain, false))
  })

  it("has nothing below an address, and no domain without a name", () => {
    expect(domainMatches("127.0.0.1", "0.0.1")).toBe(false)
    expect(domainMatches("127.0.0.1", "127.0.0.1")).toBe(true)
    expect(domainMatches("example.com", "")).toBe(false)
    expect(domainMatches("notexample.com", "example.com")).toBe(false)
  })

  it.prop("is the path and what is below it, as tough-cookie has it", { path, of: path }, ({ of, path }) => {
    expect(pathMatches(path, of)).toBe(ToughCookie.pathMatch(path, of))
    expect(defaultPath(path)).toBe(ToughCookie.defaultPath(path))
  })

  it("ends where the query begins", () => {
    const of = (url: string) => {
      const target = parseTarget(url)
      return isTargetProblem(target) ? undefined : pathOf(target)
    }
    expect(of("http://h/a/b?c=/d")).toBe("/a/b")
    expect(of("http://h")).toBe("/")
  })

  it("is secure over https, and on the machine itself", () => {
    expect(isSecure({ scheme: "https", hostname: "h.example" })).toBe(true)
    for (const hostname of ["localhost", "a.localhost", "127.0.0.1", "127.255.0.9", "::1"]) {
      expect(isSecure({ scheme: "http", hostname })).toBe(true)
    }
    for (const hostname of ["h.example", "localhost.example", "notlocalhost", "10.0.0.1", "::2", "127.0.0.1.example"]) {
      expect(isSecure({ scheme: "http", hostname })).toBe(false)
    }
  })
})

describe("a Cookie field", () => {
  it("is read as it is written, with what is no pair in it", () => {
    expect(parseCookieField(" a=1; b = 2 ;;alone; =x;c==")).toEqual([
      { name: "a", pair: "a=1" },
      { name: "b", pair: "b = 2" },
      { name: "", pair: "alone" },
      { name: "", pair: "=x" },
      { name: "c", pair: "c==" }
    ])
    expect(parseCookieField("")).toEqual([])
  })

  it("has the first cookies, and of the others those whose names they lack", () => {
    const first = parseCookieField("a=1; a=2; x")
    const others = parseCookieField("b=3; a=4; b=5")
    expect(joinCookies(first, others)).toBe("a=1; a=2; x; b=3; b=5")
    expect(joinCookies([], others)).toBe("b=3; a=4; b=5")
    expect(joinCookies(first, [])).toBe("a=1; a=2; x")
  })

  it.prop("carries whatever name and value are not refused", { name: fc.string(), value: fc.string() }, (cookie) => {
    const { name, value } = cookie
    if (nameProblem(name) !== undefined || valueProblem(name, value) !== undefined) return
    expect(parseCookieField(`${name}=${value}; z=1`)[0]).toEqual({ name, pair: `${name}=${value}` })
  })

  it("takes no name and no value that is not text", () => {
    for (const name of [undefined, null, 1, {}]) expect(nameProblem(name)).toContain("is not the name")
    for (const value of [undefined, null, 1, {}]) expect(valueProblem("a", value)).toContain('"a"')
    expect(valueProblem("a", "")).toBeUndefined()
    expect(valueProblem("a", "x")).toBeUndefined()
  })
})

describe("a jar over https", () => {
  const hosts = ["example.com", "www.example.com", "a.www.example.com", "other.com", "x.co.uk", "y.x.co.uk"]
  const url = fc
    .tuple(fc.constantFrom(...hosts), fc.constantFrom("/", "/x", "/x/y", "/x/y/z", "/xy"))
    .map(([host, path]) => `https://${host}${path}`)
  const attribute = fc.oneof(
    fc.constantFrom(...hosts, "co.uk", "com").map((domain) => `Domain=${domain}`),
    fc.constantFrom("/", "/x", "/x/y", "x", "").map((path) => `Path=${path}`),
    fc.constantFrom("Secure", "HttpOnly", "SameSite=Lax", "Max-Age=100", "Max-Age=0", "Expires=x", "Foo=bar", "")
  )
  const setCookie = fc
    .tuple(fc.constantFrom("a", "b", "__proto__", "__Host-c", "__Secure-d"), fc.nat(9), fc.array(attribute))
    .map(([name, value, attributes]) => [`${name}=${value}`, ...attributes].join("; "))

  it.effect.prop(
    "keeps and sends what tough-cookie's does",
    { steps: fc.array(fc.tuple(url, setCookie), { maxLength: 12 }), asked: fc.array(url, { maxLength: 4 }) },
    ({ asked, steps }) =>
      Effect.gen(function* () {
        const ours = yield* Cookies.make()
        const theirs = new ToughCookie.CookieJar()
        // It goes by the machine's time alone.
        const now = new Date()
        for (const [url, text] of steps) {
          yield* Effect.ignore(ours.set(text, url))
          theirs.setCookieSync(text, url, { ignoreError: true, now })
        }
        for (const url of asked) {
          const sent = (yield* ours.getAll(url)).map(({ name, value }) => `${name}=${value}`)
          expect(sent.join("; ")).toBe(theirs.getCookieStringSync(url))
        }
      })
  )
})
