/**
 * What an application can say about its transport.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { TimeoutOptions } from "../request/Timeouts.js"
import type { TlsOptions } from "./connect/tls/TlsOptions.js"
import type { PushDecoder } from "./decoding/PushDecoder.js"
import type { ProxyInput, ProxyMounts } from "./proxy/ProxyOptions.js"

/**
 * How many connections there may be, and how long an unused one is kept.
 *
 * @since 0.1.0
 * @category options
 */
export interface Limits {
  /** Connections in total, idle ones included. Default: 100. */
  readonly connections?: number | undefined
  /** Connections to one origin. Default: as many as in total. */
  readonly connectionsPerOrigin?: number | undefined
  /** Connections that are kept while they serve nothing. Default: 20. */
  readonly keepAlive?: number | undefined
  /** How long such a connection is kept. Default: 5 seconds. */
  readonly keepAliveExpiry?: Duration.DurationInput | undefined
  /** Exchanges at once on one HTTP/2 connection, if its server takes as many. Default: 100. */
  readonly streamsPerConnection?: number | undefined
}

/**
 * HTTP/2 as we speak it.
 *
 * @since 0.1.0
 * @category options
 */
export interface Http2Settings {
  /** How long a connection with open streams may be silent before its peer is asked for a sign of life. Default: 10 seconds. */
  readonly pingAfter?: Duration.DurationInput | undefined
  /** How long the peer may take for that; then the connection is given up. Default: 5 seconds. */
  readonly pingTimeout?: Duration.DurationInput | undefined
  /** The largest header section that is accepted, in bytes. Default: 65536. */
  readonly headerListSize?: number | undefined
}

/**
 * @since 0.1.0
 * @category options
 */
export interface TransportOptions {
  /** Whether HTTP/1.1 is spoken. `false` is HTTP/2 alone, also on `http:` URLs ("prior knowledge"). Default: true. */
  readonly http1?: boolean | undefined
  /** Whether HTTP/2 is offered to https servers, who then decide (ALPN). Default: true. */
  readonly http2?: boolean | Http2Settings | undefined
  /** TLS to servers. Default: certificates are checked against Node's authorities. */
  readonly tls?: TlsOptions | undefined
  /** Default: 100 connections, 20 of them kept for 5 seconds while unused. */
  readonly limits?: Limits | undefined
  /** What each phase may take, where neither call nor client says. Default: 5 seconds a phase, no limit in total. */
  readonly timeout?: TimeoutOptions | undefined
  /**
   * A proxy for all requests, or several by what they are for; `null` is none, whatever the environment says. Default: the
   * environment's, if it is trusted.
   */
  readonly proxy?: ProxyInput | ProxyMounts | null | undefined
  /**
   * Whether `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`, `SSL_CERT_DIR` and `SSLKEYLOGFILE` count,
   * where no option says otherwise. They are read once, through `Config`. Default: true.
   */
  readonly trustEnv?: boolean | undefined
  /** A Unix socket or named pipe that all connections go to, whatever the URL's host. Default: none. */
  readonly unixSocket?: string | undefined
  /** The address of this machine that connections are made from. Default: the system's choice. */
  readonly localAddress?: string | undefined
  /** Addresses of hosts, by `host` or `host:port`, in place of what DNS says. Default: none. */
  readonly resolve?: Readonly<Record<string, string | ReadonlyArray<string>>> | undefined
  /** Finds the addresses of a host. Default: the system's resolver. */
  readonly lookup?: ((hostname: string) => Effect.Effect<ReadonlyArray<string>, unknown>) | undefined
  /**
   * Which addresses may be connected to, asked for each after DNS: `"public"` refuses private, loopback, link-local and
   * all other special ones, which keeps URLs of strangers from reaching inside (SSRF). A proxy's own address is not asked
   * about, nor can be what a proxy resolves. Default: all.
   */
  readonly allowAddress?: "public" | ((address: string, hostname: string) => boolean) | undefined
  /**
   * Decoders of content codings that the runtime does not have, by name, e.g. `{ zstd: (output) => new Decompress(output) }`
   * with that of fzstd. `Accept-Encoding` lists them too. Default: none.
   */
  readonly decoders?: Readonly<Record<string, PushDecoder>> | undefined
  /** How long a body whose request has `Expect: 100-continue` waits for that. Default: 1 second. */
  readonly expectContinue?: Duration.DurationInput | undefined
}
