/**
 * Values as JSON text: by `JSON.stringify`, by the caller's own function, by a schema first.
 */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import type * as Schema from "effect/Schema"
import { thrown } from "./details.js"

/**
 * Makes JSON text of a value, in place of `JSON.stringify`: for a replacer, for bigints, for keys in their order.
 *
 * @since 0.1.0
 * @category models
 */
export type Stringify = (value: unknown) => string

/** Why there is no JSON text. */
export class NoJson {
  constructor(
    readonly what: string,
    readonly cause?: unknown
  ) {}
}

/**
 * A value that a schema encodes when a request is made of it. Made by `Request.jsonOf`.
 *
 * @since 0.1.0
 * @category models
 */
export class SchemaJson {
  constructor(readonly encoded: () => Either.Either<unknown, NoJson>) {}
}

export const schemaJson = <A, I>(schema: Schema.Schema<A, I>, value: A): SchemaJson => {
  const encode = ParseResult.encodeEither(schema)
  return new SchemaJson(() => Either.mapLeft(encode(value), misfit))
}

/** Says where, and not what: the value may be a secret. For the same reason the issue is not the cause. */
const misfit = (issue: ParseResult.ParseIssue): NoJson => {
  const places = ParseResult.ArrayFormatter.formatIssueSync(issue).map(({ path }) => placeOf(path))
  return new NoJson(`json does not fit its schema: ${[...new Set(places)].join(", ")}`)
}

const placeOf = (path: ReadonlyArray<PropertyKey>): string =>
  path.length === 0 ? "the value itself" : path.map((key) => `[${JSON.stringify(String(key))}]`).join("")

/** The text of a value. Whatever the caller's code throws is a reason, and no defect. */
export const jsonText = (value: unknown, stringify: Stringify = JSON.stringify): string | NoJson => {
  try {
    if (!(value instanceof SchemaJson)) return textOf(value, stringify)
    const encoded = value.encoded()
    return Either.isLeft(encoded) ? encoded.left : textOf(encoded.right, stringify)
  } catch (cause) {
    return new NoJson(`json cannot be serialized: ${thrown(cause)}`, cause)
  }
}

const textOf = (value: unknown, stringify: Stringify): string | NoJson => {
  // JSON.stringify has no text for some, and its type does not say so.
  const text: unknown = stringify(value)
  return typeof text === "string" ? text : new NoJson(`json: a ${typeof value} has no JSON form`)
}
