/**
 * What can go wrong on an HTTP/2 connection beside what can on any: of each, the error that names it by its code
 * (RFC 9113 §7).
 */
import * as HttpxError from "../../HttpxError.js"
import type { WireExchange } from "../WireExchange.js"
import { enhanceYourCalm, nameOf, protocolError, refusedStream } from "./errorCodes.js"
import type { StreamCarrier } from "./StreamCarrier.js"

/** Makes the error that an exchange fails with. */
export type Failure = (stream: StreamCarrier, exchange: WireExchange) => HttpxError.HttpxError

/** What the server sent is not HTTP/2. */
export const broke =
  (what: string, cause?: Error): Failure =>
  (stream, exchange) =>
    new HttpxError.RemoteProtocolError({
      ...stream.details(exchange, `the server broke HTTP/2: ${what}`, cause),
      code: nameOf(protocolError)
    })

/** The server ended the connection, and says why. */
export const wentAway = (code: number, data: Uint8Array | undefined): Failure => {
  const name = nameOf(code)
  const what = `the server ended the connection: ${name}${shown(data)}`
  return (stream, exchange) => new HttpxError.RemoteProtocolError({ ...stream.details(exchange, what), code: name })
}

/** What a server says of its reasons, as far as it can be printed. */
const shown = (data: Uint8Array | undefined): string => {
  if (data === undefined || data.length === 0) return ""
  const text = Buffer.from(data).toString("latin1", 0, 100)
  return ` (${text.replace(/[^\x20-\x7e]/g, "?")})`
}

/** Nobody has looked at the request, and it cannot be sent again. */
export const refused = (exchange: WireExchange): HttpxError.RemoteProtocolError => {
  const what = "the server refused the stream: it has not looked at the request"
  return new HttpxError.RemoteProtocolError({
    ...exchange.details("wait", "unsent", what),
    code: nameOf(refusedStream)
  })
}

/** The stream was reset before its answer was complete. */
export const wasReset = (
  stream: StreamCarrier,
  exchange: WireExchange,
  code: number,
  headerListSize: number
): HttpxError.RemoteProtocolError => {
  const details = stream.details(exchange, whyReset(stream, exchange, code, headerListSize))
  return new HttpxError.RemoteProtocolError({ ...details, code: nameOf(code) })
}

const whyReset = (
  { announced }: StreamCarrier,
  exchange: WireExchange,
  code: number,
  headerListSize: number
): string => {
  const name = nameOf(code)
  // nghttp2 resets with these too, and does not say that it was not the peer.
  if (code === protocolError && announced !== undefined && Number(announced) !== exchange.received) {
    return `the answer has a Content-Length of ${announced}, and ${exchange.received} bytes of it arrived (${name})`
  }
  if (code === protocolError) return `the server reset the stream, or sent an answer that is none (${name})`
  if (code === enhanceYourCalm && !exchange.answered) {
    return `the server reset the stream, or sent fields of more than ${headerListSize} bytes (${name})`
  }
  return `the server reset the stream before its answer was complete (${name})`
}
