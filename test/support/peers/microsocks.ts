/** microsocks, a SOCKS5 proxy. */
import { Effect, type Scope } from "effect"
import type { Account } from "./account.js"
import { type Peer, program, running } from "./Peer.js"

export interface Microsocks extends Peer {
  /** `host:port` */
  readonly authority: string
}

export const microsocks = program("microsocks")

/** Wants to know the account, if there is one. */
export const start = (known?: Account): Effect.Effect<Microsocks, never, Scope.Scope> =>
  Effect.map(
    running(microsocks, {
      ports: 1,
      args: ({ port }) => [
        ...["-i", "127.0.0.1", "-p", String(port(0))],
        ...(known === undefined ? [] : ["-u", known.username, "-P", known.password])
      ]
    }),
    (peer) => ({ ...peer, authority: `127.0.0.1:${peer.ports[0]}` })
  )
