/** Credentials and redirects: what goes along, what does not, and the history of a call with both. */
import { NodeContext } from "@effect/platform-node"
import { FetchHttpClient, FileSystem, HttpClient } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { Auth, type Client, Redirects } from "effect-httpx"
import type { InProcess } from "effect-httpx/testing"
import { digestServer } from "./support/digestServer.js"
import { connected, failsWith } from "./support/failing.js"
import { redirection, to, twoServers } from "./support/redirecting.js"
import { listen } from "./support/routes.js"

const secret = Redacted.make("s3cret")

/** Whether anything that the request says is one of the secrets, or made of them. */
const tells = ({ headers, url }: InProcess.Incoming): boolean =>
  headers.has("authorization") || [...headers.flat, url].some((text) => text.includes("s3cret"))

const auths: Readonly<Record<string, Auth.Auth<unknown>>> = {
  basic: Auth.basic("ada", secret),
  bearer: Auth.bearer(secret),
  "bearer, asked for": Auth.bearer(Effect.succeed(secret)),
  header: Auth.header("X-My-Own", secret),
  query: Auth.query("my-own", secret),
  "OAuth 2": Auth.oauth2RefreshToken({
    tokenUrl: "http://127.0.0.1:1/",
    clientId: "app",
    refreshToken: secret,
    accessToken: secret
  }),
  "AWS SigV4": Auth.awsSigV4({
    region: "eu-central-1",
    service: "execute-api",
    credentials: { accessKeyId: "AKID", secretAccessKey: secret, sessionToken: secret }
  })
}

describe("to another origin go no credentials", () => {
  it.scopedLive.each(Object.entries(auths))("of the client's auth: %s", ([, auth]) =>
    Effect.gen(function* () {
      // Not even where no field is said to be sensitive.
      for (const followRedirects of [undefined, { sensitiveFields: [] }]) {
        const { client, other, seen, seenByOther, url } = yield* twoServers({ auth, followRedirects })
        const response = yield* client.get(to(`${other}/end`, 307))
        expect([response.status, response.url]).toEqual([200, `${other}/end`])
        expect([seen.map(tells), seenByOther.map(tells)]).toEqual([[true], [false]])
        // Nor do they come back.
        yield* client.get(to(`${other}${to(`${url}/end`, 307)}`, 307))
        expect([seen.map(tells), seenByOther.map(tells)]).toEqual([
          [true, true, false],
          [false, false]
        ])
      }
    })
  )

  it.scopedLive.each(Object.entries(auths))("of a call's auth, nor without fibers: %s", ([, auth]) =>
    Effect.gen(function* () {
      const { client, other, seen, seenByOther, url } = yield* twoServers()
      yield* client.get(to(`${other}/end`), { auth })
      yield* client.all([{ url: `${url}${to(`${other}/end`)}`, auth }])
      yield* Effect.scoped(client.stream("GET", to(`${other}/end`), { auth }))
      expect([seen.map(tells), seenByOther.map(tells)]).toEqual([
        [true, true, true],
        [false, false, false]
      ])
    })
  )

  it.scopedLive("of a netrc file, whichever hosts it knows", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const path = yield* files.makeTempFileScoped()
      yield* files.writeFileString(path, "default login ada password s3cret")
      const auth = Auth.provideContext(Auth.netrc(path), yield* Effect.context<FileSystem.FileSystem>())
      const { client, other, seen, seenByOther } = yield* twoServers({ auth })
      yield* client.get(to(`${other}/end`))
      expect([seen.map(tells), seenByOther.map(tells)]).toEqual([[true], [false]])
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scopedLive("of a Digest that is sent unasked", () =>
    Effect.gen(function* () {
      const { client, other, server, url } = yield* digesting()
      yield* client.get(url)
      expect((yield* client.get(`${url}${to(`${other.url}/end`)}`)).url).toBe(`${other.url}/end`)
      expect(server.authorizations.length).toBe(1)
      expect(other.seen.map(tells)).toEqual([false])
    })
  )

  it.scopedLive("in front of a client of the platform", () =>
    Effect.gen(function* () {
      const { httpClient, other, seen, seenByOther, url } = yield* twoServers()
      const fetching = yield* Effect.provide(HttpClient.HttpClient, FetchHttpClient.layer)
      for (const auth of Object.values(auths)) {
        for (const under of [httpClient, fetching]) {
          const client = Auth.withAuth(auth)(Redirects.follow()(under))
          expect((yield* client.get(`${url}${to(`${other}/end`)}`)).status).toBe(200)
        }
      }
      expect(seen.map(tells)).toEqual(seen.map(() => true))
      expect(seenByOther.map(tells)).toEqual(seen.map(() => false))
    }).pipe(Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }))
  )

  it.scopedLive("within one, they do", () =>
    Effect.gen(function* () {
      const { client, seen } = yield* twoServers({ auth: Auth.header("X-My-Own", secret) })
      yield* client.get(to("/end"))
      expect(seen.map(tells)).toEqual([true, true])
    })
  )
})

/** A server that redirects and asks for Digest elsewhere, and another one that says of nonces what it likes. */
const digesting = (options?: Client.ClientOptions) =>
  Effect.gen(function* () {
    const server = digestServer()
    const seen: Array<InProcess.Incoming> = []
    const other = yield* listen((request) => {
      seen.push(request)
      return Effect.succeed({ headers: { "Authentication-Info": 'nextnonce="chosen by another"' } })
    })
    const url = yield* listen((request) => {
      const reply = redirection(request)
      return reply === undefined ? server.handler(request) : Effect.as(request.body, reply)
    })
    const auth = Auth.digest("Mufasa", Redacted.make("Circle of Life"))
    const { client } = yield* connected({}, { auth, ...options })
    return { client, url, server, other: { url: other, seen } }
  })

describe("another origin", () => {
  it.scopedLive("does not choose the nonces of this one", () =>
    Effect.gen(function* () {
      const { client, other, server, url } = yield* digesting()
      yield* client.get(url)
      expect((yield* client.get(`${url}${to(`${other.url}/end`)}`)).url).toBe(`${other.url}/end`)
      yield* client.get(url)
      // The second was spent on the redirect.
      expect(server.seen).toEqual(["bare", "1", "3"])
    })
  )
})

describe("pages that all ask for Digest", () => {
  const pages = (from: (url: string) => string | undefined) =>
    digestServer({
      answer: ({ url }) => {
        const location = from(new URL(url, "http://h").pathname)
        return location === undefined ? { body: "welcome" } : { status: 302, headers: { location } }
      }
    })

  const asking = (server: ReturnType<typeof digestServer>) =>
    Effect.gen(function* () {
      const url = yield* listen(server.handler)
      const auth = Auth.digest("Mufasa", Redacted.make("Circle of Life"))
      return (yield* connected({}, { auth, baseUrl: url })).client
    })

  it.scopedLive("are redirected between, and each is answered", () =>
    Effect.gen(function* () {
      const server = pages((path) => ({ "/a": "/b", "/b": "/c" })[path])
      const client = yield* asking(server)
      const response = yield* client.get("/a")
      expect([response.status, yield* response.text]).toEqual([200, "welcome"])
      expect(response.url.endsWith("/c")).toBe(true)
      expect(response.history.map(({ status }) => status)).toEqual([401, 302, 401, 302, 401])
    })
  )

  it.scopedLive("end where the password is wrong", () =>
    Effect.gen(function* () {
      const server = pages((path) => ({ "/a": "/b" })[path])
      const url = yield* listen(server.handler)
      const { client } = yield* connected({}, { auth: Auth.digest("Mufasa", Redacted.make("no")), baseUrl: url })
      expect((yield* client.get("/a")).status).toBe(401)
      expect(server.seen).toEqual(["bare", "wrong: response"])
    })
  )

  it.scopedLive("are not asked for ever where they lead in circles", () =>
    Effect.gen(function* () {
      const server = pages((path) => ({ "/a": "/b", "/b": "/a" })[path])
      const client = yield* asking(server)
      expect((yield* client.get("/a")).status).toBe(401)
      expect(server.seen.length).toBeLessThan(100)
    })
  )
})

describe("a request for a token", () => {
  it.scopedLive("goes nowhere but to the token endpoint", () =>
    Effect.gen(function* () {
      const { client, httpClient, other, seen, seenByOther, url } = yield* twoServers()
      const auth = Auth.oauth2ClientCredentials({
        tokenUrl: `${url}${to(`${other}/token`, 307)}`,
        clientId: "app",
        clientSecret: secret
      })
      const error = yield* failsWith(client.get("/", { auth }), "AuthError")
      expect(error.message).toContain("the token endpoint answered 307")
      expect(error.cause).toMatchObject({ _tag: "OAuthError", status: 307 })
      // Whatever the client says.
      yield* failsWith(client.get("/", { auth, followRedirects: true }), "AuthError")
      const platform = Auth.withAuth(auth)(Redirects.follow()(httpClient))
      expect(yield* Effect.flip(platform.get(url))).toMatchObject({ cause: { _tag: "AuthError" } })
      expect([seen.map(({ method }) => method), seenByOther]).toEqual([["POST", "POST", "POST"], []])
    })
  )
})

describe("the history of a call", () => {
  /** Of each: its status, and how many were before it. */
  const told = (response: Effect.Effect.Success<ReturnType<Client.Client["get"]>>) =>
    [...response.history, response].map(({ history, status }) => [status, history.length])

  it.scopedLive("has what an auth went on from and what redirected, in their order", () =>
    Effect.gen(function* () {
      const { client, url } = yield* digesting()
      const path = to("/end", 307)
      const response = yield* client.get(url + path)
      expect(told(response)).toEqual([
        [307, 0],
        [401, 1],
        [200, 2]
      ])
      expect(response.history.map((each) => each.url)).toEqual([url + path, `${url}/end`])
      expect(yield* Effect.forEach(response.history, (each) => each.text)).toEqual(["moved by 307", "who are you?"])
      expect(told((yield* client.all([url + path]))[0]!)).toEqual([
        [307, 0],
        [401, 1],
        [200, 2]
      ])
    })
  )

  it.scopedLive("has redirects of every attempt", () =>
    Effect.gen(function* () {
      const twice = Auth.make((request, send) => Effect.zipRight(send(request), send(request)))
      const { client, url } = yield* digesting({ auth: twice, followRedirects: { max: 1 } })
      const response = yield* client.get(url + to("/end"))
      expect(told(response)).toEqual([
        [302, 0],
        [401, 1],
        [302, 2],
        [401, 3]
      ])
      const open = Effect.map(client.stream("GET", url + to("/end")), told)
      expect(yield* Effect.scoped(open)).toEqual(told(response))
    })
  )

  it.scopedLive("keeps the request that was not followed", () =>
    Effect.gen(function* () {
      const twice = Auth.make((request, send) => Effect.zipRight(send(request), send(request)))
      const { client, url } = yield* digesting({ auth: twice, followRedirects: false })
      const response = yield* client.get(url + to("/end"))
      expect(told(response)).toEqual([
        [302, 0],
        [302, 1]
      ])
      expect(yield* Effect.map(response.nextRequest, (next) => next._tag)).toBe("Some")
    })
  )

  it.scopedLive("is empty where nothing came before", () =>
    Effect.gen(function* () {
      const { client, url } = yield* digesting()
      expect((yield* client.get(url)).history.map(({ status }) => status)).toEqual([401])
      expect((yield* client.get(url)).history).toEqual([])
    })
  )
})
