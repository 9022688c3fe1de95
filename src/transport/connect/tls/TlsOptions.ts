/**
 * What an application can say about TLS to a server, and what the environment can.
 *
 * @since 0.1.0
 */
import type * as Redacted from "effect/Redacted"

/**
 * A version of TLS. The first two are no longer safe (RFC 8996), and OpenSSL speaks them only with `ciphers` like
 * `"DEFAULT@SECLEVEL=0"`.
 *
 * @since 0.1.0
 * @category options
 */
export type TlsVersion = "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3"

/**
 * TLS to servers. What cannot be used (a key that cannot be read, a malformed pin) is a `TlsError` of the first https
 * request, and nothing is sent.
 *
 * @since 0.1.0
 * @category options
 */
export interface TlsOptions {
  /** Trusted authorities, PEM; they replace all others, and `authorities` too. Default: as `authorities` says. */
  readonly ca?: string | Uint8Array | ReadonlyArray<string | Uint8Array> | undefined
  /**
   * Whose authorities are trusted: `"node"` is the store that Node ships, with those of `NODE_EXTRA_CA_CERTS`;
   * `"system"` is the operating system's (on macOS and Windows from Node 22.15 on). Default: those that `SSL_CERT_FILE`
   * or else `SSL_CERT_DIR` name, where the environment is read and has them, else `"node"`.
   */
  readonly authorities?: "node" | "system" | undefined
  /** Whether a certificate must be trusted and be for the host. Default: true. `false` is for tests alone. */
  readonly verify?: boolean | undefined
  /**
   * The name that is asked for (SNI) and that the certificate must be for. An IP address is checked but not asked for;
   * `""` asks for none and checks the URL's host. Default: the URL's host.
   */
  readonly servername?: string | undefined
  /**
   * Keys of which the server's chain must have one, besides being trusted: `sha256/` and the base64 of the SHA-256 of a
   * certificate's SubjectPublicKeyInfo (RFC 7469 §2.4). They hold with `verify: false`, too. Default: none.
   */
  readonly pins?: ReadonlyArray<string> | undefined
  /** The client's own certificate chain, PEM; needs `key`. Default: none. */
  readonly cert?: string | Uint8Array | undefined
  /** The private key of `cert`, PEM. Default: none. */
  readonly key?: Redacted.Redacted<string | Uint8Array> | undefined
  /**
   * The client's own certificate chain and key as PKCS #12, in place of `cert` and `key`. Authorities in it are trusted
   * like those of `ca`, as Node has it. Default: none.
   */
  readonly pfx?: Redacted.Redacted<Uint8Array> | undefined
  /** What opens `key` or `pfx`, if they are encrypted. Default: none. */
  readonly passphrase?: Redacted.Redacted<string> | undefined
  /** The lowest version that is spoken. Default: Node's, which is `"TLSv1.2"`. */
  readonly minVersion?: TlsVersion | undefined
  /** The highest version that is spoken. Default: Node's, which is `"TLSv1.3"`. */
  readonly maxVersion?: TlsVersion | undefined
  /**
   * Cipher suites in OpenSSL's notation, the preferred ones first. Those of TLS 1.3 (`TLS_…`) stay Node's where none of
   * them is named; where only such are named, TLS 1.3 alone is spoken. Default: Node's.
   */
  readonly ciphers?: string | undefined
  /** Whether a later connection to a server may resume a session of an earlier one, a shorter handshake. Default: true. */
  readonly sessionReuse?: boolean | undefined
  /**
   * A file to which the secrets of all connections are appended, for programs like Wireshark to read the traffic with.
   * That it cannot be written breaks no connection. Default: `SSLKEYLOGFILE`, where the environment is read and has it;
   * `""` is no file in any case.
   */
  readonly keyLogFile?: string | undefined
}

/**
 * What the environment says about TLS. An empty value is none.
 *
 * The two for certificates count only where neither `ca` nor `authorities` is given and certificates are checked at all;
 * `certFile` goes before `certDir`. They replace Node's authorities, and are read at the first https connection. One that
 * leads to no certificate at all is an error rather than passed over: other authorities than asked for would be a
 * surprise either way.
 */
export interface TlsEnvironment {
  /** `SSL_CERT_FILE`: a file of PEM certificates. */
  readonly certFile?: string | undefined
  /**
   * `SSL_CERT_DIR`: directories, separated as in `PATH`. All of their files that hold PEM certificates count, whatever
   * they are called; what cannot be read or holds none is passed over.
   */
  readonly certDir?: string | undefined
  /** `SSLKEYLOGFILE`: as `keyLogFile`. */
  readonly keyLogFile?: string | undefined
}
