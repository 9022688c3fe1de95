/**
 * A transport's options as it works with them: defaults filled in, durations as milliseconds, what makes no sense found.
 */
import type * as Duration from "effect/Duration"
import { kindOf } from "../protocol/address.js"
import type { Proxy } from "../protocol/proxy.js"
import { millisOf } from "../request/milliseconds.js"
import { type Limits, limitsOf, notGiven, orElse, type Timeouts, timeoutsOf } from "../request/Timeouts.js"
import type { TlsEnvironment } from "./connect/tls/TlsOptions.js"
import type { Environment } from "./Environment.js"
import type { Http2Options } from "./http2/Http2Connection.js"
import type { PoolLimits } from "./pool/Pool.js"
import { proxiesOf } from "./proxy/Proxies.js"
import type { ProxyOptions } from "./proxy/ProxyOptions.js"
import { directly, type RouteTo, unix } from "./Routes.js"
import type { TransportOptions } from "./TransportOptions.js"

export interface Settings {
  readonly timeouts: Timeouts
  /** The same, as limits. */
  readonly limits: Limits
  readonly pool: PoolLimits
  /** Whether each protocol is spoken. */
  readonly http1: boolean
  readonly http2: boolean
  readonly http2Options: Http2Options
  /** Milliseconds. */
  readonly expectContinue: number
  readonly routeTo: RouteTo
  /** The guard, if there is one. */
  readonly allowAddress: ((address: string, hostname: string) => boolean) | undefined
  /** Whether a proxy may come to forward requests. */
  readonly forwards: boolean
  readonly proxies: ReadonlyMap<Proxy, ProxyOptions>
  readonly tlsEnvironment: TlsEnvironment | undefined
  /** What makes no sense: each request fails with it. */
  readonly problem: string | undefined
}

const phase = 5_000
const defaultTimeouts: Timeouts = { connect: phase, read: phase, write: phase, pool: phase, total: undefined }

export const settingsOf = (options: TransportOptions, environment: Environment | undefined): Settings => {
  const found = new Problems()
  const timeouts = orElse(found.timeouts(options.timeout), defaultTimeouts)
  const limits = limitsOf(timeouts)
  const http1 = options.http1 !== false
  const http2 = options.http2 !== false
  if (!http1 && !http2) found.problem ??= "http1 and http2 are both off, so there is nothing to speak"
  const http2Given = typeof options.http2 === "object" ? options.http2 : {}
  const routes = routesOf(options, environment, http1, found)
  return {
    timeouts,
    limits,
    pool: poolLimits(options, limits.pool, found),
    http1,
    http2,
    http2Options: {
      streamsPerConnection: found.count("limits.streamsPerConnection", options.limits?.streamsPerConnection, 100),
      pingAfter: finite(found.duration("http2.pingAfter", http2Given.pingAfter, 10_000)),
      pingTimeout: found.duration("http2.pingTimeout", http2Given.pingTimeout, 5_000),
      headerListSize: found.count("http2.headerListSize", http2Given.headerListSize, 65_536)
    },
    expectContinue: found.duration("expectContinue", options.expectContinue, 1_000),
    ...routes,
    allowAddress: options.allowAddress === "public" ? isPublic : options.allowAddress,
    forwards: routes.routeTo !== directly && options.unixSocket === undefined,
    tlsEnvironment: environment?.tls,
    problem: found.problem
  }
}

const routesOf = (
  { proxy, unixSocket }: TransportOptions,
  environment: Environment | undefined,
  http1: boolean,
  found: Problems
): Pick<Settings, "proxies" | "routeTo"> => {
  const none = { proxies: new Map<Proxy, ProxyOptions>() }
  if (unixSocket !== undefined) {
    if (proxy !== undefined && proxy !== null) found.problem ??= "unixSocket and proxy are two ways at once: give one"
    return { routeTo: unix(unixSocket), ...none }
  }
  const proxies = proxiesOf(proxy, environment?.proxies, http1)
  if (typeof proxies !== "string") return { routeTo: proxies.routeTo, proxies: proxies.options }
  found.problem ??= proxies
  return { routeTo: directly, ...none }
}

const poolLimits = ({ limits }: TransportOptions, pool: number | undefined, found: Problems): PoolLimits => {
  const connections = found.count("limits.connections", limits?.connections, 100)
  return {
    connections,
    connectionsPerOrigin: found.count("limits.connectionsPerOrigin", limits?.connectionsPerOrigin, connections),
    keepAlive: found.count("limits.keepAlive", limits?.keepAlive, 20, 0),
    keepAliveExpiry: finite(found.duration("limits.keepAliveExpiry", limits?.keepAliveExpiry, 5_000)),
    pool
  }
}

const isPublic = (address: string): boolean => kindOf(address) === "public"

const finite = (ms: number): number | undefined => (Number.isFinite(ms) ? ms : undefined)

/** Reads options, and keeps the first that makes no sense. */
class Problems {
  problem: string | undefined = undefined

  count(name: string, given: number | undefined, otherwise: number, least = 1): number {
    if (given === undefined) return otherwise
    if ((Number.isInteger(given) || given === Infinity) && given >= least) return given
    this.problem ??= `${name} is ${given}, and should be a whole number from ${least} on`
    return otherwise
  }

  /** Milliseconds. */
  duration(name: string, given: Duration.DurationInput | undefined, otherwise: number): number {
    if (given === undefined) return otherwise
    const ms = millisOf(given)
    if (ms !== undefined) return ms
    this.problem ??= `${name} is not a duration: write e.g. "5 seconds"`
    return otherwise
  }

  timeouts(given: TransportOptions["timeout"]): Timeouts {
    const timeouts = timeoutsOf(given)
    if (typeof timeouts !== "string") return timeouts
    this.problem ??= `${timeouts} is not a duration: write e.g. "5 seconds"`
    return notGiven
  }
}
