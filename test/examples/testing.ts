/**
 * A test without a server: requests reach a function, no socket is opened. The code under test does not know.
 */
import { Client } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import { Effect, Ref } from "effect"

/** The code under test: asks once more where the connection broke, but not where there was an answer. */
export const temperature = (city: string) =>
  Client.get("https://weather.example.com/now", { params: { city } }).pipe(
    Effect.flatMap((response) => response.raiseForStatus),
    Effect.retry({ times: 1, while: (error) => error._tag === "ReadError" }),
    Effect.flatMap((response) => response.text),
    Effect.map(Number)
  )

/** A server that breaks the first connection and answers the second. */
export const program = Effect.gen(function* () {
  const seen = yield* Ref.make<ReadonlyArray<string>>([])
  const server = InProcess.layer((request) =>
    Effect.gen(function* () {
      const before = yield* Ref.getAndUpdate(seen, (urls) => [...urls, request.url])
      // What the function fails with is for the client a connection that broke.
      if (before.length === 0) return yield* Effect.fail("unplugged")
      return request.query.get("city") === "Oslo" ? { body: "-4" } : { status: 404 }
    })
  )
  const client = yield* Client.make().pipe(Effect.provide(server))
  const inOslo = yield* Effect.provideService(temperature("Oslo"), Client.Client, client)
  const inAtlantis = yield* Effect.flip(Effect.provideService(temperature("Atlantis"), Client.Client, client))
  return { inOslo, inAtlantis, requests: (yield* Ref.get(seen)).length }
})
