/** `openssl s_server`: TLS without anything of HTTP but a head, one connection at a time, each for one answer. */
import { Effect, type Scope } from "effect"
import * as Certificates from "../certificates.js"
import { large, small } from "./contents.js"
import { type Peer, program, running } from "./Peer.js"

export interface OpenSsl extends Peer {
  readonly url: string
}

export const openssl = program("openssl")

/** Serves its files with `-WWW`, and what it knows of the connection with `-www`; further options are its own. */
export const start = (...options: ReadonlyArray<string>): Effect.Effect<OpenSsl, never, Scope.Scope> =>
  Effect.map(
    running(openssl, {
      ports: 1,
      files: () => ({
        "cert.pem": Certificates.localhost.cert,
        "key.pem": Certificates.localhost.key,
        "ca.pem": Certificates.authority,
        small,
        large
      }),
      args: ({ port }) => [
        "s_server",
        ...["-accept", `127.0.0.1:${port(0)}`, "-cert", "cert.pem", "-key", "key.pem", "-CAfile", "ca.pem"],
        ...options
      ]
    }),
    (peer) => ({ ...peer, url: `https://127.0.0.1:${peer.ports[0]}` })
  )
