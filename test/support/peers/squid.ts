/** Squid as a forward proxy that wants to know who asks. */
import { Effect, type Scope } from "effect"
import { createHash } from "node:crypto"
import { join } from "node:path"
import * as Certificates from "../certificates.js"
import { isRoot, type Peer, type Place, program, running } from "./Peer.js"
import { account } from "./account.js"

export interface Squid extends Peer {
  readonly http: string
  /** The same proxy, spoken to over TLS. */
  readonly https: string
}

const helpers = "/usr/lib/squid"
const basicHelper = join(helpers, "basic_ncsa_auth")
const digestHelper = join(helpers, "digest_file_auth")

export const squid = program("squid", [basicHelper, digestHelper])

/** Allows any port to those whom one of the schemes knows; all, if there is no scheme. */
export const start = (...schemes: ReadonlyArray<"basic" | "digest">): Effect.Effect<Squid, never, Scope.Scope> =>
  Effect.map(
    running(squid, {
      ports: 2,
      files: (place) => ({
        "squid.conf": configuration(place, schemes),
        "cert.pem": Certificates.localhost.cert,
        "key.pem": Certificates.localhost.key,
        basic: `${account.username}:${apr1}\n`,
        digest: `${account.username}:${realm}:${ha1}\n`
      }),
      // The name keeps its shared memory apart from that of others.
      // Any other signal makes it wait for longer, or leave its shared memory behind.
      endedBy: "SIGINT",
      args: ({ folder, port }) => ["-N", "-n", `peer${port(0)}`, "-f", join(folder, "squid.conf")]
    }),
    (peer) => ({
      ...peer,
      http: `http://127.0.0.1:${peer.ports[0]}`,
      https: `https://127.0.0.1:${peer.ports[1]}`
    })
  )

const realm = "peers"

/** The account's password, as `htpasswd` writes it. */
const apr1 = "$apr1$peerpeer$Dc8gu9Y8EyzHLHX5AbpxM."

const ha1 = createHash("md5").update(`${account.username}:${realm}:${account.password}`).digest("hex")

const schemeLines = {
  basic: (folder: string) => `
auth_param basic program ${basicHelper} ${join(folder, "basic")}
auth_param basic children 1 startup=1
auth_param basic realm ${realm}`,
  digest: (folder: string) => `
auth_param digest program ${digestHelper} -c ${join(folder, "digest")}
auth_param digest children 1 startup=1
auth_param digest realm ${realm}`
}

const configuration = ({ folder, port }: Place, schemes: ReadonlyArray<"basic" | "digest">): string => `
http_port 127.0.0.1:${port(0)}
https_port 127.0.0.1:${port(1)} tls-cert=${join(folder, "cert.pem")} tls-key=${join(folder, "key.pem")}
${isRoot ? "cache_effective_user nobody\ncache_effective_group nogroup" : ""}
visible_hostname localhost
pid_filename none
cache_log ${join(folder, "cache.log")}
access_log stdio:${join(folder, "access.log")}
coredump_dir ${folder}
cache deny all
memory_cache_shared off
pinger_enable off
shutdown_lifetime 0 seconds
max_filedescriptors 1024
${schemes.map((scheme) => schemeLines[scheme](folder)).join("\n")}
${schemes.length === 0 ? "http_access allow all" : "acl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all"}
`
