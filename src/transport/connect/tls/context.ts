/**
 * The OpenSSL context of a transport: authorities, own certificate, versions and ciphers. It is costly to make (some 30 ms
 * with authorities other than Node's), so there is one.
 *
 * What OpenSSL says of an option it cannot use does not name the option. So when it refuses them all, each is tried alone.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as tls from "node:tls"
import { pemText } from "./pem.js"
import type { TlsOptions } from "./TlsOptions.js"
import { reasonOf, setupProblem, type TlsSetupProblem } from "./TlsSetupProblem.js"
import type { Authorities } from "./trust.js"

export const makeContext = (
  options: TlsOptions,
  authorities: Authorities
): Effect.Effect<tls.SecureContext, TlsSetupProblem> =>
  Effect.try({
    try: () =>
      tls.createSecureContext({
        ...(authorities === undefined ? {} : { ca: [...authorities] }),
        ...versionsOf(options),
        ...ciphersOf(options),
        ...certOf(options),
        ...keyOf(options),
        ...pfxOf(options)
      }),
    catch: (cause) => problemOf(options, cause)
  })

/** What is wrong with the options among themselves, and OpenSSL would not tell or not before the handshake. */
export const contradiction = (options: TlsOptions): TlsSetupProblem | undefined => {
  const { cert, key, pfx } = options
  if (pfx !== undefined && (cert !== undefined || key !== undefined)) {
    return setupProblem("`pfx` stands in place of `cert` and `key`, and cannot be given with them")
  }
  if (cert !== undefined && key === undefined) return setupProblem("`cert` is given without its `key`")
  if (key !== undefined && cert === undefined) return setupProblem("`key` is given without its `cert`")
  const { maxVersion = tls.DEFAULT_MAX_VERSION, minVersion = tls.DEFAULT_MIN_VERSION } = options
  // Their names sort as they follow each other.
  if (minVersion <= maxVersion) return undefined
  return setupProblem(`no version is left between \`minVersion\` ${minVersion} and \`maxVersion\` ${maxVersion}`)
}

const versionsOf = ({ maxVersion, minVersion }: TlsOptions): tls.SecureContextOptions => ({
  ...(minVersion === undefined ? {} : { minVersion }),
  ...(maxVersion === undefined ? {} : { maxVersion })
})

const ciphersOf = ({ ciphers }: TlsOptions): tls.SecureContextOptions => (ciphers === undefined ? {} : { ciphers })

const certOf = ({ cert }: TlsOptions): tls.SecureContextOptions => (cert === undefined ? {} : { cert: pemText(cert) })

const keyOf = ({ key, passphrase }: TlsOptions): tls.SecureContextOptions =>
  key === undefined ? {} : { key: pemText(Redacted.value(key)), ...passphraseOf(passphrase) }

const pfxOf = ({ passphrase, pfx }: TlsOptions): tls.SecureContextOptions =>
  pfx === undefined ? {} : { pfx: Buffer.from(Redacted.value(pfx)), ...passphraseOf(passphrase) }

const passphraseOf = (passphrase: TlsOptions["passphrase"]): tls.SecureContextOptions =>
  passphrase === undefined ? {} : { passphrase: Redacted.value(passphrase) }

interface Trial {
  readonly part: (options: TlsOptions) => tls.SecureContextOptions
  readonly reason: (options: TlsOptions, reason: string) => string
}

const trials: ReadonlyArray<Trial> = [
  { part: versionsOf, reason: (_, reason) => `\`minVersion\` or \`maxVersion\` is none: ${reason}` },
  { part: ciphersOf, reason: (_, reason) => `\`ciphers\` cannot be used: ${reason}` },
  { part: certOf, reason: (_, reason) => `\`cert\` cannot be read as PEM: ${reason}` },
  { part: keyOf, reason: (options, reason) => unreadableKey(options, reason) },
  { part: pfxOf, reason: (options, reason) => unreadablePfx(options, reason) },
  {
    part: (options) => ({ ...certOf(options), ...keyOf(options) }),
    reason: (_, reason) => `\`key\` is not the key of \`cert\`: ${reason}`
  }
]

const problemOf = (options: TlsOptions, thrown: unknown): TlsSetupProblem => {
  // Node's own error would show a value that is of a wrong type.
  if (!areRedacted(options)) return setupProblem("`key`, `pfx` or `passphrase` is not a Redacted of its type")
  for (const { part, reason } of trials) {
    try {
      tls.createSecureContext({ ca: [], ...part(options) })
    } catch (cause) {
      return setupProblem(reason(options, reasonOf(cause)), cause)
    }
  }
  return setupProblem(reasonOf(thrown), thrown)
}

const areRedacted = ({ key, passphrase, pfx }: TlsOptions): boolean =>
  isRedacted(key, (value) => typeof value === "string" || value instanceof Uint8Array) &&
  isRedacted(pfx, (value) => value instanceof Uint8Array) &&
  isRedacted(passphrase, (value) => typeof value === "string")

const isRedacted = (option: unknown, isRight: (value: unknown) => boolean): boolean =>
  option === undefined || (Redacted.isRedacted(option) && isRight(Redacted.value(option)))

// A wrong passphrase can end in any error: what it opens is then any bytes.
const unreadableKey = ({ key, passphrase }: TlsOptions, reason: string): string => {
  if (key === undefined || !pemText(Redacted.value(key)).includes("ENCRYPTED")) {
    return `\`key\` cannot be read as PEM: ${reason}`
  }
  return passphrase === undefined
    ? "`key` is encrypted, and there is no `passphrase`"
    : `\`passphrase\` does not open \`key\`: ${reason}`
}

const unreadablePfx = ({ passphrase }: TlsOptions, reason: string): string => {
  if (!reason.includes("mac verify failure")) return `\`pfx\` cannot be read as PKCS #12: ${reason}`
  return passphrase === undefined
    ? "`pfx` is encrypted, and there is no `passphrase`"
    : `\`passphrase\` does not open \`pfx\`: ${reason}`
}
