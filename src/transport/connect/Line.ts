/**
 * The socket of one dial. Whoever works on it, it is owned here: from the moment at which it exists until it is given
 * away, or destroyed because the dial failed or was interrupted, between a callback and the fiber that it resumes too.
 */
import * as Effect from "effect/Effect"
import type { Socket } from "node:net"

const ignore = (): void => undefined

export class Line {
  private socket: Socket | undefined = undefined

  /**
   * Owns this socket instead of the one before, which it wraps, or which is closed. An error that comes when nobody
   * listens is found as `errored`; the listener that says so stays on a socket that is given away.
   */
  hold<S extends Socket>(socket: S): S {
    this.socket = socket
    return socket.on("error", ignore)
  }

  /** Gives the socket away. */
  release(): void {
    this.socket = undefined
  }

  /** Destroys the socket, and with it those that it wraps; ends when it is closed. */
  readonly close: Effect.Effect<void> = Effect.async<void>((resume) => {
    const { socket } = this
    if (socket === undefined || socket.closed) return resume(Effect.void)
    socket.once("close", () => resume(Effect.void)).destroy()
  })
}

/**
 * Waits until a socket that is made here is ready; fails when it breaks or closes before. `onTcp` is told of the
 * connection under TLS.
 */
export const ready = <S extends Socket>(
  line: Line,
  make: () => S,
  event: "connect" | "secureConnect",
  onTcp: (socket: S) => void
): Effect.Effect<S, Error> =>
  Effect.async<S, Error>((resume) => {
    const socket = line.hold(make())
    const stop = () => {
      socket.off("connect", onConnect).off("secureConnect", onSecure).off("error", onError).off("close", onClose)
    }
    const done = () => {
      stop()
      resume(Effect.succeed(socket))
    }
    const onConnect = () => {
      onTcp(socket)
      if (event === "connect") done()
    }
    const onSecure = () => done()
    const onError = (cause: Error) => {
      stop()
      resume(Effect.fail(cause))
    }
    const onClose = () => onError(lost(socket))
    socket.on("connect", onConnect).on("secureConnect", onSecure).on("error", onError).on("close", onClose)
    return Effect.sync(stop)
  }).pipe(Effect.catchAllDefect((cause) => Effect.fail(errorOf(cause))))

/** What Node throws at once, where an argument cannot be. */
const errorOf = (cause: unknown): NodeJS.ErrnoException => (cause instanceof Error ? cause : new Error(String(cause)))

/** Why a socket that is destroyed is of no use. */
export const lost = (socket: Socket): Error => socket.errored ?? new Error("the connection was closed")
