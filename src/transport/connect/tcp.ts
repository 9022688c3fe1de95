/**
 * Connections without TLS, and what they have in common with those with TLS: the addresses are tried as Node does it
 * (RFC 8305: families in turn, each next one when the one before has failed or taken too long).
 */
import * as Effect from "effect/Effect"
import * as net from "node:net"
import type { ConnectPhase, ConnectProblem } from "./ConnectProblem.js"
import { type Line, ready } from "./Line.js"
import type { Phases } from "./Phases.js"
import { messageOf } from "./reasons.js"

/** Where a connection goes. */
export type Endpoint = {
  /** What it is called in messages. */
  readonly name: string
  readonly hostname: string
} & (
  | { readonly _tag: "Tcp"; readonly port: number; readonly addresses: ReadonlyArray<string> }
  | { readonly _tag: "Unix"; readonly path: string }
)

/** What one dial works with. */
export interface Means {
  readonly line: Line
  readonly phases: Phases
  readonly localAddress: string | undefined
}

/** What `net.connect` and `tls.connect` both take. */
export type Where = net.NetConnectOpts & { readonly host?: string | undefined }

/** Where the bytes go. Given to sockets that need no proxy alone: the others' are read during the handshake. */
export type OnRead = net.OnReadOpts | undefined

/** A connection without TLS. */
export const openTcp = (means: Means, endpoint: Endpoint, onread: OnRead): Effect.Effect<net.Socket, ConnectProblem> =>
  Effect.mapError(
    reach(means, endpoint, (where) => net.connect(onread === undefined ? where : { ...where, onread }), undefined),
    (cause) => connectProblem(endpoint, cause)
  )

/** Makes a socket by `open` until one is ready. TLS, if there is any, is the phase that is `next`. */
export const reach = <S extends net.Socket>(
  { line, localAddress, phases }: Means,
  endpoint: Endpoint,
  open: (where: Where) => S,
  next: ConnectPhase | undefined
): Effect.Effect<S, Error> => {
  const onTcp = (socket: S) => {
    socket.setNoDelay(true)
    if (next === undefined) phases.end()
    else phases.begin(next)
  }
  const event = next === undefined ? "connect" : "secureConnect"
  const tryAll = (
    [first, ...others]: ReadonlyArray<() => Where>,
    causes: ReadonlyArray<Error>
  ): Effect.Effect<S, Error> => {
    if (first === undefined) return Effect.fail(new AggregateError(causes))
    return Effect.catchAll(
      ready(line, () => open(first()), event, onTcp),
      (cause) => {
        if (phases.current !== "connect" || (others.length === 0 && causes.length === 0)) return Effect.fail(cause)
        return Effect.zipRight(line.close, tryAll(others, [...causes, cause]))
      }
    )
  }
  return Effect.suspend(() => {
    phases.begin("connect")
    if (endpoint._tag === "Unix") return tryAll([() => ({ path: endpoint.path, host: endpoint.hostname })], [])
    const at = (addresses: ReadonlyArray<string>) => (): Where => ({
      host: endpoint.hostname,
      port: endpoint.port,
      lookup: answering(addresses),
      autoSelectFamily: true,
      noDelay: true,
      ...(localAddress === undefined ? {} : { localAddress })
    })
    if (localAddress === undefined) return tryAll([at(endpoint.addresses)], [])
    // From a given address Node tries one address alone.
    const family = net.isIP(localAddress)
    const addresses = endpoint.addresses.filter((address) => net.isIP(address) === family)
    if (family === 0) return unusable(`the local address ${localAddress} is no IP address`)
    if (addresses.length === 0) {
      return unusable(`it has no IPv${family} address, as the local address ${localAddress} is one`)
    }
    return tryAll(
      addresses.map((address) => at([address])),
      []
    )
  })
}

const unusable = (message: string): Effect.Effect<never, NodeJS.ErrnoException> => {
  const cause: NodeJS.ErrnoException = new Error(message)
  return Effect.fail(cause)
}

/** A `lookup` for Node that knows the answer. */
const answering =
  (addresses: ReadonlyArray<string>): net.LookupFunction =>
  (_hostname, options, callback) => {
    const found = addresses.map((address) => ({ address, family: net.isIP(address) }))
    const [first] = found
    // Called back in the next tick, as by any lookup: the socket has no listeners yet.
    if (options.all === true) process.nextTick(callback, null, found)
    else process.nextTick(callback, null, first?.address, first?.family)
  }

export const connectProblem = ({ name }: Endpoint, cause: Error): ConnectProblem => ({
  _tag: "Connect",
  phase: "connect",
  message: `cannot connect to ${name}: ${messageOf(cause)}`,
  cause
})
