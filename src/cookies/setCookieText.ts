/**
 * A cookie of a jar as the text of a Set-Cookie field, for what reads those.
 */
import type { Cookie } from "./Cookie.js"

const sameSites = { strict: "Strict", lax: "Lax", none: "None" } as const

export const setCookieText = (cookie: Cookie): string => {
  const { domain, expires, hostOnly, httpOnly, name, path, sameSite, secure, value } = cookie
  let text = `${name}=${value}; Path=${path}`
  if (!hostOnly) text += `; Domain=${domain}`
  if (expires !== undefined) text += `; Expires=${new Date(expires).toUTCString()}`
  if (secure) text += "; Secure"
  if (httpOnly) text += "; HttpOnly"
  return sameSite === undefined ? text : `${text}; SameSite=${sameSites[sameSite]}`
}
