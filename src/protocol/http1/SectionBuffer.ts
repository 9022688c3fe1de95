/**
 * Finds the end of a head or of a trailer section, however the bytes come in, and keeps no more of it than a limit.
 *
 * @since 0.1.0
 */
import { CR, LF } from "./ascii.js"
import type { ByteStrings } from "./Latin1.js"

/** What `take` gives when the section goes on, or is longer than the limit. */
export const INCOMPLETE = -1
export const TOO_LARGE = -2

type Position = "in line" | "line start" | "line start and CR"

const nothing = new Uint8Array(0)

/** One section at a time, up to and with the empty line that ends it. */
export class SectionBuffer {
  /**
   * The section as text, once it is whole. The text is longer than the section when lone LFs end the lines of a head
   * and the first CRLF CRLF stands in its body.
   */
  text = ""
  /** The same as bytes, from `start` on: a loop over bytes takes half the time of one over characters. */
  bytes: Uint8Array = nothing
  start = 0
  /** How many bytes of an incomplete section are kept. */
  held = 0
  private position: Position = "line start"

  constructor(
    private readonly strings: ByteStrings,
    private readonly limit: number
  ) {}

  clear(): void {
    this.text = ""
    this.bytes = nothing
    this.start = 0
    this.held = 0
    this.position = "line start"
  }

  /** Takes bytes from `at` on; the offset after `text` when that is whole now, `INCOMPLETE` or `TOO_LARGE`. */
  take(bytes: Uint8Array, at: number): number {
    if (this.held === 0) {
      const found = this.strings.indexOf(bytes, "\r\n\r\n", at)
      if (found >= 0 && found + 4 - at <= this.limit) {
        this.bytes = bytes
        this.start = at
        this.text = this.strings.latin1(bytes, at, found + 4)
        return found + 4
      }
    }
    const stop = Math.min(bytes.length, at + this.limit - this.held)
    const end = this.scan(bytes, at, stop)
    this.hold(bytes, at, end < 0 ? stop : end)
    if (end < 0) return stop < bytes.length ? TOO_LARGE : INCOMPLETE
    this.text = this.strings.latin1(this.bytes, 0, this.held)
    return end
  }

  /** The beginning of an incomplete section. */
  opening(length: number): string {
    return this.strings.latin1(this.bytes, 0, Math.min(length, this.held))
  }

  /** The offset after the first empty line that ends before `stop`; remembers where in a line the bytes stopped. */
  private scan(bytes: Uint8Array, from: number, stop: number): number {
    let at = from
    while (at < stop) {
      if (this.position === "in line") {
        const found = this.strings.indexOf(bytes, "\n", at)
        if (found < 0 || found >= stop) return INCOMPLETE
        at = found + 1
        this.position = "line start"
      } else {
        const byte = bytes[at++]
        if (byte === LF) return at
        this.position = byte === CR && this.position === "line start" ? "line start and CR" : "in line"
      }
    }
    return INCOMPLETE
  }

  /** Copies, because whoever pushed the bytes may use their memory again. */
  private hold(bytes: Uint8Array, from: number, to: number): void {
    const length = this.held + to - from
    if (length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(1024, 2 * length))
      larger.set(this.bytes.subarray(0, this.held))
      this.bytes = larger
    }
    this.bytes.set(bytes.subarray(from, to), this.held)
    this.held = length
  }
}
