/**
 * From a host to the addresses that may be connected to. Whoever connects to these, and to nothing that is looked up
 * again, cannot be led around the guard by a name that changes.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as dns from "node:dns"
import { isIP } from "node:net"
import type { ConnectProblem } from "./ConnectProblem.js"
import type { Phases } from "./Phases.js"
import { codeOf, messageOf } from "./reasons.js"

export interface ResolveOptions {
  /** Addresses by host, lower case, or by `host:port`, which goes first. Default: none. */
  readonly resolve?: Readonly<Record<string, string | ReadonlyArray<string>>> | undefined
  /** Looks up what `resolve` does not have. Default: the operating system. */
  readonly lookup?: ((hostname: string) => Effect.Effect<ReadonlyArray<string>, unknown>) | undefined
  /** Whether an address may be connected to. Default: all. */
  readonly allowAddress?: ((address: string, hostname: string) => boolean) | undefined
}

/** Whose address is wanted. */
interface Host {
  readonly hostname: string
  readonly port: number
}

/** The addresses of a host that the guard lets pass: at least one. */
export const resolveGuarded = (
  host: Host,
  options: ResolveOptions,
  phases: Phases
): Effect.Effect<ReadonlyArray<string>, ConnectProblem> =>
  Effect.flatMap(resolve(host, `the host ${host.hostname}`, options, phases), (addresses) =>
    guarded(addresses, host.hostname, options)
  )

/** The addresses of a host, which is called so in messages: at least one. */
export const resolve = (
  host: Host,
  name: string,
  options: ResolveOptions,
  phases: Phases
): Effect.Effect<ReadonlyArray<string>, ConnectProblem> =>
  Effect.suspend(() => {
    if (isIP(host.hostname) !== 0) return Effect.succeed([host.hostname])
    phases.begin("dns")
    return Effect.flatMap(addressesOf(host, name, options), (addresses) => checked(addresses, name))
  })

/** For a target that a proxy connects to: of a name only the proxy knows the address. */
export const guardLiteral = (hostname: string, options: ResolveOptions): Effect.Effect<void, ConnectProblem> =>
  isIP(hostname) === 0 ? Effect.void : Effect.asVoid(guarded([hostname], hostname, options))

const addressesOf = (
  { hostname, port }: Host,
  name: string,
  { lookup, resolve: overrides = {} }: ResolveOptions
): Effect.Effect<unknown, ConnectProblem> => {
  for (const key of [`${hostname}:${port}`, hostname]) {
    if (!Object.hasOwn(overrides, key)) continue
    const given = overrides[key]
    return Effect.succeed(typeof given === "string" ? [given] : given)
  }
  if (lookup === undefined) return systemLookup(hostname, name)
  return Effect.suspend(() => lookup(hostname)).pipe(
    Effect.catchAllCause((cause) => {
      const failure = Cause.squash(cause)
      return problem(`${name} could not be looked up: ${messageOf(failure)}`, failure)
    })
  )
}

/** The operating system's lookup cannot be called off: what it says after an interruption is not heard. */
const systemLookup = (hostname: string, name: string): Effect.Effect<ReadonlyArray<string>, ConnectProblem> =>
  Effect.async<ReadonlyArray<string>, ConnectProblem>((resume) => {
    dns.lookup(hostname, { all: true, verbatim: true }, (cause, found) => {
      if (cause === null) resume(Effect.succeed(found.map(({ address }) => address)))
      else resume(problem(`${name} has no address (${codeOf(cause)})`, cause))
    })
  }).pipe(Effect.catchAllDefect((cause) => problem(`${name} could not be looked up: ${messageOf(cause)}`, cause)))

const checked = (addresses: unknown, name: string): Effect.Effect<ReadonlyArray<string>, ConnectProblem> => {
  if (!Array.isArray(addresses)) return problem(`the lookup of ${name} gave no list of addresses`, undefined)
  const list: ReadonlyArray<unknown> = addresses
  const found = list.filter(isAddress)
  if (found.length < list.length) {
    return problem(`the lookup of ${name} gave something that is no IP address`, undefined)
  }
  return found.length === 0 ? problem(`${name} has no address (ENOTFOUND)`, undefined) : Effect.succeed(found)
}

const isAddress = (address: unknown): address is string => typeof address === "string" && isIP(address) !== 0

const guarded = (
  addresses: ReadonlyArray<string>,
  hostname: string,
  { allowAddress }: ResolveOptions
): Effect.Effect<ReadonlyArray<string>, ConnectProblem> => {
  if (allowAddress === undefined) return Effect.succeed(addresses)
  return Effect.suspend(() => {
    const allowed = addresses.filter((address) => allowAddress(address, hostname))
    return allowed.length === 0 ? refused(addresses, hostname, undefined) : Effect.succeed(allowed)
  }).pipe(
    // A guard that breaks down lets nothing pass.
    Effect.catchAllDefect((cause) => refused(addresses, hostname, cause))
  )
}

const refused = (
  addresses: ReadonlyArray<string>,
  hostname: string,
  cause: unknown
): Effect.Effect<never, ConnectProblem> => {
  const [address = ""] = addresses
  const message =
    address === hostname
      ? `the address ${address} is not allowed`
      : `the host ${hostname} has no address that is allowed (${addresses.join(", ")})`
  return Effect.fail({ _tag: "Refused", phase: "dns", message, cause, address })
}

const problem = (message: string, cause: unknown): Effect.Effect<never, ConnectProblem> =>
  Effect.fail({ _tag: "Dns", phase: "dns", message, cause })
