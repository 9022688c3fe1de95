/**
 * A handshake with a proxy on a socket that will carry other bytes afterwards. What comes after the handshake belongs to
 * those, even when it comes in one segment with it: it goes back into the socket.
 */
import * as Effect from "effect/Effect"
import type { Socket } from "node:net"
import { lost } from "./Line.js"

/** How a handshake ended. */
export interface Outcome<A> {
  readonly value: A
  /** Bytes that are not of the handshake. */
  readonly rest: Uint8Array
}

/**
 * Says something, then gives what arrives to `take` until that has an outcome; it may say more. Fails when the peer says
 * no more or the socket breaks.
 */
export const converse = <A>(
  socket: Socket,
  opening: string | Uint8Array,
  take: (bytes: Uint8Array) => Outcome<A> | undefined
): Effect.Effect<A, Error> =>
  Effect.async<A, Error>((resume) => {
    const stop = () => {
      socket.off("readable", onReadable).off("end", onEnd).off("error", onEnd).off("close", onEnd)
    }
    const onReadable = () => {
      // Without an encoding, a socket gives bytes.
      const bytes = socket.read() as Buffer | null
      if (bytes === null) return
      const outcome = take(bytes)
      if (outcome === undefined) return
      stop()
      // At once: with its last byte taken, a stream that has ended says so.
      if (outcome.rest.length > 0) socket.unshift(outcome.rest)
      resume(Effect.succeed(outcome.value))
    }
    const onEnd = () => {
      stop()
      resume(Effect.fail(lost(socket)))
    }
    if (socket.destroyed || socket.readableEnded) return onEnd()
    socket.on("readable", onReadable).on("end", onEnd).on("error", onEnd).on("close", onEnd)
    socket.write(opening)
    return Effect.sync(stop)
  })
