/** A body as text: which encoding it has, and in pieces. */
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, FastCheck as fc, Layer, Stream } from "effect"
import { Client } from "effect-httpx"
import type { DefaultEncoding } from "effect-httpx/Response"
import { InProcess } from "effect-httpx/testing"

/** A client of a server that answers everything with these pieces. */
const answering = (
  pieces: ReadonlyArray<Uint8Array>,
  contentType: string | undefined,
  options?: Client.ClientOptions
) => {
  const headers = contentType === undefined ? {} : { "content-type": contentType }
  const server = InProcess.layer(() => Effect.succeed({ headers, body: Stream.fromIterable(pieces) }))
  return Client.make(options).pipe(Effect.provide(server))
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

const byteByByte = (bytes: Uint8Array): ReadonlyArray<Uint8Array> => Array.from(bytes, (byte) => Uint8Array.of(byte))

const url = "http://text.test/"

/** The text as a whole, and the same body in pieces. */
const both = (client: Client.Client, options?: { readonly defaultEncoding?: DefaultEncoding }) =>
  Effect.gen(function* () {
    const whole = yield* (yield* client.get(url, options)).text
    const open = yield* client.stream("GET", url, options)
    const pieces = Chunk.toArray(yield* Stream.runCollect(open.textStream))
    expect(pieces).not.toContain("")
    expect(pieces.join("")).toBe(whole)
    return whole
  }).pipe(Effect.scoped)

const tést = Uint8Array.of(0x74, 0xe9, 0x73, 0x74)
const sjis = Uint8Array.of(0x83, 0x65, 0x83, 0x58, 0x83, 0x67)

type Case = readonly [
  name: string,
  bytes: Uint8Array,
  contentType: string | undefined,
  defaultEncoding: DefaultEncoding | undefined,
  text: string
]

describe("a text", () => {
  it.effect.each<Case>([
    ["utf-8 where nothing is said", utf8("tést"), undefined, undefined, "tést"],
    ["the charset of Content-Type", tést, "text/plain; charset=iso-8859-1", undefined, "tést"],
    ["that charset before the default", tést, "text/plain; charset=iso-8859-1", "shift_jis", "tést"],
    ["the default", sjis, "text/plain", "shift_jis", "テスト"],
    ["the default where the charset is unknown", sjis, "text/plain; charset=klingon", "shift_jis", "テスト"],
    ["utf-8 where the default is unknown too", utf8("tést"), "text/plain; charset=klingon", "romulan", "tést"],
    ["the mark before all", utf8("\ufefftést"), "text/plain; charset=iso-8859-1", "shift_jis", "tést"],
    ["a guess", sjis, "text/plain", () => "shift_jis", "テスト"],
    ["a guess where the charset is unknown", sjis, "text/plain; charset=klingon", () => "shift_jis", "テスト"],
    ["utf-8 where the guess is nothing", utf8("tést"), undefined, () => null, "tést"],
    ["utf-8 where the guess is unknown", utf8("tést"), undefined, () => "romulan", "tést"]
  ])("has %s", ([, bytes, contentType, defaultEncoding, text]) =>
    Effect.gen(function* () {
      const client = yield* answering(byteByByte(bytes), contentType, { defaultEncoding })
      // Without a mark the first byte decides; a guess from it is the same here.
      expect(yield* both(client)).toBe(text)
    })
  )

  it.effect("has what the call says before what its client says", () =>
    Effect.gen(function* () {
      const client = yield* answering([sjis], "text/plain", { defaultEncoding: "iso-8859-1" })
      expect(yield* both(client, { defaultEncoding: "shift_jis" })).toBe("テスト")
      expect(yield* both(client)).not.toBe("テスト")
    })
  )

  it.effect("is guessed from all of its bytes, or of a stream from the first; not if it says what it is", () =>
    Effect.gen(function* () {
      const seen: Array<number> = []
      const guess = (bytes: Uint8Array) => {
        seen.push(bytes.length)
        return "shift_jis"
      }
      yield* both(yield* answering([sjis.subarray(0, 4), sjis.subarray(4)], undefined, { defaultEncoding: guess }))
      yield* both(yield* answering([sjis], "text/plain; charset=shift_jis", { defaultEncoding: guess }))
      yield* both(yield* answering([utf8("\ufeffx")], undefined, { defaultEncoding: guess }))
      expect(seen).toEqual([6, 4])
    })
  )

  it.effect("is UTF-8 when the guess throws: what is guessed from comes from anywhere", () =>
    Effect.gen(function* () {
      const defaultEncoding = () => {
        throw new Error("cannot guess")
      }
      expect(yield* both(yield* answering([utf8("é")], undefined, { defaultEncoding }))).toBe("é")
    })
  )

  it.effect("keeps the default of a client for the platform's clients above it", () =>
    Effect.gen(function* () {
      const server = InProcess.layer(() => Effect.succeed({ body: sjis }))
      const layer = Layer.provide(Client.layerHttpClient({ defaultEncoding: "shift_jis" }), server)
      const { HttpClient } = yield* Effect.promise(() => import("@effect/platform"))
      const response = yield* Effect.provide(HttpClient.get(url), layer)
      expect(yield* response.text).toBe("テスト")
    })
  )
})

describe("a text in pieces", () => {
  it.effect("gives what has arrived, with no character cut in two and nothing empty", () =>
    Effect.gen(function* () {
      const client = yield* answering(byteByByte(utf8("aé€😀")), undefined)
      const { textStream } = yield* client.get(url)
      expect(Chunk.toArray(yield* Stream.runCollect(textStream)).join("")).toBe("aé€😀")
      const open = yield* client.stream("GET", url)
      expect(Chunk.toArray(yield* Stream.runCollect(open.textStream))).toEqual(["a", "é", "€", "😀"])
    }).pipe(Effect.scoped)
  )

  it.effect("ends with U+FFFD if it is cut off inside a character", () =>
    Effect.gen(function* () {
      const client = yield* answering([utf8("a€").subarray(0, 3)], undefined)
      expect(yield* both(client)).toBe("a\ufffd")
    })
  )

  it.effect("of an empty body is nothing", () =>
    Effect.gen(function* () {
      const client = yield* answering([], undefined)
      const open = yield* client.stream("GET", url)
      expect(Chunk.size(yield* Stream.runCollect(open.textStream))).toBe(0)
    }).pipe(Effect.scoped)
  )

  it.effect("is the same wherever it is cut, in every encoding", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(
          fc.uint8Array({ maxLength: 40 }),
          fc.array(fc.nat({ max: 40 }), { maxLength: 5 }),
          fc.constantFrom("utf-8", "utf-16le", "shift_jis", "gb18030", "windows-1252", "euc-kr"),
          (bytes, cuts, charset) => {
            const ends = [...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].sort((a, b) => a - b)
            const pieces = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
            const client = answering(pieces, `text/plain; charset=${charset}`)
            return Effect.runPromise(Effect.asVoid(Effect.flatMap(client, (client) => both(client))))
          }
        ),
        { numRuns: 50 }
      )
    )
  )
})

describe("lines", () => {
  it.effect("end at CR, LF and CRLF, and at nothing else that Unicode or HTTPX calls a line end", () =>
    Effect.gen(function* () {
      const line = "a\u2028b\u2029c\u0085d\ve\ff\x1cg"
      const client = yield* answering(byteByByte(utf8(`${line}\n${line}\r${line}\r\n\r\n${line}`)), undefined)
      const open = yield* client.stream("GET", url)
      expect(Chunk.toArray(yield* Stream.runCollect(open.lines))).toEqual([line, line, line, "", line])
    }).pipe(Effect.scoped)
  )

  it.effect("are as long as maxBodySize allows", () =>
    Effect.gen(function* () {
      const client = yield* answering([utf8("12345\n123"), utf8("45678\n")], undefined)
      const within = yield* client.stream("GET", url, { maxBodySize: 8 })
      expect(Chunk.toArray(yield* Stream.runCollect(within.lines))).toEqual(["12345", "12345678"])
      for (const maxBodySize of [7, 4, 2]) {
        const open = yield* client.stream("GET", url, { maxBodySize })
        const error = yield* Effect.flip(Stream.runDrain(open.lines))
        expect(error).toMatchObject({ _tag: "BodyTooLarge", limit: maxBodySize })
        expect(error.message).toContain("a line is longer")
        expect(open.isClosed).toBe(true)
      }
    }).pipe(Effect.scoped)
  )
})
