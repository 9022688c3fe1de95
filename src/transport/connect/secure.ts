/**
 * TLS: in one go with the connection under it, or over a connection that a proxy has opened.
 */
import * as Effect from "effect/Effect"
import type { Socket } from "node:net"
import * as tls from "node:tls"
import type { Target } from "../../protocol/target.js"
import type { ConnectPhase, ConnectProblem } from "./ConnectProblem.js"
import { lost, ready } from "./Line.js"
import { codeOf, messageOf } from "./reasons.js"
import { connectProblem, type Endpoint, type Means, type OnRead, reach, type Where } from "./tcp.js"
import type { TlsPeer, TlsSetup } from "./tls/TlsSetup.js"
import type { TlsSetupProblem } from "./tls/TlsSetupProblem.js"

/** Whom TLS is spoken with, and how. */
export interface Secured {
  readonly setup: TlsSetup
  readonly peer: TlsPeer
  readonly options: tls.ConnectionOptions
  readonly alpn: ReadonlyArray<string>
  /** Of which phase it is: TLS to a proxy is of the proxy's. */
  readonly phase: "proxy" | "tls"
  /** What the peer is called in messages. */
  readonly name: string
}

/** Sets TLS up: nothing is opened when that is not possible. */
export const prepare = (wanted: Omit<Secured, "options">): Effect.Effect<Secured, ConnectProblem> =>
  wanted.setup.connectionOptions(wanted.peer).pipe(
    Effect.map((options) => ({ ...wanted, options })),
    Effect.mapError((problem) => setupRefused(wanted.phase, problem, problem.message))
  )

/** A connection with TLS. */
export const openTls = (
  means: Means,
  endpoint: Endpoint,
  secured: Secured,
  onread: OnRead
): Effect.Effect<tls.TLSSocket, ConnectProblem> => {
  const open = (where: Where) => connectTls(secured, onread === undefined ? where : { ...where, onread })
  return reach(means, endpoint, open, secured.phase).pipe(
    Effect.mapError((cause) =>
      means.phases.current === "connect" ? connectProblem(endpoint, cause) : failed(secured, cause)
    ),
    Effect.flatMap((socket) => accepted(secured, socket))
  )
}

/** TLS over a socket that is connected. */
export const secure = (
  { line }: Means,
  secured: Secured,
  socket: Socket
): Effect.Effect<tls.TLSSocket, ConnectProblem> =>
  Effect.suspend(() =>
    socket.destroyed
      ? Effect.fail(lost(socket))
      : ready(line, () => connectTls(secured, { socket }), "secureConnect", ignore)
  ).pipe(
    Effect.mapError((cause) => failed(secured, cause)),
    Effect.flatMap((over) => accepted(secured, over))
  )

const ignore = (): void => undefined

const connectTls = (
  { alpn, options, peer, setup }: Secured,
  where: Where | { readonly socket: Socket }
): tls.TLSSocket => {
  const socket = tls.connect({ ...options, ...where, ALPNProtocols: [...alpn] })
  setup.attach(socket, peer.key)
  return socket
}

const accepted = (secured: Secured, socket: tls.TLSSocket): Effect.Effect<tls.TLSSocket, ConnectProblem> =>
  Effect.suspend(() => {
    const refusal = secured.setup.refusal(socket)
    if (refusal === undefined) return Effect.succeed(socket)
    secured.setup.failed(secured.peer.key)
    return Effect.fail(setupRefused(secured.phase, refusal, handshakeFailed(secured.name, refusal.message)))
  })

const failed = ({ name, peer, phase, setup }: Secured, cause: Error): ConnectProblem => {
  setup.failed(peer.key)
  return tlsProblem(name, phase, cause)
}

const setupRefused = (phase: ConnectPhase, { cause, code }: TlsSetupProblem, message: string): ConnectProblem => ({
  _tag: "Tls",
  phase,
  message,
  code,
  cause
})

const handshakeFailed = (name: string, reason: string): string => `the TLS handshake with ${name} failed: ${reason}`

type TlsProblem = Extract<ConnectProblem, { readonly _tag: "Tls" }>

const tlsProblem = (name: string, phase: ConnectPhase, cause: Error): TlsProblem => ({
  _tag: "Tls",
  phase,
  message: handshakeFailed(name, messageOf(cause)),
  code: codeOf(cause),
  cause
})

/**
 * Why the server refused the handshake, where an error of an open connection says so: in TLS 1.3 the client is done
 * before the server has looked at its certificate.
 */
export const lateProblem = (cause: Error, target: Target): TlsProblem | undefined =>
  lateAlert.test(codeOf(cause) ?? "") ? tlsProblem(target.authority, "tls", cause) : undefined

const lateAlert = /^ERR_SSL_\w+_ALERT_\w*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE)/
