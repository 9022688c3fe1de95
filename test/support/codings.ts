/** Bodies in content codings: how tests encode, cut and decode them. */
import { expect } from "@effect/vitest"
import { Effect, Either } from "effect"
import * as zlib from "node:zlib"
import type { DecodingFailure, Pull } from "../../src/content/ContentEncoding.js"
import { nodeDecoders } from "../../src/transport/zlib.js"

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
export const concat = (...all: ReadonlyArray<Uint8Array>): Uint8Array => Uint8Array.from(Buffer.concat(all))
export const noise = (length: number): Uint8Array => {
  let state = 1
  return Uint8Array.from({ length }, () => (state = (state * 48_271) % 0x7fffffff) & 0xff)
}

export const hasZstd = (module: object): module is { readonly zstdCompressSync: (bytes: Uint8Array) => Uint8Array } =>
  "zstdCompressSync" in module

export const encoders: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
  "bare deflate": (bytes) => zlib.deflateRawSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
  ...(hasZstd(zlib) ? { zstd: zlib.zstdCompressSync } : {})
}
export const codings = Object.entries(encoders).map(([name, encode]) => ({
  name,
  coding: name.replace("bare ", ""),
  encode
}))

export const pullOf = (pieces: ReadonlyArray<Uint8Array>): Pull<never> => {
  let next = 0
  return Effect.sync(() => pieces.slice(next, ++next))
}
export const splitAt = (bytes: Uint8Array, cuts: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((one, other) => one - other)
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
}
export const everyByte = (bytes: Uint8Array): ReadonlyArray<Uint8Array> =>
  Array.from(bytes, (byte) => Uint8Array.of(byte))

export const drain = <E>(pull: Pull<E>): Effect.Effect<Uint8Array, E> =>
  Effect.gen(function* () {
    const all: Array<Uint8Array> = []
    for (let pieces = yield* pull; pieces.length > 0; pieces = yield* pull) all.push(...pieces)
    expect(yield* pull).toEqual([])
    return concat(...all)
  })
export const decodePieces = (
  names: ReadonlyArray<string>,
  pieces: ReadonlyArray<Uint8Array>,
  maxBytes = Infinity
): Effect.Effect<Uint8Array, DecodingFailure> =>
  Effect.suspend(() => {
    const { close, pull } = nodeDecoders.decodePull(names, pullOf(pieces), maxBytes)
    return Effect.ensuring(drain(pull), Effect.sync(close))
  })
export const decodeWhole = (
  names: ReadonlyArray<string>,
  bytes: Uint8Array,
  maxBytes = Infinity
): Effect.Effect<Uint8Array, DecodingFailure> =>
  Effect.suspend(() => {
    const decoded = nodeDecoders.decodeAll(names, bytes, maxBytes)
    return "_tag" in decoded ? Effect.fail(decoded) : Effect.succeed(Uint8Array.from(decoded))
  })

/** Decodes whole and in pieces, which must agree. */
export const decode = (names: ReadonlyArray<string>, bytes: Uint8Array, maxBytes?: number) =>
  Effect.gen(function* () {
    const whole = yield* Effect.either(decodeWhole(names, bytes, maxBytes))
    for (const pieces of [[bytes], everyByte(bytes)]) {
      const inPieces = yield* Effect.either(decodePieces(names, pieces, maxBytes))
      if (Either.isRight(whole)) expect(inPieces).toEqual(whole)
      else expect(Either.isLeft(inPieces) && inPieces.left.message).toBe(whole.left.message)
    }
    return yield* whole
  })

export const pullAll = (pulls: ReadonlyArray<ReadonlyArray<Uint8Array>>): Pull<never> => {
  let next = 0
  return Effect.sync(() => pulls[next++] ?? [])
}
