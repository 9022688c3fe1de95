/** What does not travel along with a redirect to another origin, and which redirects are followed at all. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Option, Stream } from "effect"
import { Redirects } from "effect-httpx"
import type { InProcess } from "effect-httpx/testing"
import { failsWith } from "./support/failing.js"
import { chain, everywhere, to, twoServers } from "./support/redirecting.js"
import { echoed, fieldsOf } from "./support/routes.js"

const secrets = {
  Authorization: "Bearer s3cret",
  Cookie: "mine=s3cret",
  "Proxy-Authorization": "Basic s3cret",
  "X-API-Key": "s3cret",
  "API-Key": "s3cret",
  "X-Auth-Token": "s3cret",
  "X-CSRF-Token": "s3cret",
  "X-Amz-Security-Token": "s3cret"
}

/** The names of the secrets that a request carried. */
const secretsIn = ({ headers }: InProcess.Incoming): ReadonlyArray<string> =>
  Object.keys(secrets).filter((name) => headers.has(name))

const all = Object.keys(secrets)

describe("credentials", () => {
  it.scopedLive("are not sent to another server", () =>
    Effect.gen(function* () {
      const { client, other, seen, seenByOther } = yield* twoServers()
      yield* client.get(to(`${other}/end`), { headers: { ...secrets, "X-Own": "1", Host: "virtual.test" } })
      expect(secretsIn(seen[0]!)).toEqual(all)
      expect(secretsIn(seenByOther[0]!)).toEqual([])
      expect(seenByOther[0]!.headers.get("x-own")).toBe("1")
      expect([seen[0]!.headers.get("host"), seenByOther[0]!.headers.get("host")]).toEqual([
        "virtual.test",
        new URL(other).host
      ])
    })
  )

  it.scopedLive("do not come back with a redirect to where they came from", () =>
    Effect.gen(function* () {
      const { client, other, seen, url } = yield* twoServers()
      yield* client.get(to(`${other}${to(`${url}/end`)}`), { headers: secrets })
      expect(seen.map(secretsIn)).toEqual([all, []])
    })
  )

  it.effect.each([
    ["http://a.test/end", all],
    ["http://A.test:80/end", all],
    ["https://a.test/end", all],
    ["https://a.test:8443/end", []],
    ["http://a.test:8080/end", []],
    ["http://www.a.test/end", []],
    ["https://b.test/end", []]
  ] as const)("from http://a.test/ to %s", ([location, kept]) =>
    Effect.gen(function* () {
      const { client, seen } = yield* everywhere()
      yield* client.get(`http://a.test${to(location)}`, { headers: secrets })
      expect(seen.map(secretsIn)).toEqual([all, kept])
    })
  )

  it.effect("that stand in a URL go no further than those in a field", () =>
    Effect.gen(function* () {
      const { client, seen } = yield* everywhere()
      const response = yield* client.get(
        `http://jo:pw@a.test${to(`/302?to=${encodeURIComponent("http://b.test/end")}`)}`
      )
      const basic = `Basic ${btoa("jo:pw")}`
      expect(seen.map(({ headers }) => headers.get("authorization"))).toEqual([basic, basic, undefined])
      expect(response.url).toBe("http://b.test/end")
    })
  )

  it.effect("that stand in a Location are not used", () =>
    Effect.gen(function* () {
      const { client, seen } = yield* everywhere()
      for (const host of ["a.test", "b.test"]) {
        const response = yield* client.get(`http://a.test${to(`http://jo:pw@${host}/end`)}`)
        expect(response.url).toBe(`http://${host}/end`)
      }
      expect(seen.filter(({ headers }) => headers.has("authorization"))).toEqual([])
    })
  )

  it.effect("are what `sensitiveFields` says, and always the three that everybody has", () =>
    Effect.gen(function* () {
      const { client, seen } = yield* everywhere({ followRedirects: { sensitiveFields: ["X-OWN"] } })
      yield* client.get(`http://a.test${to("http://b.test/end")}`, { headers: { ...secrets, "x-own": "s3cret" } })
      expect(secretsIn(seen[1]!)).toEqual(all.slice(3))
      expect(seen[1]!.headers.has("x-own")).toBe(false)
    })
  )
})

describe("a redirect from https to http", () => {
  const url = `https://a.test${to("http://a.test/end?token=s3cret")}`

  it.effect("is refused", () =>
    Effect.gen(function* () {
      const { client, seen } = yield* everywhere()
      const error = yield* failsWith(client.get(url), "RedirectRefused")
      expect(error.message).toContain("from https to http only with allowDowngrade")
      expect(error.location).toBe("http://a.test/end?token=<redacted>")
      expect(seen.length).toBe(1)
    })
  )

  it.effect("is followed with `allowDowngrade`, without credentials", () =>
    Effect.gen(function* () {
      const { client, seen } = yield* everywhere({ followRedirects: { allowDowngrade: true } })
      expect((yield* client.get(url, { headers: secrets })).status).toBe(200)
      expect(secretsIn(seen[1]!)).toEqual([])
    })
  )
})

describe("followRedirects", () => {
  it.scopedLive("is the client's unless the call has its own", () =>
    Effect.gen(function* () {
      const statuses = (client: Redirects.FollowRedirects | undefined) =>
        Effect.flatMap(twoServers({ followRedirects: client }), ({ client }) =>
          Effect.forEach([undefined, true, false, {}, () => true, { max: 1 }], (followRedirects) =>
            Effect.map(client.get(to("/end"), { followRedirects }), (response) => response.status)
          )
        )
      expect(yield* statuses(undefined)).toEqual([200, 200, 302, 200, 200, 200])
      expect(yield* statuses(true)).toEqual([200, 200, 302, 200, 200, 200])
      expect(yield* statuses(false)).toEqual([302, 200, 302, 200, 200, 200])
      expect(yield* statuses(() => false)).toEqual([302, 302, 302, 302, 200, 302])
    })
  )

  it.scopedLive("of a call leaves to the client what it does not say", () =>
    Effect.gen(function* () {
      const { client, other } = yield* twoServers({ followRedirects: { max: 2, policy: Redirects.sameOrigin } })
      expect((yield* client.get(chain(2), { followRedirects: true })).status).toBe(200)
      expect((yield* failsWith(client.get(chain(3), { followRedirects: {} }), "TooManyRedirects")).limit).toBe(2)
      expect((yield* client.get(chain(3), { followRedirects: { max: 3 } })).status).toBe(200)
      yield* failsWith(client.get(to(other), { followRedirects: { max: 3 } }), "RedirectRefused")
      expect((yield* client.get(to(other), { followRedirects: () => true })).status).toBe(200)
    })
  )

  it.scopedLive("holds for requests whose body is a stream, alone and in a block", () =>
    Effect.gen(function* () {
      const { client } = yield* twoServers()
      const options = { content: Stream.make(new Uint8Array(1)), followRedirects: false } as const
      expect((yield* client.post(to("/end"), options)).status).toBe(302)
      const [response] = yield* client.all([{ url: to("/end"), method: "POST", ...options }])
      expect(response.status).toBe(302)
    })
  )

  it.scopedLive("allows none where its limit is zero or no number", () =>
    Effect.gen(function* () {
      const { client } = yield* twoServers()
      for (const max of [0, NaN, -1]) {
        const error = yield* failsWith(client.get(to("/end"), { followRedirects: { max } }), "TooManyRedirects")
        expect([error.limit, error.history.length]).toEqual([max, 1])
      }
    })
  )
})

describe("a policy", () => {
  it.scopedLive("is asked about each redirect, by request, answer, both URLs and history", () =>
    Effect.gen(function* () {
      const hops: Array<Redirects.Hop> = []
      const { client, url } = yield* twoServers({ followRedirects: (hop) => hops.push(hop) > 0 })
      const response = yield* client.get(chain(2), { headers: { "X-Own": "1" } })
      expect(hops.map(({ from, to }) => [from.pathname, to.pathname])).toEqual([
        ["/302", "/302"],
        ["/302", "/end"]
      ])
      expect(hops.map(({ request }) => request.url)).toEqual([`${url}${chain(2)}`, `${url}${chain(1)}`])
      expect(hops.map(({ history }) => history.length)).toEqual([0, 1])
      expect(hops.map(({ response }) => response)).toEqual(response.history)
      expect(hops[1]!.request.headers.get("x-own")).toBe("1")
    })
  )

  it.scopedLive("may stop, refuse with a reason, or name a limit", () =>
    Effect.gen(function* () {
      const { client, url } = yield* twoServers()
      const decided = (decision: Redirects.Decision) => client.get(chain(1), { followRedirects: () => decision })
      const stopped = yield* decided(false)
      expect([stopped.status, yield* stopped.text]).toEqual([302, "moved by 302"])
      expect(Option.getOrThrow(yield* stopped.nextRequest).url).toBe(`${url}/end`)
      const refused = yield* failsWith(decided("it is Sunday"), "RedirectRefused")
      expect(refused.message).toContain(`redirects to ${url}/end: it is Sunday`)
      expect(Option.isSome(yield* refused.response.nextRequest)).toBe(true)
      expect((yield* failsWith(decided({ limit: 0 }), "TooManyRedirects")).limit).toBe(0)
    })
  )

  it.scopedLive("that stops in the midst of a chain leaves its history", () =>
    Effect.gen(function* () {
      const { client } = yield* twoServers({ followRedirects: ({ history }) => history.length < 2 })
      const response = yield* client.get(chain(5))
      expect([response.status, response.history.length]).toEqual([302, 2])
    })
  )

  it.scopedLive("that throws is a defect, and nothing stays open", () =>
    Effect.gen(function* () {
      const throwing = () => {
        throw new Error("a bug")
      }
      const { client, stats } = yield* twoServers({ followRedirects: throwing })
      for (const call of [client.get(chain(1)), client.race([chain(1)])]) {
        expect(yield* Effect.exit(call)).toMatchObject({ cause: { _tag: "Die" } })
      }
      expect(yield* stats).toMatchObject({ active: 0, exchanges: 0 })
    })
  )

  it.scopedLive("is `sameOrigin`: others are refused", () =>
    Effect.gen(function* () {
      const { client, other } = yield* twoServers({ followRedirects: Redirects.sameOrigin })
      expect((yield* client.get(chain(3))).status).toBe(200)
      const error = yield* failsWith(client.get(to(other)), "RedirectRefused")
      expect(error.message).toContain("it leads to another origin")
      const stops: Redirects.RedirectPolicy = (hop) => Redirects.sameOrigin(hop) === true
      expect((yield* client.get(to(other), { followRedirects: stops })).status).toBe(302)
    })
  )

  it.scopedLive("is `limited`, by itself and as part of others", () =>
    Effect.gen(function* () {
      const { client, other } = yield* twoServers()
      const get = (url: string, followRedirects: Redirects.RedirectPolicy) => client.get(url, { followRedirects })
      expect((yield* get(chain(2), Redirects.limited(2))).status).toBe(200)
      expect((yield* failsWith(get(chain(3), Redirects.limited(2)), "TooManyRedirects")).limit).toBe(2)

      const away = Redirects.or(Redirects.sameOrigin, Redirects.limited(1))
      expect((yield* get(to(`${other}${chain(5)}`), away)).status).toBe(200)
      yield* failsWith(get(to(to(other)), away), "TooManyRedirects")

      const both = Redirects.and(Redirects.limited(1), Redirects.sameOrigin)
      expect((yield* get(to("/end"), both)).status).toBe(200)
      yield* failsWith(get(to(other), both), "RedirectRefused")
      yield* failsWith(get(chain(2), both), "TooManyRedirects")

      expect((yield* get(to("/end"), Redirects.and())).status).toBe(200)
      expect((yield* get(to("/end"), Redirects.or())).status).toBe(302)
      yield* failsWith(
        get(
          to("/end"),
          Redirects.or(Redirects.limited(0), () => "no")
        ),
        "RedirectRefused"
      )
    })
  )

  it.effect("is not asked about what is refused already", () =>
    Effect.gen(function* () {
      let asked = 0
      const { client } = yield* everywhere({ followRedirects: () => ++asked > 0 })
      yield* failsWith(client.get(`https://a.test${to("http://a.test/")}`), "RedirectRefused")
      yield* failsWith(client.get(`https://a.test${to("data:,x")}`), "RedirectRefused")
      expect(asked).toBe(0)
    })
  )
})

describe("a hop", () => {
  it.scopedLive("asks the server for what the Location says, byte for byte", () =>
    Effect.gen(function* () {
      const { client, other } = yield* twoServers()
      const echo = yield* echoed(client.get(to(`${other}/a%2Fb?x=%7E~&y=+#z`)))
      expect(echo.target).toBe("/a%2Fb?x=%7E~&y=+")
      expect(fieldsOf(echo, "host")).toEqual([new URL(other).host])
    })
  )
})
