/**
 * Asks a SOCKS5 proxy for a way to the target (RFC 1928): to its name, or to its addresses one after the other, each on a
 * connection of its own, because the proxy closes one whose request it has refused.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Socket } from "node:net"
import { parseAddress } from "../../protocol/address.js"
import type { Proxy } from "../../protocol/proxy.js"
import { socks5, type Socks5Host, type Socks5Problem } from "../../protocol/socks5.js"
import { converse } from "./converse.js"
import type { ConnectProblem } from "./ConnectProblem.js"
import { messageOf } from "./reasons.js"

export interface SocksWay {
  readonly proxy: Proxy
  /** A name for the proxy to resolve, or addresses, of which there is at least one. */
  readonly hosts: readonly [string, ...ReadonlyArray<string>]
  readonly port: number
  /** The target as messages have it. */
  readonly authority: string
  /** A connection to the proxy, which takes the place of the one before. */
  readonly reach: Effect.Effect<Socket, ConnectProblem>
}

/** The socket that leads to the target. */
export const openSocks = (way: SocksWay): Effect.Effect<Socket, ConnectProblem> => {
  const [host, ...others] = way.hosts
  return Effect.flatMap(tryHost(way, host), (opened) => {
    if (opened._tag === "Open") return Effect.succeed(opened.socket)
    const [next, ...rest] = others
    // Only what the proxy says of this address leaves hope for another one.
    if (opened.reply === undefined || next === undefined) return Effect.fail(problemOf(way, opened))
    return openSocks({ ...way, hosts: [next, ...rest] })
  })
}

type Opened = { readonly _tag: "Open"; readonly socket: Socket } | (Socks5Problem & { readonly cause?: unknown })

const tryHost = ({ port, proxy, reach }: SocksWay, host: string): Effect.Effect<Opened, ConnectProblem> =>
  Effect.suspend(() => {
    const handshake = socks5({ host: hostOf(host), port, login: loginOf(proxy) })
    if ("_tag" in handshake) return Effect.succeed<Opened>(handshake)
    return Effect.flatMap(reach, (socket) =>
      converse<Opened>(socket, handshake.greeting, (bytes) => {
        const step = handshake.push(bytes)
        if (step._tag === "Failed") return { value: step, rest: nothing }
        if (step.send.length > 0) socket.write(step.send)
        return step._tag === "Open" ? { value: { _tag: "Open", socket }, rest: bytes.subarray(step.used) } : undefined
      }).pipe(
        Effect.catchAll((cause) =>
          Effect.succeed<Opened>({ _tag: "Failed", message: messageOf(cause), reply: undefined, cause })
        )
      )
    )
  })

const nothing = new Uint8Array(0)

const hostOf = (host: string): Socks5Host => {
  const bytes = parseAddress(host)
  return bytes === undefined ? { _tag: "Domain", name: host } : { _tag: "Address", bytes }
}

const loginOf = ({ credentials }: Proxy) =>
  credentials === undefined
    ? undefined
    : { username: credentials.username, password: Redacted.value(credentials.password) }

const problemOf = (
  { authority, proxy }: SocksWay,
  { cause, message }: { readonly cause?: unknown; readonly message: string }
): ConnectProblem => ({
  _tag: "Proxy",
  phase: "proxy",
  message: `the proxy ${proxy.url} did not connect to ${authority}: ${message}`,
  cause,
  status: undefined
})
