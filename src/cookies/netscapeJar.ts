/**
 * A jar's cookies from a cookies.txt.
 */
import * as Effect from "effect/Effect"
import { isNetscapeProblem, parseNetscape } from "../protocol/netscapeCookies.js"
import type { Rules } from "./admission.js"
import type { Cookie } from "./Cookie.js"
import type { CookieError } from "./errors.js"
import { badFile, keptCookie } from "./kept.js"

/** All cookies of the file, or why it is none. */
export const importNetscape = (
  rules: Rules,
  text: string,
  now: number
): Effect.Effect<ReadonlyArray<Cookie>, CookieError> => {
  const parsed = parseNetscape(text)
  if (isNetscapeProblem(parsed)) return badFile(`cookies.txt, line ${parsed.line}: ${parsed.message}`)
  const cookies: Array<Cookie> = []
  for (const each of parsed) {
    const cookie = keptCookie(rules, { ...each, sameSite: undefined, createdAt: now })
    if (typeof cookie === "string") return badFile(`cookies.txt: ${cookie}`)
    cookies.push(cookie)
  }
  return Effect.succeed(cookies)
}
