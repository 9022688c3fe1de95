import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Either, FastCheck as fc, Fiber } from "effect"
import * as zlib from "node:zlib"
import type { DecodingFailure, Pull } from "../src/content/ContentEncoding.js"
import { decodingPlan, parseContentEncoding } from "../src/content/ContentEncoding.js"
import { nodeDecoders } from "../src/transport/zlib.js"

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const concat = (...all: ReadonlyArray<Uint8Array>): Uint8Array => Uint8Array.from(Buffer.concat(all))
const noise = (length: number): Uint8Array => {
  let state = 1
  return Uint8Array.from({ length }, () => (state = (state * 48_271) % 0x7fffffff) & 0xff)
}

const hasZstd = (module: object): module is { readonly zstdCompressSync: (bytes: Uint8Array) => Uint8Array } =>
  "zstdCompressSync" in module

const encoders: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
  "bare deflate": (bytes) => zlib.deflateRawSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
  ...(hasZstd(zlib) ? { zstd: zlib.zstdCompressSync } : {})
}
const codings = Object.entries(encoders).map(([name, encode]) => ({
  name,
  coding: name.replace("bare ", ""),
  encode
}))

const pullOf = (pieces: ReadonlyArray<Uint8Array>): Pull<never> => {
  let next = 0
  return Effect.sync(() => pieces.slice(next, ++next))
}
const splitAt = (bytes: Uint8Array, cuts: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((one, other) => one - other)
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
}
const everyByte = (bytes: Uint8Array): ReadonlyArray<Uint8Array> => Array.from(bytes, (byte) => Uint8Array.of(byte))

const drain = <E>(pull: Pull<E>): Effect.Effect<Uint8Array, E> =>
  Effect.gen(function* () {
    const all: Array<Uint8Array> = []
    for (let pieces = yield* pull; pieces.length > 0; pieces = yield* pull) all.push(...pieces)
    expect(yield* pull).toEqual([])
    return concat(...all)
  })
const decodePieces = (
  names: ReadonlyArray<string>,
  pieces: ReadonlyArray<Uint8Array>,
  maxBytes = Infinity
): Effect.Effect<Uint8Array, DecodingFailure> =>
  Effect.suspend(() => {
    const { close, pull } = nodeDecoders.decodePull(names, pullOf(pieces), maxBytes)
    return Effect.ensuring(drain(pull), Effect.sync(close))
  })
const decodeWhole = (
  names: ReadonlyArray<string>,
  bytes: Uint8Array,
  maxBytes = Infinity
): Effect.Effect<Uint8Array, DecodingFailure> =>
  Effect.suspend(() => {
    const decoded = nodeDecoders.decodeAll(names, bytes, maxBytes)
    return "_tag" in decoded ? Effect.fail(decoded) : Effect.succeed(Uint8Array.from(decoded))
  })

/** Decodes whole and in pieces, which must agree. */
const decode = (names: ReadonlyArray<string>, bytes: Uint8Array, maxBytes?: number) =>
  Effect.gen(function* () {
    const whole = yield* Effect.either(decodeWhole(names, bytes, maxBytes))
    for (const pieces of [[bytes], everyByte(bytes)]) {
      const inPieces = yield* Effect.either(decodePieces(names, pieces, maxBytes))
      if (Either.isRight(whole)) expect(inPieces).toEqual(whole)
      else expect(Either.isLeft(inPieces) && inPieces.left.message).toBe(whole.left.message)
    }
    return yield* whole
  })

describe("Content-Encoding", () => {
  const supported = new Set(nodeDecoders.codings)

  it("lists codings in any case, with odd spacing and empty members", () => {
    expect(parseContentEncoding(" GZIP ,, br,\tdeflate , ")).toEqual(["gzip", "br", "deflate"])
    expect(parseContentEncoding("")).toEqual([])
  })

  it("knows x-gzip and x-deflate by their other names and drops identity", () => {
    expect(parseContentEncoding("x-gzip, X-Deflate, Identity")).toEqual(["gzip", "deflate"])
  })

  it("asks for nothing when it is absent, empty or identity", () => {
    for (const header of [undefined, "", " , ", "identity"]) {
      expect(decodingPlan(header, supported)).toEqual({ _tag: "Identity" })
    }
  })

  it("is undone from its last coding to its first", () => {
    expect(decodingPlan("deflate, gzip, br", supported)).toEqual({ _tag: "Decode", codings: ["br", "gzip", "deflate"] })
  })

  it("leaves the body as it is if one of its codings is unknown", () => {
    expect(decodingPlan("gzip, aes128gcm", supported)).toEqual({ _tag: "Identity" })
    expect(decodingPlan("aes128gcm, gzip", supported)).toEqual({ _tag: "Identity" })
  })

  it("may stack five codings and no more", () => {
    const stack = (count: number): string => Array.from({ length: count }, () => "gzip").join(", ")
    expect(decodingPlan(stack(5), supported)).toMatchObject({ _tag: "Decode" })
    expect(decodingPlan(`identity, ${stack(5)}`, supported)).toMatchObject({ _tag: "Decode" })
    expect(decodingPlan(stack(6), supported)).toEqual({ _tag: "TooMany", count: 6 })
    expect(decodingPlan(`unknown, ${stack(5)}`, supported)).toEqual({ _tag: "TooMany", count: 6 })
  })
})

describe("Node's decoders", () => {
  it("list what the runtime can decode", () => {
    expect(nodeDecoders.codings).toEqual(["gzip", "deflate", "br", ...(hasZstd(zlib) ? ["zstd"] : [])])
  })

  it.effect.each(codings)("decode $name however it is split", ({ coding, encode }) =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(), { maxLength: 5 }), (plain, cuts) =>
          Effect.runPromise(
            Effect.gen(function* () {
              const encoded = encode(plain)
              expect(yield* decodeWhole([coding], encoded)).toEqual(plain)
              expect(yield* decodePieces([coding], splitAt(encoded, cuts))).toEqual(plain)
            })
          )
        ),
        { numRuns: 50 }
      )
    )
  )

  it.effect.each(codings)("decode $name that comes byte by byte, several in a pull", ({ coding, encode }) =>
    Effect.gen(function* () {
      const plain = bytesOf("some text, some more text")
      const encoded = encode(plain)
      expect(yield* decode([coding], encoded)).toEqual(plain)
      const { pull } = nodeDecoders.decodePull([coding], pullAll([everyByte(encoded)]), Infinity)
      expect(yield* drain(pull)).toEqual(plain)
    })
  )

  it.effect.each(codings)("fail on every truncation of $name", ({ coding, encode }) =>
    Effect.gen(function* () {
      const encoded = encode(bytesOf("to be or not to be, that is the question"))
      for (let length = 1; length < encoded.length; length++) {
        const cut = encoded.subarray(0, length)
        const failures = [
          yield* Effect.flip(decodeWhole([coding], cut)),
          yield* Effect.flip(decodePieces([coding], [cut])),
          yield* Effect.flip(decodePieces([coding], splitAt(cut, [length >> 1])))
        ]
        for (const failure of failures) {
          expect(failure).toMatchObject({ _tag: "DecodingFailure", coding })
          expect(failure.message).toBe(`the ${coding} data end before they are complete`)
        }
      }
    })
  )

  it.effect.each(codings)("decode an empty $name body, with and without any bytes", ({ coding, encode }) =>
    Effect.gen(function* () {
      expect(yield* decode([coding], new Uint8Array(0))).toEqual(new Uint8Array(0))
      expect(yield* decode([coding], encode(new Uint8Array(0)))).toEqual(new Uint8Array(0))
      const { pull } = nodeDecoders.decodePull([coding], pullAll([[new Uint8Array(0)], []]), Infinity)
      expect(yield* drain(pull)).toEqual(new Uint8Array(0))
    })
  )

  it.effect.each(codings.filter(({ name }) => name !== "zstd"))(
    "ignore what follows complete $name data, but read it",
    ({ coding, encode }) =>
      Effect.gen(function* () {
        const plain = bytesOf("hello")
        for (const garbage of [
          new Uint8Array(20),
          bytesOf("garbage!"),
          bytesOf("x"),
          Uint8Array.of(0x1f, 0x8b, 0xff)
        ]) {
          expect(yield* decode([coding], concat(encode(plain), garbage))).toEqual(plain)
        }
        let pulls = 0
        const source = Effect.sync(() => (pulls++ === 0 ? [encode(plain)] : pulls < 5 ? [bytesOf("garbage")] : []))
        const { pull } = nodeDecoders.decodePull([coding], source, Infinity)
        expect(yield* drain(pull)).toEqual(plain)
        expect(pulls).toBe(5)
      })
  )

  it.effect.each(codings.filter(({ name }) => name !== "bare deflate"))("fail on corrupt $name", ({ coding }) =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(decode([coding], bytesOf("this is not compressed at all")))
      expect(failure.message).toContain(`the ${coding} data are corrupt`)
    })
  )

  it.effect("undo stacked codings, in either way", () =>
    Effect.gen(function* () {
      const plain = noise(5_000)
      const encoded = zlib.gzipSync(zlib.deflateSync(zlib.brotliCompressSync(zlib.gzipSync(plain))))
      const names = ["gzip", "deflate", "br", "gzip"]
      expect(yield* decodeWhole(names, encoded)).toEqual(plain)
      expect(yield* decodePieces(names, splitAt(encoded, [10, 11, 2_000, 4_999]))).toEqual(plain)
      expect((yield* Effect.flip(decodeWhole(names, encoded.subarray(0, -1)))).coding).toBe("gzip")
      expect((yield* Effect.flip(decode(["gzip", "br"], zlib.gzipSync("no brotli")))).coding).toBe("br")
    })
  )

  it.effect("refuse a coding that they do not know", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(decode(["compress"], bytesOf("x")))
      expect(failure).toMatchObject({
        coding: "compress",
        message: "the compress data cannot be decoded by this runtime"
      })
    })
  )

  it.effect("leave the body alone if there is nothing to undo", () =>
    Effect.gen(function* () {
      expect(yield* decode([], bytesOf("plain"))).toEqual(bytesOf("plain"))
    })
  )

  it.effect("hand on the failure of the source", () =>
    Effect.gen(function* () {
      const source = Effect.fail("connection lost" as const)
      const { close, pull } = nodeDecoders.decodePull(["gzip"], source, Infinity)
      expect(yield* Effect.flip(pull)).toBe("connection lost")
      close()
    })
  )
})

const pullAll = (pulls: ReadonlyArray<ReadonlyArray<Uint8Array>>): Pull<never> => {
  let next = 0
  return Effect.sync(() => pulls[next++] ?? [])
}

describe("gzip", () => {
  const member = (text: string): Uint8Array => zlib.gzipSync(text)

  it.effect("has all of its members decoded, at any border", () =>
    Effect.gen(function* () {
      const encoded = concat(member("one "), member(""), member("two "), member("three"))
      expect(textOf(yield* decode(["gzip"], encoded))).toBe("one two three")
      expect(textOf(yield* decode(["gzip"], concat(encoded, new Uint8Array(9))))).toBe("one two three")
    })
  )

  it.effect("fails if a later member is truncated", () =>
    Effect.gen(function* () {
      const first = member("one")
      const encoded = concat(first, member("two"))
      for (let length = first.length + 1; length < encoded.length; length++) {
        const failure = yield* Effect.flip(decodeWhole(["gzip"], encoded.subarray(0, length)))
        expect(failure.message).toContain("end before they are complete")
      }
    })
  )

  it.effect("may have every field of its header", () =>
    Effect.gen(function* () {
      const plain = member("text")
      const head = Uint8Array.of(0x1f, 0x8b, 8, 0x1f, 0, 0, 0, 0, 0, 3)
      const fields = concat(
        Uint8Array.of(4, 0, 1, 2, 3, 4),
        bytesOf("name\0"),
        bytesOf("comment\0"),
        Uint8Array.of(9, 9)
      )
      const encoded = concat(head, fields, plain.subarray(10))
      expect(textOf(yield* decode(["gzip"], encoded))).toBe("text")
      for (let length = 1; length < encoded.length; length++) {
        yield* Effect.flip(decodeWhole(["gzip"], encoded.subarray(0, length)))
      }
    })
  )

  it.effect("fails if its checksum, its length or its reserved flags are wrong", () =>
    Effect.gen(function* () {
      const changed = (index: number): Uint8Array =>
        member("text").map((byte, at, all) => (at === (index + all.length) % all.length ? byte ^ 0xe0 : byte))
      expect((yield* Effect.flip(decode(["gzip"], changed(-8)))).message).toContain("checksum")
      expect((yield* Effect.flip(decode(["gzip"], changed(-4)))).message).toContain("length")
      expect((yield* Effect.flip(decode(["gzip"], changed(3)))).message).toContain("flags")
    })
  )
})

describe.skipIf(!hasZstd(zlib))("zstd", () => {
  const frame = (text: string): Uint8Array => encoders["zstd"]?.(bytesOf(text)) ?? new Uint8Array(0)
  const skippable = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3)

  it.effect("has all of its frames decoded, at any border", () =>
    Effect.gen(function* () {
      const encoded = concat(frame("one "), skippable, frame(""), frame("two "), frame("three"), skippable)
      expect(textOf(yield* decode(["zstd"], encoded))).toBe("one two three")
    })
  )

  it.effect("fails if something else follows", () =>
    Effect.gen(function* () {
      yield* Effect.flip(decodeWhole(["zstd"], concat(frame("one"), bytesOf("garbage"))))
      yield* Effect.flip(decodePieces(["zstd"], [frame("one"), bytesOf("garbage")]))
      yield* Effect.flip(decodePieces(["zstd"], [concat(frame("one"), bytesOf("garbage"))]))
    })
  )
})

describe("the cap on the decoded size", () => {
  it.effect.each(codings)("lets exactly that much $name through", ({ coding, encode }) =>
    Effect.gen(function* () {
      const encoded = encode(new Uint8Array(1_000))
      expect((yield* decode([coding], encoded, 1_000)).length).toBe(1_000)
      const failure = yield* Effect.flip(decode([coding], encoded, 999))
      expect(failure.message).toBe(`the ${coding} data decode to more than the 999 bytes that are allowed`)
      expect((yield* decode([coding], encode(new Uint8Array(0)), 0)).length).toBe(0)
      yield* Effect.flip(decode([coding], encode(Uint8Array.of(1)), 0))
    })
  )

  it.effect("counts all members of gzip and holds for each stage", () =>
    Effect.gen(function* () {
      const member = zlib.gzipSync(new Uint8Array(600))
      yield* Effect.flip(decode(["gzip"], concat(member, member), 1_000))
      // Only the outer stage is over the cap.
      const failure = yield* Effect.flip(
        decode(["br", "gzip"], zlib.brotliCompressSync(concat(member, noise(2_000))), 1_000)
      )
      expect(failure.coding).toBe("br")
    })
  )

  it.effect("is reached by a bomb in small steps", () =>
    Effect.gen(function* () {
      const bomb = zlib.gzipSync(new Uint8Array(50_000_000))
      const { close, pull } = nodeDecoders.decodePull(["gzip"], pullOf([bomb]), 20_000_000)
      let total = 0
      let largest = 0
      const failure = yield* Effect.flip(
        Effect.forever(
          Effect.map(pull, (pieces) => {
            const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
            total += length
            largest = Math.max(largest, length)
          })
        )
      )
      close()
      expect(failure._tag).toBe("DecodingFailure")
      expect(total).toBeLessThanOrEqual(20_000_000)
      expect(largest).toBeLessThanOrEqual(256 * 1024)
    })
  )
})

describe("decoding as the body comes", () => {
  it.effect("gives what has come before more is there", () =>
    Effect.gen(function* () {
      const gzip = zlib.createGzip()
      const flushed = (text: string) =>
        Effect.async<Uint8Array>((resume) => {
          gzip.write(text)
          gzip.flush(() => resume(Effect.sync(() => gzip.read())))
        })
      const pieces = [yield* flushed("first event"), yield* flushed("second event")]
      const source = Effect.suspend(() => {
        const piece = pieces.shift()
        return piece === undefined ? Effect.never : Effect.succeed([piece])
      })
      const { close, pull } = nodeDecoders.decodePull(["gzip"], source, Infinity)
      expect(textOf(concat(...(yield* pull)))).toBe("first event")
      expect(textOf(concat(...(yield* pull)))).toBe("second event")
      close()
      gzip.destroy()
    })
  )

  it.effect("does not ask for more while there is something to give", () =>
    Effect.gen(function* () {
      let pulls = 0
      const encoded = zlib.gzipSync(new Uint8Array(5_000_000))
      const source = Effect.sync(() => (pulls++ === 0 ? [encoded] : []))
      const { close, pull } = nodeDecoders.decodePull(["gzip"], source, Infinity)
      for (let index = 0; index < 10; index++) yield* pull
      expect(pulls).toBe(1)
      close()
    })
  )

  it.effect("loses and repeats nothing when a pull is interrupted while the source waits", () =>
    Effect.gen(function* () {
      const plain = noise(20_000)
      const pieces = splitAt(zlib.gzipSync(plain), [1, 7_000, 14_000])
      let next = 0
      let latch = yield* Deferred.make<void>()
      const source: Pull<never> = Effect.suspend(() =>
        Effect.map(Deferred.await(latch), () => pieces.slice(next, ++next))
      )
      const { pull } = nodeDecoders.decodePull(["gzip"], source, Infinity)
      const all: Array<Uint8Array> = []
      for (;;) {
        latch = yield* Deferred.make<void>()
        const waiting = yield* Effect.fork(pull)
        yield* Effect.yieldNow()
        yield* Fiber.interrupt(waiting)
        yield* Deferred.succeed(latch, undefined)
        const got = yield* pull
        if (got.length === 0) break
        all.push(...got)
      }
      expect(concat(...all)).toEqual(plain)
    })
  )

  it.live("loses and repeats nothing when pulls are interrupted at any time", () =>
    Effect.gen(function* () {
      const plain = concat(noise(150_000), new Uint8Array(300_000), noise(150_000))
      const encoded = zlib.deflateSync(zlib.gzipSync(plain))
      const pieces = splitAt(
        encoded,
        Array.from({ length: 40 }, (_, index) => index * 7_919)
      )
      for (let run = 0; run < 10; run++) {
        const { pull } = nodeDecoders.decodePull(["deflate", "gzip"], pullOf(pieces), Infinity)
        const all: Array<Uint8Array> = []
        let ended = false
        // Stored in the continuation, as a reader must that may be interrupted.
        const store = Effect.flatMap(pull, (got) => {
          all.push(...got)
          ended = got.length === 0
          return Effect.void
        })
        for (let round = 0; ; round++) {
          const fiber = yield* Effect.fork(store)
          for (let turn = 0; turn < (round * 7 + run) % 11; turn++) {
            yield* turn % 3 === 2
              ? Effect.promise(() => new Promise<void>((done) => setImmediate(done)))
              : Effect.yieldNow()
          }
          yield* Fiber.interrupt(fiber)
          if (ended) break
        }
        expect(Buffer.compare(concat(...all), plain)).toBe(0)
      }
    })
  )

  it.effect("fails, and wakes who waits, when it is closed before the end", () =>
    Effect.gen(function* () {
      const { close, pull } = nodeDecoders.decodePull(
        ["br"],
        pullOf([zlib.brotliCompressSync(noise(500_000))]),
        Infinity
      )
      const waiting = yield* Effect.fork(Effect.flip(Effect.forever(pull)))
      yield* Effect.yieldNow()
      close()
      close()
      expect((yield* Fiber.join(waiting)).message).toContain("closed")
      expect((yield* Effect.flip(pull)).message).toContain("closed")
    })
  )

  it.effect("can be closed before it began and after it ended", () =>
    Effect.gen(function* () {
      const unused = nodeDecoders.decodePull(["gzip"], pullOf([]), Infinity)
      unused.close()
      yield* Effect.flip(unused.pull)
      const used = nodeDecoders.decodePull(["gzip"], pullOf([zlib.gzipSync("x")]), Infinity)
      expect(textOf(yield* drain(used.pull))).toBe("x")
      used.close()
      expect(yield* used.pull).toEqual([])
    })
  )
})
