/** Digest authentication of a client: challenges of servers that check every part of the answer. */
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Redacted, Stream } from "effect"
import { Auth, Client } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import { portableHash } from "../src/policy/auth/hash.js"
import { ProtectionSpaces } from "../src/policy/auth/ProtectionSpaces.js"
import { Fields } from "../src/protocol/Fields.js"
import type { DigestChallenge } from "../src/protocol/digest/challenge.js"
import { nodeHash } from "../src/transport/proxy/hash.js"
import { digestServer, type DigestServerOptions } from "./support/digestServer.js"
import { atRest, connected, failsWith } from "./support/failing.js"
import { listen } from "./support/routes.js"
import { scripted, silent } from "./support/scripted.js"

const mufasa = () => Auth.digest("Mufasa", Redacted.make("Circle of Life"))

/** A client of a server with Digest. */
const served = (options?: DigestServerOptions, auth: Auth.Auth = mufasa()) =>
  Effect.gen(function* () {
    const server = digestServer(options)
    const url = yield* listen(server.handler)
    const { client, httpClient, stats } = yield* connected({}, { auth })
    return { ...server, auth, client, httpClient, stats, url }
  })

describe("a challenge is answered", () => {
  it.scopedLive.each([
    'qop="auth", algorithm=MD5',
    'qop="auth", algorithm=SHA-256',
    'qop="auth", algorithm=SHA-512-256',
    'qop="auth", algorithm=md5-SESS',
    'qop="auth", algorithm=SHA-256-sess',
    'qop="auth-int", algorithm=SHA-256',
    'qop="auth-int,auth", algorithm=SHA-256',
    'QOP="auth", Algorithm="SHA-256"',
    'qop="auth", algorithm=SHA-256, userhash=true',
    'qop="auth"',
    // RFC 2069
    "algorithm=MD5"
  ])("%s", (challenge) =>
    Effect.gen(function* () {
      const { authorizations, client, seen, stats, url } = yield* served({ challenges: [challenge] })
      const response = yield* client.post(`${url}/a%20b?c=d`, { content: "body" })
      expect([response.status, yield* response.text]).toEqual([200, "welcome"])
      expect(seen).toEqual(["bare", "1"])
      expect(authorizations[0]?.["qop"]).toBe(
        /qop="auth-int"/.test(challenge) ? "auth-int" : /qop/i.test(challenge) ? "auth" : undefined
      )
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("the strongest of several, in fields of their own or in one with others", () =>
    Effect.gen(function* () {
      const challenges = ["MD5", "SHA-512-256", "SHA-256", "SHA3"].map((name) => `qop="auth", algorithm=${name}`)
      for (const together of [false, true]) {
        const { authorizations, client, url } = yield* served({ challenges, together })
        expect((yield* client.get(url)).status).toBe(200)
        expect(authorizations[0]?.["algorithm"]).toBe("SHA-512-256")
      }
    })
  )

  it.scopedLive("whatever else the server says it takes, and however badly that is written", () =>
    Effect.gen(function* () {
      const server = digestServer()
      const url = yield* listen((request) =>
        Effect.map(server.handler(request), (reply) =>
          reply.status !== 401
            ? reply
            : { ...reply, headers: [["WWW-Authenticate", 'Basic realm="no end'], ...Fields.from(reply.headers)] }
        )
      )
      const { client } = yield* connected({}, { auth: mufasa() })
      expect((yield* client.get(url)).status).toBe(200)
      expect(server.seen).toEqual(["bare", "1"])
    })
  )

  it.scopedLive("for names and passwords that are not ASCII, in UTF-8", () =>
    Effect.gen(function* () {
      const auth = Auth.digest("Jäsøn Doe", Redacted.make("пароль"))
      for (const more of ["", ", userhash=true"]) {
        const challenges = [`qop="auth", algorithm=SHA-256, charset=UTF-8${more}`]
        const { client, seen, url } = yield* served({ username: "Jäsøn Doe", password: "пароль", challenges }, auth)
        yield* client.get(url)
        expect(seen).toEqual(["bare", "1"])
      }
    })
  )

  it.scopedLive("by every way of sending, and by clients of the platform", () =>
    Effect.gen(function* () {
      const ways = [
        (client: Client.Client, url: string) => client.get(url),
        (client: Client.Client, url: string) => Effect.scoped(client.stream("GET", url)),
        (client: Client.Client, url: string) => Effect.map(client.all([url]), ([only]) => only)
      ]
      for (const way of ways) {
        const { client, seen, stats, url } = yield* served()
        expect((yield* way(client, url)).status).toBe(200)
        expect((yield* way(client, url)).status).toBe(200)
        expect(seen).toEqual(["bare", "1", "2"])
        expect((yield* stats).active).toBe(0)
      }
      const { auth, seen, url } = yield* served()
      const fetching = yield* Effect.provide(
        Effect.map(HttpClient.HttpClient, Auth.withAuth(auth)),
        FetchHttpClient.layer
      )
      expect((yield* fetching.get(url)).status).toBe(200)
      expect((yield* fetching.get(url)).status).toBe(200)
      expect(seen).toEqual(["bare", "1", "2"])
    })
  )

  it.scopedLive("after a long answer, on one connection that is free for it", () =>
    Effect.gen(function* () {
      const server = digestServer()
      const url = yield* listen((request) =>
        Effect.map(server.handler(request), (reply) =>
          reply.status === 401 ? { ...reply, body: "x".repeat(2_000_000) } : reply
        )
      )
      const { client, stats } = yield* connected({ limits: { connections: 1 } }, { auth: mufasa() })
      for (let i = 0; i < 2; i++) {
        const response = yield* Effect.scoped(Effect.tap(client.stream("GET", url), (response) => response.read))
        expect(response.status).toBe(200)
      }
      expect((yield* stats).active).toBe(0)
    })
  )
})

describe("credentials are sent unasked", () => {
  it.scopedLive("once an origin has asked for them, with a count that goes up", () =>
    Effect.gen(function* () {
      const { client, seen, url } = yield* served()
      for (let i = 0; i < 3; i++) yield* client.get(`${url}/${i}`)
      expect(seen).toEqual(["bare", "1", "2", "3"])
    })
  )

  it.scopedLive("by requests that run at once, each with a count of its own", () =>
    Effect.gen(function* () {
      const { client, nonces, seen, url } = yield* served()
      yield* client.get(url)
      const urls = Array.from({ length: 30 }, (_, i) => `${url}/${i}`)
      const responses = [
        ...(yield* client.all(urls)),
        ...(yield* Effect.forEach(urls, (url) => client.get(url), { concurrency: "unbounded" }))
      ]
      expect(responses.every(({ status }) => status === 200)).toBe(true)
      expect(nonces.size).toBe(1)
      const counts = seen.slice(1).map((count) => Number.parseInt(count, 16))
      expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 61 }, (_, i) => i + 1))
    })
  )

  it.scopedLive("with one count for a nonce that several challenges have", () =>
    Effect.gen(function* () {
      for (const sharedNonce of [true, false]) {
        const { client, seen, url } = yield* served({ sharedNonce })
        const responses = yield* client.all(Array.from({ length: 20 }, (_, i) => `${url}/${i}`))
        expect(responses.every(({ status }) => status === 200)).toBe(true)
        expect(seen.filter((each) => each.startsWith("wrong"))).toEqual([])
      }
    })
  )

  it.scopedLive("counted anew after a new nonce", () =>
    Effect.gen(function* () {
      const { client, seen, url } = yield* served({ uses: 2 })
      for (let i = 0; i < 5; i++) expect((yield* client.get(url)).status).toBe(200)
      expect(seen).toEqual(["bare", "1", "2", "stale", "1", "2", "stale", "1"])
    })
  )

  it.scopedLive("also where the server has forgotten the nonce, and does not call it stale", () =>
    Effect.gen(function* () {
      const { client, forget, seen, url } = yield* served({ tellsStale: false })
      yield* client.get(url)
      forget()
      expect((yield* client.get(url)).status).toBe(200)
      expect(seen).toEqual(["bare", "1", "stale", "1"])
    })
  )

  it.scopedLive.each(["SHA-256", "SHA-256-sess"])("with the nonce that the last answer gave, for %s", (algorithm) =>
    Effect.gen(function* () {
      const challenges = [`qop="auth", algorithm=${algorithm}`]
      const { authorizations, client, seen, url } = yield* served({ nextNonce: true, uses: 1, challenges })
      for (let i = 0; i < 3; i++) expect((yield* client.get(url)).status).toBe(200)
      expect(seen).toEqual(["bare", "1", "1", "1"])
      expect(authorizations.map(({ nonce }) => nonce)).toEqual(["nonce1=", "nonce2=", "nonce3="])
    })
  )

  it.scopedLive("to each origin what it has asked for", () =>
    Effect.gen(function* () {
      const one = yield* served()
      const other = digestServer({ realm: "there", challenges: ['qop="auth", algorithm=MD5'] })
      const url = yield* listen(other.handler)
      for (let i = 0; i < 2; i++) {
        expect((yield* one.client.get(one.url)).status).toBe(200)
        expect((yield* one.client.get(url)).status).toBe(200)
      }
      expect([one.seen, other.seen]).toEqual([
        ["bare", "1", "2"],
        ["bare", "1", "2"]
      ])
    })
  )

  it("to a thousand origins, and then not to the first any more", () => {
    const spaces = new ProtectionSpaces()
    const challenge = (nonce: string): DigestChallenge => ({
      realm: "r",
      nonce,
      sessionNonce: nonce,
      opaque: undefined,
      algorithm: "MD5",
      session: false,
      algorithmName: undefined,
      qop: "auth",
      stale: false,
      userhash: false,
      utf8: false
    })
    for (let i = 0; i <= 1000; i++) spaces.challenged(`http://h${i}`, challenge(`n${i}`), () => `c${i}`)
    expect(spaces.take("http://h0")).toBeUndefined()
    const taken = spaces.take("http://h1")
    expect(taken).toMatchObject({ nonceCount: 1, cnonce: "c1" })
    expect(spaces.take("http://h1")?.nonceCount).toBe(2)
    // A nonce that is in use goes on, one that is not begins.
    spaces.challenged("http://h1", challenge("n1"), () => "c")
    expect(spaces.take("http://h1")).toMatchObject({ nonceCount: 3, cnonce: "c1" })
    spaces.answered("http://h1", taken!, ['nextnonce="n2"'])
    expect(spaces.take("http://h1")).toMatchObject({ nonceCount: 1, challenge: { nonce: "n2" } })
    spaces.answered("http://h1", { ...taken!, cnonce: "of another session" }, ['nextnonce="n3"'])
    spaces.answered("http://h0", taken!, ['nextnonce="n3"'])
    expect(spaces.take("http://h1")).toMatchObject({ nonceCount: 2 })
    spaces.refused("http://h1", challenge("another"))
    expect(spaces.take("http://h1")).toMatchObject({ nonceCount: 3 })
    spaces.refused("http://h1", challenge("n2"))
    expect(spaces.take("http://h1")).toBeUndefined()
  })
})

describe("the 401 is what the caller gets", () => {
  it.scopedLive("for wrong credentials, after one answer", () =>
    Effect.gen(function* () {
      const { client, seen, url } = yield* served({}, Auth.digest("Mufasa", Redacted.make("no")))
      const response = yield* client.get(url)
      expect([response.status, yield* response.text]).toEqual([401, "who are you?"])
      expect(seen).toEqual(["bare", "wrong: response"])
      // They are not sent unasked again.
      yield* client.get(url)
      expect(seen).toEqual(["bare", "wrong: response", "bare", "wrong: response"])
    })
  )

  it.scopedLive("from a server to which every nonce is stale", () =>
    Effect.gen(function* () {
      const { client, seen, url } = yield* served({ uses: 0 })
      expect((yield* client.get(url)).status).toBe(401)
      expect(seen).toEqual(["bare", "stale", "stale", "stale"])
    })
  )

  it.effect("where there is no Digest challenge, or none at all", () =>
    Effect.gen(function* () {
      for (const headers of [{}, { "www-authenticate": 'Basic realm="x"' }]) {
        const client = yield* over(() => ({ status: 401, headers }))
        expect((yield* client.get("http://h.test/")).status).toBe(401)
      }
    })
  )
})

const over = (reply: (request: InProcess.Incoming) => InProcess.Reply) =>
  Effect.provide(
    Client.make({ auth: mufasa() }),
    InProcess.layer((request) => Effect.as(request.body, reply(request)))
  )

describe("an AuthError is", () => {
  it.effect.each([
    ['Digest realm="r"', "has no realm or no nonce"],
    ['Digest realm="r", nonce="n", algorithm=SHA3', "algorithm"],
    ['Digest realm="r", nonce="n", qop="auth-conf"', "neither auth nor auth-int"]
  ] as const)("a challenge that cannot be met: %s", ([challenge, what]) =>
    Effect.gen(function* () {
      const client = yield* over(() => ({ status: 401, headers: { "www-authenticate": challenge } }))
      for (const call of [client.get("http://h.test/"), client.race(["http://h.test/"])]) {
        const error = yield* failsWith(call, "AuthError")
        expect(error.message).toContain(what)
        expect([error.phase, error.delivery]).toEqual(["read", "answered"])
      }
    })
  )

  it.effect("a user that cannot be sent", () =>
    Effect.gen(function* () {
      const client = yield* Effect.provide(
        Client.make({ auth: Auth.digest("a\nb", Redacted.make("p")) }),
        InProcess.layer(() =>
          Effect.succeed({ status: 401, headers: { "www-authenticate": 'Digest realm="r", nonce="n"' } })
        )
      )
      expect((yield* failsWith(client.get("http://h.test/"), "AuthError")).message).toContain("a control character")
    })
  )

  it.scopedLive("a password that has been wiped", () =>
    Effect.gen(function* () {
      const password = Redacted.make("Circle of Life")
      const { client, url } = yield* served({}, Auth.digest("Mufasa", password))
      yield* client.get(url)
      Redacted.unsafeWipe(password)
      expect((yield* failsWith(client.get(url), "AuthError")).delivery).toBe("unsent")
    })
  )
})

describe("a body that flows once", () => {
  const once = () => ({ content: Stream.make(new TextEncoder().encode("body")) })

  it.scopedLive("cannot follow a challenge", () =>
    Effect.gen(function* () {
      const { client, seen, stats, url } = yield* served()
      const error = yield* failsWith(client.post(url, once()), "StreamConsumed")
      expect(error.delivery).toBe("answered")
      expect(seen).toEqual(["bare"])
      expect(yield* stats).toEqual(atRest(1))
      // The challenge is known now.
      expect((yield* client.post(url, once())).status).toBe(200)
      expect(seen).toEqual(["bare", "1"])
    })
  )

  it.scopedLive("cannot be hashed before it is sent", () =>
    Effect.gen(function* () {
      const { client, seen, url } = yield* served({ challenges: ['qop="auth-int", algorithm=SHA-256'] })
      const unknown = yield* failsWith(client.post(url, once()), "AuthError")
      expect([unknown.delivery, unknown.message]).toEqual(["answered", expect.stringContaining("qop=auth-int")])
      yield* client.get(url)
      const known = yield* failsWith(client.post(url, once()), "AuthError")
      expect(known.delivery).toBe("unsent")
      expect(seen).toEqual(["bare", "bare", "1"])
    })
  )
})

describe("a challenge of another hop than the first", () => {
  /** A server that redirects `/307/…` and `/303/…`, and asks for credentials elsewhere. */
  const redirecting = (options?: DigestServerOptions) =>
    Effect.gen(function* () {
      const server = digestServer(options)
      const bodies: Array<string> = []
      const url = yield* listen((request) => {
        const redirect = /^\/(30[37])(\/.*)/.exec(request.path)
        if (redirect === null) {
          return Effect.flatMap(request.body, (body) => {
            bodies.push(`${request.method} ${new TextDecoder().decode(body)}`.trim())
            return server.handler({ ...request, body: Effect.succeed(body) })
          })
        }
        const location = request.query.get("to") ?? redirect[2]!
        return Effect.as(request.body, { status: Number(redirect[1]), headers: { location } })
      })
      const { client, stats } = yield* connected({}, { auth: mufasa() })
      return { ...server, bodies, client, stats, url }
    })

  it.scopedLive("is answered for that hop, at the same origin", () =>
    Effect.gen(function* () {
      const { bodies, client, seen, url } = yield* redirecting()
      const response = yield* client.post(`${url}/307/a`, { content: "body" })
      expect([response.status, response.url]).toEqual([200, `${url}/a`])
      expect(bodies).toEqual(["POST body", "POST body"])
      expect((yield* client.post(`${url}/303/b`, { json: "body" })).status).toBe(200)
      // What was said unasked was for the first hop; the last one is asked again.
      expect(seen).toEqual(["bare", "1", "wrong: uri", "1"])
      expect(bodies.slice(2)).toEqual(["GET", "GET"])
    })
  )

  it.scopedLive("is answered with no field of a body that was left behind", () =>
    Effect.gen(function* () {
      const heads: Array<ReadonlyArray<string>> = []
      const server = digestServer()
      const url = yield* listen((request) => {
        heads.push(Array.from(request.headers, ([name]) => name.toLowerCase()))
        return request.method === "POST"
          ? Effect.succeed({ status: 303, headers: { location: "/" } })
          : server.handler(request)
      })
      const { client } = yield* connected({}, { auth: mufasa() })
      const headers = { "Content-MD5": "x", "Repr-Digest": "x", "X-Kept": "x" }
      expect((yield* client.post(url, { content: "body", headers })).status).toBe(200)
      const described = heads.map((names) =>
        ["content-md5", "repr-digest", "x-kept"].map((name) => names.includes(name))
      )
      expect(described).toEqual([
        [true, true, true],
        [false, false, true],
        [false, false, true]
      ])
    })
  )

  it.scopedLive("is answered too where the server has one nonce for all", () =>
    Effect.gen(function* () {
      const { client, seen, url } = yield* redirecting({ sharedNonce: true })
      expect((yield* client.get(`${url}/307/a`)).status).toBe(200)
      expect((yield* client.get(`${url}/307/a`)).status).toBe(200)
      expect(seen).toEqual(["bare", "1", "wrong: uri", "3"])
    })
  )

  it.scopedLive("is not answered at another origin", () =>
    Effect.gen(function* () {
      const first = yield* redirecting()
      const other = yield* redirecting()
      const response = yield* first.client.get(`${first.url}/307/?to=${other.url}/a`)
      expect([response.status, response.url]).toEqual([401, `${other.url}/a`])
      expect([first.seen, other.seen]).toEqual([[], ["bare"]])
      expect((yield* first.stats).active).toBe(0)
    })
  )
})

describe("a call that is interrupted", () => {
  it.scopedLive("between a challenge and its answer leaves nothing open, and the next goes on", () =>
    Effect.gen(function* () {
      const challenge =
        'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\nContent-Length: 0\r\n\r\n'
      const server = yield* scripted(
        (c) =>
          Effect.gen(function* () {
            yield* c.request
            yield* c.send(challenge)
            yield* c.seen("Authorization: Digest")
          }),
        silent
      )
      const { client, stats } = yield* connected({}, { auth: mufasa() })
      const fiber = yield* Effect.fork(client.get(server.url()))
      const first = yield* server.connection(0)
      yield* first.seen("Authorization: Digest")
      yield* Fiber.interrupt(fiber)
      yield* first.closed
      expect(yield* stats).toEqual(atRest(0))
    })
  )
})

describe("the hashes for every runtime", () => {
  it.each(["MD5", "SHA-256", "SHA-512-256"] as const)("are those of OpenSSL: %s", (algorithm) => {
    for (const length of [0, 1, 55, 56, 64, 1000]) {
      const bytes = Uint8Array.from({ length }, (_, i) => i)
      expect(portableHash(algorithm, bytes)).toBe(nodeHash(algorithm, bytes))
    }
  })
})
