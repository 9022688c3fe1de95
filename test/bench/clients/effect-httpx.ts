/** Our client, as applications use it and with all its default policies on. */
import { Chunk, Effect, ManagedRuntime, Stream } from "effect"
import { Client } from "effect-httpx"
import { Transport } from "effect-httpx/node"
import type { Open } from "./client.js"
import { fiberLoops, tracing } from "./fibers.js"

export const open: Open = async ({ connections, traced }) => {
  const runtime = ManagedRuntime.make(Transport.layer({ limits: { connections } }))
  const client = await runtime.runPromise(Client.make({ baseUrl: undefined }))
  const get = (url: string) => Effect.flatMap(client.get(url), (response) => response.text)
  const run = <A, E>(effect: Effect.Effect<A, E>) => runtime.runPromise(tracing(traced)(effect))
  return {
    loops: (url, concurrency, gate) => run(fiberLoops(get(url), concurrency, gate)),
    download: (url) =>
      run(
        Effect.scoped(
          Effect.gen(function* () {
            const response = yield* client.stream("GET", url)
            let bytes = 0
            yield* Stream.runForEachChunk(response.stream, (chunk) =>
              Effect.sync(() => {
                bytes = Chunk.reduce(chunk, bytes, (sum, part) => sum + part.length)
              })
            )
            return bytes
          })
        )
      ),
    fanOut: (url, requests, gate) =>
      run(
        Effect.scoped(
          Effect.gen(function* () {
            const parallel = yield* client.parallel({ concurrency: connections })
            for (let i = 0; i < requests; i++) yield* parallel.get(url)
            for (let i = 0; i < requests; i++) {
              const response = yield* parallel.nextResponse
              gate.complete(yield* response.text)
            }
          })
        )
      ),
    close: () => runtime.dispose()
  }
}
