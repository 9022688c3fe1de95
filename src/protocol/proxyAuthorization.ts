/**
 * Basic authentication with a proxy (RFC 7617).
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import type { ProxyCredentials } from "./proxy.js"

/** Why credentials cannot be sent. The message has no secret in it. */
export interface ProxyAuthorizationProblem {
  readonly _tag: "InvalidCredentials"
  readonly message: string
}

const control = /[\u0000-\u001f\u007f]/

const problem = (message: string): ProxyAuthorizationProblem => ({ _tag: "InvalidCredentials", message })

/** The value of Proxy-Authorization, in UTF-8 (RFC 7617 §2.1), which is as secret as the password; or why there is none. */
export const basicProxyAuthorization = (credentials: ProxyCredentials): string | ProxyAuthorizationProblem => {
  const { username } = credentials
  const password = Redacted.value(credentials.password)
  // RFC 7617 §2: the first colon ends the user, so the proxy would read another user and another password.
  if (username.includes(":")) return problem("the user for the proxy has a colon in it, which Basic cannot carry")
  if (control.test(username) || control.test(password)) {
    return problem("the user or password for the proxy has a control character in it, which Basic cannot carry")
  }
  const bytes = new TextEncoder().encode(`${username}:${password}`)
  return `Basic ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`
}
