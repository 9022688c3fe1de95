/** What an application pays that makes a client for a while: the layers, with the environment read, and their scope closed. */
import { Effect, Layer } from "effect"
import { Client } from "effect-httpx"
import { Transport } from "effect-httpx/node"
import type { Open } from "./client.js"

const one = Effect.suspend(() =>
  Effect.scoped(Layer.build(Layer.provide(Client.layer({ baseUrl: "https://example.com" }), Transport.layer())))
)

export const open: Open = async () => ({
  repeat: (times) => {
    let left = times
    return Effect.runPromise(Effect.whileLoop({ while: () => left-- > 0, body: () => one, step: () => {} }))
  },
  close: async () => {}
})
