/**
 * How a transport comes by its connections: from options to the dialer, and from a socket that is connected to what speaks
 * its protocol.
 */
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import type { Proxy } from "../protocol/proxy.js"
import { Dialer } from "./connect/Dialer.js"
import type { Connected, Dialing } from "./connect/Dialing.js"
import type { ConnectProblem } from "./connect/ConnectProblem.js"
import type { Destination } from "./connect/Route.js"
import { TlsSetup } from "./connect/tls/TlsSetup.js"
import { Http1Connection } from "./http1/Http1Connection.js"
import { Http2Connection } from "./http2/Http2Connection.js"
import type { PoolMeans } from "./pool/Pool.js"
import { ProxyAuthorizer } from "./proxy/ProxyAuthorizer.js"
import type { Settings } from "./settings.js"
import type { TransportOptions } from "./TransportOptions.js"

export interface Connecting {
  readonly pool: Omit<PoolMeans, "changed">
  readonly authorizer: ProxyAuthorizer
  /** Ends what is not a connection: files of keys. */
  readonly close: Effect.Effect<void>
}

export const connecting = (
  options: TransportOptions,
  settings: Settings,
  runtime: Runtime.Runtime<never>
): Connecting => {
  const authorizer = new ProxyAuthorizer((proxy) => settings.proxies.get(proxy)?.auth?.scheme ?? "basic")
  const tls = new TlsSetups(options, settings)
  const dialer = new Dialer({
    tls: tls.toOrigins,
    proxyTls: (proxy) => tls.to(proxy),
    alpn: [...(settings.http2 ? ["h2"] : []), ...(settings.http1 ? ["http/1.1"] : [])],
    localAddress: options.localAddress,
    resolve: options.resolve,
    lookup: options.lookup,
    allowAddress: settings.allowAddress,
    proxyAuthorization: authorizer
  })
  // Only the dialer can be interrupted: nothing comes between a connection and whoever gets it.
  const dial = (destination: Destination, dialing: Dialing): Effect.Effect<void, ConnectProblem> =>
    dialer.dial(destination, dialing).pipe(
      Effect.flatMap((connected) => inProtocol(destination, connected, settings)),
      Effect.map((connected) => dialing.connected(connected))
    )
  const fork = Runtime.runFork(runtime)
  return {
    pool: {
      // Not before those who wait for it have been told that it is under way.
      dial: (destination, dialing) =>
        fork(Effect.uninterruptible(Effect.zipRight(Effect.yieldNow(), dial(destination, dialing)))),
      connection: (connected, origin, owner) =>
        connected.protocol === "h2"
          ? new Http2Connection(connected, origin, owner, settings.http2Options)
          : new Http1Connection(connected, origin, owner),
      protocolOf: (destination) => protocolOf(destination, settings)
    },
    authorizer,
    close: tls.close
  }
}

/** The TLS of a transport: one setup for all origins, and one for each proxy that has options of its own. */
class TlsSetups {
  readonly toOrigins: TlsSetup
  private readonly toProxies = new Map<Proxy, TlsSetup>()

  constructor(
    { tls }: TransportOptions,
    private readonly settings: Settings
  ) {
    this.toOrigins = new TlsSetup(tls ?? {}, settings.tlsEnvironment)
  }

  to(proxy: Proxy): TlsSetup {
    let setup = this.toProxies.get(proxy)
    if (setup === undefined) {
      setup = new TlsSetup(this.settings.proxies.get(proxy)?.tls ?? {}, this.settings.tlsEnvironment)
      this.toProxies.set(proxy, setup)
    }
    return setup
  }

  get close(): Effect.Effect<void> {
    return Effect.suspend(() =>
      Effect.forEach([this.toOrigins, ...this.toProxies.values()], (setup) => setup.close, { discard: true })
    )
  }
}

/** The protocol of connections to a destination, where nobody has to be asked. */
const protocolOf = ({ route, target }: Destination, { http1, http2 }: Settings): Connected["protocol"] | undefined => {
  // A proxy that forwards speaks HTTP/1.1 with us, whatever the server speaks with it.
  if (!http2 || route._tag === "Forward") return "http/1.1"
  if (!http1) return "h2"
  return target.scheme === "http" ? "http/1.1" : undefined
}

/** A connection without TLS speaks what we speak (RFC 9113 §3.3, "prior knowledge"); one with TLS, what was agreed on. */
const inProtocol = (
  destination: Destination,
  connected: Connected,
  settings: Settings
): Effect.Effect<Connected, ConnectProblem> => {
  if (connected.socket.destroyed) {
    // Whoever gets it now would wait for an event that has been.
    const message = `${destination.target.authority} closed the connection as soon as it was open`
    return givenUp(connected, { _tag: "Connect", phase: "connect", message, cause: connected.socket.errored })
  }
  const wanted = protocolOf(destination, settings)
  if (wanted !== "h2" && connected.protocol !== "h2" && connected.reader.hasEarly(connected.socket)) {
    // RFC 9112 §9.2: what comes before there is a request answers none, and must not answer the first.
    const message = `${destination.target.authority} sent bytes before it was asked for anything`
    return givenUp(connected, { _tag: "Connect", phase: "connect", message, cause: undefined })
  }
  if (wanted === undefined || wanted === connected.protocol) return Effect.succeed(connected)
  if (destination.target.scheme === "http") {
    return Effect.succeed({ ...connected, protocol: wanted, info: { ...connected.info, protocol: wanted } })
  }
  const message = `${destination.target.authority} does not speak HTTP/2 (ALPN), and http1 is off`
  const problem = { _tag: "Tls", phase: "tls", message, code: "ERR_NO_COMMON_PROTOCOL", cause: undefined } as const
  return givenUp(connected, problem)
}

/** Fails when the connection, which is good for nothing, is closed. */
const givenUp = ({ socket }: Connected, problem: ConnectProblem): Effect.Effect<never, ConnectProblem> =>
  Effect.async<never, ConnectProblem>((resume) => {
    if (socket.closed) return resume(Effect.fail(problem))
    socket.once("close", () => resume(Effect.fail(problem))).destroy()
  })
