/** OAuth 2: how tokens are asked for, how long they are used, and what is said when there are none. */
import { describe, expect, it } from "@effect/vitest"
import { Data, Deferred, Effect, Exit, Fiber, Redacted, Ref, Stream, TestClock } from "effect"
import { Auth, Client, type HttpxError } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import { inspect } from "node:util"
import { parseChallenges } from "../src/protocol/challenges.js"
import { clientAuthorization, isTokenProblem, isTokenRefused, parseTokenAnswer } from "../src/protocol/oauth2.js"
import { atRest, connected, failsWith } from "./support/failing.js"
import { listen } from "./support/routes.js"

class NotStored extends Data.TaggedError("NotStored")<{ readonly message: string }> {}

const clientSecret = Redacted.make("s3cret")
const tokenUrl = "https://login.test/token"

interface Asked {
  readonly authorization: string | undefined
  readonly form: Readonly<Record<string, string>>
}

/** An authorization server at `/token`, and a resource server everywhere else that knows what tokens are good. */
const servers = (
  answer: (n: number, asked: Asked) => InProcess.Reply | Effect.Effect<InProcess.Reply> = (n) =>
    InProcess.json({ access_token: `t${n}`, token_type: "Bearer", expires_in: 3600 })
) => {
  const asked: Array<Asked> = []
  const used: Array<string> = []
  const revoked = new Set<string>()
  let challenge = 'Bearer error="invalid_token"'
  const handler: InProcess.Handler = ({ body, headers, path }) =>
    Effect.flatMap(body, (bytes): Effect.Effect<InProcess.Reply> => {
      const authorization = headers.get("authorization")
      if (path !== "/token") {
        used.push(authorization ?? "nobody")
        const isGood = authorization !== undefined && !revoked.has(authorization)
        return Effect.succeed(
          isGood ? { body: "welcome" } : { status: 401, headers: { "www-authenticate": challenge } }
        )
      }
      const request = { authorization, form: Object.fromEntries(new URLSearchParams(new TextDecoder().decode(bytes))) }
      asked.push(request)
      const reply = answer(asked.length, request)
      return Effect.isEffect(reply) ? reply : Effect.succeed(reply)
    })
  return {
    asked,
    used,
    handler,
    revoke: (token: string) => void revoked.add(`Bearer ${token}`),
    challengeWith: (text: string) => void (challenge = text)
  }
}

const over = (handler: InProcess.Handler, auth: Auth.Auth<unknown>) =>
  Effect.provide(Client.make({ auth }), InProcess.layer(handler))

const api = "https://api.test/"

describe("a token is asked for", () => {
  it.effect("by the client's credentials, with Basic", () =>
    Effect.gen(function* () {
      const { asked, handler, used } = servers()
      const auth = Auth.oauth2ClientCredentials({
        tokenUrl,
        clientId: "my app",
        clientSecret: Redacted.make("a:b ü"),
        scope: ["read", "write"],
        audience: "https://api.test",
        params: { resource: "r" }
      })
      const client = yield* over(handler, auth)
      expect((yield* client.get(api)).status).toBe(200)
      expect(asked).toEqual([
        {
          authorization: `Basic ${btoa("my+app:a%3Ab+%C3%BC")}`,
          form: { grant_type: "client_credentials", scope: "read write", audience: "https://api.test", resource: "r" }
        }
      ])
      expect(used).toEqual(["Bearer t1"])
    })
  )

  it.effect("or with the secret in the body, or without one", () =>
    Effect.gen(function* () {
      const { asked, handler } = servers()
      const options = { tokenUrl: new URL(tokenUrl), clientId: "app", scope: "read", authentication: "post" } as const
      yield* (yield* over(handler, Auth.oauth2ClientCredentials({ ...options, clientSecret }))).get(api)
      const refreshToken = Redacted.make("r0")
      yield* (yield* over(handler, Auth.oauth2RefreshToken({ tokenUrl, clientId: "app", refreshToken }))).get(api)
      expect(asked).toEqual([
        {
          authorization: undefined,
          form: { grant_type: "client_credentials", scope: "read", client_id: "app", client_secret: "s3cret" }
        },
        { authorization: undefined, form: { grant_type: "refresh_token", refresh_token: "r0", client_id: "app" } }
      ])
    })
  )

  it.effect("by a refresh token, and by the one that takes its place", () =>
    Effect.gen(function* () {
      const { asked, handler, used } = servers((n) =>
        InProcess.json({ access_token: `t${n}`, expires_in: "60", ...(n === 1 ? { refresh_token: "r1" } : {}) })
      )
      const stored = yield* Ref.make<ReadonlyArray<Auth.Tokens>>([])
      const auth = Auth.oauth2RefreshToken({
        tokenUrl,
        clientId: "app",
        clientSecret,
        refreshToken: Redacted.make("r0"),
        onTokens: (tokens) => Ref.update(stored, (all) => [...all, tokens])
      })
      const client = yield* over(handler, auth)
      for (let i = 0; i < 3; i++) {
        yield* client.get(api)
        yield* TestClock.adjust("31 seconds")
      }
      expect(asked.map(({ form }) => form["refresh_token"])).toEqual(["r0", "r1", "r1"])
      expect(used).toEqual(["Bearer t1", "Bearer t2", "Bearer t3"])
      const all = yield* Ref.get(stored)
      expect(
        all.map(({ expiresAt, refreshToken }) => [expiresAt, refreshToken && Redacted.value(refreshToken)])
      ).toEqual([
        [60_000, "r1"],
        [91_000, undefined],
        [122_000, undefined]
      ])
      expect(all.map(({ accessToken }) => Redacted.value(accessToken))).toEqual(["t1", "t2", "t3"])
    })
  )

  it.effect("when one that is at hand is refused, and not before", () =>
    Effect.gen(function* () {
      const { asked, handler, revoke, used } = servers()
      const auth = Auth.oauth2RefreshToken({
        tokenUrl,
        clientId: "app",
        refreshToken: Redacted.make("r0"),
        accessToken: Redacted.make("t0")
      })
      const client = yield* over(handler, auth)
      yield* client.get(api)
      expect(asked.length).toBe(0)
      revoke("t0")
      expect((yield* client.get(api)).status).toBe(200)
      expect(used).toEqual(["Bearer t0", "Bearer t0", "Bearer t1"])
    })
  )

  it.scopedLive("over a real socket, on the only connection there is", () =>
    Effect.gen(function* () {
      const { asked, handler, revoke, used } = servers()
      const url = yield* listen(handler)
      const auth = Auth.oauth2ClientCredentials({ tokenUrl: `${url}/token`, clientId: "app", clientSecret })
      const { client, stats } = yield* connected({ limits: { connections: 1 } }, { auth })
      const responses = yield* client.all(Array.from({ length: 10 }, (_, i) => `${url}/${i}`))
      expect(responses.every(({ status }) => status === 200)).toBe(true)
      revoke("t1")
      const open = Effect.scoped(Effect.flatMap(client.stream("GET", url), (response) => response.text))
      expect(yield* open).toBe("welcome")
      expect([asked.length, used.length, used.at(-1)]).toEqual([2, 12, "Bearer t2"])
      expect(yield* stats).toEqual(atRest(1))
    })
  )
})

const credentials = (more?: Partial<Auth.ClientCredentialsOptions>) =>
  Auth.oauth2ClientCredentials({ tokenUrl, clientId: "app", clientSecret, ...more })

describe("a token is used", () => {
  it.effect.each([
    [undefined, 3600, 3570],
    ["10 minutes", 3600, 3000],
    [0, 3600, 3600],
    // One that is good for less is used for half of its time.
    [undefined, 40, 20],
    ["no duration" as never, 3600, 3570]
  ] as const)("until %s before its end after %i s", ([renewBefore, expires_in, seconds]) =>
    Effect.gen(function* () {
      const { asked, handler } = servers((n) => InProcess.json({ access_token: `t${n}`, expires_in }))
      const client = yield* over(handler, credentials({ renewBefore }))
      yield* client.get(api)
      yield* TestClock.adjust((seconds - 1) * 1000)
      yield* client.get(api)
      expect(asked.length).toBe(1)
      yield* TestClock.adjust(1000)
      yield* client.all([api, api])
      expect(asked.length).toBe(2)
    })
  )

  it.effect("for ever, where the server does not say how long", () =>
    Effect.gen(function* () {
      const { asked, handler } = servers((n) => InProcess.json({ access_token: `t${n}`, expires_in: "soon" }))
      const client = yield* over(handler, credentials())
      yield* client.get(api)
      yield* TestClock.adjust("900 days")
      yield* client.get(api)
      expect(asked.length).toBe(1)
    })
  )

  it.effect("by clients that share the auth", () =>
    Effect.gen(function* () {
      const { asked, handler } = servers()
      const auth = credentials()
      yield* (yield* over(handler, auth)).get(api)
      yield* (yield* Effect.provide(Client.make(), InProcess.layer(handler))).get(api, { auth })
      expect(asked.length).toBe(1)
    })
  )
})

describe("requests that run at once", () => {
  it.effect("wait for one token", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { asked, handler, used } = servers((n) =>
        Effect.as(Deferred.await(gate), InProcess.json({ access_token: `t${n}` }))
      )
      const client = yield* over(handler, credentials())
      const fiber = yield* Effect.fork(
        Effect.zip(
          Effect.forEach(Array.from({ length: 10 }), () => client.get(api), { concurrency: "unbounded" }),
          client.all(Array.from({ length: 10 }, () => api)),
          { concurrent: true }
        )
      )
      yield* Effect.repeatN(Effect.yieldNow(), 200)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(fiber)
      expect(asked.length).toBe(1)
      expect(new Set(used)).toEqual(new Set(["Bearer t1"]))
    })
  )

  it.effect("do not wait for a token while the one before is taken, but for the one that asks", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { asked, handler, used } = servers((n) =>
        Effect.as(
          n === 1 ? Effect.void : Deferred.await(gate),
          InProcess.json({ access_token: `t${n}`, expires_in: 60 })
        )
      )
      const client = yield* over(handler, credentials())
      yield* client.get(api)
      yield* TestClock.adjust("59 seconds")
      const first = yield* Effect.fork(client.get(api))
      yield* Effect.repeatN(Effect.yieldNow(), 200)
      const others = yield* client.all([api, api])
      expect(others.map(({ status }) => status)).toEqual([200, 200])
      expect([asked.length, used]).toEqual([2, ["Bearer t1", "Bearer t1", "Bearer t1"]])
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(first)
      expect(used[3]).toBe("Bearer t2")
    })
  )

  it.effect("whose token is refused ask for one other", () =>
    Effect.gen(function* () {
      const { asked, handler, revoke, used } = servers()
      const client = yield* over(handler, credentials())
      yield* client.get(api)
      revoke("t1")
      const responses = yield* client.all(Array.from({ length: 10 }, () => api))
      expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
      expect(asked.length).toBe(2)
      expect(used.filter((each) => each === "Bearer t2").length).toBe(10)
    })
  )

  it.effect("are all told why there is none, and the next asks again", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { asked, handler } = servers((n) =>
        n > 1
          ? InProcess.json({ access_token: "t" })
          : Effect.as(Deferred.await(gate), InProcess.json({ error: "invalid_client" }, { status: 401 }))
      )
      const client = yield* over(handler, credentials())
      const one = yield* Effect.fork(Effect.exit(client.get(`${api}one`)))
      const two = yield* Effect.fork(Effect.exit(client.get(`${api}two`)))
      yield* Effect.repeatN(Effect.yieldNow(), 100)
      yield* Deferred.succeed(gate, undefined)
      for (const [fiber, path] of [
        [one, "one"],
        [two, "two"]
      ] as const) {
        const error = yield* failsWith(Effect.flatten(Fiber.join(fiber)), "AuthError")
        expect(error.request.url).toBe(api + path)
      }
      expect(asked.length).toBe(1)
      expect((yield* client.get(api)).status).toBe(200)
    })
  )

  it.effect("go on when the one that asks is interrupted", () =>
    Effect.gen(function* () {
      const arrived = yield* Deferred.make<void>()
      const { asked, handler } = servers((n) =>
        n > 1
          ? InProcess.json({ access_token: "t" })
          : Effect.zipRight(Deferred.succeed(arrived, undefined), Effect.never)
      )
      const client = yield* over(handler, credentials())
      const first = yield* Effect.fork(client.get(api))
      yield* Deferred.await(arrived)
      const others = yield* Effect.fork(client.all([api, api, api]))
      yield* Effect.repeatN(Effect.yieldNow(), 100)
      yield* Fiber.interrupt(first)
      expect((yield* Fiber.join(others)).map(({ status }) => status)).toEqual([200, 200, 200])
      expect(asked.length).toBe(2)
    })
  )

  it.effect("do not wait longer than each of them may", () =>
    Effect.gen(function* () {
      const arrived = yield* Deferred.make<void>()
      const { handler } = servers(() => Effect.zipRight(Deferred.succeed(arrived, undefined), Effect.never))
      const client = yield* over(handler, credentials())
      const fiber = yield* Effect.fork(Effect.exit(client.get(api, { timeout: "1 minute" })))
      yield* Deferred.await(arrived)
      const other = yield* Effect.fork(Effect.exit(client.get(api, { timeout: "10 seconds" })))
      yield* Effect.repeatN(Effect.yieldNow(), 100)
      yield* TestClock.adjust("10 seconds")
      const error = yield* failsWith(Effect.flatten(Fiber.join(other)), "TotalTimeout")
      expect([error.limit, error.delivery]).toEqual([10_000, "unsent"])
      yield* Fiber.interrupt(fiber)
    })
  )
})

describe("a 401", () => {
  it.effect("to the second token is what the caller gets", () =>
    Effect.gen(function* () {
      const { asked, handler, revoke, used } = servers()
      const client = yield* over(handler, credentials())
      for (const token of ["t1", "t2"]) revoke(token)
      expect((yield* client.get(api)).status).toBe(401)
      expect([asked.length, used]).toEqual([2, ["Bearer t1", "Bearer t2"]])
    })
  )

  it.effect("that is not about the token is what the caller gets", () =>
    Effect.gen(function* () {
      const { asked, challengeWith, handler, revoke } = servers()
      const client = yield* over(handler, credentials())
      revoke("t1")
      challengeWith('Bearer error="invalid_request"')
      expect((yield* client.get(api)).status).toBe(401)
      expect(asked.length).toBe(1)
    })
  )

  it.effect("to a body that flows once cannot be followed", () =>
    Effect.gen(function* () {
      const { handler, revoke } = servers()
      const client = yield* over(handler, credentials())
      revoke("t1")
      const content = Stream.make(new Uint8Array(1))
      const error = yield* failsWith(client.post(api, { content }), "StreamConsumed")
      expect(error.delivery).toBe("answered")
    })
  )

  it.scopedLive("of another origin is what the caller gets", () =>
    Effect.gen(function* () {
      const { asked, handler, used } = servers()
      const url = yield* listen(handler)
      const first = yield* listen(() => Effect.succeed({ status: 307, headers: { location: url } }))
      const { client } = yield* connected({}, { auth: credentials({ tokenUrl: `${url}/token` }) })
      expect((yield* client.get(first)).status).toBe(401)
      expect([asked.length, used]).toEqual([1, ["nobody"]])
    })
  )
})

describe("a token that has come", () => {
  it.effect("is stored before it is used: a call that cannot store it fails, and the next one tries again", () =>
    Effect.gen(function* () {
      const { asked, handler, used } = servers()
      let told = 0
      const onTokens = ({ accessToken }: Auth.Tokens) =>
        Effect.suspend(() => {
          expect(Redacted.value(accessToken)).toBe("t1")
          return ++told === 2 ? Effect.void : Effect.fail(new NotStored({ message: "disk full" }))
        })
      const auth = Auth.oauth2ClientCredentials({ tokenUrl, clientId: "app", clientSecret, onTokens })
      const client = yield* over(handler, auth)
      const error = yield* failsWith(client.get(api), "AuthError")
      expect(error.message).toContain("the auth failed: disk full")
      expect(used).toEqual([])
      for (let i = 0; i < 2; i++) expect((yield* client.get(api)).status).toBe(200)
      expect([asked.length, told]).toEqual([1, 2])
    })
  )

  it.effect("is stored by the next call where one was interrupted that would have", () =>
    Effect.gen(function* () {
      const { asked, handler } = servers((n) =>
        InProcess.json({ access_token: `t${n}`, refresh_token: `r${n}`, expires_in: 60 })
      )
      const storing = yield* Deferred.make<void>()
      const stored: Array<string> = []
      const auth = Auth.oauth2RefreshToken({
        tokenUrl,
        clientId: "app",
        refreshToken: Redacted.make("r0"),
        onTokens: ({ refreshToken }) =>
          Effect.gen(function* () {
            if (yield* Deferred.succeed(storing, undefined)) return yield* Effect.never
            stored.push(Redacted.value(refreshToken!))
          })
      })
      const client = yield* over(handler, auth)
      const fiber = yield* Effect.fork(client.get(api))
      yield* Deferred.await(storing)
      yield* Fiber.interrupt(fiber)
      // It is too old to be used now, but the refresh token that came with it is not.
      yield* TestClock.adjust("1 hour")
      expect((yield* client.get(api)).status).toBe(200)
      expect(stored).toEqual(["r1", "r2"])
      expect(asked.map(({ form }) => form["refresh_token"])).toEqual(["r0", "r1"])
    })
  )

  it.effect("is used up to its end where there is no other", () =>
    Effect.gen(function* () {
      const { asked, handler, used } = servers((n) =>
        n === 1 ? InProcess.json({ access_token: "t1", expires_in: 60 }) : { status: 503 }
      )
      const client = yield* over(handler, credentials())
      yield* client.get(api)
      yield* TestClock.adjust("59 seconds")
      const responses = yield* client.all([api, api, api])
      expect(responses.map(({ status }) => status)).toEqual([200, 200, 200])
      expect([asked.length, new Set(used)]).toEqual([2, new Set(["Bearer t1"])])
      yield* TestClock.adjust("1 second")
      expect((yield* failsWith(client.get(api), "AuthError")).message).toContain("answered 503")
    })
  )
})

describe("no token", () => {
  const refused = (reply: InProcess.Reply, auth: Auth.Auth<unknown> = credentials()) =>
    Effect.gen(function* () {
      const client = yield* over(servers(() => reply).handler, auth)
      return yield* failsWith(client.get(api), "AuthError")
    })

  const oauthError = ({ cause }: HttpxError.AuthError): Auth.OAuthError => {
    expect(cause).toBeInstanceOf(Auth.OAuthError)
    return cause as Auth.OAuthError
  }

  it.effect("is told in the server's words", () =>
    Effect.gen(function* () {
      const error = yield* refused(
        InProcess.json(
          { error: "invalid_scope", error_description: "no such scope", error_uri: "https://e" },
          { status: 400 }
        )
      )
      expect(error.message).toBe(`GET ${api}: the token endpoint answered 400 (invalid_scope: no such scope)`)
      expect([error.phase, error.delivery]).toEqual(["prepare", "unsent"])
      expect(oauthError(error)).toMatchObject({
        _tag: "OAuthError",
        error: "invalid_scope",
        errorDescription: "no such scope",
        errorUri: "https://e",
        status: 400
      })
    })
  )

  it.effect("is told without secrets, also where the server repeats them", () =>
    Effect.gen(function* () {
      const reply = InProcess.json(
        { error: "invalid_client", error_description: "s3cret is not r3fresh" },
        { status: 401 }
      )
      const auth = Auth.oauth2RefreshToken({
        tokenUrl,
        clientId: "app",
        clientSecret,
        refreshToken: Redacted.make("r3fresh")
      })
      const error = yield* refused(reply, auth)
      expect(error.message).toContain("<redacted> is not <redacted>")
      for (const text of [inspect(error, { depth: 9 }), JSON.stringify(error)]) {
        expect(text).not.toMatch(/s3cret|r3fresh/)
      }
      const client = yield* refused(reply)
      expect(client.message).toContain("<redacted> is not r3fresh")
    })
  )

  it.effect.each([
    [{ status: 500, body: "<html>" }, "answered 500"],
    [{ status: 200, body: "[]" }, "has no access_token"],
    [{ status: 200, body: "null" }, "has no access_token"],
    [InProcess.json({ access_token: "" }), "has no access_token"],
    [InProcess.json({ access_token: "t", token_type: "mac" }), "not of the type Bearer"],
    [InProcess.json({ error: "slow_down" }), "answered 200 (slow_down)"]
  ] as const)("comes of the answer %j", ([reply, what]) =>
    Effect.gen(function* () {
      expect((yield* refused(reply)).message).toContain(what)
    })
  )

  it.effect("comes of a token endpoint that cannot be reached, and of one that is no URL", () =>
    Effect.gen(function* () {
      const client = yield* over(
        ({ path }) => (path === "/token" ? Effect.fail("broken") : Effect.succeed({})),
        credentials()
      )
      const error = yield* failsWith(client.get(api), "AuthError")
      expect(error.message).toContain("the token endpoint could not be asked")
      expect(error.cause).toMatchObject({ _tag: "ReadError", request: { url: tokenUrl } })
      const nowhere = yield* over(() => Effect.succeed({}), credentials({ tokenUrl: "nowhere" }))
      expect((yield* failsWith(nowhere.get(api), "AuthError")).cause).toMatchObject({ _tag: "InvalidUrl" })
    })
  )

  it.effect("comes of an answer that breaks off, or takes too long", () =>
    Effect.gen(function* () {
      const body = Stream.concat(Stream.make(new TextEncoder().encode('{"access')), Stream.fail("broken"))
      expect((yield* refused({ body })).cause).toMatchObject({ _tag: "ReadError" })
      const { handler } = servers(() => Effect.never)
      const client = yield* over(handler, credentials({ timeout: "3 seconds" }))
      const fiber = yield* Effect.fork(Effect.exit(client.get(api)))
      yield* Effect.repeatN(Effect.yieldNow(), 100)
      yield* TestClock.adjust("3 seconds")
      const error = yield* failsWith(Effect.flatten(Fiber.join(fiber)), "AuthError")
      expect(error.cause).toMatchObject({ _tag: "TotalTimeout", limit: 3000 })
    })
  )

  it.effect("comes of secrets that are gone, and nobody is asked", () =>
    Effect.gen(function* () {
      const gone = Redacted.make("x")
      Redacted.unsafeWipe(gone)
      const { asked, handler } = servers()
      const options = { tokenUrl, clientId: "app", refreshToken: gone, accessToken: gone }
      for (const auth of [credentials({ clientSecret: gone }), Auth.oauth2RefreshToken(options)]) {
        const client = yield* over(handler, auth)
        expect((yield* failsWith(client.get(api), "AuthError")).message).toContain("the secret has been wiped")
      }
      expect(asked).toEqual([])
    })
  )

  it.effect("comes of an answer without end", () =>
    Effect.gen(function* () {
      const error = yield* refused({ body: Stream.repeatValue(new Uint8Array(65_536)) })
      expect(error.cause).toMatchObject({ _tag: "BodyTooLarge", limit: 1_048_576 })
    })
  )

  it.scopedLive("is waited for by a call that is interrupted: nothing stays open", () =>
    Effect.gen(function* () {
      const arrived = yield* Deferred.make<void>()
      const { handler } = servers(() => Effect.zipRight(Deferred.succeed(arrived, undefined), Effect.never))
      const url = yield* listen(handler)
      const { client, stats } = yield* connected({}, { auth: credentials({ tokenUrl: `${url}/token` }) })
      const fiber = yield* Effect.fork(client.get(url))
      yield* Deferred.await(arrived)
      expect(Exit.isInterrupted(yield* Fiber.interrupt(fiber))).toBe(true)
      expect(yield* stats).toEqual(atRest(0))
    })
  )
})

describe("the token endpoint's protocol", () => {
  it("is read with or without what is optional", () => {
    const answer = parseTokenAnswer(
      200,
      '{"access_token":"t","token_type":"BEARER","expires_in":-1,"scope":"a","refresh_token":1}'
    )
    expect(answer).toEqual({ accessToken: "t", expiresIn: 0, refreshToken: undefined, scope: "a" })
    expect(isTokenProblem(answer)).toBe(false)
    expect(isTokenProblem(parseTokenAnswer(200, "{"))).toBe(true)
  })

  it("has credentials with any character in them", () => {
    expect(clientAuthorization("a:b", "c&d=é")).toBe(`Basic ${btoa("a%3Ab:c%26d%3D%C3%A9")}`)
  })

  it.each([
    [401, [], true],
    [401, ["Basic realm=x"], true],
    [401, ["Bearer"], true],
    [401, ['Bearer realm="x", error="invalid_token"'], true],
    [401, ['Bearer error="insufficient_scope"'], false],
    [403, ['Bearer error="invalid_token"'], false]
  ])("says that a token is refused by %i %j: %s", (status, fields, isRefused) => {
    expect(isTokenRefused(status, parseChallenges(fields))).toBe(isRefused)
  })
})
