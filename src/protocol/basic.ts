/**
 * Basic authentication (RFC 7617), in UTF-8.
 *
 * @since 0.1.0
 */

/** Why credentials cannot be sent. The message has no secret in it. */
export interface BasicProblem {
  readonly _tag: "BasicProblem"
  readonly message: string
}

const control = /[\u0000-\u001f\u007f]/

const problem = (message: string): BasicProblem => ({ _tag: "BasicProblem", message })

/** The value of Authorization or Proxy-Authorization, which is as secret as the password; or why there is none. */
export const basicAuthorization = (username: unknown, password: string): string | BasicProblem => {
  if (typeof username !== "string") return problem("the user is no text")
  // RFC 7617 §2: the first colon ends the user, so the server would read another user and another password.
  if (username.includes(":")) return problem("the user has a colon in it, which Basic cannot carry")
  if (control.test(username) || control.test(password)) {
    return problem("the user or the password has a control character in it, which Basic cannot carry")
  }
  const bytes = new TextEncoder().encode(`${username}:${password}`)
  return `Basic ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`
}
