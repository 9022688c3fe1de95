/** Two requests, as often as asked for: one after another, at once, or in a block. The modes tell over which transport. */
import { HttpClient } from "@effect/platform"
import { Effect } from "effect"
import { Client } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import { jsonLength, type Open } from "./client.js"
import { tracing } from "./fibers.js"
import { openOurs } from "./ours.js"

const modes = {
  plain: (client: Client.Client, url: string) => Effect.zipWith(textOf(client, url), textOf(client, url), check),
  concurrent: (client: Client.Client, url: string) =>
    Effect.map(Effect.all([textOf(client, url), textOf(client, url)], { concurrency: 2 }), ([one, other]) =>
      check(one, other)
    ),
  block: (client: Client.Client, url: string) =>
    Effect.scoped(
      Effect.gen(function* () {
        const parallel = yield* client.parallel()
        yield* parallel.get(url)
        yield* parallel.get(url)
        const one = yield* parallel.nextResponse
        const other = yield* parallel.nextResponse
        check(yield* one.text, yield* other.text)
      })
    )
}

export const open: Open = async (options) => {
  const [name, transport] = (options.mode ?? "").split(" ") as [keyof typeof modes, string]
  const { client, close, run } = transport === "wire" ? await openOurs(options) : await openInProcess()
  return {
    repeat: (times, url) => {
      const two = modes[name](client, url)
      let left = times
      return run(Effect.whileLoop({ while: () => left-- > 0, body: () => two, step: () => {} }))
    },
    close
  }
}

const openInProcess = async () => {
  const reply = { body: "x".repeat(jsonLength) }
  const http = InProcess.make(() => Effect.succeed(reply))
  return {
    client: await Effect.runPromise(Effect.provideService(Client.make(), HttpClient.HttpClient, http)),
    run: <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(tracing(false)(effect)),
    close: async () => {}
  }
}

const textOf = (client: Client.Client, url: string) => Effect.flatMap(client.get(url), (response) => response.text)

const check = (one: string, other: string): void => {
  if (one.length !== jsonLength || other.length !== jsonLength) throw new Error("an answer is not whole")
}
