/**
 * Credentials that are at hand and go with every request: Basic, a token, a field, a parameter.
 */
import type * as Redacted from "effect/Redacted"
import type { AuthError } from "../../HttpxError.js"
import { type BasicProblem, basicAuthorization } from "../../protocol/basic.js"
import { percentEncode } from "../../protocol/percent.js"
import { appendQuery } from "../../protocol/target.js"
import { Request } from "../../Request.js"
import { type Auth, AuthOf, type Outgoing } from "./Auth.js"
import { authError } from "./failures.js"
import { fieldSetter } from "./field.js"
import { secretOf, wiped } from "./secret.js"

export const basic = (username: string, password: Redacted.Redacted<string>): Auth => {
  const valueOf = (secret: string) => basicAuthorization(username, secret)
  return new AuthOf("Basic", "authorization", { _tag: "Fixed", put: fieldOf("Authorization", password, valueOf) })
}

export const bearer = (token: Redacted.Redacted<string>): Auth =>
  new AuthOf("Bearer", "authorization", {
    _tag: "Fixed",
    put: fieldOf("Authorization", token, (secret) => `Bearer ${secret}`)
  })

export const header = (name: string, value: Redacted.Redacted<string>): Auth =>
  new AuthOf(`Header ${name}`, name.toLowerCase(), { _tag: "Fixed", put: fieldOf(name, value, (secret) => secret) })

export const query = (name: string, value: Redacted.Redacted<string>): Auth =>
  new AuthOf(`Query ${name}`, undefined, {
    _tag: "Fixed",
    put: (request) => {
      const secret = secretOf(value)
      if (secret === undefined) return authError(request, undefined, wiped)
      const { body, call, headers, method, problem, settings, tag, url } = request
      const whole = appendQuery(url, `${percentEncode(name)}=${percentEncode(secret)}`)
      return new Request(method, whole, headers, body, settings, tag, problem, call)
    }
  })

/** The field is made when it is first sent. Its secret is looked at each time, because it may be wiped. */
const fieldOf = (
  name: string,
  given: Redacted.Redacted<string>,
  valueOf: (secret: string) => string | BasicProblem
): ((request: Outgoing) => Outgoing | AuthError) => {
  let put: ((request: Outgoing) => Outgoing) | undefined
  return (request) => {
    const secret = secretOf(given)
    if (secret === undefined) return authError(request, undefined, wiped)
    if (put === undefined) {
      const value = valueOf(secret)
      if (typeof value !== "string") return authError(request, undefined, value.message)
      put = fieldSetter(name, value)
    }
    return put(request)
  }
}
