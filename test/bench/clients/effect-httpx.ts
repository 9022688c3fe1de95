/** Our client, as applications use it and with all its default policies on: which of them decide for HTTP/2, with TLS. */
import { HttpClient } from "@effect/platform"
import { Chunk, Effect, Exit, Scope, Stream } from "effect"
import { Client } from "effect-httpx"
import { Transport } from "effect-httpx/node"
import type { Open } from "./client.js"
import { fiberLoops, tracing } from "./fibers.js"

export const open: Open = async ({ ca, connections, traced }) => {
  const scope = await Effect.runPromise(Scope.make())
  const options = ca === undefined ? { limits: { connections } } : { tls: { ca } }
  const transport = await Effect.runPromise(Scope.extend(Transport.make(options), scope))
  const client = await Effect.runPromise(
    Effect.provideService(Client.make({ baseUrl: undefined }), HttpClient.HttpClient, transport.httpClient)
  )
  const version = ca === undefined ? "HTTP/1.1" : "HTTP/2"
  const get = (url: string) =>
    Effect.flatMap(client.get(url), (response) =>
      response.httpVersion === version ? response.text : Effect.dieMessage(`${response.httpVersion}, not ${version}`)
    )
  const expected = ca === undefined ? connections : 1
  /** Those that were opened are still kept at the end of the loops. */
  const checkConnections = Effect.flatMap(transport.stats, ({ active, connecting, idle }) => {
    const opened = active + connecting + idle
    return opened > expected ? Effect.dieMessage(`${opened} connections, not ${expected}`) : Effect.void
  })
  const run = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(tracing(traced)(effect))
  return {
    loops: (url, concurrency, gate) => run(Effect.zipLeft(fiberLoops(get(url), concurrency, gate), checkConnections)),
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
    close: () => Effect.runPromise(Scope.close(scope, Exit.void))
  }
}
