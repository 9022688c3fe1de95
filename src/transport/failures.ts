/**
 * What the end of a connection means for the exchange that it serves.
 */
import * as HttpxError from "../HttpxError.js"
import type { ParseViolation } from "../protocol/http1/ResponseParser.js"
import type { WireExchange } from "./WireExchange.js"

/** How far an exchange has come on its connection. */
export interface Progress {
  /** Whether all of the request has been handed to the socket. */
  readonly sent: boolean
  /** Whether a byte of the answer has come. */
  readonly started: boolean
}

const readDetails = (
  exchange: WireExchange,
  { started }: Progress,
  what: string,
  cause?: unknown
): HttpxError.Details =>
  exchange.answered
    ? exchange.details("read", "answered", what, cause)
    : exchange.details("wait", started ? "answered" : "unknown", what, cause)

export const violated = (
  exchange: WireExchange,
  progress: Progress,
  { code, message }: ParseViolation
): HttpxError.RemoteProtocolError => {
  const details = readDetails(exchange, progress, `the server broke HTTP/1.1: ${message}`)
  return new HttpxError.RemoteProtocolError({ ...details, code })
}

/** The connection is no longer HTTP, and there is nobody to speak anything else. */
export const unexpectedUpgrade = (exchange: WireExchange, progress: Progress): HttpxError.RemoteProtocolError => {
  const details = readDetails(exchange, progress, whyUnexpected(exchange, progress))
  return new HttpxError.RemoteProtocolError({ ...details, code: "UNEXPECTED_UPGRADE" })
}

const whyUnexpected = (exchange: WireExchange, { sent }: Progress): string => {
  if (!exchange.asksForUpgrade) return "the server switched to a protocol that was not asked for"
  // RFC 9110 §7.8: nobody speaks the new protocol in the midst of a message of the old one.
  if (!sent) return "the server switched protocols before it had the whole request"
  return "the server switched protocols, and a response that is read to its end has nobody to speak the new one: use `client.stream`"
}

/** Nothing has happened for so many milliseconds. */
export const inactive = (
  exchange: WireExchange,
  progress: Progress,
  limit: number
): HttpxError.ReadTimeout | HttpxError.WriteTimeout => {
  // After the head of the answer, all that can fail is to read it.
  if (progress.sent || exchange.answered) {
    const details = readDetails(exchange, progress, `nothing arrived for ${limit} ms`)
    return new HttpxError.ReadTimeout({ ...details, limit })
  }
  const what = `the server took nothing of the request's body for ${limit} ms`
  return new HttpxError.WriteTimeout({ ...exchange.details("send", "unknown", what), limit })
}

/** The connection has ended; `why` says what is missing, as far as that is known. */
export const lost = (
  exchange: WireExchange,
  progress: Progress,
  why: string | undefined,
  cause: Error | undefined
): HttpxError.ReadError | HttpxError.WriteError => {
  const said = why ?? whatIsLost(exchange)
  const what = cause === undefined ? said : `${said} (${cause.message})`
  return progress.sent || exchange.answered
    ? new HttpxError.ReadError(readDetails(exchange, progress, what, cause))
    : new HttpxError.WriteError(
        exchange.details("send", "unknown", `the connection broke while the body was being sent: ${what}`, cause)
      )
}

const whatIsLost = ({ answered, received, upgraded }: WireExchange): string => {
  if (upgraded !== undefined) return `the upgraded connection was lost after ${received} bytes`
  return answered ? `the connection was lost after ${received} bytes of the body` : "the connection was lost"
}
