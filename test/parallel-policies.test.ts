// Requests of a block as whole calls: cookies, redirects, hooks. The numbers are those of parallel.test.ts.
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { type Client, Cookies } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import { atRest, connected } from "./support/failing.js"
import { told } from "./support/gatedServer.js"
import { listen } from "./support/routes.js"

/** `/login` leads to `/home` with a cookie, `/slow` waits, all others answer with their path and their cookies. */
const site = (options?: Client.ClientOptions) =>
  Effect.gen(function* () {
    const open = yield* Deferred.make<void>()
    const arrived = yield* Deferred.make<void>()
    const handler: InProcess.Handler = ({ headers, path }) => {
      const reply = { body: `${path} ${headers.get("cookie") ?? "none"}` }
      if (path === "/login") {
        return Effect.succeed({ status: 302, headers: { location: "/home", "set-cookie": "session=1" }, body: "moved" })
      }
      if (path !== "/slow") return Effect.succeed(reply)
      return Deferred.succeed(arrived, undefined).pipe(
        Effect.zipRight(Deferred.await(open)),
        Effect.as({ ...reply, headers: { "set-cookie": "slow=1" } })
      )
    }
    const url = yield* listen(handler)
    const transport = yield* connected({}, { baseUrl: url, ...options })
    return { ...transport, url, arrived: Deferred.await(arrived), open: Deferred.succeed(open, undefined) }
  })

describe("a pending", () => {
  it.scopedLive("29. sends the cookies that have arrived by then, those of others in its block too", () =>
    Effect.gen(function* () {
      const jar = yield* Cookies.make()
      const { arrived, client, open, url } = yield* site({ cookies: jar })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const parallel = yield* client.parallel()
          const slow = yield* parallel.get("/slow")
          yield* arrived
          const login = yield* parallel.get("/login")
          expect(yield* told(login.getResponse)).toBe("/home session=1")
          expect(yield* told((yield* parallel.get("/a")).getResponse)).toBe("/a session=1")
          yield* open
          // Sent before there was any.
          expect(yield* told(slow.getResponse)).toBe("/slow none")
          expect(yield* told((yield* parallel.get("/b")).getResponse)).toBe("/b session=1; slow=1")
        })
      )
      // The jar is the client's, and stays when the block is left.
      expect((yield* jar.getAll(url)).map(({ name }) => name)).toEqual(["session", "slow"])
      expect(yield* (yield* client.get("/c")).text).toBe("/c session=1; slow=1")
    })
  )

  it.scopedLive("31. is a whole call: redirects are followed in it, and it is one answer", () =>
    Effect.gen(function* () {
      const { client, stats, url } = yield* site()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const parallel = yield* client.parallel({ concurrency: 1 })
          yield* parallel.get("/login", { tag: "first" })
          yield* parallel.get("/login", { followRedirects: false })
          expect(yield* parallel.pendingCount).toBe(2)
          const followed = yield* parallel.nextResponse
          expect([followed.url, followed.status]).toEqual([`${url}/home`, 200])
          expect(followed.request.tag).toBe("first")
          expect(followed.history.map(({ status }) => status)).toEqual([302])
          expect((yield* parallel.nextResponse).status).toBe(302)
          expect(yield* parallel.hasPendingResponses).toBe(false)
        })
      )
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("31. runs hooks for each of its hops, with the cookies that each is sent with", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const { client } = yield* site({
        cookies: yield* Cookies.make(),
        hooks: {
          request: ({ headers, target }) =>
            Effect.sync(() => {
              const path = target instanceof Error ? "nowhere" : target.pathAndQuery
              seen.push(`${path} ${headers.get("cookie") ?? "none"}`)
            }),
          response: ({ status }) => Effect.sync(() => seen.push(String(status)))
        }
      })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const parallel = yield* client.parallel()
          yield* parallel.get("/login")
          expect(yield* told(parallel.nextResponse)).toBe("/home session=1")
        })
      )
      expect(seen).toEqual(["/login none", "302", "/home session=1", "200"])
    })
  )
})
