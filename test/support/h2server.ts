/** Servers of HTTP/2 that behave, by `node:http2`. */
import { Effect, type Scope } from "effect"
import * as http2 from "node:http2"
import type { AddressInfo } from "node:net"
import { localhost } from "./certificates.js"

export type OnStream = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders, server: H2Server) => void

export class H2Server {
  /** All connections that there have been. */
  readonly sessions: Array<http2.ServerHttp2Session> = []
  /** How many streams are open, by connection. */
  readonly open = new Map<http2.Http2Session | undefined, number>()
  /** The most streams that were open at once on one connection. */
  peak = 0

  constructor(
    readonly port: number,
    private readonly scheme: string
  ) {}

  url(path = "/"): string {
    return `${this.scheme}://localhost:${this.port}${path}`
  }

  get openStreams(): number {
    let count = 0
    for (const open of this.open.values()) count += open
    return count
  }
}

const listening = (
  server: http2.Http2Server | http2.Http2SecureServer,
  scheme: string,
  onStream: OnStream
): Effect.Effect<H2Server, never, Scope.Scope> =>
  Effect.gen(function* () {
    const port = yield* Effect.async<number>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed((server.address() as AddressInfo).port)))
    })
    const h2 = new H2Server(port, scheme)
    server.on("sessionError", () => undefined)
    server.on("session", (session) => {
      h2.sessions.push(session)
      session.on("error", () => undefined)
    })
    server.on("stream", (stream, headers) => {
      const { session } = stream
      const count = (h2.open.get(session) ?? 0) + 1
      h2.open.set(session, count)
      h2.peak = Math.max(h2.peak, count)
      stream.on("error", () => undefined)
      stream.on("close", () => h2.open.set(session, (h2.open.get(session) ?? 1) - 1))
      onStream(stream, headers, h2)
    })
    yield* Effect.addFinalizer(() =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        for (const session of h2.sessions) session.destroy()
      })
    )
    return h2
  })

/**
 * MiB. Node counts the streams that have ended until its collector finds them, and at 10 MiB, its own limit, a server
 * that is busy for long enough refuses new ones.
 */
const maxSessionMemory = 1_000

export const h2Server = (
  onStream: OnStream,
  options: http2.ServerOptions = {}
): Effect.Effect<H2Server, never, Scope.Scope> =>
  Effect.suspend(() => listening(http2.createServer({ maxSessionMemory, ...options }), "http", onStream))

/** The same behind TLS, for `localhost`. */
export const h2TlsServer = (
  onStream: OnStream,
  options: http2.SecureServerOptions = {}
): Effect.Effect<H2Server, never, Scope.Scope> =>
  Effect.suspend(() =>
    listening(http2.createSecureServer({ ...localhost, maxSessionMemory, ...options }), "https", onStream)
  )
