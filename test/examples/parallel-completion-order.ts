/**
 * Many links, checked 16 at a time. Each outcome is looked at as soon as it is there; a link that fails does not disturb
 * the others.
 */
import { Client } from "effect-httpx"
import { Effect, Exit, Stream } from "effect"

export const checkLinks = (urls: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const parallel = yield* Client.parallel({ concurrency: 16 })
    // Submitting never waits and never fails; the tag comes back with the outcome.
    yield* Effect.forEach(urls, (url) => parallel.head(url, { tag: url, timeout: "10 seconds" }), { discard: true })
    return yield* parallel.outcomes.pipe(
      Stream.map(({ exit, pending }) => ({
        url: pending.tag,
        verdict: Exit.match(exit, {
          onFailure: () => "no answer",
          onSuccess: ({ status }) => (status < 400 ? "fine" : `broken: ${status}`)
        })
      })),
      Stream.runCollect
    )
  }).pipe(Effect.scoped)

/** The first mirror that answers wins; leaving the block aborts the requests to the others. */
export const fastest = (mirrors: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const parallel = yield* Client.parallel()
    yield* Effect.forEach(mirrors, (mirror) => parallel.get(mirror), { discard: true })
    return yield* parallel.nextResponse
  }).pipe(Effect.scoped)
