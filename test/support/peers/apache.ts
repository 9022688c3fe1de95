/** Apache httpd with the event MPM and mod_http2, configured without its distribution's files. */
import { Context, Effect, Layer } from "effect"
import * as fs from "node:fs"
import { join } from "node:path"
import * as Certificates from "../certificates.js"
import { large, small, text } from "./contents.js"
import { origin } from "./origin.js"
import { isRoot, type Peer, type Place, program, running } from "./Peer.js"

export interface Apache extends Peer {
  /** HTTP/1.1, and HTTP/2 with prior knowledge. */
  readonly http: string
  /** HTTP/2 and HTTP/1.1. */
  readonly https: string
  /** No more than 10 requests a connection. */
  readonly few: string
  /** A graceful restart, after which `x-generation` is the one given. */
  readonly reload: (generation: string) => Effect.Effect<void>
}

export const Apache = Context.GenericTag<Apache>("test/Apache")

const modules = "/usr/lib/apache2/modules"

export const apache = program("apache2", [join(modules, "mod_http2.so"), join(modules, "mod_mpm_event.so")])

export const layer: Layer.Layer<Apache> = Layer.scoped(
  Apache,
  Effect.gen(function* () {
    const back = yield* origin
    const peer = yield* running(apache, {
      ports: 3,
      files: (place) => ({
        "apache.conf": configuration(place, back.http),
        "generation.conf": generationOf("first"),
        "cert.pem": Certificates.localhost.cert,
        "key.pem": Certificates.localhost.key,
        small,
        large,
        "text.txt": text
      }),
      args: ({ folder }) => ["-d", folder, "-f", join(folder, "apache.conf"), "-DFOREGROUND"]
    })
    const [http, https, few] = peer.ports
    return {
      ...peer,
      http: `http://127.0.0.1:${http}`,
      https: `https://127.0.0.1:${https}`,
      few: `http://127.0.0.1:${few}`,
      reload: (generation) =>
        Effect.zipRight(
          Effect.sync(() => fs.writeFileSync(join(peer.folder, "generation.conf"), generationOf(generation))),
          peer.signal("SIGUSR1")
        )
    }
  })
)

const generationOf = (generation: string): string => `Header always set X-Generation "${generation}"\n`

const loaded = [
  "mpm_event",
  "authz_core",
  "headers",
  "rewrite",
  "filter",
  "deflate",
  "proxy",
  "proxy_http",
  "ssl",
  "http2"
]

const configuration = ({ folder, port }: Place, back: string): string => `
ServerName localhost
PidFile apache.pid
DefaultRuntimeDir ${folder}
ErrorLog error.log
LogLevel warn
${loaded.map((name) => `LoadModule ${name}_module ${join(modules, `mod_${name}.so`)}`).join("\n")}
${isRoot ? `User "#65534"\nGroup "#65534"` : ""}
StartServers 1
ServerLimit 4
ThreadsPerChild 16
MaxRequestWorkers 64
MinSpareThreads 1
MaxSpareThreads 64
Listen 127.0.0.1:${port(0)}
Listen 127.0.0.1:${port(1)}
Listen 127.0.0.1:${port(2)}
Protocols h2 h2c http/1.1
MaxKeepAliveRequests 0
GracefulShutdownTimeout 2
DocumentRoot ${folder}
<Directory ${folder}>
  Require all granted
</Directory>
<Location /gzip>
  SetOutputFilter DEFLATE
</Location>
ProxyPass /echo ${back}/echo
RewriteEngine on
RewriteRule ^/empty$ - [R=204,L]
RewriteRule ^/early$ - [R=413,L]
RewriteRule ^/gzip$ /text.txt
IncludeOptional generation.conf
<VirtualHost 127.0.0.1:${port(1)}>
  RewriteEngine on
  RewriteOptions Inherit
  SSLEngine on
  SSLCertificateFile cert.pem
  SSLCertificateKeyFile key.pem
</VirtualHost>
<VirtualHost 127.0.0.1:${port(2)}>
  MaxKeepAliveRequests 10
</VirtualHost>
`
