/**
 * The parser's two byte operations by Node's `Buffer`, natively.
 */
import type { ByteStrings } from "../../protocol/http1/ResponseParser.js"

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

export const bufferStrings: ByteStrings = {
  indexOf: (bytes, ascii, from) => asBuffer(bytes).indexOf(ascii, from, "latin1"),
  latin1: (bytes, start, end) => asBuffer(bytes).toString("latin1", start, end)
}
