/** Servers of Node's own kinds, on a loopback port until the scope ends; their connections end with them. */
import { Effect, type Scope } from "effect"
import type * as net from "node:net"

export interface Listening {
  readonly port: number
  /** Those that are open. */
  readonly sockets: ReadonlySet<net.Socket>
}

export const listening = (server: net.Server): Effect.Effect<Listening, never, Scope.Scope> => {
  const sockets = new Set<net.Socket>()
  server.on("connection", (socket: net.Socket) => {
    sockets.add(socket)
    socket.on("error", () => undefined).once("close", () => sockets.delete(socket))
  })
  const listen = Effect.async<Listening>((resume) => {
    server.listen(0, "127.0.0.1", () =>
      resume(Effect.succeed({ port: (server.address() as net.AddressInfo).port, sockets }))
    )
  })
  const close = Effect.async<void>((resume) => {
    server.close(() => resume(Effect.void))
    for (const socket of sockets) socket.destroy()
  })
  return Effect.acquireRelease(listen, () => close)
}
