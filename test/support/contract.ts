/** The transports that the contract is asked of, each with a server, and what each of them can do. */
import { FetchHttpClient, type HttpClient } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import type { Vitest } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Client } from "effect-httpx"
import { Transport } from "effect-httpx/node"
import { InProcess } from "effect-httpx/testing"
import { listen, makeRoutes, Server } from "./routes.js"

/** What every case of the contract can ask for. */
export type Environment = HttpClient.HttpClient | Server | Client.Client

/** Some cases of the contract. */
export type Cases = (it: Vitest.MethodsNonLive<Environment, true>, transport: Described) => void

/** A transport that `Client` is to work over. */
export interface Described {
  readonly name: string
  readonly layer: Layer.Layer<Environment>
  /** Whether there are sockets, so that connecting can fail. */
  readonly sockets: boolean
  /** Whether `raw` gives the bytes of the wire rather than what the transport has decoded. */
  readonly rawBytes: boolean
  readonly httpVersion: boolean
  readonly reasonPhrase: boolean
  /** Whether names keep their case and order, and repeated ones stay apart, in both directions. */
  readonly fieldsAsWritten: boolean
  readonly contentDecoding: boolean
  /** Whether the server begins to send a body that nobody reads yet, and so sees it closed. */
  readonly sendsUnread: boolean
  /** Whether every character of a query, `'` too, arrives as it was written. */
  readonly queryAsWritten: boolean
}

const all = {
  sockets: true,
  rawBytes: true,
  httpVersion: true,
  reasonPhrase: true,
  fieldsAsWritten: true,
  contentDecoding: true,
  sendsUnread: true,
  queryAsWritten: true
}

const foreign = {
  sockets: true,
  rawBytes: false,
  httpVersion: false,
  reasonPhrase: false,
  fieldsAsWritten: false,
  contentDecoding: false,
  sendsUnread: true,
  queryAsWritten: false
}

const socketServer = Layer.scoped(
  Server,
  Effect.suspend(() => {
    const { handler, steering } = makeRoutes()
    return Effect.map(listen(handler), steering)
  })
)

const withClient = (below: Layer.Layer<HttpClient.HttpClient | Server>): Layer.Layer<Environment> =>
  Layer.provideMerge(Layer.unwrapEffect(Effect.map(Server, ({ url }) => Client.layer({ baseUrl: url }))), below)

const overSockets = (transport: Layer.Layer<HttpClient.HttpClient>) => withClient(Layer.merge(transport, socketServer))

const inProcess = Layer.unwrapEffect(
  Effect.sync(() => {
    const { handler, steering } = makeRoutes()
    return Layer.merge(InProcess.layer(handler), Layer.succeed(Server, steering("http://in-process.test")))
  })
)

export const transports: ReadonlyArray<Described> = [
  { name: "Transport.layer", layer: overSockets(Transport.layer()), ...all },
  { name: "FetchHttpClient.layer", layer: overSockets(FetchHttpClient.layer), ...foreign, contentDecoding: true },
  { name: "NodeHttpClient.layerUndici", layer: overSockets(NodeHttpClient.layerUndici), ...foreign, rawBytes: true },
  {
    name: "InProcess.layer",
    layer: withClient(inProcess),
    ...all,
    sockets: false,
    contentDecoding: false,
    sendsUnread: false
  }
]
