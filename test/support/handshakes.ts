/** TLS handshakes alone, without HTTP: a server that tells what it saw, and a client of what is set up. */
import { Data, Effect, type Scope } from "effect"
import type * as net from "node:net"
import * as tls from "node:tls"
import { TlsSetup } from "../../src/transport/connect/tls/TlsSetup.js"
import type { TlsEnvironment, TlsOptions } from "../../src/transport/connect/tls/TlsOptions.js"

/** What a server saw of a client. */
export interface Seen {
  /** The name that was asked for, or `false`. */
  readonly servername: string | false
  /** The common name of the client's certificate. */
  readonly client: string | undefined
  readonly version: string | null
  readonly cipher: string
  readonly resumed: boolean
}

export interface TellingServer {
  readonly port: number
  /** How many handshakes were done. */
  readonly handshakes: () => number
}

/** A server that tells each client what it saw of it, as a line of JSON, and leaves the connection open. */
export const telling = (options: tls.TlsOptions): Effect.Effect<TellingServer, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<TellingServer & { readonly close: (closed: () => void) => void }>((resume) => {
      const sockets = new Set<net.Socket>()
      let handshakes = 0
      const server = tls.createServer(options, (socket) => {
        handshakes++
        socket.on("error", () => undefined).write(`${JSON.stringify(seenOf(socket))}\n`)
      })
      server.on("tlsClientError", (_, socket) => socket.destroy())
      server.on("connection", (socket: net.Socket) => {
        sockets.add(socket)
        socket.on("error", () => undefined).once("close", () => sockets.delete(socket))
      })
      const close = (closed: () => void) => {
        server.close(closed)
        for (const socket of sockets) socket.destroy()
      }
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as net.AddressInfo
        resume(Effect.succeed({ port, handshakes: () => handshakes, close }))
      })
    }),
    ({ close }) => Effect.async<void>((resume) => close(() => resume(Effect.void)))
  )

const seenOf = (socket: tls.TLSSocket): Seen => ({
  servername: "servername" in socket && typeof socket.servername === "string" ? socket.servername : false,
  client: socket.getPeerCertificate().subject?.CN?.toString(),
  version: socket.getProtocol(),
  cipher: socket.getCipher().name,
  resumed: socket.isSessionReused()
})

/** What is set up, until the test ends. */
export const setup = (options: TlsOptions, environment?: TlsEnvironment): Effect.Effect<TlsSetup, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => new TlsSetup(options, environment)),
    (made) => made.close
  )

/** Why a handshake failed. */
export class HandshakeError extends Data.TaggedError("HandshakeError")<{
  readonly message: string
  readonly code: string | undefined
}> {}

export interface Whom {
  readonly port: number
  /** Default: localhost. */
  readonly hostname?: string
  /** Default: the host and the port. */
  readonly key?: string
  /** What is sent once the handshake is done; the server is to close then. Default: nothing. */
  readonly say?: string
}

/** What came of it. */
export interface Dialed {
  readonly resumed: boolean
  readonly text: string
}

/** Connects as a transport does, takes what comes until the first line end or until the server closes, and closes. */
export const dial = (made: TlsSetup, { port, hostname = "localhost", key = `${hostname}:${port}`, say }: Whom) =>
  Effect.flatMap(made.connectionOptions({ hostname, key }), (options) =>
    Effect.async<Dialed, HandshakeError>((resume) => {
      const socket = tls.connect({ ...options, host: "127.0.0.1", port })
      made.attach(socket, key)
      let text = ""
      let resumed = false
      // In TLS 1.3, sessions may come after what the server said, and no longer when all is closed. OpenSSL's servers
      // need not give another one where one was resumed.
      let awaitsSession = true
      const closeWhenDone = () => {
        if (say === undefined && text.endsWith("\n") && !awaitsSession) socket.destroy()
      }
      let failure: HandshakeError | undefined = undefined
      socket.on("secureConnect", () => {
        resumed = socket.isSessionReused()
        awaitsSession = socket.getProtocol() === "TLSv1.3" && !resumed
        const refusal = made.refusal(socket)
        if (refusal !== undefined) socket.destroy(Object.assign(new Error(refusal.message), { code: refusal.code }))
        else if (say !== undefined) socket.write(say)
      })
      socket.on("data", (chunk: Buffer) => {
        text += chunk.toString()
        closeWhenDone()
      })
      socket.on("session", () => {
        awaitsSession = false
        closeWhenDone()
      })
      socket.on("error", ({ message, code }: NodeJS.ErrnoException) => {
        failure = new HandshakeError({ message, code })
      })
      socket.on("close", () => {
        if (text !== "") return resume(Effect.succeed({ resumed, text }))
        made.failed(key)
        resume(Effect.fail(failure ?? new HandshakeError({ message: "the server has closed", code: undefined })))
      })
      return Effect.sync(() => void socket.destroy())
    })
  )

/** What the server saw of a connection that succeeded. */
export const seenBy = (server: TellingServer, made: TlsSetup, whom?: Omit<Whom, "port" | "say">) =>
  Effect.map(dial(made, { ...whom, port: server.port }), ({ text }) => JSON.parse(text) as Seen)

/** Why a connection did not. */
export const refusedBy = (server: TellingServer, made: TlsSetup, whom?: Omit<Whom, "port" | "say">) =>
  Effect.flip(seenBy(server, made, whom))
