/**
 * A body as it arrives, as text: in pieces, as lines, as a value a line.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { ParseError } from "effect/ParseResult"
import { ArrayFormatter } from "effect/ParseResult"
import { type DefaultEncoding, textDecoder } from "../content/charset.js"
import { lineSplitter } from "../content/lines.js"
import type * as HttpxError from "../HttpxError.js"
import { type Failed, invalidLine, parseJson, tooLarge } from "./failures.js"

type Bytes = Stream.Stream<Uint8Array, HttpxError.ReadFailure>
type Text = Stream.Stream<string, HttpxError.ReadFailure>

export const textOf = (
  bytes: Bytes,
  contentType: string | undefined,
  defaultEncoding: DefaultEncoding | undefined
): Text =>
  Stream.suspend(() => {
    const decoder = textDecoder(contentType, defaultEncoding)
    const pieces = Stream.map(bytes, (piece) => decoder.write(piece))
    const rest = Stream.sync(() => decoder.end())
    return Stream.filter(Stream.concat(pieces, rest), (text) => text !== "")
  })

export const linesOf = (text: Text, response: Failed, longest: number): Text =>
  Stream.suspend(() => {
    const splitter = lineSplitter()
    const split = Stream.flattenIterables(
      Stream.mapEffect(text, (piece) => {
        const lines = splitter.write(piece)
        const isTooLong = splitter.held > longest || lines.some((line) => line.length > longest)
        return isTooLong ? lineTooLong(response, longest) : Effect.succeed(lines)
      })
    )
    return Stream.concat(
      split,
      Stream.suspend(() => Stream.fromIterable(splitter.end()))
    )
  })

const lineTooLong = (response: Failed, longest: number) =>
  tooLarge(response, longest, `a line is longer than the ${longest} characters that are allowed: see maxBodySize`)

/** Each line that is not blank, as JSON. */
export const jsonLinesOf = (
  lines: Text,
  response: Failed
): Stream.Stream<unknown, HttpxError.ReadFailure | HttpxError.InvalidLine> =>
  Stream.map(numberedJson(lines, response), ({ json }) => json)

/** Each line that is not blank, as its schema says. */
export const valuesOf = <A, I, R>(
  lines: Text,
  response: Failed,
  schema: Schema.Schema<A, I, R>
): Stream.Stream<A, HttpxError.ReadFailure | HttpxError.InvalidLine, R> => {
  const decode = Schema.decodeUnknown(schema)
  return Stream.mapEffect(numberedJson(lines, response), ({ json, line }) =>
    Effect.mapError(decode(json), (error) => invalidLine(response, line, mismatch(error), error))
  )
}

const numberedJson = (lines: Text, response: Failed) =>
  Stream.suspend(() => {
    let line = 0
    return Stream.flattenIterables(
      Stream.mapEffect(lines, (text) => {
        line++
        if (text.trim() === "") return Effect.succeed([])
        const parsed = parseJson(text)
        if ("json" in parsed) return Effect.succeed([{ json: parsed.json, line }])
        return Effect.fail(invalidLine(response, line, parsed.flaw))
      })
    )
  })

/** Where it is not what the schema says. What the schema says of it shows the values there. */
const mismatch = (error: ParseError): string => {
  const paths = ArrayFormatter.formatErrorSync(error).map(({ path }) => path.map(String).join("."))
  const at = [...new Set(paths)].filter((path) => path !== "")
  return `is not what its schema says${at.length === 0 ? "" : `, at ${at.slice(0, 5).join(", ")}`}`
}
