/**
 * URI templates (RFC 6570): a URL with places in it, whose values are typed by the template and cannot leave their place.
 *
 * When to use: wherever a value becomes part of a path. `/users/${id}` lets an `id` of `../admin` ask for another
 * resource; `Template.make("/users/{id}")` does not.
 *
 * What to know: what stands in a path (`{id}`) must be given; what is left out of a query (`{?page,size}`) is left out of
 * the URL. A value that would be a segment `.` or `..`, or leave a segment empty, is a `TemplateError`, because no
 * encoding keeps servers and proxies from acting upon those.
 *
 * Gotchas: `{+path}` and `{#path}` are for values that bring their own `/`, `?` and `#`: dot segments are refused there
 * too, but give them nothing that a stranger wrote.
 *
 * @example
 * ```ts
 * import { Client, Template } from "effect-httpx"
 * import { Effect } from "effect"
 *
 * const repositories = Template.make("/users/{user}/repos{?page,per_page}")
 *
 * const program = Effect.gen(function* () {
 *   const url = yield* repositories.expand({ user: "effect", per_page: 50 })
 *   return yield* Client.get(url)
 * })
 * ```
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import { expandTemplate, isTemplateProblem } from "./protocol/template.js"
import type { Value, ValuesOf } from "./request/templateValues.js"

export type { Scalar, Value, ValuesOf } from "./request/templateValues.js"

/**
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: unique symbol = Symbol.for("effect-httpx/Template")

/**
 * A template makes no URL of these values: one is missing, has no text form, or would leave its place. No value is shown.
 *
 * @since 0.1.0
 * @category errors
 */
export class TemplateError extends Data.TaggedError("TemplateError")<{
  readonly template: string
  readonly message: string
}> {}

/**
 * A template, and the values that it takes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Template<in Values> {
  readonly [TypeId]: typeof TypeId
  /** As written. */
  readonly template: string
  /** The URL with the values in their places. An `Either`, so also an `Effect`. */
  readonly expand: (values: Values) => Either.Either<string, TemplateError>
}

/**
 * Whether a value is a template.
 *
 * @since 0.1.0
 * @category guards
 */
export const isTemplate = (u: unknown): u is Template<never> => Predicate.hasProperty(u, TypeId)

/**
 * Makes a template. Its names and which of them may be left out are found in the type of the text, if that is a literal.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <const Text extends string>(template: Text): Template<ValuesOf<Text>> => ({
  [TypeId]: TypeId,
  template,
  expand: (values: Readonly<Record<string, Value | undefined>>) => {
    const expanded = expandTemplate(template, values)
    if (!isTemplateProblem(expanded)) return Either.right(expanded)
    return Either.left(new TemplateError({ template, message: `${template}: ${expanded.message}` }))
  }
})
