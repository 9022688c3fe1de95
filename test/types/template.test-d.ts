// What a template says of its values.
// @effect-diagnostics floatingEffect:off
import type { Either } from "effect"
import { Template } from "effect-httpx"
import { expectTypeOf, test } from "vitest"

test("what stands in the path must be given, what stands in the query may", () => {
  const template = Template.make("/users/{user}/repos/{repo:3}{/path*}{?page,per_page}")
  expectTypeOf(template.expand({ user: "a", repo: 1 })).toEqualTypeOf<Either.Either<string, Template.TemplateError>>()
  template.expand({ user: "a", repo: 1, page: 2, path: ["a", "b"] })
  // @ts-expect-error no user
  template.expand({ repo: 1 })
  // @ts-expect-error no such value
  template.expand({ user: "a", repo: 1, other: 1 })
  // @ts-expect-error null is no value
  template.expand({ user: null, repo: 1 })
})

test("a name of both is one that must be given", () => {
  // @ts-expect-error no id
  Template.make("/{id}{?id}").expand({})
})

test("a text that is known only at run time takes any values", () => {
  const text: string = "/{a}"
  Template.make(text).expand({ a: 1, b: undefined })
})
