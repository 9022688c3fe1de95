/**
 * From the bytes of a text to the text: the charset of a `Content-Type`, byte order marks, and JSON's own rule.
 *
 * @since 0.1.0
 */

import { parametersIn } from "./parameters.js"

/**
 * The charset that a `Content-Type` names, in lower case; of several the first.
 *
 * @since 0.1.0
 * @category parsing
 */
export const charsetOf = (contentType: string | undefined): string | undefined => {
  // Most have no parameter at all.
  if (contentType === undefined || !contentType.includes("=")) return undefined
  for (const [name, value] of parametersIn(contentType)) {
    const charset = name === "charset" ? value.trim().toLowerCase() : ""
    if (charset !== "") return charset
  }
  return undefined
}

// https://encoding.spec.whatwg.org/#bom-sniff
const byteOrderMarks: ReadonlyArray<readonly [label: string, mark: ReadonlyArray<number>]> = [
  ["utf-8", [0xef, 0xbb, 0xbf]],
  ["utf-16be", [0xfe, 0xff]],
  ["utf-16le", [0xff, 0xfe]]
]

interface Sniffed {
  readonly label: string
  readonly markLength: number
}

/** Most texts begin with ASCII, and a mark does not. */
const mayBegin = (bytes: Uint8Array): boolean => bytes.length > 1 && bytes[0]! >= 0xef

const startsWith = (bytes: Uint8Array, mark: ReadonlyArray<number>): boolean =>
  mark.every((byte, index) => bytes[index] === byte)

const sniff = (bytes: Uint8Array): Sniffed | undefined => {
  for (const [label, mark] of byteOrderMarks) {
    if (startsWith(bytes, mark)) return { label, markLength: mark.length }
  }
  return undefined
}

/** Whether these bytes, fewer than a mark has, could still become one. */
const maySniff = (bytes: Uint8Array): boolean =>
  byteOrderMarks.some(([, mark]) => bytes.length < mark.length && startsWith(bytes, mark.slice(0, bytes.length)))

interface Decoding {
  /** Without bytes, the end. */
  readonly decode: (bytes?: Uint8Array) => string
}

// The characters of windows-1252 from 0x80 to 0x9F.
const windows1252 = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ"

/**
 * What WHATWG also reads `iso-8859-1` and `us-ascii` as. Not left to the runtime: versions of Node decode it as if it
 * were Latin-1 proper, and drop a first ÿ.
 */
const decodeWindows1252 = (bytes: Uint8Array = new Uint8Array(0)): string => {
  let text = ""
  // In pieces, because what can be spread as arguments is limited.
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return text.replace(/[\x80-\x9f]/g, (control) => windows1252.charAt(control.charCodeAt(0) - 0x80))
}

/** Making one costs more than decoding a small text. Whole texts leave nothing behind in it. */
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })

/** `undefined` for a label that the runtime does not know. */
const decoderFor = (label: string): TextDecoder | undefined => {
  try {
    return new TextDecoder(label, { ignoreBOM: true })
  } catch {
    return undefined
  }
}

const decodingBy = (decoder: TextDecoder, stream: boolean): Decoding => {
  if (decoder.encoding === "windows-1252") return { decode: decodeWindows1252 }
  return {
    decode: (bytes) => {
      try {
        return decoder.decode(bytes, { stream: stream && bytes !== undefined })
      } catch {
        // Not for invalid bytes, in a decoder that is not `fatal`; but Node throws when a GB 18030 text ends inside a
        // character whose bytes came apart.
        return "\ufffd"
      }
    }
  }
}

/** By the first label that the runtime knows. UTF-8 is the last: no text is lost that ASCII can carry. */
const decoding = (labels: ReadonlyArray<string | undefined>, stream: boolean): Decoding => {
  for (const label of labels) {
    if (label === undefined) continue
    if (label === "utf-8") break
    const decoder = decoderFor(label)
    if (decoder !== undefined) return decodingBy(decoder, stream)
  }
  return decodingBy(stream ? new TextDecoder("utf-8", { ignoreBOM: true }) : utf8, stream)
}

/**
 * The encoding of texts that do not say theirs: a label of WHATWG's, or what guesses one from the bytes, e.g. the `detect`
 * of chardet. A guess of nothing, or of no encoding that is known, and one that throws, is UTF-8.
 *
 * @since 0.1.0
 * @category models
 */
export type DefaultEncoding = string | ((bytes: Uint8Array) => string | null | undefined)

/** What Content-Type says, and where it says nothing that is known, the default. */
const decodingOf = (
  contentType: string | undefined,
  defaultEncoding: DefaultEncoding | undefined,
  bytes: Uint8Array,
  stream: boolean
): Decoding => {
  const charset = charsetOf(contentType)
  if (typeof defaultEncoding !== "function") return decoding([charset, defaultEncoding], stream)
  // Guessing may cost more than decoding: it is not done for a label that holds.
  const isKnown = charset !== undefined && decoderFor(charset) !== undefined
  return decoding([isKnown ? charset : guessed(defaultEncoding, bytes)], stream)
}

const guessed = (guess: (bytes: Uint8Array) => string | null | undefined, bytes: Uint8Array): string | undefined => {
  try {
    return guess(bytes) ?? undefined
  } catch {
    // Whoever guesses is given what any server sends.
    return undefined
  }
}

/**
 * Decodes a whole text. Never fails: an unknown charset counts as none, and invalid bytes become U+FFFD.
 *
 * As in WHATWG's "decode", a byte order mark beats the label of `Content-Type`, which beats the default: a mark was written
 * by who wrote the text, a label by who serves it. The mark is not part of the text.
 *
 * @since 0.1.0
 * @category decoding
 */
export const decodeText = (
  bytes: Uint8Array,
  contentType: string | undefined,
  defaultEncoding?: DefaultEncoding | undefined
): string => {
  const sniffed = mayBegin(bytes) ? sniff(bytes) : undefined
  return sniffed === undefined
    ? decodingOf(contentType, defaultEncoding, bytes, false).decode(bytes)
    : decoding([sniffed.label], false).decode(bytes.subarray(sniffed.markLength))
}

/**
 * Decodes a text as it comes.
 *
 * @since 0.1.0
 * @category models
 */
export interface StreamingTextDecoder {
  readonly write: (bytes: Uint8Array) => string
  readonly end: () => string
}

/**
 * What `decodeText` does, for bytes in pieces: characters and byte order marks may be split anywhere. A default that guesses
 * is given the first piece, or the first few if those are short.
 *
 * @since 0.1.0
 * @category decoding
 */
export const textDecoder = (
  contentType: string | undefined,
  defaultEncoding?: DefaultEncoding | undefined
): StreamingTextDecoder => {
  let current: Decoding | undefined
  let held: Uint8Array = new Uint8Array(0)

  /** Begins with the bytes that say, or do not say, which encoding it is. */
  const start = (bytes: Uint8Array): { readonly text: string; readonly rest: Decoding } => {
    const sniffed = sniff(bytes)
    const rest =
      sniffed === undefined ? decodingOf(contentType, defaultEncoding, bytes, true) : decoding([sniffed.label], true)
    current = rest
    return { text: rest.decode(bytes.subarray(sniffed?.markLength ?? 0)), rest }
  }

  return {
    write: (bytes) => {
      if (current !== undefined) return current.decode(bytes)
      const known = new Uint8Array(held.length + bytes.length)
      known.set(held)
      known.set(bytes, held.length)
      if (!maySniff(known)) return start(known).text
      held = known
      return ""
    },
    end: () => {
      if (current !== undefined) return current.decode()
      const { text, rest } = start(held)
      return text + rest.decode()
    }
  }
}

/** The encoding of a JSON text by the NULs that its first, always ASCII, characters leave; RFC 4627 §3. */
const jsonEncoding = (bytes: Uint8Array): string => {
  const [first, second, third, fourth] = bytes
  if (bytes.length >= 4) {
    if (first === 0) return second === 0 ? "utf-32be" : "utf-16be"
    if (second === 0) return third === 0 && fourth === 0 ? "utf-32le" : "utf-16le"
  } else if (bytes.length === 2) {
    if (first === 0) return "utf-16be"
    if (second === 0) return "utf-16le"
  }
  return "utf-8"
}

const decodeUtf32 = (bytes: Uint8Array, littleEndian: boolean): string => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const whole = bytes.length - (bytes.length % 4)
  let text = ""
  for (let offset = 0; offset < whole; offset += 4) {
    const codePoint = view.getUint32(offset, littleEndian)
    const scalar = codePoint < 0xd800 || (codePoint > 0xdfff && codePoint <= 0x10ffff)
    text += scalar ? String.fromCodePoint(codePoint) : "\ufffd"
  }
  return whole === bytes.length ? text : text + "\ufffd"
}

/**
 * Decodes a JSON text. RFC 8259 §8.1 requires UTF-8 and lets a parser ignore a byte order mark; UTF-16 and UTF-32,
 * which earlier JSON allowed, are recognized with a mark or without. A charset parameter has no meaning for JSON.
 *
 * @since 0.1.0
 * @category decoding
 */
export const decodeJsonText = (bytes: Uint8Array): string => {
  if (startsWith(bytes, [0x00, 0x00, 0xfe, 0xff])) return decodeUtf32(bytes.subarray(4), false)
  // Before UTF-16LE, whose mark is the first half of this one: no JSON text begins with NUL.
  if (startsWith(bytes, [0xff, 0xfe, 0x00, 0x00])) return decodeUtf32(bytes.subarray(4), true)
  const sniffed = sniff(bytes)
  if (sniffed !== undefined) return decoding([sniffed.label], false).decode(bytes.subarray(sniffed.markLength))
  const encoding = jsonEncoding(bytes)
  if (encoding === "utf-32be" || encoding === "utf-32le") return decodeUtf32(bytes, encoding === "utf-32le")
  return decoding([encoding], false).decode(bytes)
}
