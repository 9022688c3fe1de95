/** WWW-Authenticate and Proxy-Authenticate: from the text of fields to challenges. */
import { describe, expect, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { parseAuthParams, parseChallenges } from "../src/protocol/challenges.js"

type Shown = readonly [scheme: string, token68OrParams?: string | Readonly<Record<string, string>>]

const shown = (...values: ReadonlyArray<string>): ReadonlyArray<Shown> =>
  parseChallenges(values).map(({ params, scheme, token68 }) => {
    if (token68 !== undefined) return [scheme, token68]
    return params.size === 0 ? [scheme] : [scheme, Object.fromEntries(params)]
  })

describe("challenges", () => {
  it("of one field are told from the parameters of one challenge", () => {
    expect(
      shown('Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\"", Negotiate, NTLM TlRM==')
    ).toEqual([
      ["basic", { realm: "simple" }],
      ["newauth", { realm: "apps", type: "1", title: 'Login to "apps"' }],
      ["negotiate"],
      ["ntlm", "TlRM=="]
    ])
  })

  it("of several fields are in their order", () => {
    expect(shown("Negotiate", 'Digest realm="a"', 'Basic realm="b"')).toEqual([
      ["negotiate"],
      ["digest", { realm: "a" }],
      ["basic", { realm: "b" }]
    ])
  })

  it("go on in the next field, as if the fields were one", () => {
    expect(shown('Digest realm="a"', 'nonce="b", Basic', 'realm="c"')).toEqual([
      ["digest", { realm: "a", nonce: "b" }],
      ["basic", { realm: "c" }]
    ])
  })

  it.each<readonly [string, ReadonlyArray<Shown>]>([
    ["", []],
    [" , \t,, ", []],
    ["Negotiate", [["negotiate"]]],
    ["  Negotiate  ,", [["negotiate"]]],
    ['DIGEST Realm="A b", NONCE=c', [["digest", { realm: "A b", nonce: "c" }]]],
    ['Digest ,, realm="a",, \t, nonce="b",', [["digest", { realm: "a", nonce: "b" }]]],
    ['Digest realm \t=\t "a" , nonce = b', [["digest", { realm: "a", nonce: "b" }]]],
    ['Basic \t  realm="a"', [["basic", { realm: "a" }]]],
    ["Bearer abc-._~+/09==", [["bearer", "abc-._~+/09=="]]],
    ["Bearer abc= \t, Basic", [["bearer", "abc="], ["basic"]]],
    ["Basic realm", [["basic", "realm"]]],
    ["Basic realm=a", [["basic", { realm: "a" }]]],
    ["Digest nonce=ab/c==, opaque=", [["digest", { nonce: "ab/c==", opaque: "" }]]],
    ['Basic realm=""', [["basic", { realm: "" }]]],
    ['Basic realm="a, Digest realm=b"', [["basic", { realm: "a, Digest realm=b" }]]],
    ['Basic realm="\\a\\\\\\""', [["basic", { realm: 'a\\"' }]]],
    ['Basic realm="a", REALM="b"', [["basic", { realm: "a" }]]],
    ['Basic __proto__="a", constructor=b', [["basic", { ["__proto__"]: "a", constructor: "b" }]]]
  ])("are read: %s", (value, challenges) => {
    expect(shown(value)).toEqual(challenges)
  })

  it.each<readonly [string, ReadonlyArray<Shown>]>([
    ['Basic realm="a, b', [["basic", { realm: "a, b" }]]],
    ['Basic realm="a\\', [["basic", { realm: "a" }]]],
    ['Basic realm="a\\"', [["basic", { realm: 'a"' }]]],
    ['Basic realm="', [["basic", { realm: "" }]]],
    ['realm="a", Basic', [["basic"]]],
    ['"Digest realm=a", Basic', [["basic"]]],
    ['"Digest realm=a, Basic', []],
    ['Basic"x", Digest', [["digest"]]],
    ["=, Digest", [["digest"]]],
    ["Basic realm=a Digest nonce=b, Negotiate", [["basic", { realm: "a" }], ["negotiate"]]],
    ['Basic realm="a" "b, Digest", Negotiate', [["basic", { realm: "a" }], ["negotiate"]]],
    ["Negotiate Basic Digest, NTLM", [["negotiate"], ["ntlm"]]],
    ["NTLM abc=, realm=b", [["ntlm", "abc="]]],
    ["NTLM abc==d", [["ntlm", { abc: "=d" }]]],
    ["NTLM ==", []],
    ['NTLM "="', [["ntlm"]]],
    ["B\u00e4sic realm=a, Digest", [["digest"]]],
    ["Basic\u00a0realm=a", []]
  ])("lose what is none: %s", (value, challenges) => {
    expect(shown(value)).toEqual(challenges)
  })

  it("keep the rest when a quote of another field is not closed", () => {
    expect(shown('Basic realm="a', 'Digest realm="b"')).toEqual([
      ["basic", { realm: "a" }],
      ["digest", { realm: "b" }]
    ])
  })
})

describe("parameters without a scheme", () => {
  it("are read from Authentication-Info", () => {
    const params = parseAuthParams(['NextNonce="a\\"b", qop=auth,', " rspauth = c"])
    expect(Object.fromEntries(params)).toEqual({ nextnonce: 'a"b', qop: "auth", rspauth: "c" })
  })

  it("are none in what is no parameter", () => {
    expect(parseAuthParams(["", ",", "abc", '"', "="]).size).toBe(0)
  })
})

interface Generated {
  readonly scheme: string
  readonly rest: string | ReadonlyArray<readonly [name: string, value: string]> | undefined
}

const unitOf = (characters: string) => fc.constantFrom(...characters)
const token = fc.string({ unit: unitOf("abcXYZ019!#$%&'*+-.^_`|~"), minLength: 1, maxLength: 6 })
const token68 = fc
  .tuple(fc.string({ unit: unitOf("abZ09-._~+/"), minLength: 1, maxLength: 6 }), unitOf("=").chain(equalsSigns))
  .map(([start, end]) => start + end)
function equalsSigns(sign: string) {
  return fc.nat(2).map((count) => sign.repeat(count))
}
const text = fc.string({ unit: unitOf('ab ,="\\\t\u00e9'), maxLength: 8 })
const params = fc.uniqueArray(fc.tuple(token, fc.oneof(token, text)), {
  minLength: 1,
  maxLength: 4,
  selector: ([name]) => name.toLowerCase()
})
const generated: fc.Arbitrary<Generated> = fc.record({
  scheme: token,
  rest: fc.oneof(fc.constant(undefined), token68, params)
})

const blanks = fc.string({ unit: unitOf(" \t"), maxLength: 2 })
const isToken = (value: string): boolean => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(value)

/** Every choice that the grammar leaves to whoever prints. */
const printed = (challenges: ReadonlyArray<Generated>): fc.Arbitrary<ReadonlyArray<string>> =>
  fc.gen().map((choose) => {
    const blank = (): string => choose(() => blanks)
    const either = (): boolean => choose(fc.boolean)
    const comma = (): string => {
      const stray = either() ? `,${blank()}` : ""
      return `${blank()},${blank()}${stray}`
    }
    const cased = (name: string): string => (either() ? name.toUpperCase() : name)
    const escaped = (value: string): string =>
      value.replace(/[^]/g, (each) => (/["\\]/.test(each) || either() ? `\\${each}` : each))
    const param = ([name, value]: readonly [string, string]): string =>
      `${cased(name)}${blank()}=${blank()}${isToken(value) && either() ? value : `"${escaped(value)}"`}`
    const fields: Array<string> = []
    let field = blank()
    for (const { rest, scheme } of challenges) {
      field += cased(scheme)
      if (typeof rest === "string") field += ` ${blank()}${rest}`
      // An empty element comes before the first parameter, if one has to come.
      else if (rest !== undefined) field += ` ${blank()}${either() ? comma() : ""}${rest.map(param).join(comma())}`
      if (either()) {
        fields.push(field + blank())
        field = blank()
      } else field += comma()
    }
    return [...fields, field]
  })

const expected = (challenges: ReadonlyArray<Generated>) =>
  challenges.map(({ rest, scheme }) => ({
    scheme: scheme.toLowerCase(),
    token68: typeof rest === "string" ? rest : undefined,
    params: new Map(typeof rest === "object" ? rest.map(([name, value]) => [name.toLowerCase(), value]) : [])
  }))

it("challenges are the same in whichever legal way they are printed", () => {
  const cases = fc
    .array(generated, { maxLength: 4 })
    .chain((challenges) => fc.tuple(fc.constant(challenges), printed(challenges)))
  fc.assert(
    fc.property(cases, ([challenges, fields]) => {
      expect(parseChallenges(fields)).toEqual(expected(challenges))
    }),
    { numRuns: 1000 }
  )
})

it("whatever is sent is read to an end, and what is read is well-formed", () => {
  const soup = fc.string({ unit: fc.oneof(unitOf('a=" ,\\\t'), fc.string({ maxLength: 1 })), maxLength: 40 })
  fc.assert(
    fc.property(fc.array(soup, { maxLength: 3 }), (fields) => {
      for (const { params, scheme, token68 } of parseChallenges(fields)) {
        expect(isToken(scheme)).toBe(true)
        if (token68 !== undefined) expect(params.size).toBe(0)
        expect([...params.keys()].every(isToken)).toBe(true)
      }
    }),
    { numRuns: 1000 }
  )
})

describe("hostile fields take linear time", () => {
  const timeOf = (fields: ReadonlyArray<string>): number => {
    const start = performance.now()
    // All that is parsed is kept, so that the collector has the same to do for one long field and for many short ones.
    const kept = fields.map((field) => parseChallenges([field]))
    const time = performance.now() - start
    expect(kept.length).toBe(fields.length)
    return time
  }

  /** How much longer one field takes than a hundred that are as long together: 1 if linear, 100 if quadratic. */
  const growth = (field: (length: number) => string): number => {
    const [one, hundred] = [[field(100_000)], Array.from({ length: 100 }, () => field(1000))]
    let [ofOne, ofHundred] = [Infinity, Infinity]
    for (let round = 0; round < 5; round++) {
      ofHundred = Math.min(ofHundred, timeOf(hundred))
      ofOne = Math.min(ofOne, timeOf(one))
    }
    return ofOne / ofHundred
  }

  it.each([
    "a",
    " ",
    ",",
    "=",
    '"',
    "\\",
    "a ",
    "a,",
    "a=",
    "a =",
    'a="',
    "a ,",
    "a a=,",
    '"\\',
    'a="\\"',
    "a b==",
    "a    b    "
  ])("%j, many times", (unit) => {
    const repeated = (length: number): string => unit.repeat(length / unit.length)
    for (const start of ['Digest realm="', "Digest "]) {
      expect(growth((length) => start + repeated(length))).toBeLessThan(20)
    }
  })
})
