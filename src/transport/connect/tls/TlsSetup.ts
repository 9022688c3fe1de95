/**
 * All of TLS to a peer but its socket: one context for each transport, the sessions that can be resumed, pinned keys, and
 * the key log. Nothing is read or parsed before the first https connection.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import type * as tls from "node:tls"
import { contradiction, makeContext } from "./context.js"
import { identityOf } from "./identity.js"
import { KeyLog } from "./KeyLog.js"
import { malformedPin, unlessPinned } from "./pins.js"
import { SessionCache } from "./SessionCache.js"
import type { TlsEnvironment, TlsOptions } from "./TlsOptions.js"
import { setupProblem, type TlsSetupProblem } from "./TlsSetupProblem.js"
import { authoritiesOf } from "./trust.js"

/** Whom a connection is made to. */
export interface TlsPeer {
  /** As in a URL, an IPv6 address without its brackets. */
  readonly hostname: string
  /**
   * Peers with one key resume each other's sessions, and a resumed session's certificate is not checked for the name
   * again: peers with different names must have different keys.
   */
  readonly key: string
}

export class TlsSetup {
  private context: tls.SecureContext | undefined = undefined
  private loading: Deferred.Deferred<tls.SecureContext, TlsSetupProblem> | undefined = undefined
  private readonly sessions: SessionCache | undefined
  private readonly keyLog: KeyLog | undefined
  private readonly pins: ReadonlyArray<string>
  /** Those whose peers have been found to have a pinned key. */
  private readonly pinned = new WeakSet<tls.TLSSocket>()

  constructor(
    private readonly options: TlsOptions,
    private readonly environment: TlsEnvironment | undefined
  ) {
    this.sessions = options.sessionReuse === false ? undefined : new SessionCache()
    const keyLogFile = options.keyLogFile ?? environment?.keyLogFile ?? ""
    this.keyLog = keyLogFile === "" ? undefined : new KeyLog(keyLogFile)
    this.pins = options.pins ?? []
  }

  /**
   * What `tls.connect` needs besides where to connect to, `onread` and `ALPNProtocols`. The first call reads files and
   * makes the context; a call after one that failed tries again.
   */
  connectionOptions(peer: TlsPeer): Effect.Effect<tls.ConnectionOptions, TlsSetupProblem> {
    return Effect.suspend(() =>
      this.context === undefined
        ? Effect.map(this.load, (context) => this.optionsFor(context, peer))
        : Effect.succeed(this.optionsFor(this.context, peer))
    )
  }

  /** To be called on each new socket before its handshake ends: session tickets, key log. */
  attach(socket: tls.TLSSocket, key: string): void {
    if (this.keyLog !== undefined) socket.on("keylog", this.keyLog.append)
    const { sessions } = this
    if (sessions === undefined) return
    const keep = (session: Buffer | undefined) => {
      // To resume a session is to be accepted without a look at the certificates.
      if (session !== undefined && this.refusal(socket) === undefined) sessions.put(key, session)
    }
    socket.once("secureConnect", () => {
      // When a session comes, the socket may be closed and know no certificates any more.
      this.refusal(socket)
      // Before TLS 1.3, a session that was resumed can be resumed again, and the server need not give another one.
      if (socket.isSessionReused() && socket.getProtocol() !== "TLSv1.3") keep(socket.getSession())
    })
    socket.on("session", keep)
  }

  /** After the handshake: why this peer is not accepted, though its certificate is, or `undefined`. */
  refusal(socket: tls.TLSSocket): TlsSetupProblem | undefined {
    if (this.pins.length === 0 || this.pinned.has(socket)) return undefined
    // A session does not know its peer's chain, but only those of peers with a pinned key are kept.
    const problem = socket.isSessionReused() ? undefined : unlessPinned(socket, this.pins)
    if (problem === undefined) this.pinned.add(socket)
    return problem
  }

  /** The handshake with the peer failed: its sessions must not be tried again. */
  failed(key: string): void {
    this.sessions?.remove(key)
  }

  /** Closes the key log and forgets all sessions. */
  readonly close: Effect.Effect<void> = Effect.sync(() => {
    this.keyLog?.close()
    this.sessions?.clear()
  })

  private optionsFor(context: tls.SecureContext, { hostname, key }: TlsPeer): tls.ConnectionOptions {
    const { check, servername } = identityOf(hostname, this.options.servername)
    const session = this.sessions?.take(key)
    return {
      secureContext: context,
      rejectUnauthorized: this.options.verify !== false,
      // Node would check for the host, which over a socket that is connected already it does not know.
      checkServerIdentity: (_, cert) => check(cert),
      ...(servername === undefined ? {} : { servername }),
      ...(session === undefined ? {} : { session })
    }
  }

  /** The one load that all wait for who need the context meanwhile. It is nobody's own: no one's interruption ends it. */
  private readonly load: Effect.Effect<tls.SecureContext, TlsSetupProblem> = Effect.uninterruptibleMask((restore) => {
    if (this.loading !== undefined) return restore(Deferred.await(this.loading))
    const loading = Deferred.unsafeMake<tls.SecureContext, TlsSetupProblem>(FiberId.none)
    this.loading = loading
    return Effect.suspend(() => this.makeContext()).pipe(
      Effect.tap((context) => Effect.sync(() => void (this.context = context))),
      Effect.onExit(() => Effect.sync(() => void (this.loading = undefined))),
      Effect.intoDeferred(loading),
      Effect.forkDaemon,
      Effect.zipRight(restore(Deferred.await(loading)))
    )
  })

  private makeContext(): Effect.Effect<tls.SecureContext, TlsSetupProblem> {
    const malformed = malformedPin(this.pins)
    if (malformed !== undefined) {
      return Effect.fail(
        setupProblem(`the pin ${JSON.stringify(malformed)} is not sha256/ and the base64 of a SHA-256 digest`)
      )
    }
    const problem = contradiction(this.options)
    if (problem !== undefined) return Effect.fail(problem)
    return Effect.flatMap(authoritiesOf(this.options, this.environment), (authorities) =>
      makeContext(this.options, authorities)
    )
  }
}
