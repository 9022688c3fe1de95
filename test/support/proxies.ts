/** Proxies that join their clients to servers, on the loopback, and dials through them. */
import { Effect, Exit, Fiber, Redacted, Runtime, RuntimeFlags, type Scope } from "effect"
import * as net from "node:net"
import * as tls from "node:tls"
import { Fields } from "../../src/protocol/Fields.js"
import type { Proxy, ProxyScheme } from "../../src/protocol/proxy.js"
import { parseTarget, isTargetProblem } from "../../src/protocol/target.js"
import type { ConnectPhase } from "../../src/transport/connect/ConnectProblem.js"
import { Dialer, type DialerOptions } from "../../src/transport/connect/Dialer.js"
import type { Connected } from "../../src/transport/connect/Dialing.js"
import type { ProxyAuthorization } from "../../src/transport/connect/ProxyAuthorization.js"
import { type Destination, keyOf, type Route } from "../../src/transport/connect/Route.js"
import { TlsSetup } from "../../src/transport/connect/tls/TlsSetup.js"
import { authority as ca } from "./certificates.js"
import { listening } from "./listening.js"

export interface Joining {
  readonly port: number
  /** What each connection began with: a CONNECT's head, or the messages of SOCKS, latin1. */
  readonly heard: ReadonlyArray<string>
  readonly open: () => number
  /** The proxy's own sockets to servers. */
  readonly onward: ReadonlySet<net.Socket>
}

interface Known {
  readonly heard: Array<string>
  readonly onward: Set<net.Socket>
}

const join = (client: net.Socket, rest: Buffer, port: number, greeting: string, { onward }: Known): void => {
  const server = net.connect(port, "127.0.0.1", () => {
    client.write(Buffer.from(greeting, "latin1"))
    if (rest.length > 0) server.write(rest)
    server.pipe(client).pipe(server)
  })
  onward.add(server)
  server.on("error", () => client.destroy()).on("close", () => client.destroy())
  client.on("close", () => server.destroy())
}

const serving = (
  secure: tls.TlsOptions | undefined,
  onSocket: (socket: net.Socket, known: Known) => void
): Effect.Effect<Joining, never, Scope.Scope> =>
  Effect.gen(function* () {
    const known: Known = { heard: [], onward: new Set() }
    const onConnection = (socket: net.Socket) =>
      onSocket(
        socket.on("error", () => undefined),
        known
      )
    const server =
      secure === undefined
        ? net.createServer({ noDelay: true }, onConnection)
        : tls.createServer(secure, onConnection).on("tlsClientError", (_, socket) => socket.destroy())
    const { port, sockets } = yield* listening(server)
    return { port, ...known, open: () => sockets.size }
  })

/** Answers CONNECT by `answer`; one that is a 200 joins to the server of that port, whatever was asked for. */
export const tunnelling = (
  port: number,
  answer: (head: string) => string = () => "HTTP/1.1 200 OK\r\n\r\n",
  secure?: tls.TlsOptions
): Effect.Effect<Joining, never, Scope.Scope> =>
  serving(secure, (socket, known) => {
    let held = Buffer.alloc(0)
    const onData = (bytes: Buffer) => {
      held = Buffer.concat([held, bytes])
      const end = held.indexOf("\r\n\r\n")
      if (end < 0) return
      const head = held.toString("latin1", 0, end + 4)
      known.heard.push(head)
      held = held.subarray(end + 4)
      const said = answer(head)
      if (!said.startsWith("HTTP/1.1 200")) return void socket.write(said)
      socket.off("data", onData)
      join(socket, held, port, said, known)
    }
    socket.on("data", onData)
  })

/** Speaks SOCKS5, in pieces of one byte, and joins to the server of that port, whatever was asked for. */
export const socksing = (port: number): Effect.Effect<Joining, never, Scope.Scope> =>
  serving(undefined, (socket, known) => {
    let held = Buffer.alloc(0)
    let stage = 0
    const onData = (bytes: Buffer) => {
      held = Buffer.concat([held, bytes])
      if (stage === 0 && held.length >= 2 + held[1]!) {
        const login = held.subarray(2, 2 + held[1]!).includes(2)
        stage = login ? 1 : 2
        held = held.subarray(2 + held[1]!)
        socket.write(Uint8Array.of(5))
        socket.write(Uint8Array.of(login ? 2 : 0))
      } else if (stage === 1 && held.length >= 3) {
        known.heard.push(held.toString("latin1"))
        held = Buffer.alloc(0)
        stage = 2
        socket.write(Uint8Array.of(1, 0))
      } else if (stage === 2 && held.length >= 8) {
        known.heard.push(held.toString("latin1"))
        socket.off("data", onData)
        join(socket, Buffer.alloc(0), port, "\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50", known)
      }
    }
    socket.on("data", onData)
  })

export const proxyAt = (port: number, scheme: ProxyScheme = "http", more: Partial<Proxy> = {}): Proxy => ({
  scheme,
  hostname: "127.0.0.1",
  port,
  url: `${scheme}://127.0.0.1:${port}`,
  credentials: undefined,
  headers: Fields.empty,
  ...more
})

export const credentials = { username: "user", password: Redacted.make("secret word") }

export const noAuthorization: ProxyAuthorization = { first: () => undefined, challenged: () => undefined }

export const dialer = (options: Partial<DialerOptions> = {}): Dialer =>
  new Dialer({
    tls: new TlsSetup({ ca }, undefined),
    proxyTls: () => new TlsSetup({ ca }, undefined),
    alpn: ["h2", "http/1.1"],
    proxyAuthorization: noAuthorization,
    ...options
  })

export const destination = (url: string, route: Route): Destination => {
  const target = parseTarget(url)
  if (isTargetProblem(target)) throw new Error(target.message)
  return { key: keyOf(target, route), target, route }
}

/** A connection that is closed with the test. */
export const dialed = (to: Destination, options?: Partial<DialerOptions>) =>
  Effect.acquireRelease(dialer(options).dial(to, { phase: "dns" }), ({ socket }) =>
    Effect.async<void>((resume) => {
      if (socket.closed) return resume(Effect.void)
      socket.once("close", () => resume(Effect.void)).destroy()
    })
  )

/** Why there is no connection. */
export const refusedTo = (to: Destination, options?: Partial<DialerOptions>) =>
  Effect.flip(dialer(options).dial(to, { phase: "dns" }))

/** Sends a request and reads until the text has come. */
export const exchanged = ({ reader, socket }: Connected, until: string, request = "GET / HTTP/1.1\r\n\r\n") =>
  Effect.async<string>((resume) => {
    let read = ""
    reader.receiver = (bytes) => {
      read += Buffer.from(bytes).toString("latin1")
      if (read.endsWith(until)) resume(Effect.succeed(read))
    }
    socket.once("close", () => resume(Effect.die(new Error(`closed after ${JSON.stringify(read)}`))))
    socket.write(request)
  })

const runtime = Runtime.disableRuntimeFlag(Runtime.defaultRuntime, RuntimeFlags.Interruption)

/** Interrupts a dial after so many turns of the event loop; gives the phase it was in, and closes what it made. */
export const interruptedAfter = (
  dialer: Dialer,
  to: Destination,
  turns: number
): Effect.Effect<ConnectPhase | "done"> =>
  Effect.gen(function* () {
    const progress: { phase: ConnectPhase } = { phase: "dns" }
    const fiber = Runtime.runFork(runtime)(dialer.dial(to, progress))
    for (let i = 0; i < turns; i++) yield* Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))
    const exit = yield* Fiber.interrupt(fiber)
    if (Exit.isFailure(exit)) return progress.phase
    yield* Effect.async<void>((resume) => {
      exit.value.socket.once("close", () => resume(Effect.void)).destroy()
    })
    return "done"
  })
