/**
 * The file of users and passwords that ftp, curl, git and others read: `machine HOST login USER password PASSWORD`.
 *
 * As curl reads it: words between white space, a word in double quotes may have white space and escapes in it. Words that
 * are not known are passed over, and so are macros.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"

/**
 * The user of a machine.
 *
 * @since 0.1.0
 * @category models
 */
export interface NetrcEntry {
  /** Empty if the file gives none. */
  readonly login: string
  /** Empty if the file gives none. */
  readonly password: Redacted.Redacted<string>
}

/**
 * What a file says.
 *
 * @since 0.1.0
 * @category models
 */
export interface Netrc {
  /** By lower-case name; of a machine that is there twice, the first. */
  readonly machines: ReadonlyMap<string, NetrcEntry>
  /** That of the word `default`: for all other machines. */
  readonly fallback: NetrcEntry | undefined
}

/**
 * Why a file cannot be read. The message has no word of the file in it but its own.
 *
 * @since 0.1.0
 * @category models
 */
export interface NetrcProblem {
  readonly _tag: "NetrcProblem"
  readonly line: number
  readonly message: string
}

/**
 * Tells a problem from a file.
 *
 * @since 0.1.0
 * @category guards
 */
export const isNetrcProblem = (read: Netrc | NetrcProblem): read is NetrcProblem => "_tag" in read

/**
 * The entry for a host, or the default one.
 *
 * @since 0.1.0
 * @category getters
 */
export const netrcEntry = ({ fallback, machines }: Netrc, hostname: string): NetrcEntry | undefined =>
  machines.get(hostname.toLowerCase()) ?? fallback

/**
 * Reads a file.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseNetrc = (text: string): Netrc | NetrcProblem => {
  const machines = new Map<string, NetrcEntry>()
  const words = new Words(text)
  let fallback: NetrcEntry | undefined
  let word = words.keyword()
  while (word !== undefined) {
    if (word === "machine") {
      const name = words.value(word)?.toLowerCase()
      const entry = readEntry(words)
      if (name !== undefined && !machines.has(name)) machines.set(name, entry)
    } else if (word === "default") {
      const entry = readEntry(words)
      fallback ??= entry
    } else if (word === "macdef") words.skipMacro()
    word = words.keyword()
  }
  return words.problem ?? { machines, fallback }
}

/** Reads up to the next entry. */
const readEntry = (words: Words): NetrcEntry => {
  let login = ""
  let password = ""
  for (let word = words.keyword(); word !== undefined; word = words.keyword()) {
    if (word === "machine" || word === "default") {
      words.putBack(word)
      break
    }
    if (word === "login") login = words.value(word) ?? login
    else if (word === "password") password = words.value(word) ?? password
    else if (word === "account") words.value(word)
    else if (word === "macdef") words.skipMacro()
  }
  return { login, password: Redacted.make(password) }
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" }

// White space, and a byte order mark at the beginning.
const blanks = /[\s\ufeff]*/y
const plainWord = /\S+/y
const quotedWord = /"((?:[^"\\]|\\[^])*)"/y
const restOfLine = /[^\n]*/y
// RFC 959's macros end at an empty line.
const macro = /[^]*?(?:\n[^\S\n]*(?=\n|$)|$)/y

class Words {
  problem: NetrcProblem | undefined = undefined
  private at = 0
  private again: string | undefined = undefined

  constructor(private readonly text: string) {}

  /** The next word that is not in a comment. */
  keyword(): string | undefined {
    const { again } = this
    this.again = undefined
    if (again !== undefined) return again
    let word = this.next()
    while (word?.startsWith("#") === true) {
      this.at -= word.length
      this.match(restOfLine)
      word = this.next()
    }
    return word
  }

  /** The word after another; it may begin with what is a comment elsewhere. */
  value(keyword: string): string | undefined {
    const value = this.next()
    if (value === undefined) this.fail(`${keyword} has no value`)
    return value
  }

  putBack(word: string): void {
    this.again = word
  }

  skipMacro(): void {
    this.match(macro)
  }

  private next(): string | undefined {
    this.match(blanks)
    if (this.at >= this.text.length) return undefined
    if (this.text[this.at] !== '"') return this.match(plainWord)?.[0]
    const quoted = this.match(quotedWord)
    if (quoted !== undefined) return quoted[1]?.replace(/\\([^])/g, (_, each: string) => escapes[each] ?? each)
    this.fail("a quote is not closed")
    this.at = this.text.length
    return undefined
  }

  private match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text) ?? undefined
    this.at += found?.[0].length ?? 0
    return found
  }

  private fail(what: string): void {
    const line = this.text.slice(0, this.at).split("\n").length
    this.problem ??= { _tag: "NetrcProblem", line, message: `line ${line}: ${what}` }
  }
}
