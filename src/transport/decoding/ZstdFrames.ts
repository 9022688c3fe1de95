/**
 * The frames of Zstandard data (RFC 8878 §3.1), looked at as they pass: what window each of them asks for.
 */
import { Flaw } from "./Flaw.js"

// RFC 9659 §3
const largestWindow = 8 * 1024 * 1024

/** How many bytes it wants next, or, as a negative number, how many it has no need of. */
type Wish = number

export class ZstdFrames {
  readonly #frames = frames()
  #wish: Wish
  #held: Array<number> = []

  constructor() {
    this.#wish = this.#frames.next([]).value
  }

  /** Throws a flaw if a frame begins that may not be decoded, or something that is no frame. */
  look(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#wish < 0) {
        const skipped = Math.min(-this.#wish, bytes.length - at)
        this.#wish += skipped
        at += skipped
      } else if (this.#held.length < this.#wish) this.#held.push(bytes[at++]!)
      // Nothing is wanted twice in a row, so this ends.
      while (this.#wish === this.#held.length) {
        this.#wish = this.#frames.next(this.#held).value
        this.#held = []
      }
    }
  }
}

function* frames(): Generator<Wish, never, ReadonlyArray<number>> {
  for (;;) {
    const magic = number(yield 4)
    // §3.1.2: a frame to be skipped
    if (magic >>> 4 === 0x184d2a5) yield -number(yield 4)
    else if (magic === 0xfd2fb528) yield* frame()
    else throw new Flaw("are corrupt: they do not begin with a Zstandard frame")
  }
}

/** §3.1.1 */
function* frame(): Generator<Wish, void, ReadonlyArray<number>> {
  const [descriptor = 0] = yield 1
  const isSingleSegment = (descriptor & 0x20) !== 0
  let window = 0
  if (!isSingleSegment) {
    const [exponent = 0] = yield 1
    const base = 2 ** (10 + (exponent >> 3))
    window = base + (base / 8) * (exponent & 7)
  }
  yield -[0, 1, 2, 4][descriptor & 3]!
  const sizeLength = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  const size = sizeLength === 0 ? 0 : number(yield sizeLength) + (sizeLength === 2 ? 256 : 0)
  if ((isSingleSegment ? size : window) > largestWindow) throw new Flaw("need a window of more than 8 MB")
  for (let last = false; !last;) {
    // §3.1.1.2: whether it is the last, its type, and its size, which of a repeated byte is that of what it becomes.
    const header = number(yield 3)
    last = (header & 1) === 1
    yield -(((header >> 1) & 3) === 1 ? 1 : header >> 3)
  }
  yield (descriptor & 4) === 0 ? 0 : -4
}

const number = (littleEndian: ReadonlyArray<number>): number =>
  littleEndian.reduce((sum, byte, index) => sum + byte * 2 ** (8 * index), 0)
