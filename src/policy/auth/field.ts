/**
 * A field of a request that is a secret.
 */
import type { Fields } from "../../protocol/Fields.js"
import type { Outgoing } from "./Auth.js"

/** Puts the same value into one request after the other. */
export const fieldSetter = (name: string, value: string): ((request: Outgoing) => Outgoing) => {
  // A client's requests mostly have the same fields; that section is made and inspected once.
  let last: { readonly given: Fields; readonly made: Fields } | undefined
  return (request) => {
    if (last?.given !== request.headers) {
      last = { given: request.headers, made: request.headers.setSecret(name, value) }
    }
    return request.withHeaders(last.made)
  }
}
