/**
 * Where a text stops being JSON. The runtime's own message says so by showing the text, which may hold secrets, and has no
 * position in half of the cases.
 *
 * @since 0.1.0
 */

type Kind = "{" | "}" | "[" | "]" | ":" | "," | "string" | "scalar"

interface Token {
  readonly kind: Kind
  readonly end: number
}

type Expected = "value" | "first item" | "first key" | "key" | "colon" | "after value"

/**
 * The offset of the first character that JSON cannot have there (RFC 8259), or the length of the text if it ends too early.
 * For a text that is JSON, its length.
 *
 * @since 0.1.0
 * @category parsing
 */
export const jsonFlawAt = (text: string): number => {
  const open: Array<"{" | "["> = []
  let expected: Expected = "value"
  for (let at = endOfSpace(text, 0); at < text.length;) {
    const token = tokenAt(text, at)
    if (typeof token === "number") return token
    const next = follow(expected, token.kind, open)
    if (next === undefined) return at
    expected = next
    at = endOfSpace(text, token.end)
  }
  return text.length
}

/** What may come after this token, or `undefined` if it may not be here. */
const follow = (expected: Expected, kind: Kind, open: Array<"{" | "[">): Expected | undefined => {
  switch (expected) {
    case "first key":
    case "key":
      if (kind === "string") return "colon"
      return kind === "}" && expected === "first key" ? closed(open) : undefined
    case "colon":
      return kind === ":" ? "value" : undefined
    case "after value":
      return followValue(kind, open)
    case "first item":
    case "value":
      if (kind === "string" || kind === "scalar") return "after value"
      if (kind === "]" && expected === "first item") return closed(open)
      if (kind !== "{" && kind !== "[") return undefined
      open.push(kind)
      return kind === "{" ? "first key" : "first item"
  }
}

const followValue = (kind: Kind, open: Array<"{" | "[">): Expected | undefined => {
  const inside = open.at(-1)
  if (kind === "," && inside !== undefined) return inside === "{" ? "key" : "value"
  return (kind === "}" && inside === "{") || (kind === "]" && inside === "[") ? closed(open) : undefined
}

const closed = (open: Array<"{" | "[">): Expected => {
  open.pop()
  return "after value"
}

/** The token that begins here; or, if none does, where it goes wrong. */
const tokenAt = (text: string, at: number): Token | number => {
  const first = text[at]!
  if (isPunctuation(first)) return { kind: first, end: at + 1 }
  if (first === '"') return stringAt(text, at)
  scalar.lastIndex = at
  const end = at + (scalar.exec(text)?.[0].length ?? 0)
  return end === at ? at : { kind: "scalar", end }
}

const isPunctuation = (character: string): character is Exclude<Kind, "string" | "scalar"> =>
  "{}[]:,".includes(character)

const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

const escape = /\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})/y

const stringAt = (text: string, start: number): Token | number => {
  for (let at = start + 1; at < text.length;) {
    const character = text[at]!
    if (character === '"') return { kind: "string", end: at + 1 }
    if (character < " ") return at
    if (character !== "\\") {
      at++
      continue
    }
    escape.lastIndex = at
    const found = escape.exec(text)
    if (found === null) return at
    at += found[0].length
  }
  return text.length
}

const endOfSpace = (text: string, start: number): number => {
  let end = start
  while (end < text.length && " \t\n\r".includes(text[end]!)) end++
  return end
}
