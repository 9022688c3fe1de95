/**
 * The one place that makes connections, whichever way they take: names, TCP, what a proxy wants to hear, TLS. It tells
 * the failures of each of these apart, because only here is it known which of them it was.
 */
import * as Effect from "effect/Effect"
import type * as net from "node:net"
import { TLSSocket } from "node:tls"
import type { Proxy } from "../../protocol/proxy.js"
import type { ConnectionInfo } from "../../response/ConnectionInfo.js"
import type { ConnectPhase, ConnectProblem } from "./ConnectProblem.js"
import type { Connected } from "./Dialing.js"
import { Line } from "./Line.js"
import { Phases } from "./Phases.js"
import type { ProxyAuthorization } from "./ProxyAuthorization.js"
import { guardLiteral, resolve, resolveGuarded, type ResolveOptions } from "./resolve.js"
import type { Destination } from "./Route.js"
import { openTls, prepare, secure, type Secured } from "./secure.js"
import { SharedBuffer, SocketReader } from "./SocketReader.js"
import { openSocks } from "./socks.js"
import { type Endpoint, type Means, type OnRead, openTcp } from "./tcp.js"
import type { TlsSetup } from "./tls/TlsSetup.js"
import { openTunnel } from "./tunnel.js"

export interface DialerOptions extends ResolveOptions {
  /** TLS to origins. */
  readonly tls: TlsSetup
  /** TLS to https proxies. */
  readonly proxyTls: (proxy: Proxy) => TlsSetup
  /** What is offered to origins, e.g. `["h2", "http/1.1"]`. */
  readonly alpn: ReadonlyArray<string>
  /** The address that connections come from. Default: the operating system's choice. */
  readonly localAddress?: string | undefined
  readonly proxyAuthorization: ProxyAuthorization
}

/** One for each transport: its connections share a buffer. */
export class Dialer {
  private readonly shared = new SharedBuffer()

  constructor(private readonly options: DialerOptions) {}

  /**
   * Makes a connection. Fails, and is interrupted, only when its socket is closed.
   *
   * It can be interrupted even where the caller cannot, and there alone no connection is lost between this and the
   * caller: as the acquisition of a resource, or on a fiber that begins uninterruptible.
   */
  dial(destination: Destination, progress: { phase: ConnectPhase }): Effect.Effect<Connected, ConnectProblem> {
    return Effect.suspend(() => {
      const line = new Line()
      const dial = new Dial(destination, this.options, line, new Phases(progress), new SocketReader(this.shared))
      return Effect.uninterruptible(
        Effect.matchCauseEffect(Effect.interruptible(dial.run), {
          onFailure: (cause) => Effect.zipRight(line.close, Effect.failCause(cause)),
          onSuccess: (connected) => {
            line.release()
            return Effect.succeed(connected)
          }
        })
      )
    })
  }
}

type Ends = Pick<ConnectionInfo, "localAddress" | "localPort" | "remoteAddress" | "remotePort">

type Opening<A> = Effect.Effect<A, ConnectProblem>

/** One dial. */
class Dial implements Means {
  readonly localAddress: string | undefined
  private ends: Ends | undefined = undefined

  constructor(
    private readonly destination: Destination,
    private readonly options: DialerOptions,
    readonly line: Line,
    readonly phases: Phases,
    private readonly reader: SocketReader
  ) {
    this.localAddress = options.localAddress
  }

  get run(): Opening<Connected> {
    const { route, target } = this.destination
    const { authority: name, hostname, port } = target
    switch (route._tag) {
      case "Direct": {
        const resolved = resolveGuarded(target, this.options, this.phases)
        return this.direct(Effect.map(resolved, (addresses) => ({ _tag: "Tcp", name, hostname, port, addresses })))
      }
      case "Unix":
        return this.direct(Effect.succeed({ _tag: "Unix", name: route.path, hostname, path: route.path }))
      case "Forward":
        return this.forward(route.proxy)
      case "Tunnel":
        return this.through(this.tunnel(route.proxy))
      case "Socks":
        return this.through(this.socks(route.proxy))
    }
  }

  private direct(endpoint: Opening<Endpoint>): Opening<Connected> {
    return Effect.gen(this, function* () {
      const secured = yield* this.originTls
      return this.connected(yield* this.open(yield* endpoint, secured, this.reader.onread))
    })
  }

  private forward(proxy: Proxy): Opening<Connected> {
    return Effect.gen(this, function* () {
      yield* guardLiteral(this.destination.target.hostname, this.options)
      return this.connected(yield* this.reach(proxy, this.reader.onread))
    })
  }

  /** Over a socket that a proxy has joined to the target. */
  private through(joined: Opening<net.Socket>): Opening<Connected> {
    return Effect.gen(this, function* () {
      const secured = yield* this.originTls
      const socket = yield* joined
      if (secured !== undefined) this.phases.begin("tls")
      const whole = secured === undefined ? socket : yield* secure(this, secured, socket)
      this.reader.follow(whole)
      return this.connected(whole)
    })
  }

  private tunnel(proxy: Proxy): Opening<net.Socket> {
    const { hostname, port } = this.destination.target
    const authority = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`
    const reach = this.reach(proxy, undefined)
    return Effect.zipRight(
      guardLiteral(hostname, this.options),
      openTunnel({ proxy, authority, authorization: this.options.proxyAuthorization, reach })
    )
  }

  private socks(proxy: Proxy): Opening<net.Socket> {
    const { target } = this.destination
    const { authority, hostname, port } = target
    return Effect.gen(this, function* () {
      const [host = hostname, ...others] =
        proxy.scheme === "socks5h"
          ? yield* Effect.as(guardLiteral(hostname, this.options), [hostname])
          : yield* resolveGuarded(target, this.options, this.phases)
      const reach = this.reach(proxy, undefined)
      return yield* openSocks({ proxy, hosts: [host, ...others], port, authority, reach })
    })
  }

  /** A connection to a proxy, instead of the one before. The phase after it is the proxy's. */
  private reach(proxy: Proxy, onread: OnRead): Opening<net.Socket> {
    return Effect.gen(this, function* () {
      yield* this.line.close
      const { hostname, port, url } = proxy
      const name = `the proxy ${url}`
      const secured =
        proxy.scheme === "https"
          ? yield* prepare({
              setup: this.options.proxyTls(proxy),
              peer: { hostname, key: url },
              alpn: ["http/1.1"],
              phase: "proxy",
              name
            })
          : undefined
      const addresses = yield* resolve(proxy, `the host ${hostname} of the proxy`, this.options, this.phases)
      const socket = yield* this.open({ _tag: "Tcp", name, hostname, port, addresses }, secured, onread)
      if (this.phases.current !== "proxy" && this.destination.route._tag !== "Forward") this.phases.begin("proxy")
      return socket
    })
  }

  private get originTls(): Opening<Secured | undefined> {
    const { key, target } = this.destination
    if (target.scheme !== "https") return Effect.succeed(undefined)
    const { authority: name, hostname } = target
    const { alpn, tls: setup } = this.options
    return prepare({ setup, peer: { hostname, key }, alpn, phase: "tls", name })
  }

  private open(endpoint: Endpoint, secured: Secured | undefined, onread: OnRead): Opening<net.Socket> {
    const opened: Opening<net.Socket> =
      secured === undefined ? openTcp(this, endpoint, onread) : openTls(this, endpoint, secured, onread)
    return Effect.tap(opened, (socket) => {
      // TLS over this socket would not tell.
      const { localAddress, localPort, remoteAddress, remotePort } = socket
      this.ends = { localAddress, localPort, remoteAddress, remotePort }
      return Effect.void
    })
  }

  private connected(socket: net.Socket): Connected {
    const { phases, reader } = this
    const { route, target } = this.destination
    phases.end()
    // What is secret between us and a proxy that forwards says nothing of the target.
    const secured = socket instanceof TLSSocket && target.scheme === "https" && route._tag !== "Forward" ? socket : null
    const protocol = secured?.alpnProtocol === "h2" ? "h2" : "http/1.1"
    const info: ConnectionInfo = {
      protocol,
      ...(this.ends ?? nowhere),
      proxy: "proxy" in route ? route.proxy.url : undefined,
      tls: secured === null ? undefined : tlsInfo(secured),
      timings: phases.timings
    }
    return { socket, reader, protocol, info }
  }
}

const nowhere: Ends = {
  localAddress: undefined,
  localPort: undefined,
  remoteAddress: undefined,
  remotePort: undefined
}

const tlsInfo = (socket: TLSSocket): ConnectionInfo["tls"] => {
  const { name, standardName } = socket.getCipher()
  return { version: socket.getProtocol() ?? "", cipher: standardName ?? name, resumed: socket.isSessionReused() }
}
