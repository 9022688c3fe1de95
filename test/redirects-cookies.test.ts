/** A login by redirects, over sockets: what a client with a jar, and what single calls, send to which hop. */
import { HttpClient } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Client, Cookies } from "effect-httpx"
import { Transport } from "effect-httpx/node"
import type { InProcess } from "effect-httpx/testing"
import { atRest } from "./support/failing.js"
import { redirection, to } from "./support/redirecting.js"
import { listen } from "./support/routes.js"

/** `/login` and `/logout` lead to `/home`; what was asked is `seen`, with the cookies that came along. */
const site = Effect.gen(function* () {
  const seen: Array<string> = []
  const pages: Record<string, InProcess.Reply> = {
    "/login": { status: 303, headers: { location: "/home", "set-cookie": "session=new; Path=/; HttpOnly" } },
    "/logout": { status: 303, headers: { location: "/home", "set-cookie": "session=; Path=/; Max-Age=0" } }
  }
  const url = yield* listen((request) => {
    seen.push(`${request.method} ${request.path}: ${request.headers.getAll("cookie").join(" | ")}`)
    return Effect.succeed(pages[request.path] ?? redirection(request) ?? { body: "page" })
  })
  // The same server by another name: another origin, and another host to a jar.
  return { url, other: url.replace("127.0.0.1", "localhost"), seen }
})

const visitor = (options: Client.ClientOptions) =>
  Effect.gen(function* () {
    const { httpClient, stats } = yield* Transport.make()
    const client = yield* Effect.provideService(Client.make(options), HttpClient.HttpClient, httpClient)
    return { client, stats }
  })

type Post = (client: Client.Client, url: string, options?: object) => Effect.Effect<unknown, unknown>

const ways: ReadonlyArray<readonly [name: string, post: Post]> = [
  ["alone", (client, url, options) => client.post(url, { form: { user: "jo" }, ...options })],
  [
    "as a stream",
    (client, url, options) => Effect.scoped(client.stream("POST", url, { form: { u: "jo" }, ...options }))
  ],
  ["in a block", (client, url, options) => client.all([{ method: "POST", url, form: { user: "jo" }, ...options }])]
]

describe.each(ways)("a redirect, %s", (_name, post) => {
  it.scopedLive("sends the cookie that it sets to its next hop, and none that it has ended", () =>
    Effect.gen(function* () {
      const { other, seen, url } = yield* site
      const jar = yield* Cookies.make()
      const { client, stats } = yield* visitor({ baseUrl: url, cookies: jar })
      yield* post(client, "/login")
      yield* post(client, to(`${other}/home`))
      yield* post(client, "/logout")
      expect(seen).toEqual([
        ...["POST /login: ", "GET /home: session=new"],
        ...["POST /302: session=new", "GET /home: "],
        ...["POST /logout: session=new", "GET /home: "]
      ])
      expect(yield* jar.size).toBe(0)
      expect(yield* stats).toMatchObject({ active: 0, queued: 0, exchanges: 0 })
    })
  )

  it.scopedLive("sends the cookies of the call within the origin, and to no other, nor back from there", () =>
    Effect.gen(function* () {
      const { other, seen, url } = yield* site
      const { client } = yield* visitor({ baseUrl: url })
      const chain = to(to(other + to(`${url}/home`)))
      for (const given of [{ cookies: { own: "1" } }, { headers: { cookie: "own=1" } }]) {
        yield* post(client, chain, given)
        expect(seen.splice(0)).toEqual(["POST /302: own=1", "GET /302: own=1", "GET /302: ", "GET /home: "])
      }
    })
  )

  it.scopedLive("joins cookies of the call with those of the jar on each hop, and leaves the jar out if asked to", () =>
    Effect.gen(function* () {
      const { seen, url } = yield* site
      const jar = yield* Cookies.make()
      const { client } = yield* visitor({ baseUrl: url, cookies: jar })
      yield* post(client, "/login", { cookies: { own: "1" } })
      yield* post(client, to("/home"), { cookies: { session: "mine" } })
      yield* post(client, "/login", { cookies: null })
      expect(seen).toEqual([
        ...["POST /login: own=1", "GET /home: own=1; session=new"],
        ...["POST /302: session=mine", "GET /home: session=mine"],
        ...["POST /login: ", "GET /home: "]
      ])
    })
  )
})

describe("a client's own Cookie field", () => {
  it.scopedLive("is that of the first origin too", () =>
    Effect.gen(function* () {
      const { other, seen, url } = yield* site
      const { client, stats } = yield* visitor({ baseUrl: url, headers: { cookie: "fixed=1" } })
      yield* client.get(to(to("/home")))
      yield* client.get(to(`${other}/home`))
      expect(seen).toEqual([
        ...["GET /302: fixed=1", "GET /302: fixed=1", "GET /home: fixed=1"],
        ...["GET /302: fixed=1", "GET /home: "]
      ])
      expect(yield* stats).toEqual(atRest(2))
    })
  )
})
