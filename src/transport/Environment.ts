/**
 * What the environment says about proxies and TLS: read through `Config`, so that any provider can stand in for the
 * process's variables.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import type { ProxyEnvironment } from "../protocol/proxyMounts.js"
import type { TlsEnvironment } from "./connect/tls/TlsOptions.js"

export interface Environment {
  readonly proxies: ProxyEnvironment
  readonly tls: TlsEnvironment
}

/** Of several names for the same, the first one that is there. What cannot be read is not there. */
const variable = (...names: ReadonlyArray<string>): Effect.Effect<string | undefined> =>
  names.reduceRight<Effect.Effect<string | undefined>>(
    (otherwise, name) => Effect.catchAll(Config.string(name), () => otherwise),
    Effect.succeed(undefined)
  )

// As curl has it: lower case first.
const both = (name: string): Effect.Effect<string | undefined> => variable(name.toLowerCase(), name)

/** As curl and Go have it: in a CGI program HTTP_PROXY may be a client's `Proxy` header ("httpoxy"). */
const httpProxy = Effect.flatMap(variable("REQUEST_METHOD"), (method) =>
  method === undefined ? both("HTTP_PROXY") : variable("http_proxy")
)

export const environment: Effect.Effect<Environment> = Effect.all({
  proxies: Effect.all({
    httpProxy,
    httpsProxy: both("HTTPS_PROXY"),
    allProxy: both("ALL_PROXY"),
    noProxy: both("NO_PROXY")
  }),
  tls: Effect.all({
    certFile: variable("SSL_CERT_FILE"),
    certDir: variable("SSL_CERT_DIR"),
    keyLogFile: variable("SSLKEYLOGFILE")
  })
})
