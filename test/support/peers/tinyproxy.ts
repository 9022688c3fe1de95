/** Tinyproxy, which ends a connection with each forwarded answer. */
import { Effect, type Scope } from "effect"
import { join } from "node:path"
import type { Account } from "./account.js"
import { type Peer, program, running } from "./Peer.js"

export interface Tinyproxy extends Peer {
  readonly http: string
}

export const tinyproxy = program("tinyproxy")

/** Allows any port, to those that know the account if there is one. */
export const start = (known?: Account): Effect.Effect<Tinyproxy, never, Scope.Scope> =>
  Effect.map(
    running(tinyproxy, {
      ports: 1,
      files: ({ folder, port }) => ({
        "tinyproxy.conf": [
          `Port ${port(0)}`,
          "Listen 127.0.0.1",
          "Timeout 30",
          "MaxClients 50",
          "Allow 127.0.0.1",
          `LogFile "${join(folder, "access.log")}"`,
          "LogLevel Info",
          ...(known === undefined ? [] : [`BasicAuth ${known.username} ${known.password}`]),
          ""
        ].join("\n")
      }),
      args: ({ folder }) => ["-d", "-c", join(folder, "tinyproxy.conf")]
    }),
    (peer) => ({ ...peer, http: `http://127.0.0.1:${peer.ports[0]}` })
  )
