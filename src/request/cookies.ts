/**
 * Cookies that a request is given: they go into its Cookie field, and nowhere else.
 */
import * as Redacted from "effect/Redacted"
import { joinCookies, nameProblem, parseCookieField, type SentCookie, valueProblem } from "../protocol/cookieField.js"
import type { Fields } from "../protocol/Fields.js"

/**
 * The value of a cookie, as it is to be sent: nothing is encoded.
 *
 * @since 0.1.0
 * @category models
 */
export type CookieValue = string | Redacted.Redacted<string>

/**
 * Cookies of one request: a record (`undefined` leaves one out), or pairs in their order. They are for the host of the
 * request alone.
 *
 * @since 0.1.0
 * @category models
 */
export type CookiesInput =
  Readonly<Record<string, CookieValue | undefined>> | Iterable<readonly [name: string, value: CookieValue]>

/**
 * The fields with these cookies in their one Cookie field (RFC 6265bis §5.8.1), in place of those with the same names. A
 * text is why there is no such field.
 */
export const withCookies = (headers: Fields, input: CookiesInput | null | false | undefined): Fields | string => {
  if (input === undefined || input === null || input === false) return headers
  if (typeof input !== "object") return notCookies
  const given: Array<SentCookie> = []
  for (const pair of pairsOf(input)) {
    if (!Array.isArray(pair)) return notCookies
    const [name, written] = pair
    const value = Redacted.isRedacted(written) ? Redacted.value(written) : written
    const problem = nameProblem(name) ?? valueProblem(name, value)
    if (problem !== undefined) return problem
    given.push({ name, pair: `${name}=${value}` })
  }
  if (given.length === 0) return headers
  return headers.set("Cookie", joinCookies(given, cookiesIn(headers)))
}

const notCookies = "cookies are given as a record or as pairs"

/** The cookies of all Cookie fields. */
export const cookiesIn = (headers: Fields): ReadonlyArray<SentCookie> =>
  headers.getAll("cookie").flatMap(parseCookieField)

const pairsOf = (input: CookiesInput): Iterable<readonly [name: string, value: CookieValue]> =>
  Symbol.iterator in input
    ? // A record's values are no functions.
      (input as Iterable<readonly [string, CookieValue]>)
    : Object.entries(input).filter((pair): pair is [string, CookieValue] => pair[1] !== undefined)
