/**
 * Query parameters and form fields, as names with values, to text.
 *
 * @since 0.1.0
 */
import { percentEncode } from "./percent.js"

/**
 * One value of a parameter.
 *
 * @since 0.1.0
 * @category models
 */
export type ParamValue = string | number | bigint | boolean

/**
 * Parameters as a record (a list repeats the name, `undefined` leaves it out) or as pairs in their order.
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

type Encode = (text: string) => string

// application/x-www-form-urlencoded (URL Standard §5.2)
const form: Encode = (text) =>
  percentEncode(text)
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%20/g, "+")

const isScalar = (value: unknown): value is ParamValue =>
  typeof value === "string" || typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"

const problem = (name: string, value: unknown): ParamsProblem => {
  const what = value === null ? "null" : typeof value === "object" ? "an object" : `a ${typeof value}`
  return {
    _tag: "ParamsProblem",
    message: `parameter ${JSON.stringify(name)} is ${what}: give text, a number or a boolean, or leave it out`
  }
}

const pairsOf = (input: ParamsInput): Iterable<readonly [string, unknown]> =>
  Symbol.iterator in input ? (input as Iterable<readonly [string, unknown]>) : Object.entries(input)

const serialize = (input: ParamsInput, encode: Encode): string | ParamsProblem => {
  if (typeof input !== "object" || input === null) return problem("params", input)
  const parts: Array<string> = []
  for (const [name, value] of pairsOf(input)) {
    if (value === undefined) continue
    const values: ReadonlyArray<unknown> = Array.isArray(value) ? value : [value]
    for (const each of values) {
      if (!isScalar(each)) return problem(name, each)
      parts.push(`${encode(name)}=${encode(String(each))}`)
    }
  }
  return parts.join("&")
}

/** Parameters as a query: percent-encoded, a space as `%20`, which every server reads. */
export const queryString = (input: ParamsInput): string | ParamsProblem => serialize(input, percentEncode)

/** Parameters as the body of a form. */
export const formString = (input: ParamsInput): string | ParamsProblem => serialize(input, form)
