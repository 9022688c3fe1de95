import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import * as zlib from "node:zlib"
import type { Pull } from "../src/content/ContentEncoding.js"
import { nodeDecoders } from "../src/transport/zlib.js"
import { textOf, concat, noise, pullOf, splitAt, drain } from "./support/codings.js"

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
