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

/**
 * A URL without what may be secret in it: the password and user of its authority, the values of its query, its fragment.
 * Works on the text, so that what is no URL can be shown too.
 */
export const redactUrl = (url: string): string => {
  const fragment = url.indexOf("#")
  const whole = fragment < 0 ? url : url.slice(0, fragment)
  const query = whole.indexOf("?")
  const path = query < 0 ? whole : whole.slice(0, query)
  const shown = path.replace(
    /^([a-z][a-z0-9+.-]*:)?(\/\/)[^/?#]*@/i,
    (_, scheme: string | undefined) => `${scheme ?? ""}//${redacted}@`
  )
  if (query < 0) return shown
  return `${shown}?${whole.slice(query + 1).replace(/=[^&]*/g, `=${redacted}`)}`
}
