/**
 * How bytes come out of a socket: into a buffer that all connections of a transport share, because each read is consumed
 * before the next one happens. That saves an allocation a read, and the stream machinery around it: together a quarter of
 * what reading a small response costs.
 *
 * What must outlive the read is copied. A connection in the midst of a large body reads into larger buffers of its own
 * instead, which it gives away without a copy.
 */

// Above 128 KiB, allocators map fresh pages for each buffer, which halves the throughput of a large body.
const size = 64 * 1024

/** The buffer that connections share. */
export class SharedBuffer {
  private bytes: Buffer | undefined = undefined

  get buffer(): Buffer {
    return (this.bytes ??= Buffer.allocUnsafeSlow(size))
  }
}

/** Takes the bytes of one read. They are to be copied if they are kept, unless they are `owned`. */
export type Receiver = (bytes: Uint8Array, owned: boolean) => void

export class SocketReader {
  /** Who takes the bytes; until there is someone, nothing is expected to come. */
  receiver: Receiver | undefined = undefined
  private bulk = false
  private own: Buffer | undefined = undefined

  constructor(private readonly shared: SharedBuffer) {}

  /** What `net.connect` and `tls.connect` want to know. */
  get onread() {
    return {
      buffer: () => this.nextBuffer(),
      callback: (length: number, buffer: Uint8Array) => {
        this.onRead(length, buffer)
        return true
      }
    }
  }

  /** Whether a large body is coming. */
  set large(large: boolean) {
    this.bulk = large
  }

  private nextBuffer(): Buffer {
    if (!this.bulk) {
      this.own = undefined
      return this.shared.buffer
    }
    return (this.own ??= Buffer.allocUnsafeSlow(size))
  }

  private onRead(length: number, buffer: Uint8Array): void {
    const bytes = length === buffer.length ? buffer : buffer.subarray(0, length)
    // Keeping a buffer for less than half of it would be a waste of memory: then its bytes are copied, and it is read
    // into again.
    const owned = buffer === this.own && length >= buffer.length / 2
    if (owned) this.own = undefined
    this.receiver?.(bytes, owned)
  }
}
