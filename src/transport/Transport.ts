/**
 * The wire for Node: our own HTTP/1.1 engine, and HTTP/2, over connections of our own: direct, through proxies, to Unix
 * sockets; admitted by limits, timed by phase.
 *
 * When to use: provide `Transport.layer()` once, at the edge of an application, below its clients. Everything in `Client`
 * works over it. It is also a complete `HttpClient` of @effect/platform by itself.
 *
 * What to know: one layer is one pool. Closing its scope ends what runs and waits until all sockets are closed. https
 * servers decide between HTTP/2 and HTTP/1.1. Proxies and authorities of the environment count unless `trustEnv` is false.
 *
 * Gotchas: a limit, a URL of a proxy or a key that makes no sense fails no layer; it fails the requests that it is for,
 * with a typed error and before anything is sent.
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
import type { Clock } from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Wire } from "../Exchange.js"
import { withSpan } from "../policy/Trace.js"
import { TargetParser } from "../protocol/TargetParser.js"
import { connecting } from "./connecting.js"
import { environment } from "./Environment.js"
import { toHttpClient } from "./platform/ToPlatform.js"
import { Pool } from "./pool/Pool.js"
import { PoolMetrics } from "./pool/PoolMetrics.js"
import type { PoolStats } from "./pool/PoolStats.js"
import { proxyHead, withProxyAuthorization } from "./proxy/forwarding.js"
import { settingsOf } from "./settings.js"
import { type Handling, wireExchange, wireStart } from "./submit.js"
import { clockOf } from "./Timer.js"
import type { TransportOptions } from "./TransportOptions.js"
import { decodersWith } from "./zlib.js"
import { nodeEncoders } from "./zlibEncoders.js"

export type { TlsOptions, TlsVersion } from "./connect/tls/TlsOptions.js"
export type { PushDecoder } from "./decoding/PushDecoder.js"
export type { PoolStats } from "./pool/PoolStats.js"
export type { ProxyAuth, ProxyInput, ProxyMounts, ProxyOptions } from "./proxy/ProxyOptions.js"
export type { Http2Settings, Limits, TransportOptions } from "./TransportOptions.js"

/**
 * A transport: a platform `HttpClient` that can say what its pool is doing.
 *
 * @since 0.1.0
 * @category models
 */
export interface Transport {
  readonly httpClient: HttpClient.HttpClient
  /** Connections and exchanges at this moment. The metrics `effect_httpx_connections` and `effect_httpx_exchanges` have the same. */
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
    const clock = yield* Effect.withFiberRuntime<Clock | undefined>((fiber) => Effect.succeed(clockOf(fiber)))
    const runtime = yield* Effect.runtime<never>()
    const settings = settingsOf(options, options.trustEnv === false ? undefined : yield* environment)
    const decoders = decodersWith(options.decoders)
    const means = connecting(options, settings, runtime)
    const pool: Pool = yield* Effect.acquireRelease(
      Effect.sync(() => new Pool({ ...means.pool, changed: () => metrics.changed() }, settings.pool, clock)),
      (pool) => Effect.zipRight(closePool(pool), means.close)
    )
    const metrics = new PoolMetrics(() => pool.stats)
    yield* Effect.addFinalizer(() => Effect.sync(() => metrics.close()))
    const handling: Handling = {
      admission: pool,
      decoders,
      expectContinue: settings.expectContinue,
      targets: new TargetParser(),
      routeTo: settings.routeTo,
      proxyHead: proxyHead(means.authorizer),
      allowAddress: settings.allowAddress,
      timeouts: settings.timeouts,
      limits: settings.limits,
      problem: settings.problem
    }
    const exchange = wireExchange(handling)
    const wire: Wire = {
      exchange: withSpan(
        settings.forwards ? withProxyAuthorization(means.authorizer, settings.routeTo)(exchange) : exchange
      ),
      decoders,
      encoders: nodeEncoders,
      connections: settings.pool.connections,
      start: settings.forwards ? undefined : wireStart(handling)
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

const closePool = (pool: Pool): Effect.Effect<void> =>
  Effect.async<void>((resume) => pool.close(() => resume(Effect.void)))
