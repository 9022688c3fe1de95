/**
 * Which name a server is asked for, and which its certificate must be for. The two differ: SNI carries neither IP
 * addresses nor the dot at the end of a name (RFC 6066 §3), and both are checked.
 */
import * as net from "node:net"
import * as tls from "node:tls"

export interface Identity {
  /** The name for SNI, or none. */
  readonly servername: string | undefined
  /** Why this certificate is not for the name, or `undefined` if it is. */
  readonly check: (cert: tls.PeerCertificate) => Error | undefined
}

export const identityOf = (hostname: string, given: string | undefined): Identity => {
  const name = given === undefined || given === "" ? hostname : given
  const isAsked = given !== "" && net.isIP(name) === 0
  return {
    servername: isAsked ? (name.endsWith(".") ? name.slice(0, -1) : name) : undefined,
    check: (cert) => checkName(name, cert)
  }
}

const checkName = (name: string, cert: tls.PeerCertificate): Error | undefined => {
  try {
    return tls.checkServerIdentity(name, cert)
  } catch (cause) {
    // Alternative names that are malformed are thrown, and inside of a socket's event nobody would catch it.
    return cause instanceof Error ? cause : new Error(String(cause))
  }
}
