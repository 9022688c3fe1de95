/**
 * The one redaction policy: what errors, logs, spans and `toJSON` hide.
 *
 * @since 0.1.0
 */

/** What stands in place of a secret. */
export const redacted = "<redacted>"

const sensitiveNames: ReadonlySet<string> = new Set([
  "authorization",
  "proxy-authorization",
  "cookie",
  "set-cookie",
  "x-api-key",
  "api-key",
  "x-auth-token",
  "x-csrf-token",
  "x-amz-security-token"
])

/** Whether the value of a field of this name is a secret. */
export const isSensitive = (fieldName: string): boolean => sensitiveNames.has(fieldName.toLowerCase())

// Their values are URLs.
const urlNames: ReadonlySet<string> = new Set(["location", "content-location", "referer"])

/** The value of a field as it is shown. */
export const redactField = (name: string, value: string): string => {
  if (isSensitive(name)) return redacted
  const lower = name.toLowerCase()
  if (lower === "link") return value.replace(/<[^<>]*>/g, (url) => `<${redactUrl(url.slice(1, -1))}>`)
  return urlNames.has(lower) ? redactUrl(value) : value
}

// What stands before the authority of a URL, also of one that is not written well: scheme and slashes, or slashes alone.
const beforeAuthority = /^(?:[a-z][a-z0-9+.-]*:[\\/]+|https?:|[\\/]{2,})?/i

/**
 * A URL without what may be secret in it: the password and user of its authority, the values of its query, its fragment.
 * Works on the text, so that what is no URL can be shown too.
 */
export const redactUrl = (written: string): string => {
  const url = printable(written)
  const [before] = beforeAuthority.exec(url)!
  const rest = url.slice(before.length)
  const user = endOfUser(before, rest)
  const shown = user === 0 ? url : `${before}${redacted}@${rest.slice(user)}`
  const fragment = shown.indexOf("#")
  const whole = fragment < 0 ? shown : shown.slice(0, fragment)
  const query = whole.indexOf("?")
  if (query < 0) return whole
  return `${whole.slice(0, query)}?${whole.slice(query + 1).replace(/=[^&]*/g, `=${redacted}`)}`
}

/** Text on one line: a line break in what cannot be sent must not forge one in a log. */
export const printable = (text: string): string =>
  text.replace(
    /[\u0000-\u001f\u007f-\u009f]/g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, "0").toUpperCase()}`
  )

/** Where the host begins, after the `@`; 0 if there is no user. */
const endOfUser = (before: string, rest: string): number => {
  if (!rest.includes("@")) return 0
  const authority = rest.slice(0, (rest + "/").search(/[\\/?#]/))
  // In what is no URL, a user and password may have characters that had to be percent-encoded: all up to the last `@`.
  const broken = before === "" ? authority.includes(":") : !URL.canParse(`http://${rest}`)
  return (broken ? rest : authority).lastIndexOf("@") + 1
}
