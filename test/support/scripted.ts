/**
 * A server on a real socket that says, byte for byte, what a script tells it to, and that knows what it was told.
 *
 * Everything that a test may have to wait for is an event of a socket, so nothing here takes time of its own.
 */
import { Effect, FiberSet, type Scope } from "effect"
import * as net from "node:net"
import * as tls from "node:tls"
import { listening } from "./listening.js"

/** What a server does with one connection. It is interrupted with the test. */
export type Script = (connection: Connection) => Effect.Effect<void>

/** Lets many wait for whatever they look for, looked for again at each event. */
class Events {
  private readonly waiting = new Set<() => void>()

  readonly announce = (): void => {
    for (const look of this.waiting) look()
  }

  until<A>(find: () => A | undefined): Effect.Effect<A> {
    return Effect.async<A>((resume) => {
      const look = () => {
        const found = find()
        if (found === undefined) return
        this.waiting.delete(look)
        resume(Effect.succeed(found))
      }
      this.waiting.add(look)
      look()
      return Effect.sync(() => this.waiting.delete(look))
    })
  }
}

/** The server's side of one connection. */
export class Connection {
  /** All that has arrived, latin1. */
  received = ""
  private taken = 0
  private readonly events = new Events()

  constructor(
    private readonly socket: net.Socket,
    announce: () => void
  ) {
    const happened = () => {
      this.events.announce()
      announce()
    }
    socket.on("data", (bytes) => {
      this.received += bytes.toString("latin1")
      happened()
    })
    // A client that breaks off makes an error here, which is told by `closed`.
    socket.on("error", () => undefined)
    socket.on("close", happened)
  }

  /** Whether it is closed, by whichever side. */
  get isClosed(): boolean {
    return this.socket.destroyed
  }

  /** Waits until it is closed, by whichever side. */
  get closed(): Effect.Effect<void> {
    return this.events.until(() => (this.isClosed ? true : undefined)).pipe(Effect.asVoid)
  }

  /** Waits for the head of the next request, and gives it. */
  get request(): Effect.Effect<string> {
    return this.take("\r\n\r\n")
  }

  /** Waits until this text has arrived at all, and takes nothing. */
  seen(text: string): Effect.Effect<void> {
    return Effect.asVoid(this.events.until(() => (this.received.includes(text) ? true : undefined)))
  }

  /** Waits for this text in what has not been taken yet, and takes everything up to its end. */
  take(text: string): Effect.Effect<string> {
    return this.events.until(() => {
      const at = this.received.indexOf(text, this.taken)
      if (at < 0) return undefined
      const from = this.taken
      this.taken = at + text.length
      return this.received.slice(from, this.taken)
    })
  }

  /** Waits for so many bytes of what has not been taken yet, and takes them. */
  takeBytes(count: number): Effect.Effect<string> {
    return this.events.until(() => {
      if (this.received.length < this.taken + count) return undefined
      this.taken += count
      return this.received.slice(this.taken - count, this.taken)
    })
  }

  /** Sends, and waits until it has left. A client that has gone stops the script here. */
  send(data: string | Uint8Array): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      const bytes = typeof data === "string" ? Buffer.from(data, "latin1") : data
      this.socket.write(bytes, (error) => {
        if (error === undefined || error === null) resume(Effect.void)
      })
    })
  }

  /** Ends the connection in order, with FIN. */
  get close(): Effect.Effect<void> {
    return Effect.sync(() => void this.socket.end())
  }

  /** Breaks the connection, with RST. */
  get reset(): Effect.Effect<void> {
    return Effect.sync(() => void this.socket.resetAndDestroy())
  }

  /** Takes nothing more off the wire until `resume`. */
  get pause(): Effect.Effect<void> {
    return Effect.sync(() => void this.socket.pause())
  }

  get resume(): Effect.Effect<void> {
    return Effect.sync(() => void this.socket.resume())
  }
}

export class ScriptedServer {
  /** All connections that there have been, in the order in which they came. */
  readonly connections: Array<Connection> = []
  /** The most that were open at once. */
  peak = 0
  readonly events = new Events()

  constructor(
    readonly port: number,
    private readonly scheme: "http" | "https"
  ) {}

  url(path = "/", host = "127.0.0.1"): string {
    return `${this.scheme}://${host}:${this.port}${path}`
  }

  /** How many connections are open. */
  get open(): number {
    return this.connections.filter((connection) => !connection.isClosed).length
  }

  /** Waits for the connection of this number, from 0. */
  connection(index: number): Effect.Effect<Connection> {
    return this.events.until(() => this.connections[index])
  }

  /** Waits until so many connections are open, and no more. */
  untilOpen(count: number): Effect.Effect<void> {
    return this.events.until(() => (this.open === count ? true : undefined)).pipe(Effect.asVoid)
  }
}

const serving = (
  scheme: "http" | "https",
  scripts: ReadonlyArray<Script>,
  make: (onSocket: (socket: net.Socket) => void) => net.Server
): Effect.Effect<ScriptedServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const run = yield* FiberSet.makeRuntime<never>()
    let scripted: ScriptedServer | undefined = undefined
    const onSocket = (socket: net.Socket) => {
      if (scripted === undefined) return
      const connection = new Connection(socket, scripted.events.announce)
      const script = scripts[Math.min(scripted.connections.length, scripts.length - 1)]
      scripted.connections.push(connection)
      scripted.peak = Math.max(scripted.peak, scripted.open)
      scripted.events.announce()
      if (script !== undefined) run(script(connection))
    }
    const { port } = yield* listening(make(onSocket))
    return (scripted = new ScriptedServer(port, scheme))
  })

/** A server whose first connection follows the first script, and so on; the last script is for all that come after. */
export const scripted = (...scripts: ReadonlyArray<Script>): Effect.Effect<ScriptedServer, never, Scope.Scope> =>
  serving("http", scripts, (onSocket) => net.createServer({ noDelay: true }, onSocket))

/** The same behind TLS. A connection counts when its handshake is done. */
export const scriptedTls = (
  options: tls.TlsOptions,
  ...scripts: ReadonlyArray<Script>
): Effect.Effect<ScriptedServer, never, Scope.Scope> =>
  serving("https", scripts, (onSocket) =>
    tls.createServer(options, onSocket).on("tlsClientError", (_, socket) => socket.destroy())
  )

/** Answers every request with the same bytes. */
export const answering =
  (answer: string | Uint8Array): Script =>
  (connection) =>
    Effect.forever(Effect.zipRight(connection.request, connection.send(answer)))

/** Answers one request with these bytes, and leaves the connection as it is. */
export const once =
  (answer: string | Uint8Array): Script =>
  (connection) =>
    Effect.zipRight(connection.request, connection.send(answer))

/** Takes everything and says nothing. */
export const silent: Script = () => Effect.void

/** The bytes of an answer with a Content-Length. */
export const ok = (body: string, ...fields: ReadonlyArray<string>): string =>
  [`HTTP/1.1 200 OK`, `Content-Length: ${body.length}`, ...fields, "", body].join("\r\n")
