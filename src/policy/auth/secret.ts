/**
 * Secrets as they are given.
 */
import * as Redacted from "effect/Redacted"

/** What is behind a `Redacted`; `undefined` if it has been wiped, or is no text. */
export const secretOf = (secret: Redacted.Redacted<string>): string | undefined => {
  try {
    const value: unknown = Redacted.value(secret)
    return typeof value === "string" ? value : undefined
  } catch {
    return undefined
  }
}

export const wiped = "the secret has been wiped from its Redacted, or was no Redacted text"
