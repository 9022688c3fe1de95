/** Our `parallel` block, read as answers come, or with the mode `in order` by handle in the order of submission. */
import { Effect, Exit, Scope } from "effect"
import type { Gate, Open } from "./client.js"
import { openOurs } from "./ours.js"

export const open: Open = async (options) => {
  const { client, close, run } = await openOurs(options)
  const { connections, mode } = options

  const asTheyCome = (url: string, requests: number, gate: Gate) =>
    Effect.gen(function* () {
      const parallel = yield* client.parallel({ concurrency: connections })
      for (let i = 0; i < requests; i++) yield* parallel.get(url)
      for (let i = 0; i < requests; i++) {
        const response = yield* parallel.nextResponse
        gate.complete(yield* response.text)
      }
    })

  const inOrder = (url: string, requests: number, gate: Gate) =>
    Effect.gen(function* () {
      const parallel = yield* client.parallel({ concurrency: connections })
      const pendings = []
      for (let i = 0; i < requests; i++) pendings.push(yield* parallel.get(url))
      for (const pending of pendings) {
        const response = yield* pending.getResponse
        gate.complete(yield* response.text)
      }
    })

  const all = mode === "in order" ? inOrder : asTheyCome
  return {
    fanOut: (url, requests, gate) => run(Effect.scoped(all(url, requests, gate))),
    leave: (url, requests) =>
      run(
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          const parallel = yield* Scope.extend(client.parallel({ concurrency: connections }), scope)
          for (let i = 0; i < requests; i++) yield* parallel.get(url)
          return () => run(Scope.close(scope, Exit.void))
        })
      ),
    close
  }
}
