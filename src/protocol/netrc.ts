/**
 * The `.netrc` file: hosts with the names and passwords for them, as ftp, curl and git read it.
 *
 * It has no standard. What is read here is what those agree on: words divided by white space, in quotes where they have
 * any in them, `macdef` up to an empty line, comments where a keyword could stand.
 *
 * @since 0.1.0
 */

/** A host's entry. */
export interface NetrcEntry {
  /** `undefined` for the entry `default`, which stands for all hosts that have none of their own. */
  readonly machine: string | undefined
  readonly login: string | undefined
  readonly password: string | undefined
}

/** What is wrong, and in which line. No word of the file is in it. */
export interface NetrcProblem {
  readonly _tag: "NetrcProblem"
  readonly line: number
  readonly message: string
}

export const isNetrcProblem = (parsed: ReadonlyArray<NetrcEntry> | NetrcProblem): parsed is NetrcProblem =>
  "_tag" in parsed

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" }

/** Words of a file, one at a time. */
class Words {
  private at = 0
  line = 1

  constructor(private readonly text: string) {}

  /** The next word; `undefined` at the end, and `null` for a quotation that does not end. */
  next(): string | undefined | null {
    this.skip(/\s/)
    if (this.at >= this.text.length) return undefined
    if (this.text[this.at] === '"') return this.quoted()
    const start = this.at
    while (this.at < this.text.length && !/\s/.test(this.text[this.at]!)) this.at++
    return this.text.slice(start, this.at)
  }

  /** Goes to the end of the line. */
  skipLine(): void {
    this.skip(/[^\n]/)
  }

  /** Goes behind the next empty line: where the body of a macro ends. */
  skipMacro(): void {
    this.skipLine()
    const end = /\n[^\S\n]*\n/g
    end.lastIndex = this.at
    const stop = end.test(this.text) ? end.lastIndex : this.text.length
    while (this.at < stop) this.step()
  }

  private quoted(): string | null {
    let word = ""
    for (this.at++; this.at < this.text.length; this.step()) {
      const character = this.text[this.at]!
      if (character === '"') {
        this.at++
        return word
      }
      if (character !== "\\") {
        word += character
        continue
      }
      this.at++
      const escaped = this.text[this.at] ?? ""
      word += escapes[escaped] ?? escaped
    }
    return null
  }

  private skip(what: RegExp): void {
    while (this.at < this.text.length && what.test(this.text[this.at]!)) this.step()
  }

  private step(): void {
    if (this.text[this.at] === "\n") this.line++
    this.at++
  }
}

/** The entries of a file, in their order. */
export const parseNetrc = (text: string): ReadonlyArray<NetrcEntry> | NetrcProblem => {
  const words = new Words(text)
  const entries: Array<{ -readonly [K in keyof NetrcEntry]: NetrcEntry[K] }> = []
  const problem = (message: string): NetrcProblem => ({ _tag: "NetrcProblem", line: words.line, message })
  for (;;) {
    const keyword = words.next()
    if (keyword === undefined) return entries
    if (keyword === null) return problem("a quotation does not end")
    if (keyword.startsWith("#")) {
      words.skipLine()
      continue
    }
    if (keyword === "default") {
      entries.push({ machine: undefined, login: undefined, password: undefined })
      continue
    }
    if (!keywords.has(keyword)) return problem("a keyword is not known")
    const value = words.next()
    if (value === null) return problem("a quotation does not end")
    if (value === undefined) return problem(`${keyword} has no value`)
    if (keyword === "macdef") {
      words.skipMacro()
      continue
    }
    if (keyword === "machine") {
      entries.push({ machine: value, login: undefined, password: undefined })
      continue
    }
    const entry = entries.at(-1)
    if (entry === undefined) return problem(`${keyword} stands before any machine`)
    if (keyword === "login") entry.login = value
    else if (keyword === "password") entry.password = value
  }
}

const keywords: ReadonlySet<string> = new Set(["machine", "login", "password", "account", "macdef"])

/** The first entry of a host; `default` stands for every host that comes after it. Hosts are compared without case. */
export const entryFor = (entries: ReadonlyArray<NetrcEntry>, hostname: string): NetrcEntry | undefined =>
  entries.find(({ machine }) => machine === undefined || machine.toLowerCase() === hostname.toLowerCase())
