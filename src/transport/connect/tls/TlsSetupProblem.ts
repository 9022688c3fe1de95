/**
 * Why TLS to a peer is not possible, where it is our side that says so.
 */

export interface TlsSetupProblem {
  /** One clause that says what is wrong and with which option; never with a key, a passphrase or a part of them. */
  readonly message: string
  /** Node's or OpenSSL's, if there is one. */
  readonly code: string | undefined
  readonly cause: unknown
}

/** A problem with what TLS is to be done with. */
export const setupProblem = (reason: string, cause?: unknown): TlsSetupProblem => ({
  message: `TLS cannot be set up: ${reason}`,
  code: codeOf(cause),
  cause
})

/** What went wrong, in its own short words. OpenSSL's own message is a line of numbers around its reason. */
export const reasonOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause)
  return "reason" in cause && typeof cause.reason === "string" ? cause.reason : cause.message
}

const codeOf = (cause: unknown): string | undefined =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined
