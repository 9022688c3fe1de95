/**
 * The head of a request as HTTP/2 has it (RFC 9113 §8.3.1): pseudo-header fields, then fields with names in lower case.
 */
import type { OutgoingHttpHeaders } from "node:http2"
import { unpadded } from "../../protocol/unpadded.js"
import type { WireExchange } from "../WireExchange.js"

export const requestHead = ({ request, serialized, target }: WireExchange): OutgoingHttpHeaders => {
  const { headers, method, settings } = request
  const head: OutgoingHttpHeaders = { ":method": method }
  if (method === "CONNECT") {
    // RFC 9113 §8.5: no :scheme, no :path.
    head[":authority"] = settings.target ?? target.authority
  } else {
    head[":scheme"] = target.scheme
    head[":authority"] = headers.hasHost ? headers.get("host") : target.authority
    head[":path"] = settings.target ?? target.pathAndQuery
  }
  const nominated = headers.hasConnection ? nominatedBy(headers.get("connection") ?? "") : none
  const { flat } = headers
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i]!.toLowerCase()
    if (left.has(name) || nominated.has(name)) continue
    // RFC 9110 §5.5: white space around a value is no part of it; RFC 9113 §8.2.1 makes it an error.
    const value = unpadded(flat[i + 1]!)
    if (name === "te") {
      if (/(^|,)\s*trailers\s*(,|$)/i.test(value)) head["te"] = "trailers"
      continue
    }
    const before = Object.hasOwn(head, name) ? head[name] : undefined
    // The one name that an object has another idea of; objects that have none cost more to read.
    if (name === "__proto__") Object.defineProperty(head, name, { value, enumerable: true })
    else if (before === undefined) head[name] = value
    else if (Array.isArray(before)) before.push(value)
    else head[name] = [String(before), value]
  }
  if (serialized.contentLength !== undefined) head["content-length"] = String(serialized.contentLength)
  return head
}

const none: ReadonlySet<string> = new Set()

// RFC 9113 §8.2.2, and HTTP2-Settings of RFC 7540; Host became :authority, and the length is written from what is known.
const left: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "host",
  "content-length"
])

/** RFC 9110 §7.6.1: what Connection names is for this connection alone. */
const nominatedBy = (connection: string): ReadonlySet<string> =>
  new Set(connection.split(",").map((name) => name.trim().toLowerCase()))
