/**
 * How bytes come out of a socket: into a buffer that all connections of a transport share, because each read is consumed
 * before the next one happens; what is kept is copied. That saves an allocation a read, and the stream machinery around
 * it: together a quarter of what reading a small response costs. A large body loses nothing by the copy.
 */

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

export class SocketReader {
  /** Who takes the bytes; until there is someone, nothing is expected to come. */
  receiver: Receiver | undefined = undefined

  constructor(private readonly shared: SharedBuffer) {}

  /** What `net.connect` and `tls.connect` want to know. */
  get onread() {
    return {
      buffer: this.shared.buffer,
      callback: (length: number, buffer: Uint8Array) => {
        this.receiver?.(buffer.subarray(0, length))
        return true
      }
    }
  }
}
