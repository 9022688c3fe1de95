/**
 * A server in a thread of its own, so that it truly runs beside the client: it answers in the midst of an upload, and
 * breaks the connection at the same moment.
 */
import { Effect, type Scope } from "effect"
import { Worker } from "node:worker_threads"

const program = `
  const { parentPort, workerData } = require("node:worker_threads")
  const { after, answer } = workerData
  const server = require("node:net").createServer((socket) => {
    let received = 0
    socket.on("error", () => {})
    socket.on("data", (bytes) => {
      if (received > after) return
      received += bytes.length
      if (received <= after) return
      socket.pause()
      socket.write(answer, () => socket.resetAndDestroy())
    })
  })
  server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port))
`

/** Gives the server's URL. It answers as soon as it has received more than so many bytes. */
export const abrupt = (after: number, answer: string): Effect.Effect<string, never, Scope.Scope> =>
  Effect.gen(function* () {
    const worker = yield* Effect.acquireRelease(
      Effect.sync(() => new Worker(program, { eval: true, workerData: { after, answer } })),
      (worker) => Effect.promise(() => worker.terminate())
    )
    const port = yield* Effect.async<number>((resume) => {
      worker.once("message", (port: number) => resume(Effect.succeed(port)))
    })
    return `http://127.0.0.1:${port}/`
  })
