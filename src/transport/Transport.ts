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
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import type { Wire } from "../Exchange.js"
import { withSpan } from "../policy/Trace.js"
import { limitsOf, notGiven, orElse, type TimeoutOptions, type Timeouts, timeoutsOf } from "../request/Timeouts.js"
import { milliseconds } from "../Request.js"
import { Connector, type TlsOptions } from "./connect/Connector.js"
import { wireExchange } from "./submit.js"
import { Http1Connection } from "./http1/Http1Connection.js"
import { Pool, type PoolLimits } from "./pool/Pool.js"
import type { PoolStats } from "./pool/PoolStats.js"
import { plainProxyHead } from "./proxy/ProxyHead.js"
import { directly } from "./Routes.js"
import { clockOf } from "./Timer.js"
import { toHttpClient } from "./platform/ToPlatform.js"
import { nodeDecoders } from "./zlib.js"

export type { TlsOptions } from "./connect/Connector.js"
export type { PoolStats } from "./pool/PoolStats.js"

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
  /** Connections that are kept while they serve nothing. Default: 20. */
  readonly keepAlive?: number | undefined
  /** How long a connection is kept for the next exchange. Default: 5 seconds. */
  readonly keepAliveExpiry?: Duration.DurationInput | undefined
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
  readonly timeout?: TimeoutOptions | undefined
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
    const runtime = yield* Effect.runtime<never>()
    const connector = new Connector(options.tls ?? {})
    const given = timeoutsOf(options.timeout)
    const timeouts = orElse(typeof given === "string" ? notGiven : given, defaultTimeouts)
    const limits = limitsOf(timeouts)
    const pool = yield* Effect.acquireRelease(
      Effect.sync(
        () =>
          new Pool(
            {
              dial: (destination, progress) =>
                Runtime.runFork(runtime)(Effect.zipRight(Effect.yieldNow(), connector.dial(destination, progress))),
              connection: (connected, origin, owner) => new Http1Connection(connected, origin, owner),
              protocolOf: () => "http/1.1",
              changed: () => {}
            },
            poolLimits(options, limits.pool),
            clock
          )
      ),
      closePool
    )
    const wire: Wire = {
      exchange: withSpan(
        wireExchange({
          admission: pool,
          decoders: nodeDecoders,
          expectContinue: 1_000,
          routeTo: directly,
          proxyHead: plainProxyHead,
          timeouts,
          limits,
          problem: typeof given === "string" ? `${given} of the transport is not a duration` : undefined
        })
      ),
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

const defaults = { connections: 100, keepAlive: 20, keepAliveExpiry: 5_000 }

const defaultTimeouts: Timeouts = { connect: 5_000, read: 5_000, write: 5_000, pool: 5_000, total: undefined }

const poolLimits = ({ limits }: TransportOptions, pool: number | undefined): PoolLimits => {
  const connections = limits?.connections ?? defaults.connections
  return {
    connections,
    connectionsPerOrigin: limits?.connectionsPerOrigin ?? connections,
    keepAlive: limits?.keepAlive ?? defaults.keepAlive,
    keepAliveExpiry: msOr(limits?.keepAliveExpiry, defaults.keepAliveExpiry),
    pool
  }
}

const msOr = (duration: Duration.DurationInput | undefined, otherwise: number): number | undefined =>
  duration === undefined ? otherwise : milliseconds(duration)

const closePool = (pool: Pool): Effect.Effect<void> =>
  Effect.async<void>((resume) => pool.close(() => resume(Effect.void)))
