/**
 * Query parameters and form fields, as names with values, to text.
 *
 * @since 0.1.0
 */
import { percentEncode } from "./percent.js"

/**
 * One value of a parameter. A `Date` is sent as JSON has it: `2024-02-29T12:00:00.000Z`. `NaN` and `Infinity` are refused.
 *
 * @since 0.1.0
 * @category models
 */
export type ParamValue = string | number | bigint | boolean | Date

/**
 * Parameters as a record (a list repeats the name, `undefined` leaves it out) or as pairs in their order, as those of
 * `URLSearchParams` are.
 *
 * @since 0.1.0
 * @category models
 */
export type ParamsInput =
  | Readonly<Record<string, ParamValue | ReadonlyArray<ParamValue> | undefined>>
  | Iterable<readonly [name: string, value: ParamValue]>

/** Why parameters have no text form. */
export interface ParamsProblem {
  readonly _tag: "ParamsProblem"
  readonly message: string
}

const notParams: ParamsProblem = {
  _tag: "ParamsProblem",
  message: "parameters are given as a record or as pairs"
}

const notPair: ParamsProblem = {
  _tag: "ParamsProblem",
  message: "parameters in a list are pairs of a name and a value"
}

type Encode = (text: string) => string

// application/x-www-form-urlencoded (URL Standard §5.2)
const form: Encode = (text) =>
  percentEncode(text)
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%20/g, "+")

/** The text of one value, if it has one. */
const textOf = (value: unknown): string | undefined => {
  switch (typeof value) {
    case "string":
      return value
    case "number":
      return Number.isFinite(value) ? String(value) : undefined
    case "bigint":
    case "boolean":
      return String(value)
    default:
      return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : undefined
  }
}

const kindOf = (value: unknown): string => {
  if (value === null) return "null"
  if (typeof value === "number") return String(value)
  if (value instanceof Date) return "an invalid Date"
  if (typeof Blob === "function" && value instanceof Blob) return "a Blob, for which there is Multipart.form"
  return typeof value === "object" ? "an object" : `a ${typeof value}`
}

const problem = (name: string, value: unknown): ParamsProblem => {
  const what = kindOf(value)
  return {
    _tag: "ParamsProblem",
    message: `parameter ${JSON.stringify(name)} is ${what}: give text, a finite number, a boolean or a Date, or leave it out`
  }
}

const pairsOf = (input: ParamsInput): Iterable<unknown> =>
  Symbol.iterator in input ? (input as Iterable<unknown>) : Object.entries(input)

const isPair = (pair: unknown): pair is readonly [string, unknown] =>
  Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string"

const serialize = (input: ParamsInput, encode: Encode): string | ParamsProblem => {
  if (typeof input !== "object" || input === null) return notParams
  const parts: Array<string> = []
  for (const pair of pairsOf(input)) {
    if (!isPair(pair)) return notPair
    const [name, value] = pair
    if (value === undefined) continue
    const values: ReadonlyArray<unknown> = Array.isArray(value) ? value : [value]
    for (const each of values) {
      const text = textOf(each)
      if (text === undefined) return problem(name, each)
      parts.push(`${encode(name)}=${encode(text)}`)
    }
  }
  return parts.join("&")
}

/** Parameters as a query: percent-encoded, a space as `%20`, which every server reads. */
export const queryString = (input: ParamsInput): string | ParamsProblem => serialize(input, percentEncode)

/** Parameters as the body of a form. */
export const formString = (input: ParamsInput): string | ParamsProblem => serialize(input, form)
