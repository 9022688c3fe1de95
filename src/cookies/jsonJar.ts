/**
 * A jar's cookies from and to the JSON text of tough-cookie's jars.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as ToughCookie from "tough-cookie"
import { type Rules, sameSiteOf } from "./admission.js"
import type { Cookie } from "./Cookie.js"
import type { CookieError } from "./errors.js"
import { badFile, type KeptCookie, keptCookie } from "./kept.js"

/** The text; tough-cookie's `CookieJar.deserialize` reads it. */
export const exportJson = ({ grammar, rejectPublicSuffixes }: Rules, cookies: ReadonlyArray<Cookie>): string => {
  const jar = new grammar.CookieJar(undefined, { rejectPublicSuffixes })
  return JSON.stringify({ ...jar.serializeSync(), cookies: cookies.map((cookie) => toTough(grammar, cookie)) })
}

const toTough = (grammar: Rules["grammar"], cookie: Cookie): ToughCookie.Cookie => {
  const { createdAt, domain, expires, hostOnly, httpOnly, name, path, sameSite, secure, value } = cookie
  const creation = new Date(createdAt)
  return new grammar.Cookie({
    ...{ key: name, value, domain, hostOnly, path, secure, httpOnly, sameSite, creation, lastAccessed: creation },
    ...(expires === undefined ? {} : { expires: new Date(Math.min(expires, lastDate)) })
  })
}

// The last moment that a Date can hold.
const lastDate = 8.64e15

/** All cookies of the text, or why it is no jar. */
export const importJson = (
  rules: Rules,
  text: string,
  now: number
): Effect.Effect<ReadonlyArray<Cookie>, CookieError> => {
  const written = cookiesOf(text)
  if (written === undefined) return badFile("this is not the JSON text of a jar")
  const cookies: Array<Cookie> = []
  for (const each of written) {
    const parsed = rules.grammar.Cookie.fromJSON(each)
    if (parsed === undefined) return badFile("one of the jar's cookies is none")
    // Where it is not said, tough-cookie takes the machine's time.
    if (!Predicate.hasProperty(each, "creation")) parsed.creation = new Date(now)
    const cookie = keptCookie(rules, fromTough(parsed, now))
    if (typeof cookie === "string") return badFile(`a JSON jar: ${cookie}`)
    cookies.push(cookie)
  }
  return Effect.succeed(cookies)
}

const cookiesOf = (text: string): ReadonlyArray<unknown> | undefined => {
  try {
    const jar: unknown = JSON.parse(text)
    return Predicate.hasProperty(jar, "cookies") && Array.isArray(jar.cookies) ? jar.cookies : undefined
  } catch {
    return undefined
  }
}

const fromTough = (cookie: ToughCookie.Cookie, now: number): KeptCookie => {
  const { domain, expires, hostOnly, httpOnly, key, maxAge, path, sameSite, secure, value } = cookie
  const createdAt = timeOf(cookie.creation) ?? now
  return {
    ...{ name: key, value, domain: domain ?? "", path: path ?? "", secure, httpOnly, sameSite: sameSiteOf(sameSite) },
    // Where it is not said, the narrower of the two.
    hostOnly: hostOnly ?? true,
    // What tough-cookie has kept itself counts a Max-Age from when it came.
    expires: maxAge === null ? timeOf(expires) : ending(createdAt, Number(maxAge)),
    createdAt
  }
}

const ending = (createdAt: number, seconds: number): number | undefined =>
  seconds > 0 ? finite(createdAt + seconds * 1000) : 0

const timeOf = (date: Date | "Infinity" | null): number | undefined =>
  date instanceof Date ? finite(date.getTime()) : undefined

const finite = (time: number): number | undefined => (Number.isFinite(time) ? time : undefined)
