/** Our client, as applications open it and with all its default policies on: which of them decide for HTTP/2, with TLS. */
import { HttpClient } from "@effect/platform"
import { Effect, Exit, Scope } from "effect"
import { Client } from "effect-httpx"
import { Transport } from "effect-httpx/node"
import type { OpenOptions } from "./client.js"
import { tracing } from "./fibers.js"

export const openOurs = async ({ ca, connections, traced }: Omit<OpenOptions, "mode">) => {
  const scope = await Effect.runPromise(Scope.make())
  // undici's agent keeps all its connections too
  const options = ca === undefined ? { limits: { connections, keepAlive: connections } } : { tls: { ca } }
  const transport = await Effect.runPromise(Scope.extend(Transport.make(options), scope))
  const client = await Effect.runPromise(
    Effect.provideService(Client.make({ baseUrl: undefined }), HttpClient.HttpClient, transport.httpClient)
  )
  return {
    transport,
    client,
    run: <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(tracing(traced)(effect)),
    close: () => Effect.runPromise(Scope.close(scope, Exit.void))
  }
}
