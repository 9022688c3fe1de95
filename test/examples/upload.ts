/**
 * A file as the body of a request, read as the server takes it. What the file system fails with has a type of its own,
 * beside what the network fails with.
 */
import { FileSystem } from "@effect/platform"
import { Client } from "effect-httpx"
import { Effect } from "effect"

export const upload = (file: string, url: string) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const { size } = yield* files.stat(file)
    // With its length the body is sent as it is; without, in chunks.
    const response = yield* Client.put(url, {
      content: files.stream(file),
      headers: { "content-length": String(size), "content-type": "application/octet-stream" }
    })
    return response.status
  }).pipe(
    // Reading stopped half-way: the error is the file system's.
    Effect.catchTag("BodyError", ({ error }) => Effect.fail(error))
  )
