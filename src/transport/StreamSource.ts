/**
 * A body that is a `Stream`: pulled inside a scope that ends with it.
 */
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { collect } from "../content/bytes.js"
import type { Pull } from "../content/ContentEncoding.js"
import type { Call } from "../Exchange.js"
import * as HttpxError from "../HttpxError.js"
import type { Request } from "../Request.js"
import type { Source } from "../Response.js"

/** `undefined` is the end, where a stream says it by failing. */
type Ended = HttpxError.ReadFailure | undefined

type ChunkPull = Effect.Effect<Chunk.Chunk<Uint8Array>, Option.Option<Ended>>

export class StreamSource implements Source {
  readonly whole = undefined
  received = 0
  endedAfter: number | undefined = undefined
  private body: Stream.Stream<Uint8Array, Ended> | undefined = undefined
  private pulling: ChunkPull | undefined = undefined
  private collected: Deferred.Deferred<Uint8Array, HttpxError.ReadFailure> | undefined = undefined
  private closed = false
  private readonly watchers: Array<() => void> = []

  constructor(
    private readonly request: Request<unknown>,
    private readonly call: Call,
    private readonly scope: Scope.CloseableScope
  ) {}

  /** The head has come, with this body; `lost` says what an error of the stream means. */
  begin<E>(body: Stream.Stream<Uint8Array, E>, lost: (error: E, details: HttpxError.Details) => Ended): void {
    const what = "the connection was lost before the body had arrived whole"
    this.body = Stream.mapError(body, (error) => lost(error, this.details(what, error)))
  }

  get abort(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.closed = this.endedAfter === undefined
      return this.end
    })
  }

  get pull(): Pull<HttpxError.ReadFailure> {
    return Effect.suspend(() => {
      if (this.closed)
        return Effect.fail(
          new HttpxError.StreamClosed(this.details("the response was closed before its body had arrived"))
        )
      if (this.endedAfter !== undefined) return Effect.succeed([])
      return this.inTime(this.pullOnce)
    })
  }

  /** Collected by a fiber of its own, so that a reader who is interrupted takes nothing with it. */
  get collect(): Effect.Effect<Uint8Array, HttpxError.ReadFailure> {
    return Effect.gen(this, function* () {
      if (this.collected === undefined) {
        this.collected = yield* Deferred.make<Uint8Array, HttpxError.ReadFailure>()
        yield* Effect.forkIn(Effect.intoDeferred(collect(this.pull), this.collected), this.scope)
      }
      return yield* Deferred.await(this.collected)
    })
  }

  onOver(watcher: () => void): void {
    if (this.endedAfter !== undefined) watcher()
    else this.watchers.push(watcher)
  }

  /** Bounds an effect by what is left of the call's timeout. */
  readonly inTime = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | HttpxError.TotalTimeout> => {
    const { timeout } = this.request
    if (timeout === undefined) return effect
    return Effect.timeoutFail(effect, {
      duration: Math.max(0, timeout - this.call.elapsed),
      onTimeout: () => {
        const what = `the call took longer than its timeout of ${timeout} ms`
        return new HttpxError.TotalTimeout({ ...this.details(what), limit: timeout })
      }
    })
  }

  private get pullOnce(): Pull<HttpxError.ReadFailure> {
    return Effect.flatMap(this.opened, (pull) =>
      Effect.matchEffect(pull, {
        onSuccess: (chunk) => {
          const pieces = Chunk.toReadonlyArray(chunk).filter((piece) => piece.length > 0)
          for (const piece of pieces) this.received += piece.length
          return pieces.length === 0 ? this.pull : Effect.succeed(pieces)
        },
        onFailure: (end) => {
          const failure = Option.getOrUndefined(end)
          return Effect.zipRight(this.end, failure === undefined ? Effect.succeed([]) : Effect.fail(failure))
        }
      })
    )
  }

  private get opened(): Effect.Effect<ChunkPull> {
    return Effect.suspend(() => {
      if (this.pulling !== undefined) return Effect.succeed(this.pulling)
      return Effect.tap(Scope.extend(Stream.toPull(this.body ?? Stream.empty), this.scope), (pull) =>
        Effect.sync(() => {
          this.pulling = pull
        })
      )
    })
  }

  private get end(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.endedAfter !== undefined) return Effect.void
      this.endedAfter = this.call.elapsed
      this.call.ended(this)
      for (const watcher of this.watchers.splice(0)) watcher()
      // In a fiber of its own: the one that collects belongs to the scope, and would wait for itself.
      return Effect.asVoid(Effect.forkDaemon(Scope.close(this.scope, Exit.void)))
    })
  }

  /** The error of an exchange whose other side broke down. */
  lost(cause: unknown): HttpxError.ReadError {
    return new HttpxError.ReadError(this.details("the server broke the exchange off", cause))
  }

  private details(what: string, cause?: unknown): HttpxError.Details {
    const request = this.request.summary
    const answered = this.body !== undefined
    return {
      request,
      phase: answered ? "read" : "wait",
      delivery: answered ? "answered" : "unknown",
      elapsed: this.call.elapsed,
      message: `${request.method} ${request.url}: ${what}`,
      cause
    }
  }
}
