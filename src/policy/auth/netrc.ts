/**
 * Users and passwords from the file that ftp, curl and git read.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import type { PlatformError } from "@effect/platform/Error"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { AuthError } from "../../HttpxError.js"
import { basicAuthorization } from "../../protocol/basic.js"
import { isNetrcProblem, type Netrc, netrcEntry, parseNetrc } from "../../protocol/netrc.js"
import { type Auth, AuthOf, type Begin, type Begun, type Outgoing } from "./Auth.js"
import { because } from "./failures.js"
import type { Sending } from "./Sending.js"

/** Where the file is; whether it may be missing, and is to be its owner's alone. */
interface Place {
  readonly path: string
  readonly isHome: boolean
}

export const netrc = (path?: string | undefined): Auth<never, FileSystem.FileSystem> => {
  // Read once, when it is first needed. Calls that run then may each read it.
  let known: Netrc | undefined
  const begin: Begin<never, FileSystem.FileSystem> = (request, sending) => {
    if (known !== undefined) {
      const sent = authorized(request, known, sending)
      return sent instanceof Error ? Effect.fail(sent) : sent
    }
    return Effect.flatMap(read(path, sending), (netrc) => {
      known = netrc
      const sent = authorized(request, netrc, sending)
      return sent instanceof Error ? Effect.fail(sent) : Effect.succeed(sent)
    })
  }
  return new AuthOf<never, FileSystem.FileSystem>("netrc", "authorization", { _tag: "Answering", begin }, true)
}

const authorized = (request: Outgoing, netrc: Netrc, sending: Sending): Begun<never, never> | AuthError => {
  const { target } = request
  const entry = target instanceof Error ? undefined : netrcEntry(netrc, target.hostname)
  const password = entry === undefined ? "" : Redacted.value(entry.password)
  if (entry === undefined || password === "") return { request }
  const value = basicAuthorization(entry.login, password)
  if (typeof value !== "string") return sending.failure(`netrc: ${value.message}`)
  return { request: request.withHeaders(request.headers.set("Authorization", value)) }
}

const nothing: Netrc = { machines: new Map(), fallback: undefined }

const read = (path: string | undefined, sending: Sending): Effect.Effect<Netrc, AuthError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const failure = (error: PlatformError) => sending.failure(`the netrc file cannot be read${because(error)}`, error)
    const place = path === undefined ? yield* found(files) : { path, isHome: false }
    if (place === undefined) return nothing
    const text = yield* Effect.mapError(files.readFileString(place.path), failure)
    const netrc = parseNetrc(text)
    if (isNetrcProblem(netrc)) return yield* Effect.fail(sending.failure(`the netrc file: ${netrc.message}`))
    if (place.isHome && hasPassword(netrc)) {
      const { mode } = yield* Effect.mapError(files.stat(place.path), failure)
      // As ftp has it: a password that others can read is none.
      if ((mode & 0o077) !== 0) {
        return yield* Effect.fail(
          sending.failure(`others can read ${place.path}: chmod 600 it, or name it to use it as it is`)
        )
      }
    }
    return netrc
  })

const hasPassword = ({ fallback, machines }: Netrc): boolean =>
  [...machines.values(), ...(fallback === undefined ? [] : [fallback])].some(
    ({ password }) => Redacted.value(password) !== ""
  )

const variable = (name: string): Effect.Effect<string | undefined> =>
  Effect.map(Effect.orElseSucceed(Config.option(Config.string(name)), Option.none), (value) =>
    Option.getOrUndefined(Option.filter(value, (text) => text !== ""))
  )

/** `NETRC`, else the file in the user's home; `undefined` if there is none there. */
const found = (files: FileSystem.FileSystem): Effect.Effect<Place | undefined> =>
  Effect.gen(function* () {
    const named = yield* variable("NETRC")
    if (named !== undefined) return { path: named, isHome: false }
    const home = yield* variable("HOME")
    const profile = yield* variable("USERPROFILE")
    const places: ReadonlyArray<Place> = [
      ...(home === undefined ? [] : [{ path: `${home}/.netrc`, isHome: true }]),
      // Files of Windows have no mode.
      ...(profile === undefined
        ? []
        : [
            { path: `${profile}/_netrc`, isHome: false },
            { path: `${profile}/.netrc`, isHome: false }
          ])
    ]
    for (const place of places) {
      if (yield* Effect.orElseSucceed(files.exists(place.path), () => false)) return place
    }
    return undefined
  })
