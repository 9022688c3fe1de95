/**
 * Authentication challenges (RFC 9110 §11.3): what WWW-Authenticate and Proxy-Authenticate say.
 *
 * In these fields a comma separates both challenges and the parameters of one challenge, so they cannot be split first and
 * parsed then. Each character is looked at a bounded number of times, whatever a server sends.
 *
 * @since 0.1.0
 */
import { isToken } from "./Fields.js"
import { isBlank } from "./http1/ascii.js"

/**
 * One challenge. It has a `token68`, or parameters, or neither.
 *
 * @since 0.1.0
 * @category models
 */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string
  readonly token68: string | undefined
  /** Names in lower case, values without quotes and escapes; of a name that is there twice, the first. */
  readonly params: ReadonlyMap<string, string>
}

interface Draft {
  readonly scheme: string
  token68: string | undefined
  /** Made when there is something to put in: a hostile field can have thousands of bare schemes. */
  params: Map<string, string> | undefined
}

/**
 * The challenges in the values of WWW-Authenticate or Proxy-Authenticate, one value a field, in their order. What is no
 * challenge is left out.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseChallenges = (values: ReadonlyArray<string>): ReadonlyArray<Challenge> => {
  const drafts: Array<Draft> = []
  for (const value of values) readList(value, drafts)
  const none: ReadonlyMap<string, string> = new Map()
  return drafts.map(({ params, scheme, token68 }) => ({ scheme, token68, params: params ?? none }))
}

/**
 * The parameters in the values of Authentication-Info or Proxy-Authentication-Info (RFC 9110 §11.6.3), which have no
 * scheme; names in lower case.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseAuthParams = (values: ReadonlyArray<string>): ReadonlyMap<string, string> => {
  const params = new Map<string, string>()
  const drafts: Array<Draft> = [{ scheme: "", token68: undefined, params }]
  for (const value of values) readList(value, drafts)
  return params
}

/** Adds what one field has. A parameter belongs to the last challenge, even of the field before (RFC 9110 §5.3). */
const readList = (text: string, drafts: Array<Draft>): void => {
  let at = endOfEmpty(text, 0)
  while (at < text.length) {
    const param = readParam(text, at, drafts.at(-1))
    const end = param > at ? param : readScheme(text, at, drafts)
    at = endOfEmpty(text, endOfElement(text, end))
  }
}

/** Reads a scheme and the first thing after it; says where they end: at `start` if there is no scheme. */
const readScheme = (text: string, start: number, drafts: Array<Draft>): number => {
  const end = endOfToken(text, start)
  const next = endOfBlanks(text, end)
  if (end === start || (end === next && !endsElement(text, end))) return start
  const draft: Draft = { scheme: text.slice(start, end).toLowerCase(), token68: undefined, params: undefined }
  drafts.push(draft)
  const token68 = endOfToken68(text, next)
  const after = endOfBlanks(text, token68)
  // RFC 9110 §11.2: `a=` alone is a token68, `a=b` is a parameter.
  if (token68 === next || !endsElement(text, after)) return readParam(text, next, draft)
  draft.token68 = text.slice(next, token68)
  return after
}

/** Reads a parameter (RFC 9110 §11.2), with white space around its `=`; says where it ends: at `start` if it is none. */
const readParam = (text: string, start: number, draft: Draft | undefined): number => {
  const end = endOfToken(text, start)
  const equals = endOfBlanks(text, end)
  if (end === start || text[equals] !== "=") return start
  const open = endOfBlanks(text, equals + 1)
  const quoted = text[open] === '"'
  const close = quoted ? endOfQuoted(text, open) : endOfUnquoted(text, open)
  const name = text.slice(start, end).toLowerCase()
  if (draft !== undefined && draft.token68 === undefined && draft.params?.has(name) !== true) {
    draft.params ??= new Map()
    draft.params.set(name, quoted ? unescaped(text.slice(open + 1, close)) : text.slice(open, close))
  }
  return quoted ? close + 1 : close
}

/** RFC 9110 §5.6.4: a backslash stands for the character after it. */
const unescaped = (text: string): string => text.replace(/\\([^]?)/g, "$1")

const endOfWhile = (text: string, start: number, fits: (character: string) => boolean): number => {
  let end = start
  while (end < text.length && fits(text[end]!)) end++
  return end
}

const isBlankCharacter = (character: string): boolean => isBlank(character.charCodeAt(0))

// RFC 9110 §11.2
const inToken68 = /[A-Za-z0-9\-._~+/]/

const endOfBlanks = (text: string, start: number): number => endOfWhile(text, start, isBlankCharacter)

const endOfToken = (text: string, start: number): number => endOfWhile(text, start, isToken)

const endOfToken68 = (text: string, start: number): number => {
  const end = endOfWhile(text, start, (character) => inToken68.test(character))
  return end === start ? start : endOfWhile(text, end, (character) => character === "=")
}

/** Not only a token: nonces in base64 are sent without quotes too. */
const endOfUnquoted = (text: string, start: number): number =>
  endOfWhile(text, start, (character) => character !== "," && !isBlankCharacter(character))

/** The quote that closes, or the end of the text if there is none. */
const endOfQuoted = (text: string, open: number): number => {
  let end = open + 1
  while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1
  return end
}

/** RFC 9110 §5.6.1.2: a list may have empty elements. */
const endOfEmpty = (text: string, start: number): number =>
  endOfWhile(text, start, (character) => character === "," || isBlankCharacter(character))

const endsElement = (text: string, at: number): boolean => at >= text.length || text[at] === ","

/** The comma after an element of the list; a quoted one is none. */
const endOfElement = (text: string, start: number): number => {
  let end = start
  while (!endsElement(text, end)) end = text[end] === '"' ? endOfQuoted(text, end) + 1 : end + 1
  return end
}
