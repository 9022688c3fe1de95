/**
 * The engines that undo a coding: those of Node's zlib, and others of the same shape.
 */
import * as zlib from "node:zlib"

/** How much a run of the engine gives at once, and how much waits for a reader: the bound on what a bomb can hold. */
export const outputSize = 64 * 1024

export type SyncOptions = { readonly info: true; readonly chunkSize: number; readonly maxOutputLength: number }
type StreamOptions = { readonly chunkSize: number; readonly readableHighWaterMark: number }
/** What is asked of an engine in the thread pool: of a stream of Node's, what `Stage` uses. */
export interface Decompressor {
  /** How many bytes of its input it has used. */
  readonly bytesWritten: number
  readonly read: () => Uint8Array | null
  readonly write: (bytes: Uint8Array, done: () => void) => unknown
  readonly end: () => unknown
  readonly destroy: () => unknown
  readonly on: (event: "end" | "error" | "readable", listener: (error?: unknown) => void) => unknown
}

export interface Engine {
  /** The most bytes that are given to its `write` at once. Default: all that there are. */
  readonly most?: number
  readonly sync: (bytes: Uint8Array, options: SyncOptions) => unknown
  readonly stream: (options: StreamOptions) => Decompressor
}

export const inflateRaw: Engine = { sync: zlib.inflateRawSync, stream: zlib.createInflateRaw }
export const inflate: Engine = { sync: zlib.inflateSync, stream: zlib.createInflate }
export const brotli: Engine = { sync: zlib.brotliDecompressSync, stream: zlib.createBrotliDecompress }

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

/** Zstandard, where the runtime has it. */
export const nativeZstd: Engine | undefined = hasZstd(zlib) ? zstdOf(zlib) : undefined

/** What the engines that block give when they are asked for `info`, which their declared types leave out. */
export type SyncRun = { readonly buffer: Uint8Array; readonly engine: { readonly bytesWritten: number } }

export const isSyncRun = (result: unknown): result is SyncRun => result instanceof Object && "engine" in result
