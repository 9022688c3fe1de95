/**
 * Authorities from files: what `SSL_CERT_FILE` and `SSL_CERT_DIR` name, and the bundles of operating systems. A store has
 * some 150 certificates, and a directory often holds each of them three times, so each is kept once.
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { certificatesIn, isCertificate } from "./pem.js"
import { reasonOf, setupProblem, type TlsSetupProblem } from "./TlsSetupProblem.js"

/** The certificates that `SSL_CERT_FILE` leads to. */
export const fromCertFile = (file: string): Effect.Effect<ReadonlyArray<string>, TlsSetupProblem> =>
  Effect.flatMap(
    Effect.mapError(readText(file), (cause) => setupProblem(`SSL_CERT_FILE cannot be read: ${reasonOf(cause)}`, cause)),
    (text) => unlessNone(certificatesIn(text), `SSL_CERT_FILE names ${file}, which holds no certificate`)
  )

/** The certificates that `SSL_CERT_DIR` leads to. */
export const fromCertDir = (directories: string): Effect.Effect<ReadonlyArray<string>, TlsSetupProblem> => {
  const named = directories.split(path.delimiter).filter((directory) => directory !== "")
  return Effect.forEach(named, filesOf).pipe(
    Effect.flatMap((files) => Effect.forEach(files.flat(), certificatesOf, { concurrency: 16 })),
    Effect.flatMap((found) =>
      unlessNone([...new Set(found.flat())], `SSL_CERT_DIR names ${directories}, where there is no certificate`)
    )
  )
}

/** The certificates of the first of these files that has any. */
export const fromFirstBundle = (bundles: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>> =>
  Effect.reduce(bundles, none, (found, file) => (found.length > 0 ? Effect.succeed(found) : certificatesOf(file)))

const none: ReadonlyArray<string> = []

// One that cannot be read is as good as none; Node passes over it, too.
const unlessNone = (
  certificates: ReadonlyArray<string>,
  reason: string
): Effect.Effect<ReadonlyArray<string>, TlsSetupProblem> =>
  certificates.some(isCertificate) ? Effect.succeed(certificates) : Effect.fail(setupProblem(reason))

const filesOf = (directory: string): Effect.Effect<ReadonlyArray<string>> =>
  Effect.tryPromise(() => fs.readdir(directory)).pipe(
    Effect.map((names) => names.map((name) => path.join(directory, name))),
    Effect.orElseSucceed(() => none)
  )

// Far more than any store has: a directory can hold anything.
const largest = 16 * 1024 * 1024

const certificatesOf = (file: string): Effect.Effect<ReadonlyArray<string>> =>
  Effect.tryPromise(() => fs.stat(file)).pipe(
    // To read a pipe could take for ever.
    Effect.flatMap((stats) => (stats.isFile() && stats.size <= largest ? readText(file) : Effect.succeed(""))),
    Effect.match({ onSuccess: certificatesIn, onFailure: () => none })
  )

const readText = (file: string): Effect.Effect<string, unknown> =>
  Effect.tryPromise({ try: () => fs.readFile(file, "latin1"), catch: (cause) => cause })
