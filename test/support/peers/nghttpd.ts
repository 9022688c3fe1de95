/** nghttpd, the server of nghttp2: HTTP/2 alone. */
import { Effect, type Scope } from "effect"
import * as Certificates from "../certificates.js"
import { large, small, text } from "./contents.js"
import { type Peer, program, running } from "./Peer.js"

export interface Nghttpd extends Peer {
  readonly url: string
}

export const nghttpd = program("nghttpd")

/** Sends back what is uploaded, and says what it does; further options are its own. */
export const start = (
  scheme: "http" | "https",
  ...options: ReadonlyArray<string>
): Effect.Effect<Nghttpd, never, Scope.Scope> =>
  Effect.map(
    running(nghttpd, {
      ports: 1,
      files: () => ({
        "cert.pem": Certificates.localhost.cert,
        "key.pem": Certificates.localhost.key,
        small,
        large,
        "text.txt": text
      }),
      args: ({ folder, port }) => [
        "--address=127.0.0.1",
        `--htdocs=${folder}`,
        "--echo-upload",
        "--verbose",
        ...options,
        ...(scheme === "http" ? ["--no-tls", String(port(0))] : [String(port(0)), "key.pem", "cert.pem"])
      ]
    }),
    (peer) => ({ ...peer, url: `${scheme}://127.0.0.1:${peer.ports[0]}` })
  )
