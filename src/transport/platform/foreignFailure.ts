/**
 * What a foreign client's one "Transport" error was: its cause, or the cause of that, has a system's code.
 */
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type { Call } from "../../Exchange.js"
import * as HttpxError from "../../HttpxError.js"
import type { Request } from "../../Request.js"

const names = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_NODATA", "EAI_NONAME"])
const connects = new Set(["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL", "EACCES"])
const certificates = /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/

/** Their error as a leaf of ours. The error of the request's own body stream comes out as itself. */
export const foreignFailure = <E>(
  error: HttpClientError.HttpClientError,
  request: Request<E>,
  call: Call
): HttpxError.HttpxError | E => {
  const chain = causesOf(error)
  const own = chain.find(isOwn)
  // The only ones below this request are those that its own stream was made to fail with.
  if (own !== undefined && request.body._tag === "Stream") return own as E
  const code = chain.map(codeOf).find((each) => each !== undefined) ?? ""
  const details = (phase: HttpxError.Phase, delivery: HttpxError.Delivery): HttpxError.Details => {
    const { summary } = request
    const why =
      chain
        .map((cause) => (cause instanceof Error ? cause.message : ""))
        .filter((text) => text !== "")
        .pop() ?? error.message
    return {
      request: summary,
      phase,
      delivery,
      elapsed: call.elapsed,
      message: `${summary.method} ${summary.url}: ${why}`,
      // Not their error itself: it holds the request, and prints its body.
      cause: error.cause ?? why
    }
  }
  if (error._tag === "ResponseError") return new HttpxError.ReadError(details("read", "answered"))
  if (error.reason === "InvalidUrl") return new HttpxError.InvalidUrl(details("prepare", "unsent"))
  if (error.reason === "Encode") return new HttpxError.LocalProtocolError(details("prepare", "unsent"))
  if (names.has(code)) return new HttpxError.DnsError(details("dns", "unsent"))
  if (connects.has(code)) return new HttpxError.ConnectError(details("connect", "unsent"))
  if (certificates.test(code)) return new HttpxError.TlsError({ ...details("tls", "unsent"), code })
  return new HttpxError.ReadError(details("wait", "unknown"))
}

const isOwn = (cause: unknown): boolean =>
  cause instanceof HttpxError.BodyError ||
  cause instanceof HttpxError.LocalProtocolError ||
  cause instanceof HttpxError.StreamConsumed

const causesOf = (error: unknown): ReadonlyArray<unknown> => {
  const chain: Array<unknown> = []
  for (let each: unknown = error; each !== undefined && each !== null && chain.length < 8;) {
    chain.push(each)
    if (each instanceof AggregateError) chain.push(...each.errors)
    each = each instanceof Error ? each.cause : undefined
  }
  return chain
}

const codeOf = (cause: unknown): string | undefined =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined
