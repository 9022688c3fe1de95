/**
 * A download to a file, with its progress. The body never is in memory as a whole: what the disk has not taken yet is not
 * read from the connection.
 */
import { FileSystem } from "@effect/platform"
import { Client } from "effect-httpx"
import { Effect, Stream } from "effect"

/** `onProgress` is told how much has arrived, and how much there is where the server has said so. */
export const download = (
  url: string,
  file: string,
  onProgress: (received: number, total: number | undefined) => Effect.Effect<void>
) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const response = yield* Client.stream("GET", url)
    yield* response.raiseForStatus
    const length = response.headers["content-length"]
    const total = length === undefined ? undefined : Number(length)
    yield* response.stream.pipe(
      // Counted before decoding, as `content-length` is.
      Stream.tap(() => onProgress(response.numBytesDownloaded, total)),
      Stream.run(files.sink(file))
    )
    return response.numBytesDownloaded
  }).pipe(
    // However this is left, the scope closes the file and the response.
    Effect.scoped
  )
