/** A body as one JSON value a line. */
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Inspectable, Option, Ref, Schema, Stream } from "effect"
import { Client } from "effect-httpx"
import { InProcess } from "effect-httpx/testing"
import { inspect } from "node:util"

const url = "http://ndjson.test/?token=s3cret"

const opened = (body: InProcess.Reply["body"]) =>
  Effect.gen(function* () {
    const server = InProcess.layer(() => Effect.succeed({ body }))
    const client = yield* Effect.provide(Client.make(), server)
    return yield* client.stream("GET", url)
  })

const collected = <A, E, R>(stream: Stream.Stream<A, E, R>) => Effect.map(Stream.runCollect(stream), Chunk.toArray)

/** What came before the failure, and the failure. */
const until = <A, E, R>(stream: Stream.Stream<A, E, R>) =>
  Effect.gen(function* () {
    const seen = yield* Ref.make<ReadonlyArray<A>>([])
    const error = yield* Effect.flip(Stream.runForEach(stream, (a) => Ref.update(seen, (before) => [...before, a])))
    return { seen: yield* Ref.get(seen), error }
  })

/** Everything that printing or logging an error may show. */
const shown = (error: unknown): string =>
  [inspect(error, { depth: 9 }), JSON.stringify(error), String(error), Inspectable.format(error)].join("\n")

const Row = Schema.Struct({ id: Schema.Number, at: Schema.optional(Schema.Date) })

describe("NDJSON", () => {
  it.scoped("is the values of its lines, whatever ends them, blank ones left out", () =>
    Effect.gen(function* () {
      const response = yield* opened('{"a":1}\n\n[2]\r\n \t\r"three\u2028"\nnull')
      expect(yield* collected(response.ndjson())).toEqual([{ a: 1 }, [2], "three\u2028", null])
    })
  )

  it.scoped("of an empty body is none", () =>
    Effect.gen(function* () {
      expect(yield* collected((yield* opened("")).ndjson())).toEqual([])
      expect(yield* collected((yield* opened("\n\n")).ndjson(Row))).toEqual([])
    })
  )

  it.scoped("is decoded by a schema, each value when its line has come", () =>
    Effect.gen(function* () {
      const response = yield* opened(
        Stream.fromIterable(['{"id":1,"at":"2026-0', '1-02T00:00:00Z"}\n{"id"', ":2}\n"]).pipe(
          Stream.map((text) => new TextEncoder().encode(text))
        )
      )
      expect(yield* collected(response.ndjson(Row))).toEqual([
        { id: 1, at: new Date("2026-01-02T00:00:00Z") },
        { id: 2 }
      ])
    })
  )

  it.effect("of a response that was read is had again", () =>
    Effect.gen(function* () {
      const server = InProcess.layer(() => Effect.succeed({ body: "1\n2\n" }))
      const client = yield* Effect.provide(Client.make(), server)
      const response = yield* client.get(url)
      for (const _ of [1, 2]) expect(yield* collected(response.ndjson(Schema.Number))).toEqual([1, 2])
    })
  )
})

describe("a line that is not what it should be", () => {
  it.scoped("is a failure with its number, after the lines before it", () =>
    Effect.gen(function* () {
      const response = yield* opened('{"id":1}\n\n{"id":2}\n{"pass":"hunter2",}\n{"id":3}\n')
      const { error, seen } = yield* until(response.ndjson())
      expect(seen).toEqual([{ id: 1 }, { id: 2 }])
      expect(error).toMatchObject({ _tag: "InvalidLine", line: 4, phase: "read", delivery: "answered" })
      expect(error.message).toContain("line 4 is not JSON: of 19 characters, character 19 cannot be there")
      expect(response.isClosed).toBe(true)
    })
  )

  it.scoped("is a failure that says where its schema is not met, and shows nothing of the line", () =>
    Effect.gen(function* () {
      const response = yield* opened('{"id":1}\n{"id":"hunter2"}\n')
      const { error, seen } = yield* until(response.ndjson(Row))
      expect(seen).toEqual([{ id: 1 }])
      expect(error.message).toContain("line 2 is not what its schema says, at id")
      expect(shown(error)).not.toMatch(/hunter2|s3cret/)
      // Asked for, it is there.
      if (error._tag !== "InvalidLine") return expect.unreachable()
      expect(Option.getOrThrow(error.parseError).message).toContain("hunter2")
    })
  )

  it.scoped("shows nothing of the line if it is not JSON either", () =>
    Effect.gen(function* () {
      const { error } = yield* until((yield* opened("hunter2\n")).ndjson())
      expect(shown(error)).not.toContain("hunter2")
      if (error._tag !== "InvalidLine") return expect.unreachable()
      expect(Option.isNone(error.parseError)).toBe(true)
      const { error: whole } = yield* until((yield* opened("1\n")).ndjson(Schema.String))
      expect(whole.message).toMatch(/line 1 is not what its schema says$/)
    })
  )

  it.scoped("is told apart from a connection that breaks inside of it", () =>
    Effect.gen(function* () {
      const body = Stream.concat(Stream.make(new TextEncoder().encode('1\n{"id":')), Stream.fail("broken"))
      const { error, seen } = yield* until((yield* opened(body)).ndjson())
      expect(seen).toEqual([1])
      expect(error._tag).toBe("ReadError")
    })
  )
})
