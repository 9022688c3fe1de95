/**
 * Encoded bytes on their way into an engine.
 */

/** Encoded bytes that have come and are not used up. */
export class Input {
  #offset = 0

  constructor(
    private bytes: Uint8Array,
    public ended: boolean
  ) {}

  get left(): number {
    return this.bytes.length - this.#offset
  }

  get rest(): Uint8Array {
    return this.bytes.subarray(this.#offset)
  }

  skip(count: number): void {
    this.#offset += count
  }

  append(pieces: ReadonlyArray<Uint8Array>): void {
    const [first, second] = pieces
    this.ended = first === undefined
    // What comes in one pull is joined: a run of the engine costs more than the copy of a small piece.
    this.bytes = first && !second && this.left === 0 ? first : Buffer.concat([this.rest, ...pieces])
    this.#offset = 0
  }
}
