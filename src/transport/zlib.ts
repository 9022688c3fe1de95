/**
 * The content decoders of Node.
 *
 * What the data of a coding looks like is a coroutine (`Framing`) that asks for bytes and for runs of a native engine;
 * `decodeAll` drives it with the engines that block, `decodePull` with those of the thread pool.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { constants } from "node:buffer"
import type { Transform } from "node:stream"
import * as zlib from "node:zlib"
import type { Decoders, DecodingFailure, Pull } from "../content/ContentEncoding.js"

/** How much a run of the engine gives at once, and how much waits for a reader: the bound on what a bomb can hold. */
const outputSize = 64 * 1024

type SyncOptions = { readonly info: true; readonly chunkSize: number; readonly maxOutputLength: number }
type StreamOptions = { readonly chunkSize: number; readonly readableHighWaterMark: number }
type Decompressor = Transform & zlib.Zlib
interface Engine {
  readonly sync: (bytes: Uint8Array, options: SyncOptions) => unknown
  readonly stream: (options: StreamOptions) => Decompressor
}

const inflateRaw: Engine = { sync: zlib.inflateRawSync, stream: zlib.createInflateRaw }
const inflate: Engine = { sync: zlib.inflateSync, stream: zlib.createInflate }
const brotli: Engine = { sync: zlib.brotliDecompressSync, stream: zlib.createBrotliDecompress }

// Node has zstd from 22.15 and 23.8; its type declarations have it later still.
interface ZlibWithZstd {
  readonly zstdDecompressSync: (bytes: Uint8Array, options: SyncOptions & { params: object }) => unknown
  readonly createZstdDecompress: (options: StreamOptions & { params: object }) => Decompressor
  readonly constants: { readonly ZSTD_d_windowLogMax: number }
}
const hasZstd = (module: object): module is ZlibWithZstd => "createZstdDecompress" in module

const zstdOf = (module: ZlibWithZstd): Engine => {
  // RFC 9659 §3: no frame of this content coding needs a window of more than 8 MB.
  const params = { [module.constants.ZSTD_d_windowLogMax]: 23 }
  return {
    sync: (bytes, options) => module.zstdDecompressSync(bytes, { ...options, params }),
    stream: (options) => module.createZstdDecompress({ ...options, params })
  }
}

/** What is wrong with the data, as the end of a sentence that begins with them. */
class Flaw extends Error {}
class TooLarge extends Flaw {}
const truncated = "end before they are complete"
const tooLarge = (maxBytes: number): TooLarge =>
  new TooLarge(`decode to more than the ${maxBytes} bytes that are allowed`)

const failureOf = (coding: string, maxBytes: number, cause: unknown): DecodingFailure => {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined
  const said = cause instanceof Error ? cause.message : String(cause)
  let flaw = cause instanceof Flaw ? said : `are corrupt: ${said}`
  if (code === "Z_BUF_ERROR") flaw = truncated
  if (code === "ERR_BUFFER_TOO_LARGE") flaw = tooLarge(maxBytes).message
  const exceeds = code === "ERR_BUFFER_TOO_LARGE" || cause instanceof TooLarge
  return { _tag: "DecodingFailure", coding, message: `the ${coding} data ${flaw}`, exceeds, cause }
}

/** Encoded bytes that have come and are not used up. */
class Input {
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

/** More input, or a run of this engine from the next byte to the end of its data. */
type Want = "input" | { readonly engine: Engine; readonly onOutput?: (bytes: Uint8Array) => void }

/** How the data of a coding are laid out. Nothing at all is an empty body in every coding. */
type Framing = (input: Input) => Generator<Want, void, void>

/** Waits for this many bytes, or for the last ones. */
function* atLeast(input: Input, count: number): Generator<Want, void, void> {
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

const framings: ReadonlyMap<string, Framing> = new Map<string, Framing>([
  ["gzip", gzip],
  ["deflate", deflate],
  ["br", unframed(brotli, 1)],
  // RFC 8878 §3: zstd data are frames, one after another; what follows them and is no frame is an error of the engine.
  ...(hasZstd(zlib) ? ([["zstd", unframed(zstdOf(zlib), Infinity)]] as const) : [])
])

const framingOf = (coding: string): Framing => {
  const framing = framings.get(coding)
  if (framing === undefined) throw new Flaw("cannot be decoded by this runtime")
  return framing
}

/** What the engines that block give when they are asked for `info`, which their declared types leave out. */
type SyncRun = { readonly buffer: Uint8Array; readonly engine: { readonly bytesWritten: number } }

const isSyncRun = (result: unknown): result is SyncRun => result instanceof Object && "engine" in result

const decodeWhole = (framing: Framing, bytes: Uint8Array, maxBytes: number): Uint8Array => {
  const input = new Input(bytes, true)
  const outputs: Array<Uint8Array> = []
  let produced = 0
  for (const want of framing(input)) {
    if (want === "input") continue
    const result = want.engine.sync(input.rest, {
      info: true,
      chunkSize: outputSize,
      maxOutputLength: Math.min(Math.max(maxBytes - produced, 1), constants.MAX_LENGTH)
    })
    if (!isSyncRun(result)) throw new Flaw("cannot be decoded: this runtime does not tell where they end")
    input.skip(result.engine.bytesWritten)
    produced += result.buffer.length
    if (produced > maxBytes) throw tooLarge(maxBytes)
    want.onOutput?.(result.buffer)
    outputs.push(result.buffer)
  }
  const [first] = outputs
  return first !== undefined && outputs.length === 1 ? first : Buffer.concat(outputs)
}

/** A run of an engine in the thread pool. */
interface Run {
  readonly stream: Decompressor
  readonly onOutput: ((bytes: Uint8Array) => void) | undefined
  busy: boolean
  ended: boolean
  error: unknown
  used: number
}

/** One coding of a body that is still coming. All of its state is here, so a pull that is interrupted loses nothing. */
class Stage {
  readonly input = new Input(new Uint8Array(0), false)
  failure: DecodingFailure | undefined
  #framing: Iterator<Want, void, void> | undefined
  #finished = false
  #run: Run | undefined
  readonly #output: Array<Uint8Array> = []
  #produced = 0
  #changed = false
  #resume: (() => void) | undefined

  constructor(
    readonly coding: string,
    readonly maxBytes: number
  ) {}

  /** Goes as far as it can: to something for the reader, to a want of input, or to a run that is under way. */
  advance(): "ready" | "input" | "running" {
    this.#changed = false
    try {
      while (this.failure === undefined && this.#output.length === 0) {
        const wait = this.#run === undefined ? this.#frame() : this.#attend(this.#run)
        if (wait !== undefined) return wait
      }
    } catch (cause) {
      this.#fail(cause)
    }
    return "ready"
  }

  take(): ReadonlyArray<Uint8Array> {
    return this.#output.splice(0)
  }

  // Without a canceller, which costs more than the wait: a resumption that nobody waits for any more does nothing.
  readonly change: Effect.Effect<void> = Effect.async((resume) => {
    if (this.#changed) resume(Effect.void)
    else this.#resume = () => resume(Effect.void)
  })

  close(): void {
    if (this.#finished && this.input.ended) return
    this.#fail(new Flaw("cannot be decoded further: their decoder is closed"))
    this.#onChange()
  }

  #frame(): "ready" | "input" | undefined {
    if (this.#finished) {
      // What follows the data is ignored, but read: only its end tells that the message is complete.
      this.input.skip(this.input.left)
      return this.input.ended ? "ready" : "input"
    }
    this.#framing ??= framingOf(this.coding)(this.input)
    const next = this.#framing.next()
    if (next.done === true) this.#finished = true
    else if (next.value === "input") return "input"
    else this.#start(next.value.engine, next.value.onOutput)
    return undefined
  }

  #start(engine: Engine, onOutput: Run["onOutput"]): void {
    const stream = engine.stream({ chunkSize: outputSize, readableHighWaterMark: outputSize })
    const run: Run = { stream, onOutput, busy: false, ended: false, error: undefined, used: 0 }
    this.#run = run
    stream.on("readable", () => this.#onChange())
    stream.on("end", () => {
      this.#use(run)
      run.ended = true
      this.#onChange()
    })
    stream.on("error", (error) => {
      run.error = error
      this.#onChange()
    })
  }

  #attend(run: Run): "input" | "running" | undefined {
    const bytes: Uint8Array | null = run.stream.read()
    if (bytes !== null) {
      this.#produced += bytes.length
      if (this.#produced > this.maxBytes) throw tooLarge(this.maxBytes)
      run.onOutput?.(bytes)
      this.#output.push(bytes)
      return undefined
    }
    if (run.error !== undefined) throw run.error
    if (run.ended) {
      run.stream.destroy()
      this.#run = undefined
      return undefined
    }
    if (run.busy) return "running"
    if (this.input.left === 0 && !this.input.ended) return "input"
    run.busy = true
    if (this.input.left === 0) run.stream.end()
    else
      run.stream.write(this.input.rest, () => {
        this.#use(run)
        // If the data end inside a piece, its rest is not used, and the end of the stream follows.
        run.busy = this.input.left > 0
        this.#onChange()
      })
    return "running"
  }

  #use(run: Run): void {
    this.input.skip(run.stream.bytesWritten - run.used)
    run.used = run.stream.bytesWritten
  }

  #fail(cause: unknown): void {
    this.failure ??= failureOf(this.coding, this.maxBytes, cause)
    this.#run?.stream.destroy()
    this.#run = undefined
  }

  #onChange(): void {
    this.#changed = true
    const resume = this.#resume
    this.#resume = undefined
    resume?.()
  }
}

const stagePull = <E>(stage: Stage, source: Pull<E>): Pull<E | DecodingFailure> => {
  const ready: Effect.Effect<void, E | DecodingFailure> = Effect.suspend(() => {
    switch (stage.advance()) {
      case "ready":
        return stage.failure === undefined ? Effect.void : Effect.fail(stage.failure)
      case "input":
        // Stored in the continuation itself: between two effects a fiber can be interrupted, and the bytes be lost.
        return Effect.flatMap(source, (pieces) => {
          stage.input.append(pieces)
          return ready
        })
      case "running":
        return Effect.flatMap(stage.change, () => ready)
    }
  })
  // Taken by the last effect, whose value no interruption can part from the reader's continuation.
  return Effect.map(ready, () => stage.take())
}

/**
 * What Node's zlib decodes: gzip, deflate, br, and zstd where it is there.
 *
 * @since 0.1.0
 * @category decoders
 */
export const nodeDecoders: Decoders = {
  codings: [...framings.keys()],

  decodeAll: (codings, bytes, maxBytes) => {
    let decoded = bytes
    for (const coding of codings) {
      try {
        decoded = decodeWhole(framingOf(coding), decoded, maxBytes)
      } catch (cause) {
        return failureOf(coding, maxBytes, cause)
      }
    }
    return decoded
  },

  decodePull: <E>(codings: ReadonlyArray<string>, source: Pull<E>, maxBytes: number) => {
    const stages = codings.map((coding) => new Stage(coding, maxBytes))
    const pull = stages.reduce<Pull<E | DecodingFailure>>((below, stage) => stagePull(stage, below), source)
    // @effect-diagnostics-next-line missingEffectError:off -- the first stage pulls from the source, whose error is E
    return { pull, close: () => stages.forEach((stage) => stage.close()) }
  }
}
