/**
 * What went wrong with a socket, in the short words of who says so.
 */

/** Node's or OpenSSL's code, if there is one. */
export const codeOf = (cause: unknown): string | undefined =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined

/** One clause. */
export const messageOf = (cause: unknown): string => {
  // Several addresses that all failed come as an AggregateError without a message.
  if (cause instanceof AggregateError) return cause.errors.map(messageOf).join("; ")
  // OpenSSL's own message is a line of numbers and file names around its reason.
  if (opensslError.test(String(cause)) && hasReason(cause)) return cause.reason
  return cause instanceof Error ? cause.message : String(cause)
}

const opensslError = /^Error: [0-9A-F]+:error:/

const hasReason = (cause: unknown): cause is { readonly reason: string } =>
  cause instanceof Error && "reason" in cause && typeof cause.reason === "string"
