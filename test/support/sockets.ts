/** The sockets that are opened while a test runs. */
import { Effect, type Scope } from "effect"
import * as net from "node:net"

/** Those of this process that connect to somewhere, whether by TCP alone or for TLS. */
export const clientSockets: Effect.Effect<ReadonlyArray<net.Socket>, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => {
    const sockets: Array<net.Socket> = []
    const { connect } = net.Socket.prototype
    const recording = function (this: net.Socket, ...args: ReadonlyArray<never>) {
      sockets.push(this)
      return Reflect.apply(connect, this, args)
    }
    net.Socket.prototype.connect = recording as typeof connect
    return { sockets, connect }
  }),
  ({ connect }) =>
    Effect.sync(() => {
      net.Socket.prototype.connect = connect
    })
).pipe(Effect.map(({ sockets }) => sockets))
