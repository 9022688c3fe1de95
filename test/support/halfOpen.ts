/** A server whose connections stay open in one direction when the other is closed, and that knows which are. */
import { Effect, type Scope } from "effect"
import * as net from "node:net"
import { listening } from "./listening.js"

/** The server's side of one connection. */
export class Peer {
  /** All that has arrived, latin1. */
  received = ""
  /** Whether the client has said that it sends no more. */
  isEnded = false

  constructor(readonly socket: net.Socket) {
    socket.on("data", (bytes) => (this.received += bytes.toString("latin1")))
    socket.on("end", () => (this.isEnded = true))
    // A client that breaks off makes an error here, which is told by `isClosed`.
    socket.on("error", () => undefined)
  }

  get isClosed(): boolean {
    return this.socket.destroyed
  }

  send(text: string): void {
    this.socket.write(text, "latin1")
  }

  /** Says that it sends no more, after this; it still reads. */
  end(text = ""): void {
    this.socket.end(text, "latin1")
  }
}

/** Gives the URL of a server, and its connections in the order in which they come. */
export const halfOpen: Effect.Effect<
  { readonly url: string; readonly peers: ReadonlyArray<Peer> },
  never,
  Scope.Scope
> = Effect.gen(function* () {
  const peers: Array<Peer> = []
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    peers.push(new Peer(socket))
  })
  const { port } = yield* listening(server)
  return { url: `http://127.0.0.1:${port}/`, peers }
})
