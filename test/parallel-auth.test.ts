// What the requests of a block share of an auth. The numbers are those of parallel.test.ts.
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Redacted } from "effect"
import { Auth } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import { digestServer } from "./support/digestServer.js"
import { atRest, connected, eventually } from "./support/failing.js"
import { told } from "./support/gatedServer.js"
import { listen } from "./support/routes.js"

/** `n` counts, as the server tells them. */
const counts = (n: number, first = 1): ReadonlyArray<string> =>
  Array.from({ length: n }, (_, i) => (first + i).toString(16))

describe("requests of a block that a Digest goes with", () => {
  const digesting = (sharedNonce: boolean) =>
    Effect.gen(function* () {
      const server = digestServer({ sharedNonce })
      const auth = Auth.digest("Mufasa", Redacted.make("Circle of Life"))
      const { client, stats } = yield* connected({}, { auth, baseUrl: yield* listen(server.handler) })
      return { client, server, stats }
    })

  it.scopedLive("30. take a count of their nonce each, and none twice", () =>
    Effect.gen(function* () {
      const { client, server } = yield* digesting(false)
      yield* client.get("/")
      const responses = yield* client.all(Array.from({ length: 100 }, (_, i) => `/${i}`))
      expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 200))
      const [bare, ...sent] = server.seen
      expect(bare).toBe("bare")
      // A server hears them in any order.
      expect([...sent].sort()).toEqual([...counts(101)].sort())
    })
  )

  it.scopedLive("30. are challenged at once, and share the nonce that they get", () =>
    Effect.gen(function* () {
      const { client, server } = yield* digesting(true)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const parallel = yield* client.parallel({ concurrency: 20 })
          const pendings = yield* Effect.forEach(counts(20), (path) => parallel.get(`/${path}`))
          const bodies = yield* Effect.forEach(pendings, ({ getResponse }) => told(getResponse))
          expect(bodies).toEqual(bodies.map(() => "welcome"))
        })
      )
      expect(server.nonces.size).toBe(1)
      const authorized = server.seen.filter((each) => each !== "bare")
      expect([...authorized].sort()).toEqual([...counts(20)].sort())
    })
  )

  it.scopedLive("30. use up many nonces, and all come through", () =>
    Effect.gen(function* () {
      const server = digestServer({ uses: 7, sharedNonce: true })
      const auth = Auth.digest("Mufasa", Redacted.make("Circle of Life"))
      const { client } = yield* connected({}, { auth, baseUrl: yield* listen(server.handler) })
      // One after the other: as many at once as a nonce has uses may find it used up again and again.
      const responses = yield* client.all(
        Array.from({ length: 50 }, (_, i) => `/${i}`),
        { concurrency: 2 }
      )
      expect(responses.filter(({ status }) => status !== 200)).toEqual([])
      expect(server.seen.filter((each) => each.startsWith("wrong"))).toEqual([])
    })
  )
})

/** A token endpoint at `/token` that waits to be let, and a resource server that takes the tokens `isGood` says. */
const guarded = (isGood: (token: string | null) => boolean = () => true) =>
  Effect.gen(function* () {
    const open = yield* Deferred.make<void>()
    let asked = 0
    const used: Array<string> = []
    const url = yield* listen(({ headers, path }) =>
      Effect.suspend(() => {
        if (path === "/token") {
          const reply = InProcess.json({ access_token: `t${++asked}`, token_type: "Bearer", expires_in: 3600 })
          return Effect.as(Deferred.await(open), reply)
        }
        const token = headers.get("authorization")
        used.push(token ?? "nobody")
        return Effect.succeed(
          isGood(token ?? null)
            ? { body: "welcome" }
            : { status: 401, headers: { "www-authenticate": 'Bearer error="invalid_token"' } }
        )
      })
    )
    const auth = Auth.oauth2ClientCredentials({
      tokenUrl: `${url}/token`,
      clientId: "app",
      clientSecret: Redacted.make("s3cret")
    })
    const { client, stats } = yield* connected({}, { auth, baseUrl: url })
    return { client, stats, used, asked: () => asked, open: Deferred.succeed(open, undefined) }
  })

describe("requests of a block that a token goes with", () => {
  it.scopedLive("30. wait for one that asks, and use what it gets", () =>
    Effect.gen(function* () {
      const { asked, client, open, used } = yield* guarded()
      yield* open
      const responses = yield* client.all(Array.from({ length: 50 }, (_, i) => `/${i}`))
      expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 200))
      expect([asked(), new Set(used)]).toEqual([1, new Set(["Bearer t1"])])
    })
  )

  it.scopedLive("30. renew it once where a server has taken it back from all of them", () =>
    Effect.gen(function* () {
      const { asked, client, open, used } = yield* guarded((token) => token !== "Bearer t1")
      yield* open
      const responses = yield* client.all(Array.from({ length: 50 }, (_, i) => `/${i}`))
      expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 200))
      expect([asked(), new Set(used)]).toEqual([2, new Set(["Bearer t1", "Bearer t2"])])
    })
  )

  it.scopedLive("30. ask in the place of one that is cancelled while it asks", () =>
    Effect.gen(function* () {
      const { asked, client, open } = yield* guarded()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const parallel = yield* client.parallel()
          const first = yield* parallel.get("/first")
          yield* eventually(() => asked() === 1)
          const second = yield* parallel.get("/second")
          const third = yield* parallel.get("/third")
          yield* first.cancel
          yield* eventually(() => asked() === 2)
          yield* open
          expect(yield* told(second.getResponse)).toBe("welcome")
          expect(yield* told(third.getResponse)).toBe("welcome")
        })
      )
      expect(asked()).toBe(2)
    })
  )

  it.scopedLive("30. leave nothing open where the block is left meanwhile, and the next call asks again", () =>
    Effect.gen(function* () {
      const { asked, client, open, stats } = yield* guarded()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const parallel = yield* client.parallel()
          for (const path of counts(10)) yield* parallel.get(`/${path}`)
          yield* eventually(() => asked() === 1)
        })
      )
      expect(yield* stats).toEqual(atRest(0))
      yield* open
      expect((yield* client.get("/")).status).toBe(200)
      expect(asked()).toBe(2)
    })
  )
})
