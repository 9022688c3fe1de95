/** A parallel block with a client of its own. */
import { HttpClient } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Scope, Exit } from "effect"
import { Parallel } from "effect-httpx"
import { Transport } from "effect-httpx/node"
import { InProcess } from "effect-httpx/testing"
import { atRest, eventually, failsWith } from "./support/failing.js"
import { silent, scripted } from "./support/scripted.js"

describe("a block with a client of its own", () => {
  it.scoped("takes the options of both", () =>
    Effect.gen(function* () {
      const urls: Array<string> = []
      let running = 0
      let peak = 0
      const server = InProcess.make(({ url }) =>
        Effect.acquireUseRelease(
          Effect.sync(() => {
            urls.push(url)
            peak = Math.max(peak, ++running)
          }),
          () => Effect.as(Effect.yieldNow(), { body: url }),
          () => Effect.sync(() => running--)
        )
      )
      const parallel = yield* Effect.provideService(
        Parallel.make({ baseUrl: "http://h.test/v1", params: { a: 1 }, concurrency: 2 }),
        HttpClient.HttpClient,
        server
      )
      const pendings = yield* Effect.forEach([1, 2, 3, 4], (n) => parallel.get(`/${n}`))
      const answers = yield* Effect.forEach(pendings, ({ getResponse }) =>
        Effect.flatMap(getResponse, ({ text }) => text)
      )
      expect(answers).toEqual([1, 2, 3, 4].map((n) => `http://h.test/v1/${n}?a=1`))
      expect(urls.length).toBe(4)
      expect(peak).toBe(2)
    })
  )

  it.scopedLive("is left before what it was opened over, and has released all by then", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const scope = yield* Scope.make()
      const opened = Effect.gen(function* () {
        const { httpClient, stats } = yield* Transport.make()
        const atLeaving: Array<Transport.PoolStats> = []
        // After the block, before the transport.
        yield* Effect.addFinalizer(() => Effect.map(stats, (stats) => void atLeaving.push(stats)))
        const parallel = yield* Effect.provideService(Parallel.make(), HttpClient.HttpClient, httpClient)
        const pending = yield* parallel.get(server.url())
        return { atLeaving, pending }
      })
      const { atLeaving, pending } = yield* Scope.extend(opened, scope)
      yield* (yield* server.connection(0)).request
      yield* Scope.close(scope, Exit.void)
      expect(atLeaving).toEqual([atRest(0)])
      yield* failsWith(pending.getResponse, "RequestCancelled")
      yield* eventually(() => server.open === 0)
    })
  )
})
