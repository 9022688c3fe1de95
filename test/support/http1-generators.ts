/** Responses of every framing, valid and nearly valid, for the http1-* tests. */
import { FastCheck as fc } from "effect"

const fieldName = fc.constantFrom(
  "A",
  "X-Long-Name-Of-A-Field",
  "Set-Cookie",
  "etag",
  "Keep-Alive",
  "!#$%&'*+-.^_`|~09"
)
const fieldValue = fc.constantFrom("", "b", "two words", "a\tb", "\xe9t\xe9", "\xa0", 'q="x:y;z, "', "b:c", "0")
const blanks = fc.constantFrom("", " ", "  ", "\t", " \t ")

const field = (eol: string): fc.Arbitrary<string> =>
  fc
    .tuple(fieldName, blanks, fieldValue, blanks)
    .map(([name, before, value, after]) => `${name}:${before}${value}${after}${eol}`)

/** Fields as RFC 9112 asks us to read them and others do not: folded, or with white space before the colon. */
const oddField = (eol: string): fc.Arbitrary<string> =>
  fc.constantFrom(
    `Folded: a${eol} b${eol}\t c${eol}`,
    `Folded:${eol} b${eol}`,
    `Folded: a${eol} ${eol}`,
    `Spaced : a${eol}`,
    `Spaced\t:${eol}`
  )

const sometimes = <A>(usual: A, rare: fc.Arbitrary<A>, weight = 1): fc.Arbitrary<A> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, { weight, arbitrary: rare })

const fields = (eol: string): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof({ weight: 12, arbitrary: field(eol) }, { weight: 1, arbitrary: oddField(eol) }), { maxLength: 4 })
    .map((lines) => lines.join(""))

const eols = sometimes("\r\n", fc.constant("\n"))

const body = fc.constantFrom(
  "",
  "x",
  "hello",
  "a\r\n\r\nb",
  "\n\nHTTP/1.1 200 OK\r\n\r\n",
  "0\r\n\r\n",
  "y".repeat(300)
)

const chunked = fc
  .tuple(
    fc.array(fc.constantFrom("x", "hello", "\r\n\r\n", "z".repeat(26)), { maxLength: 3 }),
    sometimes("", fc.constantFrom(";a", ";a=b", ';a="b;c"', " ;a=b", " ", "; a")),
    fc.boolean(),
    sometimes("", fc.constantFrom("0", "000")),
    sometimes("", fields("\r\n"), 4)
  )
  .map(([chunks, extension, upper, zeros, trailers]) => {
    const size = (length: number): string =>
      `${zeros}${upper ? length.toString(16).toUpperCase() : length.toString(16)}${extension}\r\n`
    return `${chunks.map((chunk) => `${size(chunk.length)}${chunk}\r\n`).join("")}${size(0)}${trailers}\r\n`
  })

const codings = sometimes(
  "chunked",
  fc.constantFrom("Chunked", "CHUNKED ", "gzip, chunked", "chunked, chunked", "identity", "", "chunked;q=1", "xchunked")
)

const lengthValue = (length: number): fc.Arbitrary<string> =>
  sometimes(
    `${length}`,
    fc.constantFrom(
      `0${length}`,
      `${length} `,
      `${length}, ${length}`,
      `${length},${length + 1}`,
      `+${length}`,
      `0x${length}`,
      `${length},`,
      "",
      "-1",
      "1e1",
      "99999999999999999999",
      `${length}\xa0`,
      `${length + 1}`
    )
  )

/** The framing fields and what follows the head. */
const framed = (eol: string): fc.Arbitrary<readonly [lines: string, content: string]> =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: body.chain((text) =>
        lengthValue(text.length).map((value) => [`Content-Length: ${value}${eol}`, text] as const)
      )
    },
    {
      weight: 1,
      arbitrary: body.map(
        (text) => [`Content-Length: ${text.length}${eol}content-length: ${text.length}${eol}`, text] as const
      )
    },
    {
      weight: 1,
      arbitrary: body.map((text) => [`Content-Length: ${text.length}${eol}Content-Length: 7${eol}`, text] as const)
    },
    {
      weight: 5,
      arbitrary: fc
        .tuple(codings, chunked)
        .map(([coding, text]) => [`Transfer-Encoding: ${coding}${eol}`, text] as const)
    },
    {
      weight: 1,
      arbitrary: chunked.map((text) => [`Content-Length: 5${eol}Transfer-Encoding: chunked${eol}`, text] as const)
    },
    { weight: 3, arbitrary: body.map((text) => ["", text] as const) }
  )

const statusLine = fc
  .tuple(
    sometimes(
      "HTTP/1.1",
      fc.constantFrom("HTTP/1.0", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/11", "ICY")
    ),
    sometimes(
      "200",
      fc.constantFrom("204", "304", "101", "205", "206", "301", "404", "500", "599", "999", "099", "20", "2000", "2x0")
    ),
    sometimes(" OK", fc.constantFrom("", " ", "  two", " Not Found", " \xe9\t", " o\x01k", " a:b"))
  )
  .map(([version, status, reason]) => `${version} ${status}${reason}`)

const informational = fc.constantFrom(
  "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
  "HTTP/1.1 102 Processing\r\n\r\n",
  "HTTP/1.1 199\r\nContent-Length: 5\r\n\r\n"
)

/** A response that is valid, or wrong in one place that its grammar has. */
export const message = eols.chain((eol) =>
  fc
    .tuple(
      sometimes("", fc.constantFrom("\r\n", "\n", "\r\n\r\n")),
      sometimes(
        "",
        fc.array(informational, { minLength: 1, maxLength: 3 }).map((heads) => heads.join(""))
      ),
      statusLine,
      fields(eol),
      framed(eol),
      fields(eol),
      sometimes(
        "",
        fc.constantFrom(`Connection: close${eol}`, `Connection: keep-alive${eol}`, `Connection: x, Close${eol}`)
      )
    )
    .map(([leading, hints, line, before, [framing, content], after, connection]) =>
      [leading, hints, line, eol, before, framing, after, connection, eol, content].join("")
    )
)

const interesting = Array.from("\0\t\n\r :;,05fgx-+=\x7f\x80\xa0\xffA")

export type Mutation = readonly [kind: "insert" | "delete" | "replace" | "cut", at: number, character: string]

/** Changes one character. */
export const mutate = (text: string, [kind, where, character]: Mutation): string => {
  const at = where % (text.length + 1)
  if (kind === "cut") return text.slice(0, at)
  return text.slice(0, at) + (kind === "delete" ? "" : character) + text.slice(kind === "insert" ? at : at + 1)
}

export const mutations: fc.Arbitrary<ReadonlyArray<Mutation>> = sometimes(
  [],
  fc.array(
    fc.tuple(
      fc.constantFrom(
        "insert" as const,
        "delete" as const,
        "replace" as const,
        "insert" as const,
        "replace" as const,
        "cut" as const
      ),
      fc.nat(400),
      fc.constantFrom(...interesting)
    ),
    { minLength: 1, maxLength: 2 }
  ),
  8
)

/** The bytes of a response, latin1, to a request of a method. */
export const response: fc.Arbitrary<{ readonly text: string; readonly method: string }> = fc
  .tuple(message, mutations, sometimes("GET", fc.constant("HEAD")))
  .map(([text, changes, method]) => ({ text: changes.reduce(mutate, text), method }))
