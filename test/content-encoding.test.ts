import { describe, expect, it } from "@effect/vitest"
import { Effect, FastCheck as fc } from "effect"
import * as zlib from "node:zlib"
import { decodingPlan, parseContentEncoding } from "../src/content/ContentEncoding.js"
import { nodeDecoders } from "../src/transport/zlib.js"
import {
  bytesOf,
  textOf,
  concat,
  noise,
  hasZstd,
  encoders,
  codings,
  pullOf,
  splitAt,
  everyByte,
  drain,
  decodePieces,
  decodeWhole,
  decode,
  pullAll
} from "./support/codings.js"

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
