/**
 * One exchange on a wire: the one object that a request costs here, from its admission to the last byte of its answer.
 *
 * It stands between the fiber that waits and the connection that calls back. To the fiber it is the `Source` of the
 * response and the thing a call has `Open`; to the parser it is the sink; to the pool it is a link in an origin's queue.
 *
 * When it ends it lets go of everything: the connection, the fiber's resume function, the queue. An exchange that stays
 * linked keeps those that come after it on the same connection alive through every young collection, which was measured
 * to cost a fifth of the throughput.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { join } from "../content/bytes.js"
import type { Decoders, Pull } from "../content/ContentEncoding.js"
import type { Call } from "../Exchange.js"
import type { Fifo, Link } from "./Fifo.js"
import * as HttpxError from "../HttpxError.js"
import type { SerializedRequest } from "../protocol/http1/RequestSerializer.js"
import type { ResponseHead, ResponseSink } from "../protocol/http1/ResponseParser.js"
import type { Target } from "../protocol/target.js"
import type { Request } from "../Request.js"
import { Response, type Source } from "../Response.js"
import type { Attempt } from "./pool/Attempt.js"
import { startTimer } from "./Timer.js"

/** What carries an exchange: a connection that serves one at a time, or a stream of one that serves many. */
export interface Carrier {
  /** The address at the other end. */
  readonly remoteAddress: string | undefined
  /** Stops and restarts the flow of the answer's bytes. */
  readonly pause: () => void
  readonly resume: () => void
  /** Breaks the exchange off; calls back when what it held is released. */
  readonly cancel: (released: () => void) => void
  /** Sends a piece of a body that is a stream; calls back when there is room for more. */
  readonly write: (bytes: Uint8Array, room: () => void) => void
  /** The stream of the body is at its end. */
  readonly finishRequest: () => void
}

/** Who admits exchanges to carriers. */
export interface Admission {
  readonly submit: (exchange: WireExchange) => void
  /** Takes an exchange that has no carrier yet out of the queue; calls back when what it held is released. */
  readonly withdraw: (exchange: WireExchange, released: () => void) => void
}

// An unread body stops its connection after this many bytes; a reader gets all of them as one chunk.
const highWater = 256 * 1024

// Node keeps a pool for buffers of less than 4 KiB.
const smallPiece = 2048

const noPieces: ReadonlyArray<Uint8Array> = []

/** Tells the fiber how its request was answered. The error is `HttpxError`, or that of the request's own body stream. */
export type Outcome = (exit: Exit.Exit<Response, unknown>) => void

export class WireExchange implements ResponseSink, Source, Link<WireExchange> {
  // ── the queue of an origin, owned by the pool
  next: WireExchange | undefined = undefined
  previous: WireExchange | undefined = undefined
  queue: Fifo<WireExchange> | undefined = undefined
  /** Its place among all exchanges of the pool. */
  order = 0
  /** The connection attempt made for this exchange, while it is under way. */
  attempt: Attempt | undefined = undefined
  private retried = false

  // ── what has arrived
  received = 0
  endedAfter: number | undefined = undefined
  private pieces: Array<Uint8Array> = []
  private buffered = 0
  private ended = false
  private failure: Cause.Cause<unknown> | undefined = undefined
  private paused = false

  // ── who waits
  private outcome: Outcome | undefined = undefined
  private reader: (() => void) | undefined = undefined
  private collectors: Set<() => void> | undefined = undefined
  private stopDeadline: (() => void) | undefined = undefined
  private watchers: Array<() => void> | undefined = undefined
  private onCarried: ((carrier: Carrier) => void) | undefined = undefined

  private carrier: Carrier | undefined = undefined

  constructor(
    public request: Request<unknown>,
    readonly target: Target,
    readonly serialized: SerializedRequest,
    readonly call: Call,
    private readonly admission: Admission,
    private readonly decoders: Decoders | undefined
  ) {}

  // ── the fiber's side

  /** Submits the exchange and waits for the answer's head. */
  start(outcome: Outcome): void {
    this.outcome = outcome
    this.call.opened(this)
    const { timeout } = this.request
    if (timeout !== undefined) {
      const left = timeout - this.call.elapsed
      this.stopDeadline = startTimer(this.call.clock, Math.max(0, left), () => this.timeOut(timeout))
    }
    this.admission.submit(this)
  }

  get over(): boolean {
    return this.ended || this.failure !== undefined
  }

  get abort(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.over) return Effect.void
      return Effect.async<void>((resume) => {
        const what = "the response was closed before its body had arrived"
        const error = new HttpxError.StreamClosed(this.details("read", this.delivery, what))
        this.pieces = []
        this.breakOff(Cause.fail(error), () => resume(Exit.void))
      })
    })
  }

  get whole(): Uint8Array | undefined {
    if (!this.ended) return undefined
    if (this.pieces.length !== 1) this.pieces = [join(this.pieces, this.buffered)]
    return this.pieces[0]
  }

  get pull(): Pull<HttpxError.ReadFailure> {
    return Effect.suspend(() => {
      if (this.pieces.length > 0) return Effect.succeed(this.take())
      if (this.failure !== undefined) return readFailure(this.failure)
      if (this.ended) return Effect.succeed(noPieces)
      return Effect.flatMap(this.progress, () => this.pull)
    })
  }

  get collect(): Effect.Effect<Uint8Array, HttpxError.ReadFailure> {
    return Effect.suspend(() => {
      const { whole } = this
      if (whole !== undefined) return Effect.succeed(whole)
      if (this.failure !== undefined) return readFailure(this.failure)
      return Effect.zipRight(this.completion, this.collect)
    })
  }

  onOver(watcher: () => void): void {
    if (this.over) watcher()
    else (this.watchers ??= []).push(watcher)
  }

  // ── the carrier's side

  /** The exchange goes out on this carrier. */
  carriedBy(carrier: Carrier): void {
    this.carrier = carrier
    this.onCarried?.(carrier)
  }

  /** Calls back when a carrier has taken the head; at once if one has. */
  whenCarried(onCarried: (carrier: Carrier) => void): void {
    if (this.carrier === undefined) this.onCarried = onCarried
    else onCarried(this.carrier)
  }

  /** Whether the request may be sent a second time, when the first met a connection that had just been closed. */
  get canGoAgain(): boolean {
    return !this.retried && idempotentMethods.has(this.request.method) && this.request.body._tag !== "Stream"
  }

  /** Takes the exchange off its carrier, to be queued again. */
  recall(): void {
    this.retried = true
    this.carrier = undefined
  }

  /** Whether the answer's head has been given to the fiber. */
  get answered(): boolean {
    return this.outcome === undefined
  }

  /** What is being done for the exchange now. */
  get phase(): HttpxError.Phase {
    if (this.carrier === undefined) return this.attempt === undefined ? "queue" : "connect"
    return this.answered ? "read" : "wait"
  }

  get delivery(): HttpxError.Delivery {
    if (this.answered) return "answered"
    return this.carrier === undefined ? "unsent" : "unknown"
  }

  onInformational(): void {}

  onHead(head: ResponseHead): void {
    const { outcome } = this
    // 101 is no answer: its connection fails the exchange.
    if (outcome === undefined || head.status === 101) return
    this.outcome = undefined
    const response = new Response(this.request, head, this, this.decoders, this.carrier?.remoteAddress)
    this.request = response.request
    outcome(Exit.succeed(response))
  }

  onData(bytes: Uint8Array): void {
    if (this.over) return
    // The connection reads into the same memory again.
    this.pieces.push(copyOf(bytes))
    this.buffered += bytes.length
    this.received += bytes.length
    if (this.buffered > highWater && this.collectors === undefined && !this.call.buffered && !this.paused) {
      this.paused = true
      this.carrier?.pause()
    }
    this.wakeReader()
  }

  onEnd(): void {
    if (this.over) return
    this.ended = true
    this.settle()
    this.wakeAll()
  }

  /** Ends the exchange with an error; the carrier looks after itself. */
  fail(error: HttpxError.HttpxError): void {
    this.failCause(Cause.fail(error))
  }

  /** Ends the exchange, and what carries it or keeps a place for it; calls back when that is released. */
  breakOff(cause: Cause.Cause<unknown>, released: () => void = () => {}): void {
    if (this.over) return released()
    const { carrier } = this
    this.failCause(cause)
    if (carrier === undefined) this.admission.withdraw(this, released)
    else carrier.cancel(released)
  }

  /** What an error of this exchange says. */
  details(phase: HttpxError.Phase, delivery: HttpxError.Delivery, what: string, cause?: unknown): HttpxError.Details {
    const request = this.request.summary
    const message = `${request.method} ${request.url}: ${what}`
    return { request, phase, delivery, elapsed: this.call.elapsed, message, cause }
  }

  // ── inside

  private timeOut(limit: number): void {
    const details = this.details(this.phase, this.delivery, `the call took longer than its timeout of ${limit} ms`)
    this.breakOff(Cause.fail(new HttpxError.TotalTimeout({ ...details, limit })))
  }

  private failCause(cause: Cause.Cause<unknown>): void {
    if (this.over) return
    const { outcome } = this
    this.failure = cause
    this.settle()
    outcome?.(Exit.failCause(cause))
    this.wakeAll()
  }

  /** Lets go of all that would keep this exchange, or through it others, alive. */
  private settle(): void {
    this.endedAfter = this.call.elapsed
    this.call.ended(this)
    this.stopDeadline?.()
    this.stopDeadline = undefined
    this.onCarried = undefined
    this.outcome = undefined
    this.carrier = undefined
    const { watchers } = this
    this.watchers = undefined
    if (watchers !== undefined) for (const watcher of watchers) watcher()
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
    this.carrier?.resume()
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

  /** Waits for the end or a failure, with any number of others. While anyone does, nothing stops the flow. */
  private get completion(): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      const collector = () => resume(Exit.void)
      const collectors = (this.collectors ??= new Set())
      collectors.add(collector)
      this.flow()
      return Effect.sync(() => {
        collectors.delete(collector)
        if (collectors.size === 0) this.collectors = undefined
      })
    })
  }

  private wakeReader(): void {
    const { reader } = this
    this.reader = undefined
    reader?.()
  }

  private wakeAll(): void {
    this.wakeReader()
    const { collectors } = this
    if (collectors === undefined) return
    this.collectors = undefined
    for (const collector of collectors) collector()
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

// RFC 9110 §9.2.2
const idempotentMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"])
