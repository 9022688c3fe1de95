/**
 * What has arrived of an answer's body, and who waits for more: the `Source` side of an exchange.
 *
 * A base class and not a member, so that an exchange stays one object.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { join } from "../content/bytes.js"
import type { Pull } from "../content/ContentEncoding.js"
import type * as HttpxError from "../HttpxError.js"

// An unread body stops its connection after this many bytes; a reader gets all of them as one chunk.
const highWater = 256 * 1024

// Node keeps a pool for buffers of less than 4 KiB.
const smallPiece = 2048

const noPieces: ReadonlyArray<Uint8Array> = []
const noFields: ReadonlyArray<string> = []

export abstract class Arrival {
  received = 0
  endedAfter: number | undefined = undefined
  /** Flat, as the fields of a head. */
  trailers: ReadonlyArray<string> = noFields
  /** Why there will be no more bytes, unless they have all come. */
  protected failure: (() => Cause.Cause<unknown>) | undefined = undefined
  private pieces: Array<Uint8Array> = []
  private buffered = 0
  private ended = false
  private paused = false
  private reader: (() => void) | undefined = undefined
  private collectors: Set<() => void> | undefined = undefined
  /** At how many bytes one of those wants to be woken. */
  private awaited = Infinity
  private watchers: Array<() => void> | undefined = undefined

  /** Stops the carrier's flow. */
  protected abstract pauseFlow(): void
  protected abstract resumeFlow(): void
  /** Whether somebody reads the body to its end, so that nothing has to be stopped. */
  protected abstract get isReadWhole(): boolean

  get over(): boolean {
    return this.ended || this.failure !== undefined
  }

  get whole(): Uint8Array | undefined {
    if (!this.ended) return undefined
    if (this.pieces.length !== 1) this.pieces = [join(this.pieces, this.buffered)]
    return this.pieces[0]
  }

  get pull(): Pull<HttpxError.ReadFailure> {
    return Effect.suspend(() => {
      if (this.pieces.length > 0) return Effect.succeed(this.take())
      if (this.failure !== undefined) return readFailure(this.failure())
      if (this.ended) return Effect.succeed(noPieces)
      return Effect.flatMap(this.progress, () => this.pull)
    })
  }

  get ahead(): ReadonlyArray<Uint8Array> {
    return this.pieces
  }

  arrived(bytes: number): Effect.Effect<void> {
    return Effect.suspend(() =>
      this.over || this.received >= bytes ? Effect.void : Effect.zipRight(this.reaching(bytes), this.arrived(bytes))
    )
  }

  collect(most: number): Effect.Effect<Uint8Array | undefined, HttpxError.ReadFailure> {
    return Effect.suspend(() => {
      if (this.received > most) return Effect.succeed(undefined)
      const { whole } = this
      if (whole !== undefined) return Effect.succeed(whole)
      if (this.failure !== undefined) return readFailure(this.failure())
      return Effect.zipRight(this.reaching(most + 1), this.collect(most))
    })
  }

  onOver(watcher: () => void): void {
    if (this.over) watcher()
    else (this.watchers ??= []).push(watcher)
  }

  /** Bytes of the body; their memory may be used again as soon as this returns. */
  onData(bytes: Uint8Array): void {
    if (this.over) return
    this.pieces.push(copyOf(bytes))
    this.buffered += bytes.length
    this.received += bytes.length
    if (this.buffered > highWater && this.collectors === undefined && !this.isReadWhole && !this.paused) {
      this.paused = true
      this.pauseFlow()
    }
    this.wakeReader()
    if (this.received >= this.awaited) this.wakeCollectors()
  }

  protected arrivedWhole(): void {
    this.ended = true
  }

  /** Forgets what has arrived and was not read. */
  protected discard(): void {
    this.pieces = []
  }

  protected tellWatchers(): void {
    const { watchers } = this
    this.watchers = undefined
    if (watchers !== undefined) for (const watcher of watchers) watcher()
  }

  protected wakeAll(): void {
    this.wakeReader()
    this.wakeCollectors()
  }

  private take(): ReadonlyArray<Uint8Array> {
    const pieces = this.pieces.map(ownOf)
    this.pieces = []
    this.buffered = 0
    this.flow()
    return pieces
  }

  private flow(): void {
    if (!this.paused) return
    this.paused = false
    this.resumeFlow()
  }

  /**
   * Waits for anything new: bytes, the end or a failure. There is one reader at a time, so a slot is enough, and what an
   * interrupted reader leaves in it is harmless: a canceller, on every chunk, would not be.
   */
  private get progress(): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      this.reader = () => resume(Exit.void)
    })
  }

  /**
   * Waits for that many bytes, the end or a failure, with any number of others: who is woken too early waits again. While
   * anyone does, nothing stops the flow.
   */
  private reaching(bytes: number): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      const collector = () => resume(Exit.void)
      const collectors = (this.collectors ??= new Set())
      collectors.add(collector)
      this.awaited = Math.min(this.awaited, bytes)
      this.flow()
      return Effect.sync(() => {
        collectors.delete(collector)
        if (collectors.size === 0) this.collectors = undefined
      })
    })
  }

  private wakeCollectors(): void {
    const { collectors } = this
    if (collectors === undefined) return
    this.collectors = undefined
    this.awaited = Infinity
    for (const collector of collectors) collector()
  }

  private wakeReader(): void {
    const { reader } = this
    this.reader = undefined
    reader?.()
  }
}

/** What is small comes to lie beside others: memory of its own would cost 0.7 µs. */
const copyOf = (bytes: Uint8Array): Uint8Array =>
  bytes.length <= smallPiece ? Buffer.from(bytes) : new Uint8Array(bytes)

/** The same in memory of its own, for whoever may look beyond it. */
const ownOf = (bytes: Uint8Array): Uint8Array =>
  bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)

// What ends an exchange after its head is a failure to read: whoever breaks it off then gives it one.
const readFailure = (cause: Cause.Cause<unknown>): Effect.Effect<never, HttpxError.ReadFailure> =>
  Effect.failCause(cause as Cause.Cause<HttpxError.ReadFailure>)
