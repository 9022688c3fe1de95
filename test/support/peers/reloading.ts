/** A server that takes up its configuration anew while it is used. */
import { expect } from "@effect/vitest"
import { Effect } from "effect"
import type { Client, HttpxError } from "effect-httpx"

export interface Reloading<E> {
  readonly client: Client.Client
  readonly httpVersion: string
  readonly base: string
  /** The field of its answers that tells which of the two has answered. */
  readonly tells: string
  readonly reload: Effect.Effect<void, E>
}

/** Asks at several connections, before and until the new one answers at each. No request fails. */
export const servesWhileReloading = <E>({
  base,
  client,
  httpVersion,
  reload,
  tells
}: Reloading<E>): Effect.Effect<void, E | HttpxError.HttpxError> =>
  Effect.gen(function* () {
    const ask = Effect.map(client.get(`${base}/small`), (response) => {
      expect([response.status, response.httpVersion]).toEqual([200, httpVersion])
      return response.headers[tells]
    })
    const before = yield* ask
    yield* reload
    const untilOther = Effect.repeat(ask, { until: (after) => after !== before })
    yield* Effect.all(
      Array.from({ length: 8 }, () => untilOther),
      { concurrency: "unbounded" }
    )
  })
