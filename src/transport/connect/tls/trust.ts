/**
 * Whose certificates are trusted.
 */
import * as Effect from "effect/Effect"
import * as tls from "node:tls"
import { fromCertDir, fromCertFile, fromFirstBundle } from "./certificateFiles.js"
import { certificatesIn, isCertificate, pemText } from "./pem.js"
import type { TlsEnvironment, TlsOptions } from "./TlsOptions.js"
import { setupProblem, type TlsSetupProblem } from "./TlsSetupProblem.js"

/** PEM certificates, or `undefined` for the store that Node ships, which costs nothing to use. */
export type Authorities = ReadonlyArray<string> | undefined

export const authoritiesOf = (
  { authorities, ca, verify }: TlsOptions,
  { certDir = "", certFile = "" }: TlsEnvironment = {}
): Effect.Effect<Authorities, TlsSetupProblem> => {
  if (ca !== undefined) return givenAuthorities(ca)
  if (verify === false) return Effect.succeed([])
  if (authorities === "system") return systemAuthorities()
  if (authorities === "node") return Effect.succeed(undefined)
  if (certFile !== "") return fromCertFile(certFile)
  return certDir === "" ? Effect.succeed(undefined) : fromCertDir(certDir)
}

const givenAuthorities = (ca: NonNullable<TlsOptions["ca"]>): Effect.Effect<Authorities, TlsSetupProblem> =>
  Effect.suspend(() => {
    const texts = (typeof ca === "string" || ca instanceof Uint8Array ? [ca] : ca).map(pemText)
    const certificates: Array<string> = []
    for (const text of texts) {
      const found = certificatesIn(text)
      if (found.length === 0) return Effect.fail(setupProblem("`ca` has a member that holds no PEM certificate"))
      certificates.push(...found)
    }
    const broken = certificates.findIndex((block) => !isCertificate(block))
    if (broken < 0) return Effect.succeed(certificates)
    return Effect.fail(setupProblem(`certificate ${broken + 1} of ${certificates.length} in \`ca\` cannot be read`))
  })

/** What can tell the authorities of an operating system. */
export interface SystemStore {
  /** `tls.getCACertificates`, where this Node has it. */
  readonly getCACertificates: ((store: "system") => ReadonlyArray<string>) | undefined
  /** Files that may hold them. */
  readonly bundles: ReadonlyArray<string>
}

/** The authorities that the operating system trusts. */
export const systemAuthorities = ({ bundles, getCACertificates }: SystemStore = systemStore): Effect.Effect<
  Authorities,
  TlsSetupProblem
> =>
  Effect.suspend(() => {
    // It looks where OpenSSL was built to look, which is not where every distribution has them.
    const told = getCACertificates?.("system") ?? []
    return told.length > 0 ? Effect.succeed(told) : Effect.flatMap(fromFirstBundle(bundles), unlessUnknown)
  })

const unlessUnknown = (found: ReadonlyArray<string>): Effect.Effect<Authorities, TlsSetupProblem> =>
  found.length > 0
    ? Effect.succeed(found)
    : Effect.fail(
        setupProblem(
          "the authorities of this operating system are not known: that needs Node 22.15 or later, or give them as `ca`"
        )
      )

const wellKnown: ReadonlyArray<string> = [
  // Debian, Ubuntu, Arch, Gentoo, Alpine
  "/etc/ssl/certs/ca-certificates.crt",
  // Fedora, RHEL and their kin, new and old
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/pki/tls/cacert.pem",
  // SUSE
  "/var/lib/ca-certificates/ca-bundle.pem",
  "/etc/ssl/ca-bundle.pem",
  // FreeBSD, NetBSD, OpenBSD, illumos
  "/usr/local/share/certs/ca-root-nss.crt",
  "/etc/openssl/certs/ca-certificates.crt",
  "/etc/ssl/cert.pem",
  "/etc/certs/ca-certificates.crt"
]

// Node has it from 22.15 on, and the types are those of an older one.
const runtime: typeof tls & { readonly getCACertificates?: SystemStore["getCACertificates"] } = tls

const systemStore: SystemStore = {
  getCACertificates: runtime.getCACertificates,
  // macOS has such a file, but what its keychain trusts is not in it.
  bundles: process.platform === "darwin" || process.platform === "win32" ? [] : wellKnown
}
