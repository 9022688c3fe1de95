/**
 * Jars for clients of @effect/platform, ours and others: what `HttpClient.withCookiesRef` gets wrong, one test each.
 */
import { Cookies as PlatformCookies, HttpClient, HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import { Client, Cookies } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import { Effect, Ref } from "effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { cookieHandler, setting } from "./support/cookieServer.js"
import { listen } from "./support/routes.js"

/** A client of the platform that is not ours, over a function of the web's requests and answers. */
const foreign = (answer: (request: HttpClientRequest.HttpClientRequest, cookie: string) => Response) =>
  HttpClient.make((request) =>
    Effect.succeed(HttpClientResponse.fromWeb(request, answer(request, request.headers["cookie"] ?? "")))
  )

const setCookies = (...fields: ReadonlyArray<string>): Headers => {
  const headers = new Headers()
  for (const field of fields) headers.append("set-cookie", field)
  return headers
}

/** Sets what `?set=…` says, and answers with the Cookie field. */
const echo = foreign(({ url }, cookie) => {
  const set = new URL(url).searchParams.getAll("set")
  return new Response(cookie, { headers: setCookies(...set) })
})

const clients = [
  ["a client that is not ours", Effect.succeed(echo)],
  ["a client of ours", Effect.succeed(InProcess.make(cookieHandler))]
] as const

describe.each(clients)("a jar for %s", (_, made) => {
  const withJar = Effect.gen(function* () {
    const jar = yield* Cookies.make()
    const client = Cookies.withJar(jar)(yield* made)
    const visit = (url: string, ...set: ReadonlyArray<string>) =>
      Effect.flatMap(client.get(setting(url, ...set)), (response) => response.text)
    return { jar, client, visit }
  })

  it.effect("sends cookies by host, domain, path, scheme and time", () =>
    Effect.gen(function* () {
      const { jar, visit } = yield* withJar
      yield* visit(
        "https://www.example.com/a/",
        ...["host=1; Path=/", "dom=1; Domain=example.com; Path=/", "path=1", "sec=1; Secure; Path=/"],
        ...["gone=1; Max-Age=0", "foreign=1; Domain=example.org", "exp=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"]
      )
      expect((yield* visit("https://www.example.com/a/")).split("; ")).toEqual(["path=1", "host=1", "dom=1", "sec=1"])
      expect(yield* visit("http://www.example.com/")).toBe("host=1; dom=1")
      expect(yield* visit("https://api.example.com/a/")).toBe("dom=1")
      expect(yield* visit("https://other.example/")).toBe("")
      yield* visit("https://www.example.com/", "host=; Max-Age=0")
      expect(yield* visit("http://www.example.com/")).toBe("dom=1")
      expect(yield* jar.size).toBe(3)
    })
  )

  it.effect("keeps the caller's own Cookie field", () =>
    Effect.gen(function* () {
      const { client, visit } = yield* withJar
      yield* visit("https://h.example/", "a=jar", "b=jar")
      const request = HttpClientRequest.get("https://h.example/", { headers: { cookie: "mine=1; b=mine" } })
      const response = yield* client.execute(request)
      expect(yield* response.text).toBe("mine=1; b=mine; a=jar")
    })
  )

  it.effect("keeps and sends a cookie named __proto__", () =>
    Effect.gen(function* () {
      const { client, jar, visit } = yield* withJar
      const response = yield* client.get(setting("https://h.example/", "a=1", "__proto__=2"))
      expect(Object.keys(response.cookies.cookies).sort()).toEqual(["__proto__", "a"])
      expect(yield* jar.size).toBe(2)
      expect((yield* visit("https://h.example/")).split("; ").sort()).toEqual(["__proto__=2", "a=1"])
    })
  )
})

describe("a login by redirect", () => {
  /** 302 with a cookie, to the page that needs it; `/away` goes to another host. */
  const pages = foreign(({ url }, cookie) => {
    const { hostname, pathname } = new URL(url)
    if (pathname === "/login") {
      const headers = setCookies("session=new; Path=/")
      headers.set("location", "/home")
      return new Response(null, { status: 302, headers })
    }
    if (pathname === "/away") {
      return new Response(null, { status: 302, headers: { location: "https://other.example/" } })
    }
    return new Response(`${hostname}: ${cookie}`)
  })

  it.effect("sends the new cookie to the next hop, and the old ones to no other host", () =>
    Effect.gen(function* () {
      const jar = yield* Cookies.make()
      yield* jar.set("old=1", "https://h.example/")
      const client = HttpClient.followRedirects(Cookies.withJar(jar)(pages))
      const home = yield* client.get("https://h.example/login")
      expect(yield* home.text).toBe("h.example: old=1; session=new")
      const away = yield* client.get("https://h.example/away")
      expect(yield* away.text).toBe("other.example: ")
    })
  )

  it.effect("is what withCookiesRef gets wrong in either order", () =>
    Effect.gen(function* () {
      const ref = yield* Ref.make(PlatformCookies.empty)
      const under = HttpClient.followRedirects(HttpClient.withCookiesRef(pages, ref))
      expect(yield* (yield* under.get("https://h.example/login")).text).toBe("h.example: ")
      const above = HttpClient.withCookiesRef(HttpClient.followRedirects(pages), yield* Ref.make(PlatformCookies.empty))
      yield* above.get("https://h.example/login")
      expect(yield* (yield* above.get("https://h.example/home")).text).toBe("h.example: ")
    })
  )
})

describe("a jar over a real client of the platform", () => {
  it.scopedLive("is told its cookies", () =>
    Effect.gen(function* () {
      const url = yield* listen(cookieHandler)
      const jar = yield* Cookies.make()
      const client = Cookies.withJar(jar)(yield* HttpClient.HttpClient)
      yield* client.get(setting(url, "a=1; Path=/; HttpOnly", "b=x%20y; Max-Age=60"))
      expect(yield* (yield* client.get(url)).text).toBe("a=1; b=x%20y")
      expect(yield* (yield* client.get(url.replace("127.0.0.1", "localhost"))).text).toBe("")
    }).pipe(Effect.provide(NodeHttpClient.layer))
  )

  it.effect("is a client's own too, under the platform's tag", () =>
    Effect.gen(function* () {
      const jar = yield* Cookies.make()
      const client = yield* Effect.provide(HttpClient.HttpClient, Client.layerHttpClient({ cookies: jar }))
      yield* client.get(setting("https://h.example/", "a=1"))
      expect(yield* (yield* client.get("https://h.example/")).text).toBe("a=1")
    }).pipe(Effect.provideService(HttpClient.HttpClient, InProcess.make(cookieHandler)))
  )
})

describe("tough-cookie", () => {
  const run = (code: string) => {
    const noticing = `export const resolve = (name, context, next) => {
      if (name === "tough-cookie") console.log("loaded")
      return next(name, context)
    }`
    const register = `import { register } from "node:module"
      register("data:text/javascript," + encodeURIComponent(${JSON.stringify(noticing)}))`
    return promisify(execFile)(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "--eval", `${register}; ${code}`],
      { cwd: fileURLToPath(new URL("../", import.meta.url)), timeout: 60_000 }
    )
  }

  it("is loaded by the first jar, and by no import", { timeout: 60_000 }, async () => {
    const imports = `const { Cookies } = await import("./src/index.ts"); console.log("imported")`
    expect((await run(imports)).stdout).toBe("imported\n")
    const makes = `const { runPromise } = await import("effect/Effect"); await runPromise(Cookies.make())`
    expect((await run(`${imports}; ${makes}`)).stdout).toBe("imported\nloaded\n")
  })
})
