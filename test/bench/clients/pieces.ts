/** The body of an upload: the same 64 KiB again and again, so that making it costs nothing. */

const piece = Buffer.alloc(64 * 1024, "x")

export function* pieces(bytes: number): Generator<Uint8Array> {
  for (let left = bytes; left > 0; left -= piece.length) {
    yield left < piece.length ? piece.subarray(0, left) : piece
  }
}
