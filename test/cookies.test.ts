/** What a client with a jar keeps, and what it sends back where (RFC 6265bis). */
import { describe, expect, it } from "@effect/vitest"
import { Effect, FastCheck as fc, TestClock } from "effect"
import { setting, visitor } from "./support/cookieServer.js"

describe("a cookie", () => {
  it.effect("goes back to the host that set it, and to no other", () =>
    Effect.gen(function* () {
      const { visit } = yield* visitor()
      expect(yield* visit("https://www.example.com/", "a=1")).toBe("")
      expect(yield* visit("https://www.example.com/")).toBe("a=1")
      for (const host of ["example.com", "sub.www.example.com", "www.example.org", "notwww.example.com"]) {
        expect(yield* visit(`https://${host}/`)).toBe("")
      }
    })
  )

  it.effect("with a domain goes to that domain and all below it", () =>
    Effect.gen(function* () {
      const { visit } = yield* visitor()
      yield* visit("https://www.example.com/", "a=1; Domain=.Example.com")
      for (const host of ["example.com", "www.example.com", "a.b.example.com"]) {
        expect(yield* visit(`https://${host}/`)).toBe("a=1")
      }
      expect(yield* visit("https://badexample.com/")).toBe("")
    })
  )

  it.effect("for another's domain, a public suffix or no domain at all is ignored", () =>
    Effect.gen(function* () {
      const { jar, visit } = yield* visitor()
      const domains = [
        "example.org",
        "sub.www.example.co.uk",
        "co.uk",
        "uk",
        "münchen.example",
        "ü x",
        "ex ample.co.uk"
      ]
      for (const domain of domains) yield* visit("https://www.example.co.uk/", `a=1; Domain=${domain}`)
      yield* visit("https://someone.github.io/", "a=1; Domain=github.io")
      yield* visit("http://app.localhost/", "a=1; Domain=localhost")
      yield* visit("http://10.0.0.1/", "a=1; Domain=0.0.1")
      expect(yield* jar.size).toBe(0)
    })
  )

  it.effect("of a host that is a public suffix, or an address, is for that host alone", () =>
    Effect.gen(function* () {
      const { jar, visit } = yield* visitor()
      for (const host of ["github.io", "localhost", "test", "127.0.0.1", "[::1]"]) {
        yield* visit(`http://${host}/`, `a=1; Domain=${host}`)
      }
      const kept = yield* jar.entries
      expect(kept.map(({ domain, hostOnly }) => [domain, hostOnly])).toEqual([
        ["github.io", true],
        ["localhost", true],
        ["test", true],
        ["127.0.0.1", true],
        ["::1", true]
      ])
      expect(yield* visit("http://test/")).toBe("a=1")
    })
  )

  it.effect("for all hosts of a network of one's own is taken where that is allowed", () =>
    Effect.gen(function* () {
      const { visit } = yield* visitor({ rejectPublicSuffixes: false })
      yield* visit("https://app.intranet/", "a=1; Domain=intranet")
      expect(yield* visit("https://mail.intranet/")).toBe("a=1")
    })
  )

  it.effect("goes to its path and below, by default the folder of what set it", () =>
    Effect.gen(function* () {
      const { visit } = yield* visitor()
      yield* visit("https://h.example/shop/login", "folder=1", "given=1; Path=/shop/basket", "bad=1; Path=none")
      expect(yield* visit("https://h.example/shop")).toBe("folder=1; bad=1")
      expect(yield* visit("https://h.example/shop/basket/x")).toBe("given=1; folder=1; bad=1")
      expect(yield* visit("https://h.example/shop/baskets")).toBe("folder=1; bad=1")
      expect(yield* visit("https://h.example/shopping")).toBe("")
    })
  )

  it.effect("with the longer path comes first, then the one that was created earlier", () =>
    Effect.gen(function* () {
      const { visit } = yield* visitor()
      yield* visit("https://h.example/", "b=1; Path=/", "a=1; Path=/", "long=1; Path=/x/y", "mid=1; Path=/x")
      yield* TestClock.adjust("1 second")
      yield* visit("https://h.example/", "c=1; Path=/", "b=2; Path=/")
      expect(yield* visit("https://h.example/x/y")).toBe("long=1; mid=1; b=2; a=1; c=1")
    })
  )

  it.effect("that is secure is set and sent over https only", () =>
    Effect.gen(function* () {
      const { visit } = yield* visitor()
      yield* visit("http://h.example/", "no=1; Secure")
      yield* visit("https://h.example/", "yes=1; Secure; Path=/x")
      expect(yield* visit("http://h.example/x")).toBe("")
      expect(yield* visit("https://h.example/x")).toBe("yes=1")
    })
  )

  it.effect("that is secure is not hidden by one that came without TLS", () =>
    Effect.gen(function* () {
      const { visit } = yield* visitor()
      yield* visit("https://www.h.example/", "sid=real; Secure; Path=/x")
      yield* visit("http://www.h.example/", "sid=forged; Path=/x/y", "sid=forged; Path=/x; Domain=h.example")
      expect(yield* visit("https://www.h.example/x/y")).toBe("sid=real")
      yield* visit("http://www.h.example/", "sid=elsewhere; Path=/other", "own=1; Path=/")
      expect(yield* visit("https://www.h.example/other")).toBe("sid=elsewhere; own=1")
    })
  )

  it.effect("that is secure goes to the machine itself without TLS", () =>
    Effect.gen(function* () {
      const { visit } = yield* visitor()
      for (const host of ["localhost:8080", "app.localhost", "127.0.0.1:3000", "127.9.9.9", "[::1]"]) {
        yield* visit(`http://${host}/`, "a=1; Secure")
        expect(yield* visit(`http://${host}/`)).toBe("a=1")
      }
      yield* visit("http://10.0.0.1/", "a=1; Secure")
      expect(yield* visit("http://10.0.0.1/")).toBe("")
    })
  )

  it.effect("keeps what its name promises, or is ignored", () =>
    Effect.gen(function* () {
      const { visit } = yield* visitor()
      yield* visit(
        "https://h.example/",
        ...["__Secure-a=1", "__sEcUre-b=1", "__Host-a=1; Secure", "__Host-b=1; Path=/", "__host-c=1; Path=/"],
        ...["__Host-d=1; Secure; Path=/; Domain=h.example", "__Host-e=1; Secure; Path=/x"],
        ...["__Secure-good=1; Secure", "__Host-good=1; Secure; Path=/", "__Hosting=1"]
      )
      expect(yield* visit("https://h.example/")).toBe("__Secure-good=1; __Host-good=1; __Hosting=1")
    })
  )

  it.effect("is sent whatever its SameSite and HttpOnly say: there are no pages and no scripts", () =>
    Effect.gen(function* () {
      const { jar, visit } = yield* visitor()
      yield* visit(
        "https://h.example/",
        ...["a=1; SameSite=Strict", "b=1; SameSite=lax", "c=1; SameSite=None", "d=1; SameSite=x", "e=1; HttpOnly"]
      )
      expect(yield* visit("https://h.example/")).toBe("a=1; b=1; c=1; d=1; e=1")
      const kept = yield* jar.entries
      expect(kept.map(({ sameSite }) => sameSite)).toEqual(["strict", "lax", "none", undefined, undefined])
      expect(kept.map(({ httpOnly }) => httpOnly)).toEqual([false, false, false, false, true])
    })
  )

  it.effect("goes back as it came: nothing is decoded or encoded", () =>
    Effect.gen(function* () {
      const { visit } = yield* visitor()
      yield* visit("https://h.example/", 'a="q, r" s', "b=%20=x=", "c=", "d[e]=1")
      expect(yield* visit("https://h.example/")).toBe('a="q, r" s; b=%20=x=; c=; d[e]=1')
    })
  )

  it.effect("named __proto__ is a cookie like any other", () =>
    Effect.gen(function* () {
      const { client, jar, visit } = yield* visitor()
      const response = yield* client.get(setting("https://h.example/", "__proto__=1", "constructor=2"))
      expect(Object.keys(response.cookies.cookies)).toEqual(["__proto__", "constructor"])
      expect(yield* visit("https://h.example/")).toBe("__proto__=1; constructor=2")
      expect(yield* jar.remove("__proto__")).toBe(1)
      expect(yield* visit("https://h.example/")).toBe("constructor=2")
    })
  )
})

describe("a cookie's end", () => {
  it.effect("comes by Max-Age, counted from when it was set, however often it is sent", () =>
    Effect.gen(function* () {
      const { visit } = yield* visitor()
      yield* visit("https://h.example/", "a=1; Max-Age=10; Expires=Thu, 01 Jan 2099 00:00:00 GMT")
      yield* TestClock.adjust("9 seconds")
      expect(yield* visit("https://h.example/")).toBe("a=1")
      yield* TestClock.adjust("1 second")
      expect(yield* visit("https://h.example/")).toBe("")
    })
  )

  it.effect("comes by Expires, in the forms that servers write", () =>
    Effect.gen(function* () {
      const { jar, visit } = yield* visitor()
      yield* visit(
        "https://h.example/",
        "a=1; Expires=Thu, 01 Jan 1970 00:01:00 GMT",
        "b=1; Expires=Thursday, 01-Jan-70 00:01:00 GMT",
        "session=1; Expires=never; Max-Age=long"
      )
      expect((yield* jar.entries).map(({ expires }) => expires)).toEqual([60_000, 60_000, undefined])
      yield* TestClock.adjust("60 seconds")
      expect(yield* visit("https://h.example/")).toBe("session=1")
      expect(yield* jar.size).toBe(1)
    })
  )

  it.effect("is now if its time is past, zero or less", () =>
    Effect.gen(function* () {
      const { jar, visit } = yield* visitor()
      yield* TestClock.adjust("1 day")
      const ends = ["Max-Age=0", "Max-Age=-1", `Max-Age=-${"9".repeat(400)}`, "Expires=Thu, 01 Jan 1970 00:00:01 GMT"]
      for (const end of ends) {
        yield* visit("https://h.example/", "a=1")
        expect(yield* jar.size).toBe(1)
        yield* visit("https://h.example/", `a=; ${end}`)
        expect(yield* jar.size).toBe(0)
      }
      yield* visit("https://h.example/", "a=1; Path=/x", "a=; Max-Age=0; Path=/")
      expect(yield* visit("https://h.example/x")).toBe("a=1")
    })
  )

  it.effect("is no more than 400 days away", () =>
    Effect.gen(function* () {
      const { jar, visit } = yield* visitor()
      const far = ["Max-Age=99999999999", `Max-Age=${"9".repeat(400)}`, "Expires=Fri, 31 Dec 9999 23:59:59 GMT"]
      yield* visit("https://h.example/", ...far.map((end, i) => `a${i}=1; ${end}`))
      expect((yield* jar.entries).map(({ expires }) => expires)).toEqual(far.map(() => 400 * 86_400_000))
    })
  )

  it.effect("makes one that is set later a new cookie, last in the order", () =>
    Effect.gen(function* () {
      const { visit } = yield* visitor()
      yield* visit("https://h.example/", "a=1; Max-Age=10", "b=1")
      yield* TestClock.adjust("20 seconds")
      yield* visit("https://h.example/", "a=2")
      expect(yield* visit("https://h.example/")).toBe("b=1; a=2")
    })
  )
})

describe("a Set-Cookie field that is none", () => {
  it.effect("is ignored, and fails no request", () =>
    Effect.gen(function* () {
      const { jar, visit } = yield* visitor()
      const long = "x".repeat(4097)
      yield* visit(
        "https://h.example/",
        "",
        ";",
        "=",
        "=nameless",
        "alone",
        " ; Path=/",
        "a b=1",
        "a=\u0007",
        `a=${long}`
      )
      yield* visit("https://h.example/", "a=\u{1f36a}", "a=1; Domain=..", "\u00e9=1")
      expect(yield* jar.entries).toEqual([])
      yield* visit("https://h.example/", `a=1; Path=/${long}; HttpOnly`)
      expect(yield* jar.entries).toMatchObject([{ path: "/", httpOnly: true }])
    })
  )

  it.effect.prop("never fails a request, whatever it is", { text: fc.string({ unit: "binary" }) }, ({ text }) =>
    Effect.gen(function* () {
      const { visit } = yield* visitor()
      yield* visit("http://h.example/", text, `a=1; ${text}`)
      const sent = yield* visit("http://h.example/")
      expect(sent).not.toMatch(/[\x00-\x1f\x7f]|[^\x00-\xff]/)
    })
  )
})
