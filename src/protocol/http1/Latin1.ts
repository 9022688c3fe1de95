/**
 * Bytes to text and back to offsets. HTTP/1.1 heads are latin1 (RFC 9112 §2.2): one byte is one character, so an offset
 * in the text is an offset in the bytes.
 *
 * @since 0.1.0
 */

/**
 * The two byte operations that a runtime may do better than portable code.
 *
 * @since 0.1.0
 * @category models
 */
export interface ByteStrings {
  /** Where an ASCII string (`"\r\n\r\n"`, `"\n"`) begins in the bytes at or after `from`, or -1. */
  readonly indexOf: (bytes: Uint8Array, ascii: string, from: number) => number
  /** The bytes from `start` to before `end`, one character a byte. */
  readonly latin1: (bytes: Uint8Array, start: number, end: number) => string
}

// The arguments of one call have to fit on the stack.
const callable = 4096

/**
 * `ByteStrings` for any runtime. Not `TextDecoder("latin1")`: that label means windows-1252, which changes 0x80 to 0x9F.
 *
 * @since 0.1.0
 */
export const portableByteStrings: ByteStrings = {
  indexOf: (bytes, ascii, from) => {
    const first = ascii.charCodeAt(0)
    for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
      let matched = 1
      while (matched < ascii.length && bytes[at + matched] === ascii.charCodeAt(matched)) matched++
      if (matched === ascii.length) return at
    }
    return -1
  },
  latin1: (bytes, start, end) => {
    let text = ""
    for (let at = start; at < end; at += callable) {
      // Seven times faster than to spread the bytes, which goes through their iterator.
      const part: string = Reflect.apply(
        String.fromCharCode,
        undefined,
        bytes.subarray(at, Math.min(at + callable, end))
      )
      text += part
    }
    return text
  }
}
