/**
 * `@effect/platform`'s `Cookies`, a record by name, without its fault: in a record of theirs, a cookie named `__proto__`
 * becomes the prototype of the record, and is seen by nobody.
 */
import * as Cookies from "@effect/platform/Cookies"
import * as Predicate from "effect/Predicate"

/** All cookies of a record, also the one that has become its prototype. */
const cookiesOf = ({ cookies }: Cookies.Cookies): ReadonlyArray<Cookies.Cookie> => {
  const prototype: unknown = Object.getPrototypeOf(cookies)
  return isCookie(prototype) ? [...Object.values(cookies), prototype] : Object.values(cookies)
}

/** A record that has no prototype to lose. Of several cookies with one name, the last. */
const fromCookies = (cookies: Iterable<Cookies.Cookie>): Cookies.Cookies => {
  const record: Record<string, Cookies.Cookie> = Object.create(null)
  for (const cookie of cookies) record[cookie.name] = cookie
  return Cookies.fromReadonlyRecord(record)
}

/** The cookies of Set-Cookie fields. */
export const fromSetCookies = (fields: ReadonlyArray<string>): Cookies.Cookies =>
  fromCookies(fields.flatMap((field) => cookiesOf(Cookies.fromSetCookie(field))))

/** Each as a Set-Cookie field. */
export const toSetCookies = (cookies: Cookies.Cookies): ReadonlyArray<string> =>
  cookiesOf(cookies).map(Cookies.serializeCookie)

const isCookie = (value: unknown): value is Cookies.Cookie => Predicate.hasProperty(value, Cookies.CookieTypeId)
