/** Jars in files: Netscape's cookies.txt, JSON, and jars that are kept in a `KeyValueStore`. */
import { KeyValueStore } from "@effect/platform"
import { SystemError } from "@effect/platform/Error"
import { NodeContext } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import { Cookies } from "effect-httpx"
import { Deferred, Effect, Exit, FastCheck as fc, Layer, Option, Scope, TestClock } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { CookieJar } from "tough-cookie"
import {
  formatNetscape,
  isNetscapeProblem,
  type NetscapeCookie,
  parseNetscape
} from "../src/protocol/netscapeCookies.js"

const url = "https://www.example.com/shop/login"

const cookie: NetscapeCookie = {
  ...{ name: "a", value: "1", domain: "example.com", hostOnly: true, path: "/", secure: false, httpOnly: false },
  expires: undefined
}

const column = (first: string) => fc.stringMatching(new RegExp(`^${first}[\\x21-\\x7e]{0,20}$`))

const cookies: fc.Arbitrary<NetscapeCookie> = fc.record({
  name: column("[a-zA-Z_#]"),
  value: fc.stringMatching(/^[\x20-\x7e\x80-\xff]{0,30}$/),
  domain: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,9}(\.[a-z]{2,3}){0,2}$/),
  hostOnly: fc.boolean(),
  path: column("/"),
  secure: fc.boolean(),
  httpOnly: fc.boolean(),
  expires: fc.option(
    fc.integer({ min: 1, max: 2 ** 40 }).map((seconds) => seconds * 1000),
    { nil: undefined }
  )
})

describe("cookies.txt", () => {
  it.prop("reads back what was written", { jar: fc.array(cookies) }, ({ jar }) => {
    expect(parseNetscape(formatNetscape(jar))).toEqual(jar)
  })

  it.prop(
    "is read, or has a line that is told, whatever it is",
    { text: fc.string({ unit: "binary" }) },
    ({ text }) => {
      const parsed = parseNetscape(text.replaceAll(" ", "\t").replaceAll("0", "\n"))
      expect(isNetscapeProblem(parsed) ? parsed.line > 0 : Array.isArray(parsed)).toBe(true)
    }
  )

  it.effect("is written as curl writes it", () =>
    Effect.sync(() => {
      const jar = [
        cookie,
        { ...cookie, hostOnly: false, secure: true, httpOnly: true, path: "/x", expires: 1_999_999 },
        { ...cookie, expires: 1 }
      ]
      expect(formatNetscape(jar).split("\n").slice(3)).toEqual([
        "example.com\tFALSE\t/\tFALSE\t0\ta\t1",
        "#HttpOnly_.example.com\tTRUE\t/x\tTRUE\t1999\ta\t1",
        "example.com\tFALSE\t/\tFALSE\t1\ta\t1",
        ""
      ])
      expect(formatNetscape([])).toMatch(/^# Netscape HTTP Cookie File\n/)
    })
  )

  it.effect("may have comments, empty lines, any line ends, a byte order mark and values that are empty", () =>
    Effect.sync(() => {
      const lines = [
        "\ufeff# HTTP Cookie File",
        "",
        "  ",
        "#.example.com\tTRUE\t/\tFALSE\t0\tcommented\tout",
        ".Example.com\ttrue\t/\tfalse\t1700000000.5\tdot\t1",
        "example.com\tFALSE\t/\tFALSE\t0\tempty\t",
        "example.com\tFALSE\t/\tFALSE\t0\tcut",
        "#HttpOnly_example.com\tFALSE\t/\tTRUE\t-1\tpast\ta\tb"
      ]
      const expected = [
        { ...cookie, name: "dot", hostOnly: false, expires: 1_700_000_000_500 },
        { ...cookie, name: "empty", value: "" },
        { ...cookie, name: "cut", value: "" },
        { ...cookie, name: "past", value: "a\tb", httpOnly: true, secure: true, expires: -1000 }
      ]
      for (const end of ["\n", "\r\n", "\r"]) expect(parseNetscape(lines.join(end))).toEqual(expected)
    })
  )

  it.effect("is given to a jar whole, or not at all", () =>
    Effect.gen(function* () {
      const jar = yield* Cookies.make()
      const good = "www.example.com\tFALSE\t/\tTRUE\t0\ta\t1"
      const bad: ReadonlyArray<readonly [string, string]> = [
        ["not a line s3cret", "line 2"],
        ["h.example\tPERHAPS\t/\tFALSE\t0\tb\ts3cret", "line 2"],
        ["h.example\tTRUE\t/\t1\t0\tb\ts3cret", "line 2"],
        ["h.example\tFALSE\t/\tFALSE\tsoon\tb\ts3cret", "line 2"],
        ["h.example\tFALSE\t/\tFALSE\t0\t\ts3cret", "name"],
        ["h.example\tFALSE\t/\tFALSE\t0\tb\ts3cret;", "value"],
        ["h.example\tFALSE\tx\tFALSE\t0\tb\ts3cret", "path"],
        ["\tFALSE\t/\tFALSE\t0\tb\ts3cret", "domain"],
        [".com\tTRUE\t/\tFALSE\t0\tb\ts3cret", "everybody below com"]
      ]
      for (const [line, told] of bad) {
        const error = yield* Effect.flip(jar.importNetscape(`${good}\n${line}`))
        expect(error).toMatchObject({ _tag: "CookieError", reason: "InvalidFile" })
        expect(error.message).toContain(told)
        expect(inspect(error)).not.toContain("s3cret")
      }
      expect(yield* jar.size).toBe(0)
      yield* jar.importNetscape(`${good}\ncom\tFALSE\t/\tFALSE\t0\thost\t1`)
      expect((yield* jar.entries).map(({ name }) => name)).toEqual(["a", "host"])
    })
  )

  it.effect("takes a session from one jar to another", () =>
    Effect.gen(function* () {
      const jar = yield* Cookies.make()
      yield* jar.set("sid=1; Path=/; Secure; HttpOnly", url)
      yield* jar.set("long=1; Max-Age=60; Domain=example.com", url)
      const copy = yield* Cookies.make()
      yield* copy.importNetscape(yield* jar.exportNetscape())
      expect(yield* copy.entries).toEqual(yield* jar.entries)
      expect(yield* jar.exportNetscape({ session: false })).not.toContain("sid")
      yield* TestClock.adjust("60 seconds")
      // What has expired in the file does not end what is here.
      yield* copy.set("long=2; Domain=example.com", url)
      yield* copy.importNetscape("#HttpOnly_.example.com\tTRUE\t/shop\tFALSE\t60\tlong\t1")
      expect(Option.map(yield* copy.get("long"), ({ value }) => value)).toEqual(Option.some("2"))
    })
  )
})

describe("a JSON jar", () => {
  it.effect("is lossless, and one of tough-cookie", () =>
    Effect.gen(function* () {
      const jar = yield* Cookies.make()
      yield* jar.set("a=1; Path=/; Secure; HttpOnly; SameSite=Strict", url)
      yield* TestClock.adjust("1500 millis")
      yield* jar.set("b=2; Domain=example.com; Max-Age=60", url)
      yield* jar.set("__proto__=3", url)
      yield* jar.set({ name: "forever", value: "4", expires: 1e300 }, url)
      const text = yield* jar.exportJson()
      const copy = yield* Cookies.make()
      yield* copy.importJson(text)
      const entries = yield* jar.entries
      expect((yield* copy.entries).slice(0, 3)).toEqual(entries.slice(0, 3))
      expect((yield* copy.entries)[3]?.expires).toBe(8.64e15)
      const tough = CookieJar.deserializeSync(text)
      expect(tough.serializeSync()?.cookies.map(({ key }) => key)).toEqual(["a", "b", "__proto__", "forever"])
      expect(JSON.parse(yield* jar.exportJson({ session: false })).cookies).toHaveLength(2)
    })
  )

  it.effect("of tough-cookie is read, its Max-Age counted from when the cookie came", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(100_000)
      const creation = new Date(90_000).toISOString()
      const place = { domain: "example.com", path: "/", creation }
      const jar = yield* Cookies.make()
      yield* jar.importJson(
        JSON.stringify({
          cookies: [
            { key: "max", value: "1", maxAge: 60, ...place, hostOnly: false },
            { key: "ever", value: "1", maxAge: "Infinity", ...place },
            { key: "past", value: "1", maxAge: "-Infinity", ...place },
            { key: "gone", value: "1", expires: new Date(99_999).toISOString(), ...place },
            { key: "new", domain: "example.com", path: "/" },
            { key: "odd", domain: "example.com", path: "/", creation: "once", expires: "never" }
          ]
        })
      )
      expect(yield* jar.entries).toMatchObject([
        { name: "max", expires: 150_000, hostOnly: false, createdAt: 90_000 },
        { name: "ever", expires: undefined, hostOnly: true },
        { name: "new", value: "", expires: undefined, createdAt: 100_000 },
        { name: "odd", expires: undefined, createdAt: 100_000 }
      ])
    })
  )

  it.effect("that is none is an error, and changes nothing", () =>
    Effect.gen(function* () {
      const jar = yield* Cookies.make()
      const good = { key: "a", value: "1", domain: "example.com", path: "/" }
      const texts = ["", "{", "null", "[]", '{"cookies":1}', '{"cookies":[null]}', '{"cookies":[{}]}']
      const jars = [
        { ...good, key: "s3cret;" },
        { ...good, domain: null },
        { ...good, path: null }
      ].map((bad) => JSON.stringify({ cookies: [good, bad] }))
      for (const text of [...texts, ...jars]) {
        expect(yield* Effect.flip(jar.importJson(text))).toMatchObject({ _tag: "CookieError", reason: "InvalidFile" })
      }
      expect(yield* jar.size).toBe(0)
    })
  )
})

describe("a domain in a file", () => {
  it.effect("is the one that is meant, however it is written", () =>
    Effect.gen(function* () {
      const jar = yield* Cookies.make()
      const written = [
        { key: "a", value: "1", domain: "Example.COM", path: "/", hostOnly: false },
        { key: "b", value: "1", domain: ".example.com", path: "/", hostOnly: false }
      ]
      yield* jar.importJson(JSON.stringify({ cookies: written }))
      yield* jar.importNetscape("b\u00fccher.example\tFALSE\t/\tFALSE\t0\tc\t1\n::1\tFALSE\t/\tFALSE\t0\td\t1\n")
      const sent = (url: string) => Effect.map(jar.getAll(url), (cookies) => cookies.map(({ name }) => name))
      expect(yield* sent("https://www.example.com/")).toEqual(["a", "b"])
      expect(yield* sent("https://b\u00fccher.example/")).toEqual(["c"])
      expect(yield* sent("http://[::1]/")).toEqual(["d"])
      const bad = { key: "a", value: "1", domain: "b\ud800", path: "/" }
      expect(yield* Effect.flip(jar.importJson(JSON.stringify({ cookies: [bad] })))).toMatchObject({
        ...{ _tag: "CookieError", reason: "InvalidFile" }
      })
    })
  )
})

describe("a jar in a store", () => {
  const memory = Effect.provide(KeyValueStore.KeyValueStore, KeyValueStore.layerMemory)

  it.effect("is there again in the next run, session cookies too", () =>
    Effect.gen(function* () {
      const run = <A, E, R>(use: (jar: Cookies.CookieJar) => Effect.Effect<A, E, R>, session?: boolean) =>
        Effect.scoped(Effect.flatMap(Cookies.makePersisted({ session }), use))
      yield* run((jar) => Effect.all([jar.set("session=1", url), jar.set("long=1; Max-Age=60", url)]))
      expect(yield* run((jar) => jar.size)).toBe(2)
      yield* run((jar) => jar.set("b=1", url), false)
      expect(yield* run((jar) => jar.size)).toBe(1)
    }).pipe(Effect.provide(KeyValueStore.layerMemory))
  )

  it.scoped("is written a while after it has changed, once for all changes", () =>
    Effect.gen(function* () {
      let writes = 0
      const store = yield* memory
      const counting = KeyValueStore.make({ ...store, set: (key, value) => (writes++, store.set(key, value)) })
      const jar = yield* Effect.provideService(
        Cookies.makePersisted({ key: "jar", saveAfter: "5 seconds" }),
        KeyValueStore.KeyValueStore,
        counting
      )
      yield* TestClock.adjust("10 seconds")
      expect(writes).toBe(0)
      yield* jar.set("a=1", url)
      yield* TestClock.adjust("4 seconds")
      yield* jar.set("b=1", url)
      expect(yield* store.get("jar")).toEqual(Option.none())
      yield* TestClock.adjust("1 seconds")
      expect(Option.getOrThrow(yield* store.get("jar"))).toContain('"b"')
      yield* TestClock.adjust("1 minute")
      expect(writes).toBe(1)
      yield* jar.save
      expect(writes).toBe(1)
      yield* jar.clear()
      yield* jar.save
      expect(Option.getOrThrow(yield* store.get("jar"))).not.toContain('"b"')
    })
  )

  it.effect("that cannot be written fails who saves, and is written when that works again", () =>
    Effect.gen(function* () {
      let broken = true
      const store = yield* memory
      const error = new SystemError({ reason: "PermissionDenied", module: "KeyValueStore", method: "set" })
      const failing = KeyValueStore.make({
        ...store,
        set: (key, value) => (broken ? Effect.fail(error) : store.set(key, value))
      })
      const scope = yield* Scope.make()
      const jar = yield* Cookies.makePersisted().pipe(
        Effect.provideService(KeyValueStore.KeyValueStore, failing),
        Scope.extend(scope)
      )
      yield* jar.set("a=1", url)
      expect(yield* Effect.flip(jar.save)).toBe(error)
      yield* TestClock.adjust("2 seconds")
      broken = false
      yield* Scope.close(scope, Exit.void)
      expect(Option.getOrThrow(yield* store.get("cookies"))).toContain('"a"')
    })
  )

  it.effect("is written with the next change after a store that died", () =>
    Effect.gen(function* () {
      let broken = true
      const store = yield* memory
      const dying = KeyValueStore.make({
        ...store,
        set: (key, value) => (broken ? Effect.die(new Error("no disk")) : store.set(key, value))
      })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const jar = yield* Effect.provideService(Cookies.makePersisted(), KeyValueStore.KeyValueStore, dying)
          yield* jar.set("a=1", url)
          yield* TestClock.adjust("2 seconds")
          broken = false
          yield* jar.set("b=1", url)
          yield* TestClock.adjust("2 seconds")
          expect(Option.getOrThrow(yield* store.get("cookies"))).toContain('"a"')
          broken = true
          yield* jar.set("c=1", url)
        })
      )
    })
  )

  it.effect("is written whole at the end, also if a write was under way", () =>
    Effect.gen(function* () {
      const store = yield* memory
      const writing = yield* Deferred.make<void>()
      let first = true
      const slow = KeyValueStore.make({
        ...store,
        set: (key, value) => {
          if (!first) return store.set(key, value)
          first = false
          return Effect.zipRight(Deferred.succeed(writing, undefined), Effect.never)
        }
      })
      const scope = yield* Scope.make()
      const jar = yield* Cookies.makePersisted().pipe(
        Effect.provideService(KeyValueStore.KeyValueStore, slow),
        Scope.extend(scope)
      )
      yield* jar.set("a=1", url)
      yield* TestClock.adjust("1 second")
      yield* Deferred.await(writing)
      yield* Scope.close(scope, Exit.void)
      expect(Option.getOrThrow(yield* store.get("cookies"))).toContain('"a"')
    })
  )

  it.effect("that is no jar is an error when it is read", () =>
    Effect.gen(function* () {
      const store = yield* KeyValueStore.KeyValueStore
      yield* store.set("cookies", "s3cret")
      const error = yield* Effect.flip(Effect.scoped(Cookies.makePersisted()))
      expect(error).toMatchObject({ _tag: "CookieError", reason: "InvalidFile" })
      expect(inspect(error)).not.toContain("s3cret")
    }).pipe(Effect.provide(KeyValueStore.layerMemory))
  )

  it.scopedLive("may be a file", () =>
    Effect.gen(function* () {
      const directory = yield* Effect.acquireRelease(
        Effect.promise(() => mkdtemp(join(tmpdir(), "effect-httpx-cookies-"))),
        (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
      )
      const files = KeyValueStore.layerFileSystem(directory).pipe(Layer.provide(NodeContext.layer))
      const Jar = Layer.provide(Cookies.layerPersisted(), files)
      yield* Effect.provide(
        Effect.flatMap(Cookies.Cookies, (jar) => jar.set("a=1", url)),
        Jar
      )
      const kept = yield* Effect.provide(
        Effect.flatMap(Cookies.Cookies, (jar) => jar.entries),
        Layer.fresh(Jar)
      )
      expect(kept).toMatchObject([{ name: "a", value: "1", domain: "www.example.com" }])
    })
  )
})
