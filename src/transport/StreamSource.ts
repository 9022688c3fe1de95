/**
 * A body that is a `Stream`: pulled inside a scope that ends with it.
 */
import * as Cause from "effect/Cause"
import type * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { join, sizeOf } from "../content/bytes.js"
import type { Pull } from "../content/ContentEncoding.js"
import type { Call } from "../Exchange.js"
import * as HttpxError from "../HttpxError.js"
import type { Request } from "../Request.js"
import type { Source } from "../Response.js"
import { limitsOf } from "../request/Timeouts.js"
import { startTimer } from "./Timer.js"

/** `undefined` is the end, where a stream says it by failing. */
type Ended = HttpxError.ReadFailure | undefined

type ChunkPull = Effect.Effect<Chunk.Chunk<Uint8Array>, Option.Option<Ended>>

export class StreamSource implements Source {
  readonly upgraded = undefined
  readonly trailers: ReadonlyArray<string> = []
  received = 0
  endedAfter: number | undefined = undefined
  private body: Stream.Stream<Uint8Array, Ended> | undefined = undefined
  private answered = false
  /** How many bytes the body has, where that is known. */
  private announced = 0
  private pulling: ChunkPull | undefined = undefined
  /** Why there will be no more bytes, unless they have all come. */
  private failure: HttpxError.ReadFailure | undefined = undefined
  private pieces: Array<Uint8Array> = []
  /** Who pulls at present. */
  private working: Fiber.RuntimeFiber<unknown, unknown> | undefined = undefined
  private stopDeadline: (() => void) | undefined = undefined
  private readonly watchers: Array<() => void> = []

  constructor(
    private request: Request<unknown>,
    private readonly call: Call,
    private readonly scope: Scope.CloseableScope
  ) {}

  /**
   * The head has come, with this body; `lost` says what an error of the stream means. A stream that ends before the
   * announced number of bytes was cut off, even if it does not know it.
   */
  begin<E>(
    body: Stream.Stream<Uint8Array, E>,
    lost: (error: E, details: HttpxError.Details) => Ended,
    announced = 0
  ): void {
    this.answered = true
    this.request = this.request.sent
    this.body = Stream.mapError(body, (error) => lost(error, this.details(cutOff, error)))
    this.announced = announced
    const timeout = this.limit
    if (timeout === undefined) return
    const left = Math.max(0, timeout - this.call.elapsed)
    this.stopDeadline = startTimer(this.call.clock, left, () => {
      Effect.runFork(this.end(this.timedOut(timeout)))
    })
  }

  get abort(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.pieces = []
      const what = "the response was closed before its body had arrived"
      return this.end(new HttpxError.StreamClosed(this.details(what)))
    })
  }

  get loss(): Cause.Cause<unknown> | undefined {
    const { failure } = this
    return failure === undefined || failure._tag === "StreamClosed" ? undefined : Cause.fail(failure)
  }

  get ahead(): ReadonlyArray<Uint8Array> {
    return this.pieces
  }

  get whole(): Uint8Array | undefined {
    if (this.endedAfter === undefined || this.failure !== undefined) return undefined
    if (this.pieces.length !== 1) this.pieces = [join(this.pieces, sizeOf(this.pieces))]
    return this.pieces[0]
  }

  get pull(): Pull<HttpxError.ReadFailure> {
    return Effect.suspend(() => {
      if (this.pieces.length > 0) return Effect.succeed(this.pieces.splice(0))
      if (this.failure !== undefined) return Effect.fail(this.failure)
      if (this.endedAfter !== undefined) return Effect.succeed([])
      return Effect.zipRight(this.advance(this.received + 1), this.pull)
    })
  }

  arrived(bytes: number): Effect.Effect<void> {
    return Effect.suspend(() =>
      this.endedAfter !== undefined || this.received >= bytes
        ? Effect.void
        : Effect.zipRight(this.advance(bytes), this.arrived(bytes))
    )
  }

  collect(most: number): Effect.Effect<Uint8Array | undefined, HttpxError.ReadFailure> {
    return Effect.suspend(() => {
      if (this.received > most) return Effect.succeed(undefined)
      if (this.failure !== undefined) return Effect.fail(this.failure)
      const { whole } = this
      if (whole !== undefined) return Effect.succeed(whole)
      return Effect.zipRight(this.advance(most + 1), this.collect(most))
    })
  }

  onOver(watcher: () => void): void {
    if (this.endedAfter !== undefined) watcher()
    else this.watchers.push(watcher)
  }

  /** Bounds the wait for the head by what is left of the call's timeout. */
  readonly inTime = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | HttpxError.TotalTimeout> => {
    const timeout = this.limit
    if (timeout === undefined) return effect
    return Effect.timeoutFail(effect, {
      duration: Math.max(0, timeout - this.call.elapsed),
      onTimeout: () => this.timedOut(timeout)
    })
  }

  /**
   * Pulls until that many bytes have arrived, or waits for who does so already. In a fiber of its own, so that whoever ends
   * the exchange ends the wait too, and whoever gives up waiting takes nothing with it. Not in the scope that ends with the
   * body, for the same reason.
   */
  private advance(bytes: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.working !== undefined) return Effect.asVoid(Fiber.await(this.working))
      const begun = Effect.map(Effect.forkDaemon(this.pulledBy(bytes)), (fiber) => (this.working = fiber))
      return Effect.flatMap(Effect.uninterruptible(begun), (fiber) => Effect.asVoid(Fiber.await(fiber)))
    })
  }

  private pulledBy(bytes: number): Effect.Effect<void> {
    const pulled = Effect.catchAllCause(Effect.interruptible(this.pullUntil(bytes)), (cause) => {
      // Nothing, if somebody has ended the exchange.
      this.over(this.lost(cause))
      return Scope.close(this.scope, Exit.void)
    })
    return Effect.map(pulled, () => {
      this.working = undefined
    })
  }

  private pullUntil(bytes: number): Effect.Effect<void> {
    return Effect.flatMap(this.opened, (pull) =>
      Effect.matchEffect(pull, {
        onSuccess: (chunk) => {
          for (const piece of chunk) {
            if (piece.length > 0) this.pieces.push(piece)
            this.received += piece.length
          }
          return this.received >= bytes ? Effect.void : this.pullUntil(bytes)
        },
        onFailure: (end) => {
          this.over(Option.getOrUndefined(end) ?? this.cutShort)
          return Scope.close(this.scope, Exit.void)
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

  /** Ends the exchange with a failure for all who wait, unless it has ended. Waits for the release. */
  private end(failure: HttpxError.ReadFailure): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.endedAfter !== undefined) return Effect.void
      this.over(failure)
      const { working } = this
      const closing = Scope.close(this.scope, Exit.void)
      return working === undefined ? closing : Effect.zipRight(Fiber.interrupt(working), closing)
    })
  }

  private over(failure: Ended): void {
    if (this.endedAfter !== undefined) return
    this.endedAfter = this.call.elapsed
    this.failure = failure
    this.stopDeadline?.()
    this.body = undefined
    this.pulling = undefined
    this.call.ended(this)
    for (const watcher of this.watchers.splice(0)) watcher()
  }

  /** Milliseconds for the whole call; the phases of a foreign exchange are not known. */
  private get limit(): number | undefined {
    return limitsOf(this.request.settings.timeouts).total
  }

  private get cutShort(): Ended {
    if (!(this.received < this.announced)) return undefined
    return new HttpxError.ReadError(this.details(`${cutOff}: ${this.received} bytes of ${this.announced}`))
  }

  private timedOut(timeout: number): HttpxError.TotalTimeout {
    const what = `the call took longer than its timeout of ${timeout} ms`
    return new HttpxError.TotalTimeout({ ...this.details(what), limit: timeout })
  }

  /** The error of an exchange whose other side broke down. */
  lost(cause: unknown): HttpxError.ReadError {
    return new HttpxError.ReadError(this.details("the server broke the exchange off", cause))
  }

  private details(what: string, cause?: unknown): HttpxError.Details {
    const request = this.request.summary
    const { answered } = this
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

const cutOff = "the connection was lost before the body had arrived whole"
