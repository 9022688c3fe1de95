/** Content decoders of other libraries: fzstd for Zstandard, and what a decoder of one's own looks like. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, FastCheck as fc, Stream } from "effect"
import { Client } from "effect-httpx"
import { Transport } from "effect-httpx/node"
import { Decompress } from "fzstd"
import type { DecodingFailure, Decoders } from "../src/content/ContentEncoding.js"
import { ZstdFrames } from "../src/transport/decoding/ZstdFrames.js"
import { decodersWith, nodeDecoders } from "../src/transport/zlib.js"
import { withServer } from "./support/bridge.js"
import { bytesOf, concat, drain, everyByte, pullOf, splitAt, textOf } from "./support/codings.js"

const zstd: Transport.PushDecoder = (output) => new Decompress(output)

const decoders = decodersWith({ zstd })

/** What the command of Zstandard made of texts. */
const vectors = [
  {
    coded: "KLUv/QBYxQAAkEhlbGxvLCBac3RhbmRhcmQhIAEAFDnD",
    text: "Hello, Zstandard! ".repeat(3).trimEnd()
  },
  {
    coded:
      "KLUv/QRo3QMA4scUE6C7GnVMEj+hqn9a2d07QV9+VfHAg4aH32+3u91ms9drtfrfPZ0eHHw+nc5mk8lcLpXKXdVkchjec641xtZS6hV4UAqWg2kQ" +
      "gY6kUJCQCGQgyAk6qBFQ+f3f8OUQFKEY8wFpwt2ynLFOZ5annbn7lDsnVeQWg1QFXCh6oA==",
    text: Array.from({ length: 30 }, (_, i) => `{"id":${i},"name":"user ${i}"}\n`).join("")
  },
  // Several blocks, most of them one byte repeated.
  { coded: "KLUv/QRoTAAACAABAPz/ORACAgAQAAOfBAAtKN4m", text: "\0".repeat(300_000) }
].map(({ coded, text }) => ({ coded: Uint8Array.from(Buffer.from(coded, "base64")), text }))

const little = (value: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => Math.floor(value / 2 ** (8 * i)) & 0xff)

/** A frame of blocks that are not compressed, as RFC 8878 §3.1.1 lays it out. */
const frameOf = (blocks: ReadonlyArray<Uint8Array>, { window = 0x40, checksum = false } = {}): Uint8Array =>
  concat(
    little(0xfd2fb528, 4),
    Uint8Array.of(checksum ? 4 : 0, window),
    ...blocks.map((block, i) => concat(little((block.length << 3) | (i === blocks.length - 1 ? 1 : 0), 3), block)),
    ...(checksum ? [new Uint8Array(4)] : [])
  )

/** A block of one byte, repeated, and a frame around it. */
const repeated = (size: number): Uint8Array =>
  concat(little(0xfd2fb528, 4), Uint8Array.of(0, 0x40), little((size << 3) | 2 | 1, 3), Uint8Array.of(0x78))

const skippable = (size: number): Uint8Array => concat(little(0x184d2a53, 4), little(size, 4), new Uint8Array(size))

const decodeWhole = (bytes: Uint8Array, maxBytes = Infinity, by: Decoders = decoders) => {
  const decoded = by.decodeAll(["zstd"], bytes, maxBytes)
  return "_tag" in decoded ? Effect.fail(decoded) : Effect.succeed(Uint8Array.from(decoded))
}

const decodePieces = (pieces: ReadonlyArray<Uint8Array>, maxBytes = Infinity, by: Decoders = decoders) =>
  Effect.suspend(() => {
    const { close, pull } = by.decodePull(["zstd"], pullOf(pieces), maxBytes)
    return Effect.ensuring(drain(pull), Effect.sync(close))
  })

/** Whole, and in pieces: the same failure. */
const failureOf = (bytes: Uint8Array, maxBytes?: number, by?: Decoders) =>
  Effect.gen(function* () {
    const whole: DecodingFailure = yield* Effect.flip(decodeWhole(bytes, maxBytes, by))
    for (const pieces of [[bytes], everyByte(bytes)]) {
      const failure = yield* Effect.flip(decodePieces(pieces, maxBytes, by))
      expect([failure.message, failure.exceeds]).toEqual([whole.message, whole.exceeds])
    }
    return whole
  })

describe("fzstd", () => {
  it.effect.each(vectors)("decodes what Zstandard made, whole and in pieces ($text.length)", ({ coded, text }) =>
    Effect.gen(function* () {
      expect(textOf(yield* decodeWhole(coded))).toBe(text)
      expect(textOf(yield* decodePieces([coded]))).toBe(text)
      expect(textOf(yield* decodePieces(everyByte(coded)))).toBe(text)
    })
  )

  it.effect("decodes frames one after another, and skips those that are to be skipped", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 3 }), {
            minLength: 1,
            maxLength: 3
          }),
          fc.array(fc.nat(), { maxLength: 5 }),
          fc.boolean(),
          (frames, cuts, checksum) => {
            const coded = concat(
              ...frames.flatMap((blocks) => [frameOf(blocks, { checksum }), skippable(blocks.length)])
            )
            const plain = concat(...frames.flat())
            return Effect.runPromise(
              Effect.gen(function* () {
                expect(yield* decodePieces(splitAt(coded, cuts))).toEqual(plain)
                expect(yield* decodeWhole(coded)).toEqual(plain)
              })
            )
          }
        ),
        { numRuns: 30 }
      )
    )
  )

  it.effect("fails on data that are cut off, corrupt or something else", () =>
    Effect.gen(function* () {
      const { coded } = vectors[1]!
      for (let end = 1; end < coded.length - 4; end += 7) yield* failureOf(coded.subarray(0, end))
      expect(yield* failureOf(bytesOf("this is not zstd at all"))).toMatchObject({
        _tag: "DecodingFailure",
        coding: "zstd",
        message: "the zstd data are corrupt: they do not begin with a Zstandard frame",
        exceeds: false
      })
      yield* failureOf(concat(coded, bytesOf("and something after it that is no frame")))
      expect(yield* decodeWhole(new Uint8Array(0))).toEqual(new Uint8Array(0))
      expect(yield* decodePieces([])).toEqual(new Uint8Array(0))
    })
  )

  it.effect("is stopped at the cap, and a bomb is taken in small steps", () =>
    Effect.gen(function* () {
      const size = 131_072
      // 130 KB each, in nine bytes: a few hundred of them are one step.
      const bomb = concat(...Array.from({ length: 2000 }, () => repeated(size)))
      expect(yield* failureOf(repeated(size), size - 1)).toMatchObject({ exceeds: true })
      expect((yield* decodeWhole(repeated(size), size)).length).toBe(size)
      expect(yield* Effect.flip(decodeWhole(bomb, size * 3))).toMatchObject({ exceeds: true })
      const { close, pull } = decoders.decodePull(["zstd"], pullOf([bomb]), Infinity)
      const first = yield* pull
      expect(first.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(8 * 1024 * 1024)
      close()
      expect(yield* Effect.flip(pull)).toMatchObject({ _tag: "DecodingFailure" })
    })
  )
})

describe("a Zstandard frame", () => {
  const asking = (...header: ReadonlyArray<number>): Uint8Array =>
    concat(little(0xfd2fb528, 4), Uint8Array.from(header), little(1, 3))

  it.each([
    ["8 MB", asking(0, 13 << 3), true],
    ["one byte of mantissa more", asking(0, (13 << 3) | 1), false],
    ["all that there is", asking(0, 0xff), false],
    ["8 MB as one segment", asking(0xa0, ...little(8 * 1024 * 1024, 4)), true],
    ["more as one segment", asking(0xa0, ...little(8 * 1024 * 1024 + 1, 4)), false],
    ["more as one segment, in eight bytes", asking(0xe0, ...little(2 ** 40, 8)), false],
    ["less as one segment, in one byte", asking(0x20, 255), true],
    ["less as one segment, in two bytes", asking(0x60, 255, 255), true],
    ["8 MB with a dictionary", asking(3, 13 << 3, 1, 2, 3, 4), true]
  ])("may ask for a window of at most 8 MB: %s", (_, frame, fits) => {
    const look = (pieces: ReadonlyArray<Uint8Array>) => () => {
      const frames = new ZstdFrames()
      for (const piece of pieces) frames.look(piece)
    }
    for (const pieces of [[frame], everyByte(frame)]) {
      if (fits) expect(look(pieces)).not.toThrow()
      else expect(look(pieces)).toThrow("need a window of more than 8 MB")
    }
    // Also if it is not the first.
    if (!fits) expect(look([frameOf([bytesOf("x")]), skippable(3), frame])).toThrow("window")
  })
})

describe("a transport with a decoder", () => {
  it.scopedLive("asks for the coding and decodes it, read and streamed; one without leaves it", () =>
    Effect.gen(function* () {
      const { coded, text } = vectors[1]!
      const answers = (request: { readonly headers: { readonly get: (name: string) => string | undefined } }) =>
        Effect.succeed({
          headers: { "content-encoding": "zstd", "x-accepted": request.headers.get("accept-encoding") ?? "" },
          body: coded
        })
      const clientOf = (options?: Transport.TransportOptions) =>
        Effect.flatMap(withServer(answers, options), ({ under, url }) =>
          Effect.provide(Client.make({ baseUrl: url }), under)
        )
      const client = yield* clientOf({ decoders: { ZSTD: zstd } })
      const response = yield* client.get("/")
      expect(response.headers["x-accepted"]?.split(", ")).toEqual([...new Set([...nodeDecoders.codings, "zstd"])])
      expect(yield* response.text).toBe(text)
      const open = yield* client.stream("GET", "/")
      expect(yield* Stream.mkString(open.textStream)).toBe(text)
      if (nodeDecoders.codings.includes("zstd")) return
      const plain = yield* (yield* clientOf()).get("/")
      expect(plain.headers["x-accepted"]).toBe(nodeDecoders.codings.join(", "))
      expect(yield* plain.read).toEqual(coded)
    })
  )

  it.scopedLive("of one's own makes what it throws a DecodingError", () =>
    Effect.gen(function* () {
      const rot13: Transport.PushDecoder = (output) => ({
        push: (bytes, final) => {
          if (bytes.includes(0)) throw new Error("a NUL")
          output(bytes.map((byte) => (byte >= 97 && byte <= 122 ? ((byte - 97 + 13) % 26) + 97 : byte)))
          if (final === true) output(bytesOf("."))
        }
      })
      const { under, url } = yield* withServer(
        ({ path }) =>
          Effect.succeed({ headers: { "content-encoding": "rot13" }, body: path === "/bad" ? "uryyb\0" : "uryyb" }),
        { decoders: { rot13 } }
      )
      const client = yield* Effect.provide(Client.make({ baseUrl: url }), under)
      expect(yield* (yield* client.get("/")).text).toBe("hello.")
      const open = yield* client.stream("GET", "/")
      expect(yield* Stream.mkString(open.textStream)).toBe("hello.")
      const error = yield* Effect.flip(client.get("/bad"))
      expect(error).toMatchObject({ _tag: "DecodingError" })
      expect(error.message).toContain("the rot13 data are corrupt: a NUL")
      const bad = yield* client.stream("GET", "/bad")
      expect(yield* Effect.flip(Stream.runDrain(bad.stream))).toMatchObject({ _tag: "DecodingError" })
    })
  )
})
