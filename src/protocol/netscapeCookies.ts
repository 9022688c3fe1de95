/**
 * Netscape's cookies.txt, as curl, wget and browsers' exports have it: a cookie a line, seven columns between tabs.
 *
 * It knows nothing of SameSite nor of the order of creation. `0` as expiry is a session cookie. A domain whose line begins
 * with `#HttpOnly_` is curl's way to say HttpOnly; all other lines that begin with `#` are comments.
 *
 * @since 0.1.0
 */

/** A cookie as the file has it. */
export interface NetscapeCookie {
  /** Case counts. */
  readonly name: string
  /** As on the wire, without any decoding. Not printed. */
  readonly value: string
  /** The host that it belongs to: lower case, without a dot at its beginning. */
  readonly domain: string
  /** Whether it is for that host alone, and not for its subdomains. */
  readonly hostOnly: boolean
  /** Requests for this path and those below it are sent the cookie. */
  readonly path: string
  /** Whether it is sent over https (and to the machine itself) only. */
  readonly secure: boolean
  /** Kept for those who export it; a client without scripts has nobody to hide it from. */
  readonly httpOnly: boolean
  /** When it ends, in milliseconds since 1970; `undefined` for a session cookie, which ends with the jar. */
  readonly expires: number | undefined
}

/** What is wrong with a file, and in which line, counted from 1. Never the line itself: it may hold a secret. */
export interface NetscapeProblem {
  readonly line: number
  readonly message: string
}

const header = "# Netscape HTTP Cookie File\n# https://curl.se/docs/http-cookies.html\n\n"
const httpOnlyPrefix = "#HttpOnly_"

const flag = (is: boolean): string => (is ? "TRUE" : "FALSE")

/** The file's text. No column but the value may have a tab in it, and none a line break. */
export const formatNetscape = (cookies: Iterable<NetscapeCookie>): string => {
  let text = header
  for (const { domain, expires, hostOnly, httpOnly, name, path, secure, value } of cookies) {
    const host = `${httpOnly ? httpOnlyPrefix : ""}${hostOnly ? "" : "."}${domain}`
    // Whole seconds; what expires in the first second of 1970 must not become a session cookie.
    const expiry = expires === undefined ? 0 : Math.max(1, Math.floor(expires / 1000))
    text += `${[host, flag(!hostOnly), path, flag(secure), expiry, name, value].join("\t")}\n`
  }
  return text
}

/** The cookies of a file, in their order. */
export const parseNetscape = (text: string): ReadonlyArray<NetscapeCookie> | NetscapeProblem => {
  const cookies: Array<NetscapeCookie> = []
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/)
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "" || (line.startsWith("#") && !line.startsWith(httpOnlyPrefix))) continue
    const cookie = parseLine(line)
    if (typeof cookie === "string") return { line: index + 1, message: cookie }
    cookies.push(cookie)
  }
  return cookies
}

const parseLine = (line: string): NetscapeCookie | string => {
  const httpOnly = line.startsWith(httpOnlyPrefix)
  const columns = (httpOnly ? line.slice(httpOnlyPrefix.length) : line).split("\t")
  // Editors cut off the tab before an empty value.
  if (columns.length < 6) return `there are ${columns.length} columns, where seven are between tabs`
  const [domain = "", subdomains = "", path = "", secure = "", expiry = "", name = "", ...value] = columns
  const includes = parseFlag(subdomains)
  const isSecure = parseFlag(secure)
  if (includes === undefined || isSecure === undefined) return "the second and the fourth column are TRUE or FALSE"
  if (!/^-?\d+(?:\.\d+)?$/.test(expiry)) return "the fifth column is a number of seconds since 1970"
  return {
    name,
    value: value.join("\t"),
    domain: domain.replace(/^\./, "").toLowerCase(),
    hostOnly: !includes,
    path,
    secure: isSecure,
    httpOnly,
    expires: Number(expiry) === 0 ? undefined : Number(expiry) * 1000
  }
}

const parseFlag = (text: string): boolean | undefined => {
  const upper = text.toUpperCase()
  return upper === "TRUE" ? true : upper === "FALSE" ? false : undefined
}

/** Whether it is what is wrong with a file. */
export const isNetscapeProblem = (parsed: ReadonlyArray<NetscapeCookie> | NetscapeProblem): parsed is NetscapeProblem =>
  "message" in parsed
