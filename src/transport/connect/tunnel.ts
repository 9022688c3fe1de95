/**
 * Asks an HTTP proxy for a tunnel: CONNECT (RFC 9110 §9.3.6), once with what is known of us and, when the proxy wants to
 * know more, once again with that (RFC 9110 §11.7.1).
 */
import * as Effect from "effect/Effect"
import type { Socket } from "node:net"
import { Fields } from "../../protocol/Fields.js"
import { serializeRequest } from "../../protocol/http1/RequestSerializer.js"
import { type ResponseHead, ResponseParser, type ResponseSink } from "../../protocol/http1/ResponseParser.js"
import type { Proxy } from "../../protocol/proxy.js"
import { printable } from "../../protocol/redaction.js"
import { bufferStrings } from "../http1/bufferStrings.js"
import { converse, type Outcome } from "./converse.js"
import type { ConnectProblem } from "./ConnectProblem.js"
import type { ProxyAuthorization } from "./ProxyAuthorization.js"
import { codeOf, messageOf } from "./reasons.js"

/** The most that is read of a 407's body for the sake of the connection. */
const shortBody = 64 * 1024

/** Of what a proxy says, what a message shows. */
const shownReason = 100

export interface Tunnel {
  readonly proxy: Proxy
  /** `host:port` (RFC 9112 §3.2.3). */
  readonly authority: string
  readonly authorization: ProxyAuthorization
  /** A connection to the proxy, which takes the place of the one before. */
  readonly reach: Effect.Effect<Socket, ConnectProblem>
}

/** The socket that leads to the target. */
export const openTunnel = (tunnel: Tunnel): Effect.Effect<Socket, ConnectProblem> =>
  Effect.gen(function* () {
    const { authorization, authority, proxy, reach } = tunnel
    const given = proxy.headers.has("proxy-authorization")
    const first = yield* headOf(tunnel, given ? undefined : authorization.first(proxy, "CONNECT", authority))
    const socket = yield* reach
    const answer = yield* ask(socket, first)
    if (answer._tag === "Open") return socket
    if (answer._tag === "Broken" || answer.status !== 407 || given) return yield* Effect.fail(problemOf(tunnel, answer))
    const credentials = authorization.challenged(proxy, new Fields(answer.fields), "CONNECT", authority)
    if (credentials === undefined) return yield* Effect.fail(problemOf(tunnel, answer))
    const second = yield* headOf(tunnel, credentials)
    if (answer.reusable && !socket.destroyed) {
      const again = yield* ask(socket, second)
      if (again._tag === "Open") return socket
      // A proxy that keeps a connection may close it nevertheless.
      if (again._tag === "Refused" || again.started) return yield* Effect.fail(problemOf(tunnel, again))
    }
    const fresh = yield* reach
    const last = yield* ask(fresh, second)
    return last._tag === "Open" ? fresh : yield* Effect.fail(problemOf(tunnel, last))
  })

const headOf = (
  { authority, proxy }: Tunnel,
  credentials: string | undefined
): Effect.Effect<string, ConnectProblem> => {
  const fields = credentials === undefined ? proxy.headers : proxy.headers.append("Proxy-Authorization", credentials)
  const request = serializeRequest("CONNECT", authority, authority, fields, { _tag: "None" })
  return "code" in request
    ? Effect.fail(
        proxyProblem(`the proxy ${proxy.url} cannot be asked for ${authority}: ${request.message}`, undefined)
      )
    : Effect.succeed(request.head)
}

type Refused = {
  readonly _tag: "Refused"
  readonly status: number
  readonly reason: string
  readonly fields: ReadonlyArray<string>
  /** Whether the connection can be asked again. */
  readonly reusable: boolean
}

type Answer =
  | { readonly _tag: "Open" }
  | Refused
  /** It gave no answer; `started` tells whether a byte of one came. */
  | { readonly _tag: "Broken"; readonly message: string; readonly cause: unknown; readonly started: boolean }

const ask = (socket: Socket, head: string): Effect.Effect<Answer> =>
  Effect.suspend(() => {
    const answering = new Answering()
    return Effect.catchAll(
      converse(socket, head, (bytes) => answering.take(bytes)),
      (cause) => Effect.sync(() => answering.lost(cause))
    )
  })

/** The answer to one CONNECT, as it comes. */
class Answering implements ResponseSink {
  private readonly parser = new ResponseParser(bufferStrings)
  private head: ResponseHead | undefined = undefined
  private bodyLength = 0

  constructor() {
    this.parser.begin(this, "CONNECT")
  }

  take(bytes: Uint8Array): Outcome<Answer> | undefined {
    const { parser } = this
    const used = parser.push(bytes)
    const { head } = this
    if (head === undefined) {
      const { violation } = parser
      return violation === undefined ? undefined : nothingLeft(this.broken(`it broke HTTP/1.1: ${violation.message}`))
    }
    if (parser.upgraded && head.status !== 101) return { value: { _tag: "Open" }, rest: bytes.subarray(used) }
    if (parser.done) return nothingLeft(refused(head, parser.keepAlive && used === bytes.length))
    if (used >= 0 && this.bodyLength <= shortBody && isWorthReading(head)) return undefined
    return nothingLeft(refused(head, false))
  }

  lost(cause: Error): Answer {
    if (this.head !== undefined) return refused(this.head, false)
    // A socket that was closed in order has no code, and the parser says it better.
    this.parser.finish()
    const { violation } = this.parser
    return this.broken(
      codeOf(cause) === undefined && violation !== undefined ? violation.message : messageOf(cause),
      cause
    )
  }

  onInformational(): void {}

  onHead(head: ResponseHead): void {
    this.head = head
  }

  onData(bytes: Uint8Array): void {
    this.bodyLength += bytes.length
  }

  onEnd(): void {}

  private broken(message: string, cause?: Error): Answer {
    return { _tag: "Broken", message, cause, started: this.parser.started }
  }
}

const nothing = new Uint8Array(0)

const nothingLeft = (value: Answer): Outcome<Answer> => ({ value, rest: nothing })

const refused = ({ fields, reasonPhrase, status }: ResponseHead, reusable: boolean): Refused => ({
  _tag: "Refused",
  status,
  reason: reasonPhrase,
  fields,
  reusable
})

/** Whether there is something to be asked again, and the body has an end that is not the connection's. */
const isWorthReading = ({ fields, status }: ResponseHead): boolean => {
  if (status !== 407) return false
  const section = new Fields(fields)
  return section.has("content-length") || section.has("transfer-encoding")
}

const problemOf = (
  { authority, proxy }: Tunnel,
  answer: Exclude<Answer, { readonly _tag: "Open" }>
): ConnectProblem => {
  if (answer._tag === "Broken") {
    const message = `the proxy ${proxy.url} did not answer CONNECT ${authority}: ${answer.message}`
    return { ...proxyProblem(message, undefined), cause: answer.cause }
  }
  const { reason, status } = answer
  const words = printable(reason.slice(0, shownReason))
  return proxyProblem(
    `the proxy ${proxy.url} answered CONNECT ${authority} with ${status}${words === "" ? "" : ` ${words}`}`,
    status
  )
}

const proxyProblem = (
  message: string,
  status: number | undefined
): Extract<ConnectProblem, { readonly _tag: "Proxy" }> => ({
  _tag: "Proxy",
  phase: "proxy",
  message,
  cause: undefined,
  status
})
