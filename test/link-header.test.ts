/** Link fields (RFC 8288): the published examples, what servers send, and the same as an independent parser. */
import { FastCheck as fc } from "effect"
import LinkHeader from "http-link-header"
import { describe, expect, it } from "vitest"
import { type Link, parseLinks } from "../src/protocol/linkHeader.js"

const base = "https://api.example.com/items/list?page=1"

const parse = (field: string): ReadonlyArray<Link> => parseLinks(field, base).list

/** Text as it comes in a field: a character a byte. */
const raw = (text: string): string => Buffer.from(text, "utf8").toString("latin1")

describe("what is sent raw", () => {
  it("is UTF-8 where it can be", () => {
    expect(parse(raw('</käse?q=ü>; rel=next; title="Käse"; anchor="/ä"'))).toMatchObject([
      {
        url: "https://api.example.com/k%C3%A4se?q=%C3%BC",
        target: "/käse?q=ü",
        context: "https://api.example.com/%C3%A4",
        title: "Käse"
      }
    ])
  })

  it("and else latin1", () => {
    expect(parse("</k\xe4se>; rel=next; title=k\xe4se")).toMatchObject([
      { url: "https://api.example.com/k%C3%A4se", title: "käse" }
    ])
  })
})

describe("the examples of RFC 8288 §3.5", () => {
  it("a link with a title", () => {
    expect(parse('<http://example.com/TheBook/chapter2>; rel="previous"; title="previous chapter"')).toMatchObject([
      { url: "http://example.com/TheBook/chapter2", rel: ["previous"], title: "previous chapter", context: base }
    ])
  })

  it("a link of a relation type that is a URL", () => {
    const { byRel } = parseLinks('</>; rel="http://example.net/foo"', base)
    expect(byRel["http://example.net/foo"]?.url).toBe("https://api.example.com/")
  })

  it("a link of another context than the answer", () => {
    expect(parse('</terms>; rel="copyright"; anchor="#foo"')).toMatchObject([
      { url: "https://api.example.com/terms", rel: ["copyright"], context: `${base}#foo` }
    ])
  })

  it("titles in other languages than English", () => {
    const field =
      "</TheBook/chapter2>; rel=\"previous\"; title*=UTF-8'de'letztes%20Kapitel, " +
      "</TheBook/chapter4>; rel=\"next\"; title*=UTF-8'de'n%c3%a4chstes%20Kapitel"
    expect(parse(field).map(({ rel, title, url }) => [url, rel[0], title])).toEqual([
      ["https://api.example.com/TheBook/chapter2", "previous", "letztes Kapitel"],
      ["https://api.example.com/TheBook/chapter4", "next", "nächstes Kapitel"]
    ])
  })

  it("a link with several relation types", () => {
    const { byRel, list } = parseLinks('<http://example.org/>; rel="start http://example.net/relation/other"', base)
    expect(list).toHaveLength(1)
    expect(list[0]?.rel).toEqual(["start", "http://example.net/relation/other"])
    expect(byRel["start"]).toBe(list[0])
    expect(byRel["http://example.net/relation/other"]).toBe(list[0])
  })

  it("several links in one field", () => {
    const { byRel } = parseLinks('<https://example.org/>; rel="start", <https://example.org/index>; rel="index"', base)
    expect(byRel["start"]?.url).toBe("https://example.org/")
    expect(byRel["index"]?.url).toBe("https://example.org/index")
  })
})

describe("a link", () => {
  it("is found by its relation type in lower case; of several, the first", () => {
    const { byRel } = parseLinks('<a>; rel="NEXT"; title="first", <b>; rel=next', base)
    expect(byRel["next"]).toMatchObject({ target: "a", title: "first" })
    expect(byRel["prev"]).toBeUndefined()
    expect(byRel["toString"]).toBeUndefined()
  })

  it.each([
    ["", base],
    ["?page=2", "https://api.example.com/items/list?page=2"],
    ["../2", "https://api.example.com/2"],
    ["//other.example/x", "https://other.example/x"],
    ["http://[broken", "http://[broken"]
  ])("to %j leads to %s", (target, url) => {
    expect(parse(`<${target}>; rel=next`)).toMatchObject([{ url, target }])
  })

  it("may have commas, semicolons and escapes in its quotes, and commas in its target", () => {
    expect(parse('</a,b>; title="one, two; \\"three\\" \\\\"; rel="x", </c>; rel=y')).toMatchObject([
      { target: "/a,b", title: 'one, two; "three" \\', rel: ["x"] },
      { target: "/c", rel: ["y"] }
    ])
  })

  it("has every hreflang, and of the others the first", () => {
    const [link] = parse(
      "</a>; rel=x; rel=y; hreflang=de; hreflang=en; type=text/html; type=text/plain; media=print; media=screen"
    )
    expect(link).toMatchObject({ rel: ["x"], hreflang: ["de", "en"], type: "text/html", media: "print" })
    expect(link?.parameters).toHaveLength(8)
  })

  it.each([
    ["title*=UTF-8''%e2%82%ac; title=plain", "€"],
    ["title*=iso-8859-1'en'%A3%20rates", "£ rates"],
    ["title*=UTF-8''%ff; title=plain", "plain"],
    ["title*=koi8-r''%ff; title=plain", "plain"],
    ["title*=nonsense; title=plain", "plain"],
    ["title*=nonsense", undefined]
  ])("with %s has the title %j", (parameters, title) => {
    expect(parse(`</a>; ${parameters}`)).toMatchObject([{ title }])
  })

  it("may have no relation, parameters without a value, and white space everywhere", () => {
    expect(parse("</a>")).toMatchObject([{ rel: [], parameters: [] }])
    expect(parse(' </a>\t; \tcrossorigin ; rel = "next" ; ; x= ,')).toMatchObject([
      {
        rel: ["next"],
        parameters: [
          ["crossorigin", ""],
          ["rel", "next"],
          ["x", ""]
        ]
      }
    ])
  })

  it.each([
    ["", []],
    [", ,", []],
    ["no link, </b>; rel=x", ["/b"]],
    ['broken "quo,ted", </b>; rel=x', ["/b"]],
    ["</never closed; rel=x", []],
    ["</a> junk; rel=x, </b>", ["/a", "/b"]],
    ['</a>; rel="never closed', ["/a"]],
    ['</a>; rel="x"junk; title=t, </b>', ["/a", "/b"]],
    ["</a>; =x, </b>", ["/a", "/b"]],
    ["</a>; a b=c, </b>", ["/a", "/b"]],
    ['</a>; "q,q"; rel=x, </b>', ["/a", "/b"]],
    ['</a>; rel="x\\', ["/a"]]
  ])("is found wherever there is one: %j", (field, targets) => {
    expect(parse(field).map(({ target }) => target)).toEqual(targets)
  })

  it("is none where there is no field", () => {
    expect(parseLinks(undefined, base)).toEqual({ list: [], byRel: {} })
  })
})

const quoted = (value: string): string => `"${value.replace(/["\\]/g, "\\$&")}"`

const anyText = fc.string({ unit: fc.constantFrom(..."ab ,;=<>\"\\'/é".split("")), maxLength: 8 })
const anyLink = fc.record({
  target: fc.string({ unit: fc.constantFrom(..."ab/,;?=&%20".split("")), maxLength: 10 }),
  rel: fc.array(fc.constantFrom("next", "prev", "http://example.net/r"), { minLength: 1, maxLength: 3 }),
  title: anyText.filter((title) => title !== ""),
  hreflang: fc.array(fc.constantFrom("de", "en-GB"), { maxLength: 2 })
})

describe("any field", () => {
  it("that is well formed means what http-link-header reads in it", () => {
    fc.assert(
      fc.property(
        fc.array(anyLink, { minLength: 1, maxLength: 4 }),
        fc.constantFrom("; ", ";", " ; "),
        (links, sep) => {
          const field = links
            .map(({ hreflang, rel, target, title }) =>
              [
                `<${target}>`,
                `rel=${quoted(rel.join(" "))}`,
                `title=${quoted(title)}`,
                ...hreflang.map((language) => `hreflang="${language}"`)
              ].join(sep)
            )
            .join(", ")
          const ours = parse(field).flatMap(({ hreflang, rel, target, title }) =>
            rel.map((each) => ({ target, rel: each, title, hreflang }))
          )
          const theirs = LinkHeader.parse(field).refs.map(({ hreflang, rel, title, uri }) => ({
            target: uri,
            rel,
            title,
            hreflang: hreflang === undefined ? [] : [hreflang].flat()
          }))
          expect(ours).toEqual(theirs)
        }
      )
    )
  })

  it("is read without a failure, in linear time", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."<>;,=\"\\ a*\t'".split("")), maxLength: 60 }), (field) => {
        for (const { parameters, url } of parse(field)) expect([url, ...parameters.flat()]).not.toContain(undefined)
      }),
      { numRuns: 1000 }
    )
    const started = performance.now()
    for (const unit of ["<", "<>", ";", "<>;", '"', "<>;a=\\", ",", " ", "<>; ", '<>;a="\\"']) {
      parse(unit.repeat(20_000))
      parse(`<>${unit.repeat(20_000)}`)
    }
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})
