/** A server that answers when the test says so, in process or behind a socket, and clients of it. */
import { HttpClient } from "@effect/platform"
import { Deferred, Effect, Fiber, FiberId, FiberStatus } from "effect"
import { Client } from "effect-httpx"
import { Transport } from "effect-httpx/node"
import { InProcess } from "effect-httpx/testing"
import { listen } from "./routes.js"

class Exchange {
  readonly arrived = Deferred.unsafeMake<void>(FiberId.none)
  readonly reply = Deferred.unsafeMake<InProcess.Reply, unknown>(FiberId.none)
  readonly left = Deferred.unsafeMake<void>(FiberId.none)
}

/** Each path is one exchange; `/now/…` is answered at once. */
export class GatedServer {
  /** The paths that are being served, in the order of arrival. */
  readonly serving = new Set<string>()
  /** All paths in the order of arrival. */
  readonly seen: Array<string> = []
  /** The most that were served at one moment. */
  peak = 0
  private readonly exchanges = new Map<string, Exchange>()

  readonly handler: InProcess.Handler = ({ path }) => {
    const { arrived, left, reply } = this.at(path)
    const arrive = Effect.sync(() => {
      this.seen.push(path)
      this.serving.add(path)
      this.peak = Math.max(this.peak, this.serving.size)
      Deferred.unsafeDone(arrived, Effect.void)
    })
    const answer = path.startsWith("/now/") ? Effect.succeed({ body: path }) : Deferred.await(reply)
    const leave = Effect.sync(() => {
      this.serving.delete(path)
      Deferred.unsafeDone(left, Effect.void)
    })
    return Effect.acquireUseRelease(
      arrive,
      () => answer,
      () => leave
    )
  }

  arrived(path: string): Effect.Effect<void> {
    return Deferred.await(this.at(path).arrived)
  }

  /** Waits until the server is done with the request: it has answered, or the client has left. */
  left(path: string): Effect.Effect<void> {
    return Deferred.await(this.at(path).left)
  }

  /** Answers, once the request has arrived, with the path as the body or as told. */
  answer(path: string, reply: InProcess.Reply = { body: path }): Effect.Effect<void> {
    return this.reply(path, Effect.succeed(reply))
  }

  /** Breaks the exchange off, once the request has arrived. */
  breakOff(path: string): Effect.Effect<void> {
    return this.reply(path, Effect.fail("broken off by the server"))
  }

  /** Breaks off what has arrived, before any other fiber goes on. */
  breakOffNow(path: string): void {
    Deferred.unsafeDone(this.at(path).reply, Effect.fail("broken off by the server"))
  }

  private reply(path: string, reply: Effect.Effect<InProcess.Reply, unknown>): Effect.Effect<void> {
    return this.arrived(path).pipe(
      Effect.zipRight(Deferred.complete(this.at(path).reply, reply)),
      Effect.zipRight(this.left(path))
    )
  }

  private at(path: string): Exchange {
    const known = this.exchanges.get(path)
    if (known !== undefined) return known
    const made = new Exchange()
    this.exchanges.set(path, made)
    return made
  }
}

/** A client of a server function, without a socket. */
export const clientOf = (handler: InProcess.Handler): Effect.Effect<Client.Client> =>
  Effect.provideService(Client.make({ baseUrl: "http://server.test" }), HttpClient.HttpClient, InProcess.make(handler))

/** A gated server in process, and a client of it. */
export const gated = Effect.suspend(() => {
  const server = new GatedServer()
  return Effect.map(clientOf(server.handler), (client) => ({ server, client }))
})

/** A gated server on a socket, and a client of it with its transport. */
export const gatedOnSocket = (options?: Transport.TransportOptions) =>
  Effect.gen(function* () {
    const server = new GatedServer()
    const url = yield* listen(server.handler)
    const transport = yield* Transport.make(options)
    const client = yield* Effect.provideService(
      Client.make({ baseUrl: url }),
      HttpClient.HttpClient,
      transport.httpClient
    )
    return { server, client, url, transport }
  })

/** Starts an effect in a fiber, and waits until that waits for something. */
export const started = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.tap(Effect.fork(effect), (fiber) => untilWaiting(fiber))

/** Waits until a fiber waits for something, or is done. */
export const untilWaiting = <A, E>(fiber: Fiber.RuntimeFiber<A, E>): Effect.Effect<void> =>
  Effect.asVoid(Effect.repeat(fiber.status, { until: (status) => !FiberStatus.isRunning(status) }))

/** What a response or an error of a block was the end of: the body, or the tag of the error. */
export const told = <R>(
  effect: Effect.Effect<
    { readonly text: Effect.Effect<string, { readonly _tag: string }> },
    { readonly _tag: string },
    R
  >
): Effect.Effect<string, never, R> =>
  effect.pipe(
    Effect.flatMap((response) => response.text),
    Effect.catchAll((error) => Effect.succeed(error._tag))
  )
