/** A section of fields, and joined bytes. */
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Exit, FastCheck as fc, Stream } from "effect"
import { inspect } from "node:util"
import { collect, join, streamOf } from "../src/content/bytes.js"
import { fieldOf, Fields, type FieldsInput, fieldViolation, isToken } from "../src/protocol/Fields.js"

describe("fields", () => {
  it("come from a record or from pairs, and stay in their order and case", () => {
    const pairs = [
      ["X-B", "1"],
      ["x-a", "2"],
      ["x-b", "3"]
    ] as const
    expect([...Fields.from(pairs)]).toEqual(pairs)
    expect([...Fields.from({ "X-B": ["1", "3"], "x-a": "2", none: undefined, nothing: null })]).toEqual([
      ["X-B", "1"],
      ["X-B", "3"],
      ["x-a", "2"]
    ])
    expect([...Fields.from(new Headers({ "X-C": "1" }))]).toEqual([["x-c", "1"]])
    expect(Fields.from(undefined)).toBe(Fields.empty)
    const fields = Fields.from(pairs)
    expect(Fields.from(fields)).toBe(fields)
    expect(fields.size).toBe(3)
  })

  it("are found by name in any case, repeated ones joined", () => {
    const fields = Fields.from([
      ["Accept", "a"],
      ["x", "1"],
      ["ACCEPT", "b"]
    ])
    expect(fields.get("accept")).toBe("a, b")
    expect(fields.getAll("Accept")).toEqual(["a", "b"])
    expect(fields.has("aCCept")).toBe(true)
    expect(fields.get("y")).toBeUndefined()
    expect(fields.has("y")).toBe(false)
    expect(fieldOf(fields.flat, "accept")).toBe("a, b")
    expect(fieldOf(fields.flat, "accepz")).toBeUndefined()
  })

  it("are changed into new ones", () => {
    const fields = Fields.from({ a: "1", b: ["2", "3"] })
    expect(fields.append("A", "4").flat).toEqual(["a", "1", "b", "2", "b", "3", "A", "4"])
    expect(fields.set("B", "5").flat).toEqual(["a", "1", "B", "5"])
    expect(fields.remove("B").flat).toEqual(["a", "1"])
    expect(fields.remove("c")).toBe(fields)
    expect(fields.flat).toEqual(["a", "1", "b", "2", "b", "3"])
  })

  it("of another section replace those of the same name", () => {
    const client = Fields.from({ Accept: ["a", "b"], "user-agent": "u" })
    expect(client.merge(Fields.from({ accept: ["c", "d"] })).flat).toEqual([
      "user-agent",
      "u",
      "accept",
      "c",
      "accept",
      "d"
    ])
    expect(client.merge(Fields.empty)).toBe(client)
    expect(Fields.empty.merge(client)).toBe(client)
  })

  it("merge as a record of lists would", () => {
    const section = fc.array(fc.tuple(fc.constantFrom("a", "A", "b", "c"), fc.constantFrom("1", "2")))
    fc.assert(
      fc.property(section, section, (below, above) => {
        const merged = Fields.from(below).merge(Fields.from(above))
        for (const name of ["a", "b", "c"]) {
          const own = above.filter(([each]) => each.toLowerCase() === name)
          const left = own.length > 0 ? own : below.filter(([each]) => each.toLowerCase() === name)
          expect(merged.getAll(name)).toEqual(left.map(([, value]) => value))
        }
      })
    )
  })

  it("on the wire are lines of their own", () => {
    const fields = Fields.from({ A: "1", b: ["2", ""] })
    expect(fields.wire).toBe("A: 1\r\nb: 2\r\nb: \r\n")
    expect(fields.violation).toBeUndefined()
  })

  it("that HTTP cannot carry say why, and are never sent", () => {
    expect(fieldViolation("x", "fine \t\xff")).toBeUndefined()
    expect(fieldViolation("x y", "")).toContain("not a field name")
    expect(fieldViolation("", "")).toContain("not a field name")
    expect(fieldViolation("x", "a\r\nb: c")).toContain("line break")
    expect(fieldViolation("x", "a\0")).toContain("line break or NUL")
    expect(fieldViolation("x", "š")).toContain("percent-encode")
    expect(fieldViolation("x", "\x7f")).toContain("percent-encode")
    expect(Fields.from({ a: "1", "b c": "2", "d\n": "3" }).violation).toContain('"b c"')
  })

  it("given untyped are a violation, not a defect", () => {
    const untyped = (json: string): FieldsInput => JSON.parse(json)
    for (const json of ['{"a":1}', '{"a":[null]}', '{"a":[1]}', '{"a":{}}', '[["a",2]]']) {
      expect(Fields.from(untyped(json)).violation).toContain("not a string")
    }
  })

  it("are refused exactly when a line of text could not hold them", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        const safe = [...value].every((c) => c === "\t" || (c >= " " && c <= "~") || (c >= "\x80" && c <= "\xff"))
        expect(fieldViolation("x", value) === undefined).toBe(safe)
        expect(isToken(value)).toBe(/^[!#$%&'*+.^_`|~\w-]+$/.test(value))
      })
    )
  })

  it("printed show no secret", () => {
    const fields = Fields.from({ Authorization: "s3cret", "X-Api-Key": "s3cret", accept: "*/*" })
    expect(JSON.stringify(fields)).toBe('[["Authorization","<redacted>"],["X-Api-Key","<redacted>"],["accept","*/*"]]')
    expect(inspect(fields)).toContain("[ 'accept', '*/*' ]")
    expect(`${inspect({ fields })} ${String(fields)}`).not.toContain("s3cret")
  })
})

describe("bytes", () => {
  const pieces = [Uint8Array.of(1, 2), Uint8Array.of(), Uint8Array.of(3)]

  /** Gives the batches in order, and then the end. */
  const pullOf = (...batches: ReadonlyArray<ReadonlyArray<Uint8Array>>) => {
    let at = 0
    return Effect.sync(() => batches[at++] ?? [])
  }

  it("in pieces are joined; one piece is itself", () => {
    expect(join(pieces, 3)).toEqual(Uint8Array.of(1, 2, 3))
    expect(join([], 0)).toEqual(new Uint8Array(0))
    expect(join(pieces.slice(0, 1), 2)).toBe(pieces[0])
  })

  it.effect("are collected to the end, each time anew", () =>
    Effect.gen(function* () {
      const collected = collect(pullOf(pieces, [Uint8Array.of(4)]))
      expect(yield* collected).toEqual(Uint8Array.of(1, 2, 3, 4))
      expect(yield* collected).toEqual(new Uint8Array(0))
      expect(yield* Effect.exit(collect(Effect.fail("lost")))).toEqual(Exit.fail("lost"))
    })
  )

  it.effect("as a stream have one chunk a pull, and a finalizer however it ends", () =>
    Effect.gen(function* () {
      let finalized = 0
      const finalizer = Effect.sync(() => void finalized++)
      const chunks = yield* Stream.runCollect(Stream.chunks(streamOf(pullOf(pieces, [Uint8Array.of(4)]), finalizer)))
      expect(Chunk.toArray(chunks).map(Chunk.size)).toEqual([3, 1])
      expect(finalized).toBe(1)
      yield* Stream.runDrain(Stream.take(streamOf(pullOf(pieces), finalizer), 1))
      expect(finalized).toBe(2)
      expect(yield* Effect.exit(Stream.runDrain(streamOf(Effect.fail("lost"), finalizer)))).toEqual(Exit.fail("lost"))
      expect(finalized).toBe(3)
    })
  )
})
