/**
 * Whether the peer of a session still lives and still speaks HTTP/2: asked with PING (RFC 9113 §6.7) when it has been
 * silent for long, and when it gives reason for doubt.
 *
 * It also finds out that the session has ended itself. When nghttp2 meets a frame that breaks the protocol, it sends
 * GOAWAY and from then on neither reads nor writes, and `node:http2` tells nobody. Then a PING stays in the queue for
 * ever. That is looked into when bytes have come that were nothing for any stream.
 */
import type { Clock } from "effect/Clock"
import type { ClientHttp2Session } from "node:http2"
import type { Socket } from "node:net"
import { now, startTimer } from "../Timer.js"

/** Milliseconds. */
export interface LivenessOptions {
  readonly pingAfter: number | undefined
  readonly pingTimeout: number
}

/** What a session is told of its peer. */
export interface LivenessOwner {
  readonly clock: Clock | undefined
  /** The peer has answered, and is beyond doubt. */
  readonly onAlive: () => void
  /** The peer has not answered in time. */
  readonly onDead: () => void
  /** The session has ended itself, because of what the peer sent. */
  readonly onEnded: () => void
  /** Whether there may be more to send than the socket takes. */
  readonly isClogged: boolean
}

// How often it is looked whether bytes came that were nothing for any stream.
const glance = 1_000

export class Liveness {
  /** Whether the peer has given reason for doubt, and not answered since. */
  isDoubted = false
  private readonly every: number
  private expecting = false
  private asking = false
  private gone = false
  private heardAt = 0
  /** Bytes that had come when it was last looked. */
  private bytes = 0
  /** Bytes that had come when there was something for a stream. */
  private used = 0
  private stopLooking: (() => void) | undefined = undefined
  private stopWaiting: (() => void) | undefined = undefined

  constructor(
    private readonly session: ClientHttp2Session,
    private readonly socket: Socket,
    private readonly options: LivenessOptions,
    private readonly owner: LivenessOwner
  ) {
    this.every = Math.min(glance, (options.pingAfter ?? Infinity) / 2)
  }

  /** Something is expected of the peer from now on. */
  expect(): void {
    if (this.expecting) return
    this.expecting = true
    this.heardAt = now(this.owner.clock)
    this.bytes = this.used = this.socket.bytesRead
    if (this.stopLooking === undefined) this.lookLater()
  }

  /** Nothing is expected of it any more. The timer ends by itself. */
  rest(): void {
    this.expecting = false
  }

  /** What came last was for a stream, or something else that is known. */
  sign(): void {
    this.used = this.socket.bytesRead
  }

  /** A stream was given up because nothing came: the peer has to answer before it gets others. */
  doubt(): void {
    this.isDoubted = true
    this.ask()
  }

  clear(): void {
    this.gone = true
    this.stopLooking?.()
    this.stopLooking = undefined
    this.stopWaiting?.()
    this.stopWaiting = undefined
  }

  private lookLater(): void {
    this.stopLooking = startTimer(this.owner.clock, this.every, () => this.look())
  }

  private look(): void {
    this.stopLooking = undefined
    if (!this.expecting) return
    const { pingAfter } = this.options
    const { bytesRead } = this.socket
    const at = now(this.owner.clock)
    const isStrange = bytesRead !== this.used
    if (bytesRead !== this.bytes) this.heardAt = at
    this.bytes = this.used = bytesRead
    if (isStrange || (pingAfter !== undefined && at - this.heardAt >= pingAfter)) this.ask()
    this.lookLater()
  }

  private ask(): void {
    if (this.asking || this.gone || this.session.destroyed) return
    this.asking = true
    const { bytesRead } = this.socket
    // A session that drains asks nothing; then bytes have to do.
    const { closed } = this.session
    if (!closed) {
      this.session.ping((error: Error | null) => {
        if (error === null) this.onAnswer()
      })
      // It goes out in this turn of the event loop.
      setImmediate(() => this.lookForEnd())
    }
    this.stopWaiting = startTimer(this.owner.clock, this.options.pingTimeout, () => {
      if (this.session.closed && this.socket.bytesRead !== bytesRead) this.onAnswer()
      else this.owner.onDead()
    })
  }

  private lookForEnd(): void {
    if (this.gone || !this.asking || this.session.destroyed || this.owner.isClogged) return
    if ((this.session.state.outboundQueueSize ?? 0) > 0) this.owner.onEnded()
  }

  private onAnswer(): void {
    if (this.gone) return
    this.asking = false
    this.isDoubted = false
    this.stopWaiting?.()
    this.stopWaiting = undefined
    this.heardAt = now(this.owner.clock)
    this.owner.onAlive()
  }
}
