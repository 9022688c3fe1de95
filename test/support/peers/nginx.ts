/** nginx: files, uploads that it hands to the origin, few requests a connection, and reloads. */
import { Context, Effect, Layer } from "effect"
import { join } from "node:path"
import * as Certificates from "../certificates.js"
import { large, small, text } from "./contents.js"
import { origin } from "./origin.js"
import { isRoot, type Peer, type Place, program, running } from "./Peer.js"

export interface Nginx extends Peer {
  readonly http: string
  /** HTTP/2 and HTTP/1.1. */
  readonly https: string
  readonly h2c: string
  /** No more than 10 requests a connection. */
  readonly few: { readonly http: string; readonly https: string }
  /** The path of a Unix socket. */
  readonly socket: string
  /** Starts new workers, and lets the old ones end what they are at. The number of a worker is in `x-worker`. */
  readonly reload: Effect.Effect<void>
}

export const Nginx = Context.GenericTag<Nginx>("test/Nginx")

export const nginx = program("nginx")

export const layer: Layer.Layer<Nginx> = Layer.scoped(
  Nginx,
  Effect.gen(function* () {
    const back = yield* origin
    const peer = yield* running(nginx, {
      ports: 5,
      files: (place) => ({
        "nginx.conf": configuration(place, back.http),
        "cert.pem": Certificates.localhost.cert,
        "key.pem": Certificates.localhost.key,
        small,
        large,
        "text.txt": text
      }),
      args: ({ folder }) => ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", "stderr"]
    })
    const [http, https, h2c, few, fewTls] = peer.ports
    return {
      ...peer,
      http: `http://127.0.0.1:${http}`,
      https: `https://127.0.0.1:${https}`,
      h2c: `http://127.0.0.1:${h2c}`,
      few: { http: `http://127.0.0.1:${few}`, https: `https://127.0.0.1:${fewTls}` },
      socket: join(peer.folder, "nginx.sock"),
      reload: peer.signal("SIGHUP")
    }
  })
)

const configuration = ({ folder, port }: Place, back: string): string => `
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
${isRoot ? "user root;" : ""}
events {
  worker_connections 512;
}
http {
  access_log off;
  default_type text/plain;
  root .;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  ssl_certificate cert.pem;
  ssl_certificate_key key.pem;
  add_header X-Worker $pid always;
  server {
    listen 127.0.0.1:${port(0)};
    listen 127.0.0.1:${port(1)} ssl http2;
    listen 127.0.0.1:${port(2)} http2;
    listen unix:${join(folder, "nginx.sock")};
    ${locations(folder, back)}
  }
  server {
    listen 127.0.0.1:${port(3)};
    listen 127.0.0.1:${port(4)} ssl http2;
    keepalive_requests 10;
    ${locations(folder, back)}
  }
}
`

const locations = (folder: string, back: string): string => `
    root ${folder};
    location = /slow { alias ${join(folder, "text.txt")}; limit_rate 4k; }
    location = /chunked { alias ${join(folder, "text.txt")}; ssi on; ssi_types text/plain; }
    location = /gzip { alias ${join(folder, "text.txt")}; gzip on; gzip_types text/plain; }
    location = /empty { return 204; }
    location = /early { client_max_body_size 1k; proxy_pass ${back}/echo; }
    location = /echo { client_max_body_size 64m; proxy_http_version 1.1; proxy_pass ${back}/echo; }
`
