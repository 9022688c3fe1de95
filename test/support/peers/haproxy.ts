/** HAProxy: HTTP/1.1 and HTTP/2 in front of an HTTP/1.1 origin. */
import { Context, Effect, Layer } from "effect"
import { join } from "node:path"
import * as Certificates from "../certificates.js"
import { origin } from "./origin.js"
import { type Peer, type Place, program, running } from "./Peer.js"

export interface HaProxy extends Peer {
  readonly http: string
  /** HTTP/2 and HTTP/1.1. */
  readonly https: string
  readonly h2c: string
}

export const HaProxy = Context.GenericTag<HaProxy>("test/HaProxy")

export const haproxy = program("haproxy")

export const layer: Layer.Layer<HaProxy> = Layer.scoped(
  HaProxy,
  Effect.gen(function* () {
    const back = yield* origin
    const { cert, key } = Certificates.localhost
    const peer = yield* running(haproxy, {
      ports: 3,
      files: (place) => ({ "haproxy.cfg": configuration(place, back.port), "localhost.pem": cert + key }),
      args: ({ folder }) => ["-db", "-f", join(folder, "haproxy.cfg")]
    })
    const [http, https, h2c] = peer.ports
    return {
      ...peer,
      http: `http://127.0.0.1:${http}`,
      https: `https://127.0.0.1:${https}`,
      h2c: `http://127.0.0.1:${h2c}`
    }
  })
)

const configuration = ({ folder, port }: Place, back: number): string => `
global
  maxconn 256
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend front
  bind 127.0.0.1:${port(0)}
  bind 127.0.0.1:${port(1)} ssl crt ${join(folder, "localhost.pem")} alpn h2,http/1.1
  bind 127.0.0.1:${port(2)} proto h2
  http-request deny deny_status 413 if { path /early }
  default_backend origin
backend origin
  server origin 127.0.0.1:${back}
`
