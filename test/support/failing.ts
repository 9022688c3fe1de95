/** Clients whose transport can be looked into, and failures as values to expect things of. */
import { HttpClient } from "@effect/platform"
import { expect } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import { Client, HttpxError } from "effect-httpx"
import { Transport } from "effect-httpx/node"
import { answering, ok, scripted } from "./scripted.js"

/** A client over a transport of its own. */
export const connected = (options?: Transport.TransportOptions, clientOptions?: Client.ClientOptions) =>
  Effect.gen(function* () {
    const { httpClient, stats } = yield* Transport.make(options)
    const client = yield* Client.make(clientOptions).pipe(Effect.provideService(HttpClient.HttpClient, httpClient))
    return { client, httpClient, stats }
  })

/** What an effect fails with; a success, a defect or an interruption is none. */
export const failureOf = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<E, never, R> =>
  Effect.map(Effect.exit(effect), (exit) => {
    if (Exit.isSuccess(exit)) throw new Error("this was to fail, and succeeded")
    if (!Cause.isFailType(exit.cause)) throw new Error(`this was to fail, but: ${Cause.pretty(exit.cause)}`)
    return exit.cause.error
  })

/** What all failures of the library have in common. */
interface Tagged {
  readonly _tag: string
  readonly message: string
}

/** The failure with this tag, whose message says which request failed, and why. */
export const failsWith = <A, E extends Tagged, R, const Tag extends E["_tag"]>(
  effect: Effect.Effect<A, E, R>,
  tag: Tag
): Effect.Effect<Extract<E, { readonly _tag: Tag }>, never, R> =>
  Effect.map(failureOf(effect), (error) => {
    expect(error._tag, error.message).toBe(tag)
    const failure = error as Extract<E, { readonly _tag: Tag }>
    if (HttpxError.isHttpxError(failure)) {
      const { method, url } = failure.request
      const which = `${method} ${url}: `
      expect(failure.message.slice(0, which.length)).toBe(which)
      expect(failure.message.length).toBeGreaterThan(which.length + 10)
    }
    return failure
  })

/** What a transport's `stats` say when nothing runs and `idle` connections are kept. */
export const atRest = (idle: number): Transport.PoolStats => ({
  queued: 0,
  connecting: 0,
  active: 0,
  idle,
  exchanges: 0
})

/** A client, and a server that nothing may reach. */
export const unreached = Effect.gen(function* () {
  const server = yield* scripted(answering(ok("")))
  const { client, stats } = yield* connected()

  /** The call fails with this tag, and the server has not even seen a connection. */
  const refused = <A, Tag extends HttpxError.InvalidRequest["_tag"]>(
    call: Effect.Effect<A, HttpxError.HttpxError>,
    tag: Tag
  ) =>
    Effect.gen(function* () {
      const error = yield* failsWith(call, tag)
      expect(error).toMatchObject({ phase: "prepare", delivery: "unsent" })
      expect(yield* stats).toEqual(atRest(0))
      expect(server.connections).toEqual([])
      return error
    })
  return { client, server, refused }
})

/** Looks again, between events of sockets, until it is so; gives up in the end. */
export const eventually = (isSo: () => boolean): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    const until = performance.now() + 2_000
    const look = () => {
      if (isSo()) resume(Effect.void)
      else if (performance.now() > until) resume(Effect.die(new Error("it never came to be so")))
      else setImmediate(look)
    }
    look()
  })
