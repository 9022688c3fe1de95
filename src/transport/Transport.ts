/**
 * The wire for Node: our own HTTP/1.1 engine over `node:net` and `node:tls`, with a pool of connections.
 *
 * When to use: provide `Transport.layer()` once, at the edge of an application, below its clients. Everything in `Client`
 * works over it. It is also a complete `HttpClient` of @effect/platform by itself.
 *
 * What to know: one layer is one pool. Closing its scope ends what runs and waits until all sockets are closed.
 *
 * @example
 * ```ts
 * import { Client } from "effect-httpx"
 * import { Transport } from "effect-httpx/node"
 * import { Effect, Layer } from "effect"
 *
 * const Http = Client.layer({ baseUrl: "https://api.example.com" }).pipe(
 *   Layer.provide(Transport.layer({ limits: { connectionsPerOrigin: 10 } }))
 * )
 * const program = Client.get("/users/1").pipe(Effect.provide(Http))
 * ```
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Wire } from "../Exchange.js"
import { withSpan } from "../policy/Trace.js"
import { milliseconds } from "../Request.js"
import { Connector, type TlsOptions } from "./connect/Connector.js"
import { wireExchange } from "./submit.js"
import { Pool, type PoolLimits, type PoolStats } from "./pool/Pool.js"
import { clockOf } from "./Timer.js"
import { toHttpClient } from "./platform/ToPlatform.js"
import { nodeDecoders } from "./zlib.js"

export type { TlsOptions } from "./connect/Connector.js"
export type { PoolStats } from "./pool/Pool.js"

/**
 * How many connections there may be, and how long an unused one is kept.
 *
 * @since 0.1.0
 * @category options
 */
export interface Limits {
  /** Connections in total, idle ones included. Default: 100. */
  readonly connections?: number | undefined
  /** Connections to one origin. Default: as many as in total. */
  readonly connectionsPerOrigin?: number | undefined
  /** How long a connection is kept for the next exchange. Default: 5 seconds. */
  readonly keepAliveExpiry?: Duration.DurationInput | undefined
}

/**
 * The longest that each phase may take. `"Infinity"` is no limit. A limit on the whole call is the client's `timeout`.
 *
 * @since 0.1.0
 * @category options
 */
export interface Timeouts {
  /** Name, TCP and TLS together. Default: 5 seconds. */
  readonly connect?: Duration.DurationInput | undefined
  /** Between two arrivals of bytes, from the end of the request on. Default: 5 seconds. */
  readonly read?: Duration.DurationInput | undefined
  /** Between two pieces of a request body that the server takes; a stream's own time is not counted. Default: 5 seconds. */
  readonly write?: Duration.DurationInput | undefined
}

/**
 * @since 0.1.0
 * @category options
 */
export interface TransportOptions {
  /** TLS to servers. Default: certificates are checked against Node's authorities. */
  readonly tls?: TlsOptions | undefined
  /** Default: 100 connections, kept for 5 seconds. */
  readonly limits?: Limits | undefined
  /** Default: 5 seconds a phase. */
  readonly timeout?: Timeouts | undefined
}

/**
 * A transport: a platform `HttpClient` that can say what its pool is doing.
 *
 * @since 0.1.0
 * @category models
 */
export interface Transport {
  readonly httpClient: HttpClient.HttpClient
  readonly stats: Effect.Effect<PoolStats>
}

/**
 * Makes a transport. Closing the scope ends what runs and waits until all sockets are closed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: TransportOptions = {}): Effect.Effect<Transport, never, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Effect.withFiberRuntime<Clock.Clock | undefined>((fiber) => Effect.succeed(clockOf(fiber)))
    const pool = yield* Effect.acquireRelease(
      Effect.sync(() => new Pool(new Connector(options.tls ?? {}), limitsOf(options), clock)),
      closePool
    )
    const wire: Wire = {
      exchange: withSpan(wireExchange(pool, nodeDecoders)),
      decoders: nodeDecoders,
      connections: options.limits?.connections ?? defaults.connections
    }
    return { httpClient: toHttpClient(wire), stats: Effect.sync(() => pool.stats) }
  })

/**
 * A transport as @effect/platform's `HttpClient`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: TransportOptions): Layer.Layer<HttpClient.HttpClient> =>
  Layer.scoped(
    HttpClient.HttpClient,
    Effect.map(make(options), (transport) => transport.httpClient)
  )

const defaults = { connections: 100, phase: 5_000, keepAliveExpiry: 5_000 }

const limitsOf = ({ limits, timeout }: TransportOptions): PoolLimits => {
  const connections = limits?.connections ?? defaults.connections
  return {
    connections,
    connectionsPerOrigin: limits?.connectionsPerOrigin ?? connections,
    keepAliveExpiry: msOr(limits?.keepAliveExpiry, defaults.keepAliveExpiry),
    connect: msOr(timeout?.connect, defaults.phase),
    read: msOr(timeout?.read, defaults.phase),
    write: msOr(timeout?.write, defaults.phase)
  }
}

const msOr = (duration: Duration.DurationInput | undefined, otherwise: number): number | undefined =>
  duration === undefined ? otherwise : milliseconds(duration)

const closePool = (pool: Pool): Effect.Effect<void> =>
  Effect.async<void>((resume) => pool.close(() => resume(Effect.void)))
