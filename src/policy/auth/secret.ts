/**
 * Secrets as they are given.
 */
import * as Redacted from "effect/Redacted"

/** What is behind a `Redacted`; `undefined` if it has been wiped. */
export const secretOf = (secret: Redacted.Redacted<string>): string | undefined => {
  try {
    return Redacted.value(secret)
  } catch {
    return undefined
  }
}

export const wiped = "the secret has been wiped from its Redacted"
