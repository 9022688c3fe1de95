/** Names and passwords from a `.netrc` file. */
import { describe, expect, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { entryFor, isNetrcProblem, parseNetrc } from "../src/protocol/netrc.js"

const entriesOf = (text: string) => {
  const parsed = parseNetrc(text)
  if (isNetrcProblem(parsed)) throw new Error(`line ${parsed.line}: ${parsed.message}`)
  return parsed
}

const found = (text: string, hostname: string) => {
  const entry = entryFor(entriesOf(text), hostname)
  return entry === undefined ? "none" : `${entry.login}:${entry.password}`
}

describe("a .netrc file", () => {
  const file = `
# the build server
machine build.example login jo password s3cret
machine Git.Example
  login "jo smith"   # not a comment of the next line only
  password "a \\"quoted\\" \\\\ one\\twith\\nescapes\\r"
  account ignored
macdef init
  cd /tmp
  machine inside.a.macro login no password no

machine later.example login #hash password p#w
default login anonymous password guest
machine never.example login never password reached
`

  it.each([
    ["build.example", "jo:s3cret"],
    ["BUILD.example", "jo:s3cret"],
    ["git.example", 'jo smith:a "quoted" \\ one\twith\nescapes\r'],
    ["later.example", "#hash:p#w"],
    ["inside.a.macro", "anonymous:guest"],
    ["other.example", "anonymous:guest"],
    ["never.example", "anonymous:guest"]
  ])("knows %s", (hostname, expected) => {
    expect(found(file, hostname)).toBe(expected)
  })

  it.each([
    ["", "none"],
    ["machine b login x password y", "none"],
    ["machine a", "undefined:undefined"],
    ["machine a login x", "x:undefined"],
    ["machine a login x machine a login y", "x:undefined"],
    ["machine a login \"\" password ''", ":''"],
    ["macdef all\nnever ends\nmachine a login x", "none"],
    ["macdef m\nx\n \t\nmachine a login x", "x:undefined"],
    ["machine a #", "undefined:undefined"]
  ])("%j", (text, expected) => {
    expect(found(text, "a")).toBe(expected)
  })

  it.each([
    ["machine", 1, "machine has no value"],
    ["\n\nmachine a login", 3, "login has no value"],
    ["login x", 1, "login stands before any machine"],
    ['machine a\npassword "secret', 2, "a quotation does not end"],
    ['"machine', 1, "a quotation does not end"],
    ['machine a password "x\\', 1, "a quotation does not end"],
    ["machine a\n\nlogin x pass secret", 3, "a keyword is not known"]
  ])("%j is wrong", (text, line, message) => {
    expect(parseNetrc(text)).toEqual({ _tag: "NetrcProblem", line, message })
  })

  it("gives back what was written, whatever it is", () => {
    const word = fc.string({ unit: fc.constantFrom(...'ab#"\\ \n\t:ä'), minLength: 1, maxLength: 6 })
    const written = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(word, word, word), { selector: ([machine]) => machine }), (entries) => {
        const text = entries.map(
          ([machine, login, password]) =>
            `machine ${written(machine)} login ${written(login)}\npassword ${written(password)}\n`
        )
        expect(entriesOf(text.join(""))).toEqual(
          entries.map(([machine, login, password]) => ({ machine, login, password }))
        )
      })
    )
  })

  it("is read to its end, whatever is in it, and no word of it is told", () => {
    const text = fc.array(fc.constantFrom("machine", "login", "secret", '"', "#", "macdef", "default", "\n", " ", "\\"))
    fc.assert(
      fc.property(text, (words) => {
        const parsed = parseNetrc(words.join(" "))
        if (isNetrcProblem(parsed)) expect(parsed.message).not.toContain("secret")
      })
    )
  })
})
