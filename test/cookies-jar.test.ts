/** A jar in the hands of a program: asking, setting, removing, printing, and what is refused. */
import { Cookies as PlatformCookies } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Cookies } from "effect-httpx"
import { Effect, Equal, Option, Redacted, Schema, TestClock } from "effect"
import { inspect } from "node:util"

const url = "https://www.example.com/shop/login"

const filled = (...cookies: ReadonlyArray<string>) =>
  Effect.tap(Cookies.make(), (jar) => Effect.forEach(cookies, (text) => jar.set(text, url), { discard: true }))

const names = (cookies: ReadonlyArray<Cookies.Cookie>) => cookies.map(({ name }) => name)

describe("asking a jar", () => {
  it.effect("for a cookie by its name gives the one that there is, as a record", () =>
    Effect.gen(function* () {
      const jar = yield* filled("sid=1; Domain=example.com; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60")
      const cookie = yield* Effect.flatten(jar.get("sid"))
      expect({ ...cookie }).toEqual({
        ...{ name: "sid", value: "1", domain: "example.com", hostOnly: false, path: "/", secure: true },
        ...{ httpOnly: true, sameSite: "lax", expires: 60_000, createdAt: 0 }
      })
      expect(Equal.equals(cookie, yield* Effect.flatten(jar.get("sid")))).toBe(true)
      expect(yield* jar.get("SID")).toEqual(Option.none())
      yield* TestClock.adjust("60 seconds")
      expect(yield* jar.get("sid")).toEqual(Option.none())
    })
  )

  it.effect("for a name that several cookies have is a conflict, until it is said which", () =>
    Effect.gen(function* () {
      const jar = yield* filled("a=s3cret; Path=/", "a=2; Path=/shop", "a=3; Path=/; Domain=example.com")
      yield* jar.set("a=4; Path=/", "https://other.example/")
      const conflict = yield* Effect.flip(jar.get("a"))
      expect(conflict).toMatchObject({
        _tag: "CookieConflict",
        name: "a",
        places: [
          { domain: "www.example.com", path: "/" },
          { domain: "www.example.com", path: "/shop" },
          { domain: "example.com", path: "/" },
          { domain: "other.example", path: "/" }
        ]
      })
      expect(conflict.message).not.toContain("s3cret")
      const value = (filter: Cookies.CookieFilter) =>
        Effect.map(jar.get("a", filter), (cookie) => Option.getOrNull(cookie)?.value)
      expect(yield* value({ domain: ".Example.com" })).toBe("3")
      expect(yield* value({ path: "/shop" })).toBe("2")
      expect(yield* value({ url: "https://other.example/x" })).toBe("4")
      expect(yield* value({ url, domain: "www.example.com", path: "/" })).toBe("s3cret")
      expect(yield* value({ url, domain: "other.example" })).toBe(undefined)
      expect(yield* Effect.flip(jar.get("a", { url }))).toMatchObject({ _tag: "CookieConflict" })
    })
  )

  it.effect("for all of a URL gives what is sent there, in that order", () =>
    Effect.gen(function* () {
      const jar = yield* filled("a=1; Path=/", "b=1; Path=/shop", "c=1; Path=/other", "d=1; Secure; Path=/")
      expect(names(yield* jar.getAll(url))).toEqual(["b", "a", "d"])
      expect(names(yield* jar.getAll(new URL("http://www.example.com/")))).toEqual(["a"])
      expect(names(yield* jar.entries)).toEqual(["a", "b", "c", "d"])
      expect(yield* jar.size).toBe(4)
    })
  )

  it.effect("by a schema decodes the text on the wire", () =>
    Effect.gen(function* () {
      const jar = yield* filled("n=42; Path=/", "json=%7B%22id%22%3A7%7D", "bad=s3cret")
      expect(yield* jar.getSchema("n", Schema.NumberFromString, { path: "/" })).toEqual(Option.some(42))
      const Json = Schema.compose(Schema.StringFromUriComponent, Schema.parseJson(Schema.Struct({ id: Schema.Number })))
      expect(yield* jar.getSchema("json", Json)).toEqual(Option.some({ id: 7 }))
      expect(yield* jar.getSchema("none", Json)).toEqual(Option.none())
      const error = yield* Effect.flip(jar.getSchema("bad", Schema.NumberFromString))
      expect(error).toMatchObject({ _tag: "CookieError", reason: "InvalidValue" })
      expect(inspect(error)).not.toContain("s3cret")
    })
  )

  it.effect("with what is no URL is an error", () =>
    Effect.gen(function* () {
      const jar = yield* filled("a=1")
      const wrong = { _tag: "CookieError", reason: "InvalidUrl" }
      expect(yield* Effect.flip(jar.getAll("/relative"))).toMatchObject(wrong)
      expect(yield* Effect.flip(jar.get("a", { url: "ftp://h/" }))).toMatchObject(wrong)
      expect(yield* Effect.flip(jar.set("a=1", "http://"))).toMatchObject(wrong)
      expect(yield* Effect.flip(jar.remove("a", { url: "" }))).toMatchObject(wrong)
    })
  )
})

describe("setting a cookie", () => {
  it.effect("from a record: for the URL's host alone and all its paths, unless it says otherwise", () =>
    Effect.gen(function* () {
      const jar = yield* Cookies.make()
      yield* jar.set({ name: "a", value: Redacted.make("1") }, url)
      expect(yield* Effect.flatten(jar.get("a"))).toMatchObject({
        ...{ value: "1", domain: "www.example.com", hostOnly: true, path: "/", secure: false, expires: undefined }
      })
      const more = { secure: true, httpOnly: true, sameSite: "strict", maxAge: "2 minutes", path: "/x" } as const
      yield* jar.set({ name: "b", value: "", domain: "example.com", ...more }, url)
      expect(yield* Effect.flatten(jar.get("b"))).toMatchObject({
        ...{ domain: "example.com", hostOnly: false, path: "/x", secure: true, httpOnly: true, sameSite: "strict" },
        ...{ expires: 120_000 }
      })
      yield* jar.set({ name: "c", value: "1", expires: new Date(5_000) }, url)
      yield* jar.set({ name: "d", value: "1", expires: 6_000, maxAge: "7 seconds" }, url)
      yield* jar.set({ name: "e", value: "1", maxAge: Infinity }, url)
      expect((yield* jar.entries).map(({ expires }) => expires)).toEqual([undefined, 120_000, 5_000, 7_000, undefined])
      yield* jar.set({ name: "e", value: "", maxAge: 0 }, url)
      expect(yield* jar.get("e")).toEqual(Option.none())
    })
  )

  it.effect("from text is as if it had come in a Set-Cookie field", () =>
    Effect.gen(function* () {
      const jar = yield* filled("a=1; Max-Age=10", "b=1")
      expect((yield* jar.entries).map(({ path }) => path)).toEqual(["/shop", "/shop"])
      yield* jar.set("a=; Max-Age=0", url)
      expect(names(yield* jar.entries)).toEqual(["b"])
    })
  )

  it.effect("that no server could set is an error that shows no value", () =>
    Effect.gen(function* () {
      const jar = yield* Cookies.make()
      const value = "s3cret"
      const invalid: ReadonlyArray<Cookies.CookieInput | string> = [
        { name: "", value },
        { name: "a b", value },
        // @ts-expect-error: no cookie
        null,
        // @ts-expect-error: no cookie
        5,
        { name: "a", value: `${value};` },
        { name: "a", value: Redacted.make(`${value}\n`) },
        { name: "a", value: value.repeat(1000) },
        { name: "a", value, path: "x" },
        { name: "a", value, path: "/;" },
        // @ts-expect-error: no duration
        { name: "a", value, maxAge: "soon" },
        { name: "a", value, expires: new Date("never") },
        "",
        value,
        `a=${value}\r\n`,
        `a b=${value}`
      ]
      for (const each of invalid) {
        const error = yield* Effect.flip(jar.set(each, url))
        expect(error).toMatchObject({ _tag: "CookieError", reason: "InvalidCookie" })
        expect(inspect(error)).not.toContain("s3cret")
      }
      const refused: ReadonlyArray<readonly [Cookies.CookieInput | string, string]> = [
        [{ name: "a", value, domain: "example.org" }, url],
        [`a=${value}; Domain=com`, url],
        [{ name: "a", value, secure: true }, "http://h.example/"],
        [{ name: "__Host-a", value }, url],
        [`__Secure-a=${value}`, url]
      ]
      for (const [cookie, at] of refused) {
        const error = yield* Effect.flip(jar.set(cookie, at))
        expect(error).toMatchObject({ _tag: "CookieError", reason: "Refused" })
        expect(inspect(error)).not.toContain("s3cret")
      }
      expect(yield* jar.size).toBe(0)
      yield* jar.set("a=1; Secure", "https://h.example/")
      expect(yield* Effect.flip(jar.set("a=2", "http://h.example/"))).toMatchObject({ reason: "Refused" })
    })
  )
})

describe("removing", () => {
  it.effect("a name, wherever it is or where it is said to be", () =>
    Effect.gen(function* () {
      const jar = yield* filled("a=1; Path=/", "a=2; Path=/shop", "b=1")
      expect(yield* jar.remove("a", { path: "/shop" })).toBe(1)
      expect(yield* jar.remove("a")).toBe(1)
      expect(yield* jar.remove("a")).toBe(0)
      expect(names(yield* jar.entries)).toEqual(["b"])
    })
  )

  it.effect("all of a domain, of a path, or of everything", () =>
    Effect.gen(function* () {
      const jar = yield* filled("a=1; Path=/", "b=1; Path=/shop", "c=1; Domain=example.com; Path=/")
      expect(yield* jar.clear({ domain: "www.example.com", path: "/shop" })).toBe(1)
      expect(yield* jar.clear({ domain: "example.com" })).toBe(1)
      expect(yield* jar.clear({ url: "https://elsewhere.example/" })).toBe(0)
      yield* jar.set("d=1", url)
      expect(yield* jar.clear()).toBe(2)
      expect(yield* jar.size).toBe(0)
    })
  )
})

describe("printing", () => {
  it.effect("a jar or a cookie shows no value", () =>
    Effect.gen(function* () {
      const jar = yield* filled("a=s3cret; Path=/x")
      const [cookie] = yield* jar.entries
      for (const shown of [jar, cookie, { jar }, [cookie]]) {
        for (const text of [inspect(shown, { depth: 9 }), JSON.stringify(shown), String(shown)]) {
          expect(text).not.toContain("s3cret")
        }
      }
      expect(JSON.stringify(jar)).toContain('"path":"/x"')
      expect(`${jar}`).toContain("www.example.com")
      expect(`${cookie}`).toContain("www.example.com")
    })
  )
})

describe("a full jar", () => {
  it.effect("lets those of a domain go that were not used for longest", () =>
    Effect.gen(function* () {
      const jar = yield* Cookies.make({ maxPerDomain: 3 })
      for (const name of ["a", "b", "c"]) yield* jar.set(`${name}=1; Path=/${name}`, url)
      yield* jar.getAll("https://www.example.com/a")
      yield* jar.set("d=1", url)
      yield* jar.set("other=1", "https://other.example/")
      expect(names(yield* jar.entries)).toEqual(["a", "c", "d", "other"])
      expect(yield* jar.size).toBe(4)
    })
  )

  it.effect("lets secure ones go last: who has no TLS cannot push them out", () =>
    Effect.gen(function* () {
      const jar = yield* Cookies.make({ maxPerDomain: 3 })
      yield* jar.set("sid=1; Secure; Path=/", url)
      for (const name of ["a", "b", "c", "d"]) yield* jar.set(`${name}=1; Path=/`, "http://www.example.com/")
      expect(names(yield* jar.entries)).toEqual(["sid", "c", "d"])
      for (const name of ["e", "f", "g"]) yield* jar.set(`${name}=1; Secure; Path=/`, url)
      expect(names(yield* jar.entries)).toEqual(["e", "f", "g"])
    })
  )

  it.effect("lets those go that have expired before all others", () =>
    Effect.gen(function* () {
      const jar = yield* Cookies.make({ maxCookies: 3 })
      yield* jar.set("a=1", "https://a.example/")
      yield* jar.set("b=1", "https://b.example/")
      yield* jar.set("short=1; Max-Age=5", "https://c.example/")
      yield* TestClock.adjust("5 seconds")
      yield* jar.set("d=1", "https://d.example/")
      expect(names(yield* jar.entries)).toEqual(["a", "b", "d"])
      yield* jar.set("e=1", "https://e.example/")
      expect(names(yield* jar.entries)).toEqual(["b", "d", "e"])
    })
  )

  it.effect("cannot be filled by a server", () =>
    Effect.gen(function* () {
      const jar = yield* Cookies.make()
      for (let i = 0; i < 400; i++) yield* jar.set(`c${i}=1`, url)
      expect(yield* jar.size).toBe(180)
      for (let i = 0; i < 4000; i++) yield* jar.set("c=1", `https://h${i}.example/`)
      expect(yield* jar.size).toBe(3000)
    })
  )
})

describe("cookies of @effect/platform", () => {
  it.effect("are made from what a URL is sent, the first of a name", () =>
    Effect.gen(function* () {
      const jar = yield* filled("a=%20; Path=/shop; Secure; HttpOnly; SameSite=None; Max-Age=60", "a=2; Path=/")
      yield* jar.set("b=1; Domain=example.com; Path=/", url)
      yield* jar.set("__proto__=3", url)
      const { cookies } = yield* jar.toPlatform(url)
      expect(Object.keys(cookies).sort()).toEqual(["__proto__", "a", "b"])
      expect(cookies["a"]).toMatchObject({
        ...{ value: " ", valueEncoded: "%20" },
        options: { path: "/shop", secure: true, httpOnly: true, sameSite: "none", expires: new Date(60_000) }
      })
      expect(cookies["b"]?.options).toEqual({ path: "/", domain: "example.com" })
    })
  )

  it.effect("are taken as if a host had set them", () =>
    Effect.gen(function* () {
      const jar = yield* Cookies.make()
      const cookies = PlatformCookies.fromIterable([
        PlatformCookies.unsafeMakeCookie("a", "x y", { path: "/", maxAge: "1 minute", secure: true }),
        PlatformCookies.unsafeMakeCookie("foreign", "1", { domain: "example.org" }),
        PlatformCookies.unsafeMakeCookie("__proto__", "p")
      ])
      yield* jar.setPlatform(cookies, url)
      expect(names(yield* jar.entries)).toEqual(["a", "__proto__"])
      expect(yield* Effect.flatten(jar.get("a"))).toMatchObject({ value: "x%20y", expires: 60_000, secure: true })
    })
  )
})
