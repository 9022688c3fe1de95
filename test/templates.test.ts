/** URLs from templates: each value in its place, and in no other. */
import { describe, expect, it } from "@effect/vitest"
import { Either, FastCheck as fc } from "effect"
import { Template } from "effect-httpx"

const expand = (template: string, values: Readonly<Record<string, Template.Value | undefined>>) =>
  Either.getOrElse(Template.make(template).expand(values), ({ message }) => `TemplateError ${message}`)

describe("a template", () => {
  // RFC 6570 §1.2 and §3.2
  it.each([
    ["{var}", { var: "value" }, "value"],
    ["{hello}", { hello: "Hello World!" }, "Hello%20World%21"],
    ["{+hello}", { hello: "Hello World!" }, "Hello%20World!"],
    ["{+path}/here", { path: "/foo/bar" }, "/foo/bar/here"],
    ["here?ref={+path}", { path: "/foo/bar" }, "here?ref=/foo/bar"],
    ["X{#var}", { var: "value" }, "X#value"],
    ["map?{x,y}", { x: "1024", y: "768" }, "map?1024,768"],
    ["{/var,x}/here", { var: "value", x: 1024 }, "/value/1024/here"],
    ["{;x,y,empty}", { x: "1024", y: "768", empty: "" }, ";x=1024;y=768;empty"],
    ["{?x,y,undef}", { x: 1024, y: "768" }, "?x=1024&y=768"],
    ["?fixed=yes{&x}", { x: 1024n }, "?fixed=yes&x=1024"],
    ["{var:3}", { var: "value" }, "val"],
    ["{var:1}", { var: "😀b" }, "%F0%9F%98%80"],
    ["{?var:2,x:1}", { var: "a😀b", x: "bc" }, "?var=a%F0%9F%98%80&x=b"],
    ["{+var:9999}", { var: "a/😀" }, "a/%F0%9F%98%80"],
    ["{/list*}", { list: ["red", "green", "blue"] }, "/red/green/blue"],
    ["{?list*}", { list: ["red", "green"] }, "?list=red&list=green"],
    ["{?keys*}", { keys: { semi: ";", dot: "." } }, "?semi=%3B&dot=."],
    ["X{.list}", { list: ["red", "green"] }, "X.red,green"],
    ["/users/{id}", { id: false }, "/users/false"],
    ["https://example.com:8080/a{/b}{?c}", {}, "https://example.com:8080/a"]
  ])("%s", (template, values, expected) => {
    expect(expand(template, values)).toBe(expected)
  })

  it.each([
    ["../admin", "/users/..%2Fadmin/repos"],
    ["x?admin=1", "/users/x%3Fadmin%3D1/repos"],
    ["x#y", "/users/x%23y/repos"],
    ["%2e%2e/secret", "/users/%252e%252e%2Fsecret/repos"],
    ["a/b", "/users/a%2Fb/repos"],
    ["..a", "/users/..a/repos"],
    ["ä\r\n", "/users/%C3%A4%0D%0A/repos"]
  ])("keeps %j within its segment", (id, expected) => {
    expect(expand("/users/{id}/repos", { id })).toBe(expected)
  })

  it.each([
    ["/users/{id}", { id: ".." }, "segment of dots"],
    ["/users/{id}/repos", { id: "." }, "segment of dots"],
    ["/users/{a}{b}", { a: ".", b: "." }, "segment of dots"],
    ["/users/.{a}", { a: "." }, "segment of dots"],
    ["/users{/path*}", { path: ["a", ".."] }, "segment of dots"],
    ["/files/{+path}", { path: "a/../../secret" }, "segment of dots"],
    ["/files/{+path}", { path: "%2e%2E/secret" }, "segment of dots"],
    ["/users/{id}", { id: "" }, "empty"],
    ["/users/{id}", { id: [] }, "empty"],
    ["/files/{+path}", { path: "/other.example" }, "empty"],
    ["/users/{id}", {}, "id is not given"],
    ["/users/{constructor}", {}, "constructor is not given"],
    ["/users/{id}", { id: undefined }, "id is not given"],
    ["/users/{id}", { id: NaN }, "id has no text form"],
    ["/users/{id}", { id: "\ud800" }, "id has no text form"],
    ["/users/{?id}", { id: { a: Infinity } }, "id has no text form"],
    ["/users/{?id}", { id: [NaN] }, "id has no text form"],
    ["/users/{?id}", { id: { "\udc00": 1 } }, "id has no text form"],
    ["/users/{?id}", { id: (() => 1) as never }, "id has no text form"],
    ["/users/{id", { id: 1 }, "braces"],
    ["/users/{}", {}, "braces"],
    ["/users/{=id}", { id: 1 }, "braces"],
    ["/users/{i d}", { id: 1 }, "braces"],
    ["/\ud800/{id}", { id: 1 }, "well-formed"]
  ] as const)("%s refuses %j", (template, values, why) => {
    expect(expand(template, values)).toMatch(new RegExp(`^TemplateError .*${why}`, "s"))
  })

  it.each([
    ["is no text", Template.make(5 as never), {}],
    ["is given no values", Template.make("/{id}"), undefined],
    [
      "has values that throw",
      Template.make("/{id}"),
      {
        get id(): string {
          throw new Error("a getter threw")
        }
      }
    ]
  ])("that %s is a TemplateError", (_, template, values) => {
    expect(Either.flip(template.expand(values as never)).pipe(Either.getOrThrow)).toMatchObject({
      _tag: "TemplateError"
    })
  })

  it("shows no value in its error", () => {
    const error = Either.getOrThrow(Either.flip(Template.make("/a/{key}").expand({ key: ".." })))
    expect(error).toMatchObject({ _tag: "TemplateError", template: "/a/{key}" })
    expect(error.message).not.toContain("..")
  })

  it("leaves to the path what its own text says", () => {
    expect(expand("/a/../b//{id}", { id: 1 })).toBe("/a/../b//1")
  })

  it("puts no value anywhere but in its segment, whatever the value", () => {
    const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: fc.constantFrom(..."./%2eE?#\\@:") }))
    fc.assert(
      fc.property(text, (id) => {
        const expanded = Template.make("http://a.example/users/{id}/repos{?q}").expand({ id, q: id })
        if (Either.isLeft(expanded)) {
          expect(["", ".", ".."]).toContain(id)
          return
        }
        const url = new URL(expanded.right)
        const [, users, segment, repos, ...more] = url.pathname.split("/")
        expect([url.host, users, repos, more]).toEqual(["a.example", "users", "repos", []])
        expect(decodeURIComponent(segment!)).toBe(id)
        expect(url.searchParams.get("q")).toBe(id)
      }),
      { numRuns: 2_000 }
    )
  })

  it("is known from other values", () => {
    expect(Template.isTemplate(Template.make("/"))).toBe(true)
    expect(Template.isTemplate("/")).toBe(false)
  })
})
