/** A platform `HttpClient` over our transport, its pool's numbers, and a server with the routes of the contract. */
import { HttpClient } from "@effect/platform"
import { Effect, Layer } from "effect"
import { Client } from "effect-httpx"
import { Transport } from "effect-httpx/node"
import type { InProcess } from "effect-httpx/testing"
import { listen, makeRoutes } from "./routes.js"

/** What a function answers, or nothing: then the routes of the contract answer. */
export type Answers = (request: InProcess.Incoming) => Effect.Effect<InProcess.Reply, unknown> | undefined

/** A server, and a transport of its own. */
export const withServer = (answers: Answers = () => undefined, options?: Transport.TransportOptions) =>
  Effect.gen(function* () {
    const { handler, steering } = makeRoutes()
    const url = yield* listen((request) => answers(request) ?? handler(request))
    const { httpClient, stats } = yield* Transport.make(options)
    const under = Layer.succeed(HttpClient.HttpClient, httpClient)
    return {
      ...steering(url),
      stats,
      /** The transport as it is. */
      bare: httpClient,
      /** Under the transport as it is: for clients. */
      under,
      /** A client of ours as the platform's tag. */
      as: (options: Client.ClientOptions) =>
        Effect.provide(HttpClient.HttpClient, Layer.provide(Client.layerHttpClient(options), under))
    }
  })
