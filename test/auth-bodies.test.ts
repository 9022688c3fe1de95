/** Auths that send a request again send its body again, whatever that is made of, or say that it has flowed. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted, Stream } from "effect"
import { Auth, Multipart, Request } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import { atRest, connected, failsWith } from "./support/failing.js"
import { listen } from "./support/routes.js"

const secret = Redacted.make("secret")

/** A server that refuses the first request, whatever its credentials, and remembers the bodies. */
const refusing = (challenge: string) => {
  const bodies: Array<string> = []
  const handler: InProcess.Handler = ({ body, path }) =>
    Effect.map(body, (bytes): InProcess.Reply => {
      if (path === "/token") return InProcess.json({ access_token: "t", token_type: "Bearer", expires_in: 3600 })
      bodies.push(new TextDecoder().decode(bytes))
      return bodies.length > 1 ? { body: "welcome" } : { status: 401, headers: { "www-authenticate": challenge } }
    })
  return Effect.map(listen(handler), (url) => ({ bodies, url }))
}

const digest = { challenge: 'Digest realm="r", nonce="n", qop="auth"', auth: () => Auth.digest("user", secret) }
const oauth2 = {
  challenge: 'Bearer error="invalid_token"',
  auth: (url: string) => Auth.oauth2ClientCredentials({ tokenUrl: `${url}/token`, clientId: "a", clientSecret: secret })
}
const own = {
  challenge: "Own",
  auth: () =>
    Auth.make((request, send) =>
      Effect.flatMap(send(request), (response) => (response.status === 401 ? send(request) : Effect.succeed(response)))
    )
}
const auths = [
  ["Digest", digest],
  ["OAuth 2", oauth2],
  ["one of the caller's", own]
] as const

const pieces = () => [new TextEncoder().encode("bo"), new TextEncoder().encode("dy")]

const repeatable: ReadonlyArray<readonly [string, () => Request.ContentInput]> = [
  ["bytes", () => "body"],
  ["a Blob", () => new Blob(["body"])],
  ["a function's Stream", () => () => Stream.fromIterable(pieces())],
  ["a repeatable Stream", () => Request.repeatable(Stream.fromIterable(pieces()))],
  ["a function's iterable", () => pieces]
]

describe.each(auths)("a request that is sent again by %s", (_, { auth, challenge }) => {
  it.scopedLive.each(repeatable)("has its body again: %s", ([, content]) =>
    Effect.gen(function* () {
      const { bodies, url } = yield* refusing(challenge)
      const { client, stats } = yield* connected({}, { auth: auth(url) })
      expect((yield* client.post(url, { content: content() })).status).toBe(200)
      expect(bodies).toEqual(["body", "body"])
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("has its body again where that is compressed, or made of parts", () =>
    Effect.gen(function* () {
      const { bodies, url } = yield* refusing(challenge)
      const { client } = yield* connected({}, { auth: auth(url) })
      const parts = [Multipart.part("a", new Blob(["body"])), Multipart.part("b", () => Stream.fromIterable(pieces()))]
      const content = Multipart.make(parts)
      expect((yield* client.post(url, { content, compress: { coding: "gzip", threshold: 0 } })).status).toBe(200)
      expect(bodies[1]).not.toBe("")
      expect(bodies[1]).toBe(bodies[0])
    })
  )

  it.scopedLive("fails StreamConsumed where its body has flowed", () =>
    Effect.gen(function* () {
      const { bodies, url } = yield* refusing(challenge)
      const { client, stats } = yield* connected({}, { auth: auth(url) })
      const call = client.post(url, { content: Stream.fromIterable(pieces()) })
      const error = yield* failsWith(call, "StreamConsumed")
      expect([error.delivery, error.message]).toEqual(["answered", expect.stringContaining("a function that makes it")])
      expect(bodies).toEqual(["body"])
      expect(yield* stats).toEqual(atRest(1))
    })
  )
})
