/**
 * The chunked transfer coding, decoded as it comes in (RFC 9112 §7.1).
 *
 * Where a chunk ends decides where the next response begins, so nothing here is lenient: the line ends are CRLF.
 *
 * @since 0.1.0
 */
import { CR, DEL, HTAB, isBlank, LF, SEMICOLON, SP } from "./ascii.js"
import { splitFields, type FieldSection } from "./FieldSection.js"
import { INCOMPLETE, type SectionBuffer } from "./SectionBuffer.js"
import { excerptByte, violation, type ParseViolation } from "./Violation.js"

type Phase =
  "size" | "padding" | "extension" | "size LF" | "data" | "data CR" | "data LF" | "trailers" | "ended" | "failed"

const noTrailers: ReadonlyArray<string> = []

const hexDigit = (byte: number): number => {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/** Who gets the data. */
export interface DataSink {
  onData(bytes: Uint8Array): void
}

/** The decoder of one chunked body at a time. */
export class ChunkedDecoder {
  /** Bytes of data so far. */
  received = 0
  trailers: ReadonlyArray<string> = noTrailers
  violation: ParseViolation | undefined = undefined
  private phase: Phase = "ended"
  private size = 0
  private sizeDigits = 0
  private lineBytes = 0

  constructor(
    private readonly section: SectionBuffer,
    private readonly fields: FieldSection,
    private readonly lineLimit: number
  ) {}

  get ended(): boolean {
    return this.phase === "ended"
  }

  start(): void {
    this.stop()
    this.received = 0
    this.beginLine()
  }

  /** Decodes no further, also not the rest of the bytes in hand, and drops what it holds. */
  stop(): void {
    this.phase = "ended"
    this.trailers = noTrailers
    this.violation = undefined
  }

  /** The offset after what belongs to the body, or -1 with `violation` set. */
  decode(bytes: Uint8Array, from: number, sink: DataSink): number {
    let at = from
    while (at < bytes.length && this.goesOn) {
      if (this.phase === "data") {
        const end = Math.min(bytes.length, at + this.size)
        this.size -= end - at
        this.received += end - at
        if (this.size === 0) this.phase = "data CR"
        sink.onData(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end))
        at = end
      } else if (this.phase === "trailers") {
        at = this.readTrailers(bytes, at)
      } else {
        this.step(bytes[at++]!)
      }
    }
    return this.violation === undefined ? at : -1
  }

  private get goesOn(): boolean {
    return this.phase !== "ended" && this.phase !== "failed"
  }

  private step(byte: number): void {
    switch (this.phase) {
      case "size":
        return this.sizeByte(byte)
      case "padding":
        return this.paddingByte(byte)
      case "extension":
        return this.extensionByte(byte)
      case "size LF":
        if (byte !== LF) return this.fail("INVALID_CHUNK_SIZE", "a chunk size line has a CR without LF in it")
        if (this.size > 0) this.phase = "data"
        else {
          this.section.clear()
          this.phase = "trailers"
        }
        return
      case "data CR":
        if (byte !== CR) return this.notTerminated(byte)
        this.phase = "data LF"
        return
      case "data LF":
        if (byte !== LF) return this.notTerminated(byte)
        this.beginLine()
    }
  }

  private beginLine(): void {
    this.phase = "size"
    this.size = 0
    this.sizeDigits = 0
    this.lineBytes = 0
  }

  private sizeByte(byte: number): void {
    const digit = hexDigit(byte)
    if (digit >= 0) {
      this.size = this.size * 16 + digit
      this.sizeDigits++
      // RFC 9112 §7.1: a recipient has to foresee sizes that it cannot represent.
      if (this.size > Number.MAX_SAFE_INTEGER) this.fail("INVALID_CHUNK_SIZE", "a chunk size is too large to be true")
      this.countLine()
    } else if (this.sizeDigits === 0) {
      this.fail("INVALID_CHUNK_SIZE", `a chunk size begins with ${excerptByte(byte)}, which is no hexadecimal digit`)
    } else this.paddingByte(byte)
  }

  /** RFC 9112 §7.1.1 has bad white space before a semicolon; some servers pad every size with it. */
  private paddingByte(byte: number): void {
    if (byte === CR) this.phase = "size LF"
    else if (byte === SEMICOLON) this.phase = "extension"
    else if (isBlank(byte)) {
      this.phase = "padding"
      this.countLine()
    } else this.fail("INVALID_CHUNK_SIZE", `a chunk size is followed by ${excerptByte(byte)}`)
  }

  /** RFC 9112 §7.1.1: extensions that mean nothing to us are ignored, but neither endless nor with controls in them. */
  private extensionByte(byte: number): void {
    if (byte === CR) this.phase = "size LF"
    else if (byte >= SP ? byte !== DEL : byte === HTAB) this.countLine()
    else this.fail("INVALID_CHUNK_EXTENSION", `a chunk extension has the control character ${excerptByte(byte)} in it`)
  }

  private countLine(): void {
    if (++this.lineBytes > this.lineLimit) {
      this.fail("CHUNK_LINE_TOO_LONG", `a chunk size line is longer than ${this.lineLimit} bytes`)
    }
  }

  private notTerminated(byte: number): void {
    this.fail("CHUNK_NOT_TERMINATED", `the data of a chunk is followed by ${excerptByte(byte)} where CRLF should be`)
  }

  private readTrailers(bytes: Uint8Array, at: number): number {
    if (bytes[at] === CR && bytes[at + 1] === LF && this.section.held === 0) {
      this.phase = "ended"
      return at + 2
    }
    const end = this.section.take(bytes, at)
    if (end === INCOMPLETE) return bytes.length
    if (end < 0) {
      this.fail("HEAD_TOO_LARGE", "the trailers are larger than the limit")
      return -1
    }
    const { length } = this.section.text
    const read = this.fields.read(this.section, 0, "crlf")
    this.section.clear()
    if (read < 0) {
      this.violation = this.fields.violation
      this.phase = "failed"
      return -1
    }
    this.trailers = splitFields(this.fields.lines)
    this.phase = "ended"
    return end - (length - read)
  }

  private fail(code: ParseViolation["code"], message: string): void {
    this.phase = "failed"
    this.violation = violation(code, message)
  }
}
