/** `NodeHttpClient.layerUndici` of @effect/platform-node, its dispatcher bounded as that of the other rows is. */
import { NodeHttpClient } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { Agent } from "undici"
import type { Open } from "./client.js"
import { openPlatform } from "./platform.js"

export const open: Open = (options) => {
  const dispatcher = Layer.scoped(
    NodeHttpClient.Dispatcher,
    Effect.acquireRelease(
      Effect.sync(() => new Agent({ connections: options.connections })),
      (agent) => Effect.promise(() => agent.close())
    )
  )
  return openPlatform(Layer.provide(NodeHttpClient.layerUndiciWithoutDispatcher, dispatcher), options)
}
