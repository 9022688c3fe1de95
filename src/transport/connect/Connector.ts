/**
 * The one place that opens connections: name, TCP, then TLS where the scheme asks for it. Each phase's failures are told
 * apart here, because only here is it known which phase it was.
 */
import * as Redacted from "effect/Redacted"
import * as Effect from "effect/Effect"
import * as net from "node:net"
import type { Destination } from "./Route.js"
import type { ConnectPhase, ConnectProblem as Problem } from "./ConnectProblem.js"
import * as tls from "node:tls"
import type { Target } from "../../protocol/target.js"
import type { ConnectionInfo } from "../../response/ConnectionInfo.js"
import { SharedBuffer, SocketReader } from "./SocketReader.js"

/**
 * TLS to servers.
 *
 * @since 0.1.0
 * @category options
 */
export interface TlsOptions {
  /** Trusted authorities, PEM; they replace the built-in ones. Default: those of Node. */
  readonly ca?: string | Uint8Array | ReadonlyArray<string | Uint8Array> | undefined
  /** Whether a certificate must be trusted and be for the host. Default: true. `false` is for tests alone. */
  readonly verify?: boolean | undefined
  /** The name that is asked for (SNI) and that the certificate must be for. Default: the URL's host. */
  readonly servername?: string | undefined
  /** The client's own certificate chain, PEM. Default: none. */
  readonly cert?: string | Uint8Array | undefined
  /** The private key of `cert`, PEM. Default: none. */
  readonly key?: Redacted.Redacted<string> | undefined
}

/** A connection that is open. */
export interface Connected {
  readonly socket: net.Socket
  readonly reader: SocketReader
  readonly protocol: "http/1.1" | "h2"
  readonly info: ConnectionInfo
}

/** Why there is no connection. */
export type ConnectProblem = {
  readonly message: string
  readonly code: string | undefined
  readonly cause: unknown
} & ({ readonly _tag: "Dns" | "Connect" | "Tls" } | { readonly _tag: "Timeout"; readonly limit: number })

/** A connection that is being opened. Exactly one of the two is called, once, unless it is aborted. */
export interface ConnectListener {
  readonly onConnected: (socket: net.Socket, reader: SocketReader) => void
  readonly onProblem: (problem: ConnectProblem) => void
}

/** Opens sockets. One for each transport: it keeps the TLS context, which is costly to make, for as long as that lives. */
export class Connector {
  private context: tls.SecureContext | undefined
  private readonly shared = new SharedBuffer()

  constructor(private readonly tls: TlsOptions) {}

  /** Begins to connect; the result ends the attempt and calls back when its socket is closed. */
  connect(target: Target, listener: ConnectListener): { readonly abort: (released: () => void) => void } {
    const reader = new SocketReader(this.shared)
    let socket: net.Socket
    try {
      socket = target.scheme === "https" ? this.openTls(target, reader) : openTcp(target, reader)
    } catch (cause) {
      // A certificate or key that OpenSSL cannot read is thrown at once.
      const message = `TLS cannot be set up: ${messageOf(cause)}`
      const told = setImmediate(() => listener.onProblem({ _tag: "Tls", message, code: codeOf(cause), cause }))
      return {
        abort: (released) => {
          clearImmediate(told)
          released()
        }
      }
    }
    return watch(socket, reader, target, listener)
  }

  dial({ target }: Destination, progress: { phase: ConnectPhase }): Effect.Effect<Connected, Problem> {
    return Effect.async<Connected, Problem>((resume) => {
      const attempt = this.connect(target, {
        onConnected: (socket, reader) =>
          resume(Effect.succeed({ socket, reader, protocol: "http/1.1", info: infoOf(socket) })),
        onProblem: (p) => {
          progress.phase = p._tag === "Dns" ? "dns" : p._tag === "Tls" ? "tls" : "connect"
          resume(Effect.fail({ ...p, phase: progress.phase } as Problem))
        }
      })
      return Effect.async<void>((done) => attempt.abort(() => done(Effect.void)))
    })
  }

  private openTls(target: Target, reader: SocketReader): tls.TLSSocket {
    const servername = this.tls.servername ?? (net.isIP(target.hostname) === 0 ? target.hostname : undefined)
    const options: tls.ConnectionOptions & Pick<net.ConnectOpts, "onread"> = {
      host: target.hostname,
      port: target.port,
      onread: reader.onread,
      secureContext: (this.context ??= makeContext(this.tls)),
      rejectUnauthorized: this.tls.verify !== false,
      ALPNProtocols: ["http/1.1"],
      // Node checks the certificate against `servername` when it is given, else against `host`.
      ...(servername === undefined ? {} : { servername })
    }
    return tls.connect(options)
  }
}

const openTcp = (target: Target, reader: SocketReader): net.Socket =>
  net.connect({ host: target.hostname, port: target.port, noDelay: true, onread: reader.onread })

const makeContext = (options: TlsOptions): tls.SecureContext =>
  tls.createSecureContext({
    ...(options.ca === undefined ? {} : { ca: pems(options.ca) }),
    ...(options.cert === undefined ? {} : { cert: pem(options.cert) }),
    ...(options.key === undefined ? {} : { key: Redacted.value(options.key) })
  })

const pem = (text: string | Uint8Array): string | Buffer => (typeof text === "string" ? text : Buffer.from(text))

const pems = (ca: NonNullable<TlsOptions["ca"]>): Array<string | Buffer> =>
  typeof ca === "string" || ca instanceof Uint8Array ? [pem(ca)] : ca.map(pem)

const watch = (
  socket: net.Socket,
  reader: SocketReader,
  target: Target,
  { onConnected, onProblem }: ConnectListener
): { readonly abort: (released: () => void) => void } => {
  let phase: "connect" | "tls" = "connect"
  const secure = target.scheme === "https"
  const onTcp = () => {
    phase = "tls"
  }
  const onError = (cause: Error) => {
    stop()
    socket.on("error", ignore)
    socket.destroy()
    onProblem(problemOf(cause, phase, target))
  }
  const onClose = () => onError(new Error("the connection was closed"))
  const onReady = () => {
    stop()
    if (secure) socket.setNoDelay(true)
    onConnected(socket, reader)
  }
  const stop = () => {
    socket.off("connect", onTcp).off("error", onError).off("close", onClose).off(ready, onReady)
  }
  const ready = secure ? "secureConnect" : "connect"
  if (secure) socket.on("connect", onTcp)
  socket.on("error", onError).on("close", onClose).on(ready, onReady)
  return {
    abort: (released) => {
      stop()
      socket.on("error", ignore).once("close", released)
      socket.destroy()
    }
  }
}

const ignore = () => {}

const problemOf = (cause: Error, phase: "connect" | "tls", target: Target): ConnectProblem => {
  const code = codeOf(cause)
  if (phase === "tls") {
    return {
      _tag: "Tls",
      message: `the TLS handshake with ${target.authority} failed: ${messageOf(cause)}`,
      code,
      cause
    }
  }
  if (isNameFailure(cause)) {
    return { _tag: "Dns", message: `the host ${target.hostname} has no address (${code})`, code, cause }
  }
  return { _tag: "Connect", message: `cannot connect to ${target.authority}: ${messageOf(cause)}`, code, cause }
}

const isNameFailure = (cause: Error): boolean => "syscall" in cause && cause.syscall === "getaddrinfo"

const codeOf = (cause: unknown): string | undefined =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined

const opensslError = /^Error: [0-9A-F]+:error:/

const hasReason = (cause: unknown): cause is { readonly reason: string } =>
  cause instanceof Error && "reason" in cause && typeof cause.reason === "string"

/**
 * Why the server refused the handshake, where an error of an open connection says so: in TLS 1.3 the client is done
 * before the server has looked at its certificate.
 */
export const lateProblem = (cause: Error, target: Target): ConnectProblem | undefined =>
  lateAlert.test(codeOf(cause) ?? "") ? problemOf(cause, "tls", target) : undefined

const lateAlert = /^ERR_SSL_\w+_ALERT_\w*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE)/

// Several addresses that all failed come as an AggregateError without a message.
const messageOf = (cause: unknown): string => {
  if (cause instanceof AggregateError) return cause.errors.map(messageOf).join("; ")
  // OpenSSL's own message is a line of numbers and file names around its reason.
  if (opensslError.test(String(cause)) && hasReason(cause)) return cause.reason
  return cause instanceof Error ? cause.message : String(cause)
}

const infoOf = (socket: net.Socket): ConnectionInfo => ({
  protocol: "http/1.1",
  remoteAddress: socket.remoteAddress,
  remotePort: socket.remotePort,
  localAddress: socket.localAddress,
  localPort: socket.localPort,
  proxy: undefined,
  tls: undefined,
  timings: { dns: undefined, connect: undefined, proxy: undefined, tls: undefined }
})
