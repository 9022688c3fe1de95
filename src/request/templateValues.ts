/**
 * From the text of a template to the type of its values.
 */

/**
 * A value with one text form.
 *
 * @since 0.1.0
 * @category models
 */
export type Scalar = string | number | bigint | boolean

/**
 * A value of a template. A list or a record is joined with commas, or repeats its name where the template says `*`.
 *
 * @since 0.1.0
 * @category models
 */
export type Value = Scalar | ReadonlyArray<Scalar> | Readonly<Record<string, Scalar>>

type Operator = "+" | "#" | "." | "/" | ";" | "?" | "&"

/** The expressions between braces, without them. */
type Expressions<Text extends string> = Text extends `${string}{${infer Expression}}${infer Rest}`
  ? Expression | Expressions<Rest>
  : never

/** `id:3` and `ids*` are `id` and `ids`. */
type NameOf<Variable extends string> = Variable extends `${infer Name}:${string}`
  ? Name
  : Variable extends `${infer Name}*`
    ? Name
    : Variable

type NamesOf<List extends string> = List extends `${infer First},${infer Rest}`
  ? NameOf<First> | NamesOf<Rest>
  : NameOf<List>

type InPath<Expression extends string> = Expression extends `${"+" | "#"}${infer List}`
  ? NamesOf<List>
  : Expression extends `${Operator}${string}`
    ? never
    : NamesOf<Expression>

type Optional<Expression extends string> = Expression extends `${"." | "/" | ";" | "?" | "&"}${infer List}`
  ? NamesOf<List>
  : never

/**
 * The values that a template takes: those in its path must be given, the others may.
 *
 * @since 0.1.0
 * @category models
 */
export type ValuesOf<Text extends string> = string extends Text
  ? Readonly<Record<string, Value | undefined>>
  : { readonly [Name in InPath<Expressions<Text>>]: Value } & {
      readonly [Name in Exclude<Optional<Expressions<Text>>, InPath<Expressions<Text>>>]?: Value | undefined
    }
