/**
 * How the data of each coding are laid out: coroutines that ask for bytes and for runs of an engine.
 */
import * as zlib from "node:zlib"
import { brotli, type Engine, inflate, inflateRaw, nativeZstd } from "./Engine.js"
import { Flaw, truncated } from "./Flaw.js"
import type { Input } from "./Input.js"

/** More input, or a run of this engine from the next byte to the end of its data. */
export type Want = "input" | { readonly engine: Engine; readonly onOutput?: (bytes: Uint8Array) => void }

/** How the data of a coding are laid out. Nothing at all is an empty body in every coding. */
export type Framing = (input: Input) => Generator<Want, void, void>

/** Waits for this many bytes, or for the last ones. */
export function* atLeast(input: Input, count: number): Generator<Want, void, void> {
  while (input.left < count && !input.ended) yield "input"
}

function* exactly(input: Input, count: number): Generator<Want, DataView, void> {
  yield* atLeast(input, count)
  if (input.left < count) throw new Flaw(truncated)
  const { buffer, byteOffset } = input.rest
  input.skip(count)
  return new DataView(buffer, byteOffset, count)
}

function* pastNul(input: Input): Generator<Want, void, void> {
  for (let nul = -1; nul < 0;) {
    yield* atLeast(input, 1)
    if (input.left === 0) throw new Flaw(truncated)
    nul = input.rest.indexOf(0)
    input.skip(nul < 0 ? input.left : nul + 1)
  }
}

const gzipMagic = [0x1f, 0x8b, 0x08]
/**
 * RFC 1952. The engine runs without zlib's own gzip mode because that one, when something else follows a member, fails
 * and drops what it has decoded; curl and browsers ignore what follows.
 */
function* gzip(input: Input): Generator<Want, void, void> {
  // RFC 1952 §2.2: a file is a series of members. None at all is an empty body.
  for (let members = 0; ; members++) {
    yield* atLeast(input, gzipMagic.length)
    const magic = input.rest.subarray(0, gzipMagic.length)
    input.skip(magic.length)
    if (magic.length === 0) return
    if (magic.some((byte, index) => byte !== gzipMagic[index])) {
      if (members > 0) return
      throw new Flaw("are corrupt: they do not begin with a gzip header")
    }
    // RFC 1952 §2.3: flags, time, extra flags and system, then the fields that the flags announce.
    const flags = (yield* exactly(input, 7)).getUint8(0)
    if ((flags & 0xe0) !== 0) throw new Flaw("are corrupt: reserved flags of the gzip header are set")
    if ((flags & 0x04) !== 0) yield* exactly(input, (yield* exactly(input, 2)).getUint16(0, true))
    for (const text of [0x08, 0x10]) if ((flags & text) !== 0) yield* pastNul(input)
    if ((flags & 0x02) !== 0) yield* exactly(input, 2)
    let [checksum, size] = [0, 0]
    const onOutput = (bytes: Uint8Array): void => {
      checksum = zlib.crc32(bytes, checksum)
      size += bytes.length
    }
    yield { engine: inflateRaw, onOutput }
    const trailer = yield* exactly(input, 8)
    if (trailer.getUint32(0, true) !== checksum) throw new Flaw("are corrupt: the checksum is wrong")
    if (trailer.getUint32(4, true) !== size % 2 ** 32) throw new Flaw("are corrupt: the length is wrong")
  }
}

/** Both forms of `deflate`: the zlib format that RFC 9110 §8.4.1.2 asks for, and the bare data that its note admits. */
function* deflate(input: Input): Generator<Want, void, void> {
  yield* atLeast(input, 2)
  const [method, flags] = input.rest
  if (method === undefined) return
  // RFC 1950 §2.2: method 8, a window up to 2^15, and a check of both bytes. Bare data could look like this only if
  // they began with a stored block and with bits set in its padding, which no encoder does.
  const wrapped = (method & 0x8f) === 0x08 && flags !== undefined && (method * 256 + flags) % 31 === 0
  yield { engine: wrapped ? inflate : inflateRaw }
}

const unframed = (engine: Engine, most: number): Framing =>
  function* (input) {
    for (let runs = 0; runs < most; runs++) {
      yield* atLeast(input, 1)
      if (input.left === 0) return
      yield { engine }
    }
  }

/** Those of the codings that this runtime can undo, in order of preference. */
export const nodeFramings: ReadonlyMap<string, Framing> = new Map<string, Framing>([
  ["gzip", gzip],
  ["deflate", deflate],
  ["br", unframed(brotli, 1)],
  // RFC 8878 §3: zstd data are frames, one after another; what follows them and is no frame is an error of the engine.
  ...(nativeZstd === undefined ? [] : ([["zstd", unframed(nativeZstd, Infinity)]] as const))
])
