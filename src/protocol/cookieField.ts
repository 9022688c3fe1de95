/**
 * The Cookie field of a request (RFC 6265bis §4.2), and what may stand in it.
 *
 * The grammar of names and values is that of what servers set in practice (§5.6), not the narrower one that they should
 * keep to (§4.1.1): a cookie goes back as it came.
 *
 * @since 0.1.0
 */

/** A cookie as it is sent. */
export interface SentCookie {
  readonly name: string
  /** `name=value` */
  readonly pair: string
}

// A value may have spaces, quotes and commas inside. Fields are latin1.
const name = /^[\x21\x23-\x2b\x2d-\x3a\x3c\x3e-\x7e]+$/
const value = /^(?:[\x21-\x3a\x3c-\x7e\x80-\xff](?:[\x20-\x3a\x3c-\x7e\x80-\xff]*[\x21-\x3a\x3c-\x7e\x80-\xff])?)?$/

/** Why there can be no cookie of this name, or `undefined`. */
export const nameProblem = (written: unknown): string | undefined =>
  typeof written === "string" && name.test(written)
    ? undefined
    : `${JSON.stringify(written)} is not the name of a cookie: it may hold visible ASCII other than " , ; and =`

/** Why a cookie cannot have this value, or `undefined`. The value itself is not shown. */
export const valueProblem = (ofName: string, written: unknown): string | undefined =>
  typeof written === "string" && value.test(written)
    ? undefined
    : `the value of the cookie ${JSON.stringify(ofName)} is not one: percent-encode semicolons, control characters, spaces at its ends and all beyond latin1`

/** The cookies of a Cookie field as written, each with its name; what is no pair has an empty one. */
export const parseCookieField = (field: string): ReadonlyArray<SentCookie> => {
  const found: Array<SentCookie> = []
  for (const written of field.split(";")) {
    const pair = written.trim()
    if (pair === "") continue
    found.push({ name: pair.slice(0, Math.max(pair.indexOf("="), 0)).trim(), pair })
  }
  return found
}

/** A Cookie field of some cookies, and of those others whose names it lacks. */
export const joinCookies = (first: ReadonlyArray<SentCookie>, others: ReadonlyArray<SentCookie>): string => {
  const names = new Set(first.map((cookie) => cookie.name))
  let field = ""
  for (const { pair } of first) field += field === "" ? pair : `; ${pair}`
  for (const { name, pair } of others) if (!names.has(name)) field += field === "" ? pair : `; ${pair}`
  return field
}
