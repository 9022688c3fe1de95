/**
 * The sending side of a connection: pieces of bytes, as they are or as chunks (RFC 9112 §7.1), no faster than the peer
 * takes them.
 */
import type { Socket } from "node:net"
import { chunkHead, lastChunk } from "../../protocol/http1/RequestSerializer.js"

// A larger body goes out piece by piece, so that a server that is slow can be told from one that takes nothing. Of 50 MB,
// 1.4 GB/s are taken in pieces of this size as in one, 1.1 in pieces of 64 kB.
const piece = 256 * 1024

const crlf = Buffer.from("\r\n", "latin1")

export class SocketWriter {
  /** Whether pieces are sent as chunks. */
  chunked = false
  private stopped = false
  private onRoom: (() => void) | undefined = undefined

  constructor(
    private readonly socket: Socket,
    /** Is told that the peer is waited for. */
    private readonly onBlocked: () => void
  ) {}

  /** Sends a piece; calls back when there is room for the next, and never once the writer has stopped. */
  write(bytes: Uint8Array, room: () => void): void {
    if (this.stopped) return
    // An empty chunk would be the last one.
    if (bytes.length === 0) return room()
    if (bytes.length > piece) {
      return this.write(bytes.subarray(0, piece), () => this.write(bytes.subarray(piece), room))
    }
    if (this.chunked) {
      this.socket.cork()
      this.socket.write(chunkHead(bytes.length), "latin1")
      this.socket.write(bytes)
      this.socket.write(crlf)
      process.nextTick(uncork, this.socket)
    } else this.socket.write(bytes)
    if (!this.socket.writableNeedDrain) return room()
    this.onRoom = room
    this.onBlocked()
  }

  /** The body is at its end. */
  finish(): void {
    if (this.chunked && !this.stopped) this.socket.write(lastChunk, "latin1")
  }

  /** The socket has taken everything. */
  drained(): void {
    const { onRoom } = this
    this.onRoom = undefined
    onRoom?.()
  }

  stop(): void {
    this.stopped = true
    this.onRoom = undefined
  }
}

const uncork = (socket: Socket): void => socket.uncork()
