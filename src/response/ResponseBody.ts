/**
 * The body of a response: read to its end, streamed once, or closed, and what state that leaves it in.
 *
 * A base class and not a member, so that a response stays one object.
 */
import type * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { collect, pullOf, sizeOf, streamOf } from "../content/bytes.js"
import { type Decoders, decodingPlan } from "../content/ContentEncoding.js"
import type { Call } from "../Exchange.js"
import type * as HttpxError from "../HttpxError.js"
import { type Reading, readingOf } from "../request/ReadingOptions.js"
import type { Request } from "../Request.js"
import { CapturedBody } from "./CapturedBody.js"
import { closed, consumed, notDecoded, tooLarge, tooManyCodings } from "./failures.js"
import type { ResponseInit } from "./ResponseInit.js"
import type { Source } from "./Source.js"

// What can still be held in memory as one piece.
const maxInMemory = 0x7fffffff
// Above these, decoding at once would hold up the event loop for longer than a task should take.
const decodeAtOnce = 100 * 1024
const decodedAtOnce = 1024 * 1024

const nothing = new Uint8Array(0)
const noFields: ReadonlyArray<string> = []

const identity = { _tag: "Identity" } as const

export abstract class ResponseBody {
  /** The request that this answers, as it was sent, without its body: an answer may live longer than that should. */
  readonly request: Request<unknown>
  protected state: "unread" | "reading" | "streamed" | "closed" = "unread"
  // Once the body is in memory, the response keeps that and no more: not what carried it, nor the run it was part of.
  protected content: Uint8Array | undefined = undefined
  protected endedAfter: number | undefined = undefined
  protected source: Source | undefined
  protected call: Call | undefined
  private received = 0
  private trailerFields: ReadonlyArray<string> = noFields

  constructor(
    request: Request<unknown>,
    protected readonly init: ResponseInit,
    source: Source,
    private readonly decoders: Decoders | undefined
  ) {
    this.request = request.sent
    this.call = request.call
    this.source = source
  }

  /** Milliseconds from the start of the call to the end of the body; while that is open, until now. */
  get elapsed(): number {
    return this.endedAfter ?? this.source?.endedAfter ?? this.call?.elapsed ?? 0
  }

  /** Whether nothing of the response is open any more: its body has arrived whole, failed, or was closed. */
  get isClosed(): boolean {
    return this.source === undefined || this.source.endedAfter !== undefined
  }

  /** How many bytes of the body have arrived, before decoding. */
  get numBytesDownloaded(): number {
    return this.source?.received ?? this.received
  }

  /** The whole body, decoded. */
  get read(): Effect.Effect<Uint8Array, HttpxError.ReadFailure> {
    return Effect.map(this.bytes, () => this.own)
  }

  /** The body, decoded, as it arrives; the connection waits while nobody pulls. Its finalizer closes the response. */
  get stream(): Stream.Stream<Uint8Array, HttpxError.ReadFailure> {
    return Stream.suspend(() => this.openStream(true))
  }

  /** The body as it is on the wire, content codings and all. */
  get raw(): Stream.Stream<Uint8Array, HttpxError.ReadFailure> {
    return Stream.suspend(() => this.openStream(false))
  }

  /**
   * Ends the response: a body that has not arrived whole is aborted. A short rest of it is read for at most 100 ms first, so
   * that the connection can be kept. Idempotent; what is in memory can still be read.
   */
  get close(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.source === undefined) return Effect.void
      if (this.state !== "streamed") this.state = "closed"
      return this.source.abort
    })
  }

  /** Waits until nothing of the response is open any more. */
  get awaitClosed(): Effect.Effect<void> {
    return Effect.async<void>((resume) => this.onOver(() => resume(Effect.void)))
  }

  /** @internal Calls back when nothing of the response is open any more; at once if that is so already. */
  onOver(watcher: () => void): void {
    if (this.source === undefined) watcher()
    else this.source.onOver(watcher)
  }

  /** @internal Why the body will not come whole, unless whoever received it has closed it. */
  get loss(): Cause.Cause<unknown> | undefined {
    return this.source?.loss
  }

  /** @internal Reads what needs no waiting and next to no decoding; whether the body is read then. */
  readNow(): boolean {
    const whole = this.source?.whole
    if (whole === undefined || this.state !== "unread" || whole.length > this.reading.maxBodySize) return false
    const decoded = this.decodeNow(whole, this.most)
    // What is wrong is found again by whoever reads, and told then.
    if (decoded === undefined || "_tag" in decoded) return false
    this.keep(decoded)
    return true
  }

  /** @internal The whole body, in memory that it may share with other small ones, unless it is larger than that. */
  upTo(most: number): Effect.Effect<Uint8Array, HttpxError.ReadFailure> {
    const { content } = this
    if (content !== undefined && content.length <= most) return Effect.succeed(content)
    return Effect.suspend(() => this.readAll(Math.min(most, maxInMemory)))
  }

  /** How the body is read, as the call or its client wants it. */
  protected get reading(): Reading {
    return readingOf(this.request.settings.reading)
  }

  protected get bytes(): Effect.Effect<Uint8Array, HttpxError.ReadFailure> {
    return this.content === undefined ? Effect.suspend(() => this.readAll(this.most)) : Effect.succeed(this.content)
  }

  /** The fields after the body, flat. */
  protected get trailerSection(): ReadonlyArray<string> {
    return this.source?.trailers ?? this.trailerFields
  }

  /**
   * What there is of the body after that many bytes or that long, decoded. Nothing is taken: it is read as if nobody had
   * looked.
   */
  protected capture(bytes: number, within: Duration.DurationInput): Effect.Effect<CapturedBody> {
    const { content, source } = this
    if (content !== undefined || source === undefined) return Effect.succeed(this.captured(content ?? nothing, bytes))
    if (this.state === "streamed" || this.state === "closed" || source.upgraded !== undefined) {
      return Effect.succeed(this.captured(nothing, bytes, true))
    }
    const waited =
      source.whole === undefined ? Effect.timeoutOption(source.arrived(bytes), within) : Effect.succeed(undefined)
    return Effect.flatMap(waited, () => this.captureArrived(source.ahead, source.whole === undefined, bytes))
  }

  private captureArrived(
    pieces: ReadonlyArray<Uint8Array>,
    isPart: boolean,
    bytes: number
  ): Effect.Effect<CapturedBody> {
    const { plan } = this
    const all = pullOf(pieces)
    if (plan._tag === "TooMany") return Effect.succeed(this.captured(nothing, bytes, true))
    if (plan._tag === "Identity" || this.decoders === undefined) {
      return Effect.map(collect(all, bytes), (begun) => this.captured(begun, bytes, isPart || sizeOf(pieces) > bytes))
    }
    const decoding = this.decoders.decodePull(plan.codings, all, Number.MAX_SAFE_INTEGER)
    const begun: Array<Uint8Array> = []
    const pull = Effect.tap(decoding.pull, (more) => Effect.sync(() => begun.push(...more)))
    return collect(pull, bytes + 1).pipe(
      Effect.map((decoded) => this.captured(decoded, bytes, isPart)),
      // Of a part, the end is missing.
      Effect.catchAll(() => Effect.map(collect(pullOf(begun)), (decoded) => this.captured(decoded, bytes, true))),
      Effect.ensuring(Effect.sync(decoding.close))
    )
  }

  private captured(bytes: Uint8Array, most: number, isPart = false): CapturedBody {
    const truncated = isPart || bytes.length > most
    return new CapturedBody(bytes.subarray(0, most), truncated, this.init.contentType, this.reading.defaultEncoding)
  }

  /** The most bytes that are taken into memory. */
  private get most(): number {
    return Math.min(this.reading.maxBodySize, maxInMemory)
  }

  /** The whole body in memory of its own: what is given away shows nothing of others through its `buffer`. */
  private get own(): Uint8Array {
    const content = this.content ?? nothing
    if (content.byteLength === content.buffer.byteLength) return content
    return (this.content = new Uint8Array(content))
  }

  private readAll(most: number): Effect.Effect<Uint8Array, HttpxError.ReadFailure> {
    const { content, source } = this
    if (content !== undefined || source === undefined) {
      const bytes = content ?? nothing
      return bytes.length > most ? tooLarge(this, most) : Effect.succeed(bytes)
    }
    if (this.state === "streamed") return consumed(this)
    if (this.state === "closed") return closed(this)
    this.state = "reading"
    const { whole } = source
    if (whole !== undefined) return whole.length > most ? tooLarge(this, most) : this.decodeWhole(whole, most)
    return Effect.flatMap(source.collect(most), (bytes) =>
      bytes === undefined ? Effect.zipRight(source.abort, tooLarge(this, most)) : this.decodeWhole(bytes, most)
    )
  }

  private decodeWhole(bytes: Uint8Array, most: number): Effect.Effect<Uint8Array, HttpxError.ReadFailure> {
    const { plan } = this
    if (plan._tag === "TooMany") return tooManyCodings(this, plan.count)
    const decoded = this.decodeNow(bytes, most)
    if (decoded !== undefined) {
      return "_tag" in decoded ? notDecoded(this, decoded, most) : Effect.succeed(this.keep(decoded))
    }
    if (plan._tag === "Identity" || this.decoders === undefined) return Effect.succeed(this.keep(bytes))
    const decoding = this.decoders.decodePull(plan.codings, pullOf([bytes]), most)
    return collect(decoding.pull).pipe(
      Effect.catchAll((failure) => notDecoded(this, failure, most)),
      Effect.map((decoded) => this.keep(decoded)),
      Effect.ensuring(Effect.sync(decoding.close))
    )
  }

  /** Decodes what is small; `undefined` if that takes too long, or there is too much of what should not be decoded. */
  private decodeNow(bytes: Uint8Array, most: number) {
    const { plan } = this
    if (plan._tag === "Identity" || this.decoders === undefined) return bytes
    if (plan._tag === "TooMany" || bytes.length > decodeAtOnce) return undefined
    const decoded = this.decoders.decodeAll(plan.codings, bytes, Math.min(most, decodedAtOnce))
    if ("_tag" in decoded) return decoded.exceeds && most > decodedAtOnce ? undefined : decoded
    // An engine gives a small body as a part of a large buffer, which would stay as long as the response does.
    return decoded.byteLength === decoded.buffer.byteLength ? decoded : new Uint8Array(decoded)
  }

  /** The whole body is known; what carried it is let go. */
  private keep(content: Uint8Array): Uint8Array {
    this.content = content
    if (this.source !== undefined) {
      this.received = this.source.received
      this.endedAfter = this.source.endedAfter
      this.trailerFields = this.source.trailers
      this.source = undefined
      this.call = undefined
    }
    return content
  }

  private openStream(decoded: boolean): Stream.Stream<Uint8Array, HttpxError.ReadFailure> {
    if (this.source === undefined || this.state === "reading") {
      return decoded ? nonEmpty(Stream.fromEffect(this.read)) : Stream.fromEffect(consumed(this))
    }
    if (this.state === "streamed") return Stream.fromEffect(consumed(this))
    if (this.state === "closed") return Stream.fromEffect(closed(this))
    this.state = "streamed"
    const plan = decoded ? this.plan : identity
    if (plan._tag === "Identity" || this.decoders === undefined) return streamOf(this.source.pull, this.close)
    if (plan._tag === "TooMany") return streamOf(tooManyCodings(this, plan.count), this.close)
    const most = Number.MAX_SAFE_INTEGER
    const decoding = this.decoders.decodePull(plan.codings, this.source.pull, most)
    const pull = Effect.catchTag(decoding.pull, "DecodingFailure", (failure) => notDecoded(this, failure, most))
    return streamOf(pull, Effect.andThen(this.close, Effect.sync(decoding.close)))
  }

  private get plan() {
    const header = this.init.contentEncoding
    if (header === undefined || this.decoders === undefined) return identity
    const { codings } = this.decoders
    return decodingPlan(header, { has: (coding) => codings.includes(coding) })
  }
}

const nonEmpty = <E>(stream: Stream.Stream<Uint8Array, E>): Stream.Stream<Uint8Array, E> =>
  Stream.filter(stream, (bytes) => bytes.length > 0)
