/** Our client: plain calls, and streams both ways. */
import { Chunk, Effect, Option, Stream } from "effect"
import type { Open } from "./client.js"
import { fiberLoops } from "./fibers.js"
import { openOurs } from "./ours.js"
import { pieces } from "./pieces.js"

export const open: Open = async (options) => {
  const { client, close, run, transport } = await openOurs(options)
  const version = options.ca === undefined ? "HTTP/1.1" : "HTTP/2"
  const get = (url: string) =>
    Effect.flatMap(client.get(url), (response) =>
      response.httpVersion === version ? response.text : Effect.dieMessage(`${response.httpVersion}, not ${version}`)
    )
  const expected = options.ca === undefined ? options.connections : 1
  /** Those that were opened are still kept at the end of the loops. */
  const checkConnections = Effect.flatMap(transport.stats, ({ active, connecting, idle }) => {
    const opened = active + connecting + idle
    return opened > expected ? Effect.dieMessage(`${opened} connections, not ${expected}`) : Effect.void
  })
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
    upload: (url, bytes) => {
      const source = pieces(bytes)
      // a piece for each pull, as the streams of files and sockets have it
      const content = Stream.repeatEffectChunkOption(
        Effect.suspend(() => {
          const { done, value } = source.next()
          return done === true ? Effect.fail(Option.none()) : Effect.succeed(Chunk.of(value))
        })
      )
      const headers = { "content-length": String(bytes) }
      return run(Effect.flatMap(client.put(url, { content, headers }), (response) => response.text))
    },
    close
  }
}
