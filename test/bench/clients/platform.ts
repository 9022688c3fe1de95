/** Any `HttpClient` of @effect/platform, given as a layer. */
import { HttpClient } from "@effect/platform"
import { Chunk, Effect, ManagedRuntime, Stream, type Layer } from "effect"
import type { OpenOptions, OpenClient } from "./client.js"
import { fiberLoops, tracing } from "./fibers.js"

export const openPlatform = async (
  layer: Layer.Layer<HttpClient.HttpClient>,
  { connections, traced }: OpenOptions
): Promise<OpenClient> => {
  const runtime = ManagedRuntime.make(layer)
  const client = await runtime.runPromise(HttpClient.HttpClient)
  const get = (url: string) => Effect.flatMap(client.get(url), (response) => response.text)
  const run = <A, E>(effect: Effect.Effect<A, E>) => runtime.runPromise(tracing(traced)(effect))
  return {
    loops: (url, concurrency, gate) => run(fiberLoops(get(url), concurrency, gate)),
    download: (url) =>
      run(
        Effect.gen(function* () {
          const response = yield* client.get(url)
          let bytes = 0
          yield* Stream.runForEachChunk(response.stream, (chunk) =>
            Effect.sync(() => {
              bytes = Chunk.reduce(chunk, bytes, (sum, part) => sum + part.length)
            })
          )
          return bytes
        })
      ),
    fanOut: (url, requests, gate) =>
      run(
        Effect.forEach(Array.from({ length: requests }), () => Effect.map(get(url), (text) => gate.complete(text)), {
          concurrency: connections,
          discard: true
        })
      ),
    close: () => runtime.dispose()
  }
}
