/** Hostile responses: valid ones with their lines, their chunks and their bytes tampered with, for the fuzz run. */
import { FastCheck as fc } from "effect"
import { message, mutations, mutate } from "./http1-generators.js"

/** A response, the method of the request that it answers, and where its bytes are split. */
export interface HostileResponse {
  readonly text: string
  readonly method: string
  readonly cuts: ReadonlyArray<number>
}

/** A change of a text. `where` and `other` are any numbers, taken modulo what there is to choose from. */
interface Change {
  readonly kind: (typeof kinds)[number]
  readonly where: number
  readonly other: number
  readonly line: string
  readonly size: string
  readonly eol: string
}

const kinds = [
  "insert line",
  "repeat line",
  "remove line",
  "swap lines",
  "line end",
  "join lines",
  "letter case",
  "blanks at colon",
  "number",
  "chunk size",
  "trailer",
  "repeat bytes",
  "remove bytes",
  "move bytes",
  "insert message",
  "append message"
] as const

/** Lines whose place and combination decide where a message ends. */
const hostileLines = [
  "Content-Length: 0",
  "Content-Length: 5",
  "Content-Length: 5, 5",
  "Content-Length: 5, 6",
  "Content-Length: 5,",
  "Content-Length: +5",
  "Content-Length: 0x5",
  "Content-Length: 18446744073709551621",
  "Content-Length : 5",
  "Content-Length\x0b: 5",
  "Content-Length:\t5",
  "Content-Length: 5\x0b",
  "Content_Length: 5",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: identity",
  "Transfer-Encoding: xchunked",
  "Transfer-Encoding: chunked, identity",
  "Transfer-Encoding: identity, chunked",
  'Transfer-Encoding: "chunked"',
  "Transfer-Encoding:\tchunked",
  "Transfer-Encoding:\x0bchunked",
  "Transfer-Encoding : chunked",
  "Transfer-Encoding",
  "Transfer-Encoding:",
  " Transfer-Encoding: chunked",
  "\tchunked",
  " folded",
  " ",
  "X: \0",
  "X: a\rContent-Length: 5",
  "X: a\nContent-Length: 5",
  "Connection: close",
  "Connection: keep-alive",
  "Connection: close, keep-alive",
  "Connection: upgrade",
  "Connection: keep-alive\t",
  "Connection:",
  "Proxy-Connection: close",
  "Upgrade: websocket",
  "Trailer: Content-Length",
  "HTTP/1.1 200 OK",
  "HTTP/1.1 204 No Content",
  "HTTP/1.1 101 Switching Protocols",
  "",
  ":",
  "A",
  "A:",
  `X: ${"y".repeat(400)}`
] as const

const hostileSizes = [
  "0",
  "00",
  "5",
  "05",
  "+5",
  "-1",
  "0x5",
  "5 ",
  "5\t",
  "5;",
  "5;a=",
  "5;\x7f",
  "5\x0b",
  "fffffffffffffff0",
  "10000000000000005",
  "ffffffff",
  "g",
  `5;${"x".repeat(400)}`,
  `${"0".repeat(400)}5`,
  `5${" ".repeat(400)}`,
  ""
] as const
const hostileEnds = ["\r\n", "\n", "\r", "\r\r\n", "\n\r", "\r\n\r\n", "\n\n", "\r\n ", ""] as const

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom(...kinds),
  where: fc.nat(2000),
  other: fc.nat(2000),
  line: fc.constantFrom(...hostileLines),
  size: fc.constantFrom(...hostileSizes),
  eol: fc.constantFrom(...hostileEnds)
})

const onlyLineEnds = /\r\n|\n/
const chunkSizes = /(?<=\r\n)[0-9a-fA-F]+(?=[^:\r\n]*\r\n)/g
const numbers = /[0-9]+/g

/** Puts a text in the place of one of what `pattern` finds. */
const replaceOne = (text: string, pattern: RegExp, where: number, by: (found: string) => string): string => {
  const all = [...text.matchAll(pattern)]
  const found = all[where % Math.max(1, all.length)]
  return found === undefined
    ? text
    : text.slice(0, found.index) + by(found[0]) + text.slice(found.index + found[0].length)
}

/** The lines of a text, of which some are moved. */
const withLines = (text: string, edit: (lines: Array<string>) => void): string => {
  const lines = text.split(onlyLineEnds)
  edit(lines)
  return lines.join("\r\n")
}

const swap = (lines: Array<string>, a: number, b: number): void => {
  const [first, second] = [lines[a], lines[b]]
  if (first === undefined || second === undefined) return
  lines[a] = second
  lines[b] = first
}

const smuggled = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"

const applyToLines = (text: string, { eol, kind, line, other, where }: Change): string => {
  switch (kind) {
    case "insert line":
      return withLines(text, (lines) => void lines.splice(where % (lines.length + 1), 0, line))
    case "repeat line":
      return withLines(text, (lines) => void lines.splice(where % lines.length, 0, lines[other % lines.length] ?? ""))
    case "remove line":
      return withLines(text, (lines) => void lines.splice(where % lines.length, 1))
    case "swap lines":
      return withLines(text, (lines) => swap(lines, where % lines.length, other % lines.length))
    case "line end":
      return replaceOne(text, /\r\n|\n/g, where, () => eol)
    case "join lines":
      return replaceOne(text, /\r\n|\n/g, where, () => "")
    case "letter case":
      return replaceOne(text, /[A-Za-z-]+/g, where, (word) =>
        other % 2 === 0 ? word.toUpperCase() : word.toLowerCase()
      )
    default:
      return replaceOne(text, /[ \t]*:[ \t]*/g, where, () => [" :", ":\t", " : ", "\t:", ":", "::"][other % 6] ?? ":")
  }
}

const applyChange = (text: string, change: Change): string => {
  const { kind, other, size, where } = change
  const at = where % (text.length + 1)
  const end = Math.min(text.length, at + 1 + (other % 40))
  switch (kind) {
    case "number":
      return replaceOne(text, numbers, where, (digits) => `${Number(digits) + (other % 3) - 1}`)
    case "chunk size":
      return replaceOne(text, chunkSizes, where, () => size)
    case "trailer":
      return replaceOne(text, /(?<=\r\n0\r\n)/g, where, () => `${change.line}${change.eol}`)
    case "repeat bytes":
      return text.slice(0, at) + text.slice(at, end).repeat(2 + (other % 9)) + text.slice(end)
    case "remove bytes":
      return text.slice(0, at) + text.slice(end)
    case "move bytes": {
      const rest = text.slice(0, at) + text.slice(end)
      const to = other % (rest.length + 1)
      return rest.slice(0, to) + text.slice(at, end) + rest.slice(to)
    }
    case "insert message":
      return text.slice(0, at) + smuggled + text.slice(at)
    case "append message":
      return text + smuggled
    default:
      return applyToLines(text, change)
  }
}

/** Long enough for every rule to be broken, short enough to be read by a person. */
const maxLength = 2000

export const hostileResponse: fc.Arbitrary<HostileResponse> = fc
  .record({
    text: message,
    changes: fc.array(change, { maxLength: 3 }),
    bytes: mutations,
    method: fc.constantFrom("GET", "GET", "GET", "GET", "GET", "HEAD", "POST", "CONNECT"),
    cuts: fc.array(fc.nat(maxLength), { maxLength: 6 })
  })
  .map(({ bytes, changes, cuts, method, text }) => ({
    text: bytes.reduce(mutate, changes.reduce(applyChange, text)).slice(0, maxLength),
    method,
    cuts
  }))
