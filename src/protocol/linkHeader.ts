/**
 * Web links (RFC 8288): what Link fields say.
 *
 * Lenient as its Appendix B is: what is no link is left out, and each character is looked at a bounded number of times.
 *
 * @since 0.1.0
 */
import { isBlank } from "./http1/ascii.js"
import { rawText } from "./rawText.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Link {
  /** Where it leads: the target resolved against the URL that answered; as written, if that makes no URL. */
  readonly url: string
  /** The target as written, in UTF-8 if that is what its bytes are. */
  readonly target: string
  /** What it leads from, resolved: the URL that answered, unless the link names another by `anchor`. */
  readonly context: string
  /** Its relation types, in lower case, because they are compared so. */
  readonly rel: ReadonlyArray<string>
  /** From `title*` if there is one. */
  readonly title: string | undefined
  /** The media type of what it leads to, as a hint. */
  readonly type: string | undefined
  readonly media: string | undefined
  /** The languages of what it leads to. */
  readonly hreflang: ReadonlyArray<string>
  /** All parameters as they came, names in lower case. Those whose name ends in `*` are not decoded. */
  readonly parameters: ReadonlyArray<readonly [name: string, value: string]>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Links {
  /** In their order. */
  readonly list: ReadonlyArray<Link>
  /** By relation type, e.g. `byRel.next?.url`; of several, the first. */
  readonly byRel: Readonly<Partial<Record<string, Link>>>
}

/**
 * The links of a field value, or of several joined with commas, found in an answer of this URL.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseLinks = (field: string | undefined, base: string): Links => {
  const list: Array<Link> = []
  const byRel: Partial<Record<string, Link>> = Object.create(null)
  if (field !== undefined) {
    for (let at = 0; at < field.length;) at = readElement(field, at, base, list)
  }
  for (const link of list) for (const rel of link.rel) byRel[rel] ??= link
  return { list, byRel }
}

type Parameters = Array<readonly [name: string, value: string]>

/** Reads one element of the list, if it is a link; says where the next one begins. */
const readElement = (text: string, start: number, base: string, list: Array<Link>): number => {
  const open = endOfBlanks(text, start)
  if (text[open] !== "<") return endOfElement(text, open) + 1
  const close = text.indexOf(">", open)
  if (close < 0) return text.length
  const parameters: Parameters = []
  const end = readParameters(text, close + 1, parameters)
  list.push(linkOf(text.slice(open + 1, close), parameters, base))
  return endOfElement(text, end) + 1
}

const readParameters = (text: string, start: number, parameters: Parameters): number => {
  let at = endOfBlanks(text, start)
  while (text[at] === ";") at = endOfBlanks(text, readParameter(text, endOfBlanks(text, at + 1), parameters))
  return at
}

/** Reads a parameter, which may have no value (RFC 8288 §3); says where it ends. */
const readParameter = (text: string, start: number, parameters: Parameters): number => {
  const end = endOfWhile(text, start, (character) => !' \t=;,"'.includes(character))
  const name = text.slice(start, end).toLowerCase()
  const equals = endOfBlanks(text, end)
  if (text[equals] !== "=") {
    if (name !== "") parameters.push([name, ""])
    return endOfValue(text, equals)
  }
  const begin = endOfBlanks(text, equals + 1)
  const quoted = text[begin] === '"'
  const close = quoted ? endOfQuoted(text, begin) : endOfValue(text, begin)
  // RFC 9110 §5.6.4: a backslash stands for the character after it.
  const value = quoted ? text.slice(begin + 1, close).replace(/\\([^])/g, "$1") : text.slice(begin, close).trimEnd()
  if (name !== "") parameters.push([name, value])
  return endOfValue(text, quoted ? close + 1 : close)
}

const linkOf = (written: string, parameters: Parameters, base: string): Link => {
  const target = rawText(written)
  // RFC 8288 §3.3, §3.4.1: of those that may be there once, the first counts.
  const first = (name: string): string | undefined => parameters.find(([known]) => known === name)?.[1]
  const anchor = first("anchor")
  const title = first("title")
  return {
    url: resolved(target, base),
    target,
    context: anchor === undefined ? base : resolved(rawText(anchor), base),
    rel: (first("rel") ?? "")
      .toLowerCase()
      .split(/\s+/)
      .filter((rel) => rel !== ""),
    title: decodeExtended(first("title*")) ?? (title === undefined ? undefined : rawText(title)),
    type: first("type"),
    media: first("media"),
    hreflang: parameters.filter(([name]) => name === "hreflang").map(([, language]) => language),
    parameters
  }
}

const resolved = (target: string, base: string): string => {
  try {
    return new URL(target, base).href
  } catch {
    return target
  }
}

/** A value with a charset and a language (RFC 8187 §3.2); `undefined` if it is none. */
const decodeExtended = (value: string | undefined): string | undefined => {
  const [, charset, encoded] = /^([^']+)'[^']*'(.*)$/s.exec(value ?? "") ?? []
  if (charset === undefined || encoded === undefined) return undefined
  try {
    // All that RFC 8187 asks for, and what RFC 5987 did.
    if (/^utf-8$/i.test(charset)) return decodeURIComponent(encoded)
    if (!/^iso-8859-1$/i.test(charset)) return undefined
    return encoded.replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  } catch {
    return undefined
  }
}

const endOfWhile = (text: string, start: number, fits: (character: string) => boolean): number => {
  let end = start
  while (end < text.length && fits(text[end]!)) end++
  return end
}

const endOfBlanks = (text: string, start: number): number =>
  endOfWhile(text, start, (character) => isBlank(character.charCodeAt(0)))

/** The semicolon or comma after a parameter. */
const endOfValue = (text: string, start: number): number => endBefore(text, start, ";,")

/** The quote that closes, or the end of the text if there is none. */
const endOfQuoted = (text: string, open: number): number => {
  let end = open + 1
  while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1
  return Math.min(end, text.length)
}

/** The comma after an element of the list. */
const endOfElement = (text: string, start: number): number => endBefore(text, start, ",")

/** What ends the text first, unless it is quoted. */
const endBefore = (text: string, start: number, ends: string): number => {
  let end = start
  while (end < text.length && !ends.includes(text[end]!)) end = text[end] === '"' ? endOfQuoted(text, end) + 1 : end + 1
  return end
}
