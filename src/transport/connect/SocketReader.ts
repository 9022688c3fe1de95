/**
 * How bytes come out of a socket: into a buffer that all connections of a transport share, because each read is consumed
 * before the next one happens; what is kept is copied. That saves an allocation a read, and the stream machinery around
 * it: together a quarter of what reading a small response costs. A large body loses nothing by the copy.
 *
 * A socket whose connection was made by somebody else, a proxy or TLS over a proxy, cannot be told of that buffer: its
 * bytes come as `data` events. Who reads sees no difference.
 */
import type { Socket } from "node:net"

// Above 128 KiB, allocators map fresh pages for each copy.
const size = 64 * 1024

/** The buffer that connections share. */
export class SharedBuffer {
  private bytes: Buffer | undefined = undefined

  get buffer(): Buffer {
    return (this.bytes ??= Buffer.allocUnsafeSlow(size))
  }
}

/** Takes the bytes of one read; their memory is used again as soon as it returns. */
export type Receiver = (bytes: Uint8Array) => void

/**
 * Until there is a receiver no byte is lost: a server may speak first, and may do so in one segment with the end of its
 * handshake. What has come is given to the first receiver, after the code that sets it has run.
 */
export class SocketReader {
  private current: Receiver | undefined = undefined
  /** What came before there was a receiver. */
  private early: Array<Buffer> | undefined = undefined
  /** The socket whose bytes come as `data` events. */
  private followed: Socket | undefined = undefined

  constructor(private readonly shared: SharedBuffer) {}

  /** What `net.connect` and `tls.connect` want to know. */
  get onread() {
    return {
      buffer: this.shared.buffer,
      callback: (length: number, buffer: Uint8Array) => {
        const { current } = this
        if (current === undefined || this.early !== undefined) this.keep(buffer.subarray(0, length))
        else current(buffer.subarray(0, length))
        return true
      }
    }
  }

  /** Whether bytes of this socket, which has not been read by anybody, are here already. */
  hasEarly({ readableLength }: Socket): boolean {
    return this.early !== undefined || readableLength > 0
  }

  /** Who takes the bytes. */
  get receiver(): Receiver | undefined {
    return this.current
  }

  set receiver(receiver: Receiver | undefined) {
    this.current = receiver
    if (receiver === undefined) return
    const { followed } = this
    if (this.early !== undefined) process.nextTick(() => this.giveEarly())
    if (followed === undefined) return
    this.followed = undefined
    followed.on("data", (bytes: Buffer) => this.current?.(bytes))
    followed.resume()
  }

  /** Reads a socket that was opened without `onread`. Nothing is taken out of it before there is a receiver. */
  follow(socket: Socket): void {
    this.followed = socket
  }

  /**
   * Leaves the socket to another reader, which must take over at once: `node:http2`, which reads sockets by their handles
   * and looks first for what their streams hold. There must not have been a receiver.
   */
  handOver(socket: Socket): void {
    this.followed = undefined
    const { early } = this
    this.early = undefined
    if (early !== undefined && !socket.destroyed) socket.unshift(Buffer.concat(early))
  }

  private keep(bytes: Uint8Array): void {
    this.early ??= []
    this.early.push(Buffer.from(bytes))
  }

  private giveEarly(): void {
    const { early } = this
    this.early = undefined
    if (early !== undefined) this.current?.(Buffer.concat(early))
  }
}
