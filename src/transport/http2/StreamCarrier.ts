/**
 * One stream of an HTTP/2 connection, which carries one exchange.
 *
 * Its end is told apart from being cut off: `node:http2` ends a stream that was reset with NO_ERROR or CANCEL as it ends
 * one that is complete. A stream is complete when its readable side was ended before it was closed.
 */
import { constants, type ClientHttp2Stream, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from "node:http2"
import { Readable } from "node:stream"
import type * as HttpxError from "../../HttpxError.js"
import { fieldOf } from "../../protocol/Fields.js"
import type { ConnectionInfo, ConnectTimings } from "../../response/ConnectionInfo.js"
import { initOf } from "../../response/ResponseInit.js"
import * as failures from "../failures.js"
import type { Carrier, WireExchange } from "../WireExchange.js"
import { cancel, enhanceYourCalm } from "./errorCodes.js"
import type { Quiet, Quietable } from "./Quiet.js"

/** What a stream tells its connection. */
export interface StreamOwner {
  readonly info: ConnectionInfo
  readonly quiet: Quiet
  /** The largest field section that is accepted, in bytes. */
  readonly headerListSize: number
  /** Something came or went. */
  readonly onActivity: () => void
  /** It carries nothing any more. `cut` says that not all of its request was sent. */
  readonly onFinished: (stream: StreamCarrier, cut: boolean) => void
  /** It was closed before its answer was complete. */
  readonly onBroken: (stream: StreamCarrier, code: number, cause: Error | undefined) => void
  readonly onTimeout: (stream: StreamCarrier, limit: number) => void
}

// As for HTTP/1.1: a server that is slow can be told from one that takes nothing.
const piece = 256 * 1024

// RFC 9113 §5.1.1
const firstStreamId = 1

const noFields: ReadonlyArray<string> = []

type Head = IncomingHttpHeaders & IncomingHttpStatusHeader

// Streams that have ended are garbage that survives for long (`node:http2` keeps them in tables that refer to each other),
// and what they refer to survives with them. So a stream knows its carrier by one property, which is cleared, and not by a
// closure for each listener.
const carried: unique symbol = Symbol("carrier")

type CarriedStream = ClientHttp2Stream & { [carried]?: StreamCarrier | undefined }

export class StreamCarrier implements Carrier, Quietable {
  quietLimit = Infinity
  activeAt = 0
  /** Whether anything of the answer has come, be it a 1xx. */
  started = false
  /** Whether the whole request has been given to the session. */
  sent = false
  private exchange: WireExchange | undefined
  /** Whether the peer has said that the answer is complete. */
  private complete = false
  private paused = false
  /**
   * Whether bytes go to the exchange as they come, and not by way of the stream's buffer and its events. Else the stream
   * keeps them; then its window is not opened any further, but the windows of its siblings are.
   */
  private flowing = false
  private upgraded = false
  private fields = noFields
  private trailers = noFields
  private cause: Error | undefined = undefined
  private drained: (() => void) | undefined = undefined
  private released: (() => void) | undefined = undefined

  constructor(
    private readonly owner: StreamOwner,
    exchange: WireExchange,
    private readonly stream: CarriedStream,
    /** Whether its connection had served, or been kept, before. */
    readonly wasKept: boolean
  ) {
    this.exchange = exchange
    stream[carried] = this
    stream.push = listeners.push
    stream.on("error", listeners.error)
    stream.on("headers", listeners.headers)
    stream.on("response", listeners.response)
    stream.on("close", listeners.close)
  }

  get info(): ConnectionInfo {
    return this.owner.info
  }

  get opening(): ConnectTimings | undefined {
    return this.wasKept || this.id !== firstStreamId ? undefined : this.info.timings
  }

  /** The number of the stream, if it got one. */
  get id(): number | undefined {
    return this.stream.id
  }

  /** Begins to carry the exchange, whose head is on its way. */
  begin(exchange: WireExchange, hasBody: boolean): void {
    exchange.carriedBy(this)
    if (this.exchange === undefined) return
    const { body, method } = exchange.request
    this.sent = !hasBody && method !== "CONNECT"
    if (!hasBody) return this.watchRead()
    this.stream.on("drain", () => this.onDrain())
    if (body._tag === "Bytes") sendBytes(exchange, body.bytes)
  }

  // ── from the exchange

  write(bytes: Uint8Array, room: () => void): void {
    const { stream } = this
    if (this.exchange === undefined || stream.closed || stream.writableEnded) return
    if (bytes.length === 0) return room()
    if (bytes.length > piece) {
      return this.write(bytes.subarray(0, piece), () => this.write(bytes.subarray(piece), room))
    }
    if (stream.write(bytes)) return room()
    this.drained = room
    // Only now is it the server that is waited for, and not the caller's stream.
    if (!this.upgraded) this.owner.quiet.watch(this, this.exchange.limits.write)
  }

  finishRequest(): void {
    if (this.exchange === undefined || this.stream.writableEnded) return
    this.sent = true
    this.stream.end()
    if (!this.paused) this.watchRead()
  }

  pause(): void {
    this.paused = true
    this.flowing = false
    this.owner.quiet.rest(this)
  }

  resume(): void {
    this.paused = false
    if (this.sent || this.exchange?.isBodyWanted === false) this.watchRead()
    // Not at once: the reader that made room is still running, and may make more.
    queueMicrotask(() => this.flow())
  }

  cancel(released: () => void): void {
    this.letGo()
    if (this.stream.destroyed) released()
    else {
      this.released = released
      // What has to leave before it may not leave soon.
      setImmediate(() => this.release())
    }
    this.reset()
  }

  // ── from the connection

  /** The exchange, which is carried no longer. */
  letGo(): WireExchange | undefined {
    const { exchange } = this
    this.exchange = undefined
    this.drained = undefined
    this.owner.quiet.rest(this)
    return exchange
  }

  /** Closes the stream, of which nothing is wanted any more. */
  reset(): void {
    const cut = this.stream.writableLength > 0
    this.stream.close(cancel)
    this.owner.onFinished(this, cut)
  }

  /** Gives what has arrived to the exchange, if that is all; for a stream whose connection is lost. */
  deliver(): boolean {
    if (!this.complete || !this.started) return false
    for (let bytes = this.stream.read(); bytes !== null; bytes = this.stream.read()) this.exchange?.onData(bytes)
    this.letGo()?.onEnd(this.trailers)
    return true
  }

  /** What an error says that ends the exchange while its answer is waited for or read. */
  details(exchange: WireExchange, what: string, cause?: unknown): HttpxError.Details {
    return exchange.answered
      ? exchange.details("read", "answered", what, cause)
      : exchange.details("wait", this.started ? "answered" : "unknown", what, cause)
  }

  /** The Content-Length of the answer, if it has one. */
  get announced(): string | undefined {
    return fieldOf(this.fields, "content-length")
  }

  onQuiet(limit: number): void {
    this.owner.onTimeout(this, limit)
  }

  // ── from the stream

  onError(cause: Error): void {
    this.cause = cause
  }

  /** Whatever comes now is not cut off. */
  onEndOfData(): void {
    if (!this.stream.closed) this.complete = true
  }

  onTrailers(fields: ReadonlyArray<string>): void {
    this.trailers = fields
  }

  onInformational(head: Head, raw: ReadonlyArray<string>): void {
    this.active()
    this.started = true
    this.exchange?.onInformational(initOf(head[":status"] ?? 0, "", "HTTP/2", withoutStatus(raw)))
  }

  onHead(head: Head, flags: number, raw: ReadonlyArray<string>): void {
    const { exchange } = this
    if (exchange === undefined) return
    this.active()
    // Nothing limits an answer that is on its way before the peer has heard of the limit.
    if (sizeOf(raw) > this.owner.headerListSize) {
      this.owner.onBroken(this, enhanceYourCalm, undefined)
      return void this.stream.close(enhanceYourCalm)
    }
    this.started = true
    const status = head[":status"] ?? 0
    this.fields = withoutStatus(raw)
    if (exchange.request.method === "CONNECT" && status >= 200 && status < 300) {
      if (!exchange.expectsUpgrade) return this.refuseUpgrade(exchange)
      this.upgraded = true
      this.owner.quiet.rest(this)
      exchange.onUpgraded(this)
    }
    exchange.onHead(initOf(status, "", "HTTP/2", this.fields), true)
    // A body that was held back until now is not sent any more, so all that is waited for is the answer.
    if (!this.sent && !exchange.isBodyWanted) this.watchRead()
    // RFC 9113 §8.1: a head that ends the stream is all there is.
    if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) return this.onEnd()
    this.stream.on("trailers", listeners.trailers)
    this.stream.on("end", listeners.end)
    // Not before there is a head: a body is nothing without it.
    this.flow()
  }

  /** Takes bytes of the body; false if the stream has to keep them. */
  onData(bytes: Uint8Array): boolean {
    if (!this.flowing) return false
    this.active()
    this.exchange?.onData(bytes)
    return true
  }

  onEnd(): void {
    // Else it was cut off, and is about to say why.
    if (!this.complete) return
    const exchange = this.letGo()
    if (exchange === undefined) return
    exchange.onEnd(this.trailers)
    // A tunnel ends when both sides have.
    if (this.upgraded && this.stream.writableLength === 0) this.sent = true
    if (this.upgraded && this.sent) this.stream.end()
    // RFC 9113 §8.1: the rest of a request is of no use to a server that has answered.
    if (!this.sent || this.stream.writableLength > 0) return this.reset()
    if (!this.upgraded) this.stream[carried] = undefined
    this.owner.onFinished(this, false)
  }

  onClose(): void {
    this.release()
    if (this.exchange !== undefined) this.owner.onBroken(this, this.stream.rstCode ?? cancel, this.cause)
  }

  private onDrain(): void {
    if (this.exchange === undefined) return
    this.owner.onActivity()
    if (this.sent) this.owner.quiet.touch(this)
    else this.owner.quiet.rest(this)
    const room = this.drained
    this.drained = undefined
    room?.()
  }

  /** Takes what the stream has kept, and then what comes. */
  private flow(): void {
    if (this.exchange === undefined || !this.started || this.paused || this.flowing) return
    this.flowing = true
    while (this.flowing) {
      // With nothing left, this lets the stream read on, or end.
      const bytes: unknown = this.stream.read()
      if (!(bytes instanceof Uint8Array)) return
      this.onData(bytes)
    }
  }

  private active(): void {
    this.owner.onActivity()
    this.owner.quiet.touch(this)
  }

  private watchRead(): void {
    if (!this.upgraded) this.owner.quiet.watch(this, this.exchange?.limits.read)
  }

  private refuseUpgrade(exchange: WireExchange): void {
    // RFC 9113 §8.5: what a CONNECT sends before there is a tunnel is its head alone.
    const error = failures.unexpectedUpgrade(exchange, { sent: true, started: true })
    this.letGo()
    this.reset()
    exchange.fail(error)
  }

  private release(): void {
    const { released } = this
    this.released = undefined
    released?.()
  }
}

/** What a stream tells is told to what carries an exchange on it, while there is that. */
const listeners = {
  push(this: CarriedStream, chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk === null) this[carried]?.onEndOfData()
    else if (chunk instanceof Uint8Array && this[carried]?.onData(chunk) === true) return true
    return Readable.prototype.push.call(this, chunk, encoding)
  },
  error(this: CarriedStream, cause: Error): void {
    this[carried]?.onError(cause)
  },
  headers(this: CarriedStream, head: Head, _: number, raw: ReadonlyArray<string>): void {
    this[carried]?.onInformational(head, raw)
  },
  response(this: CarriedStream, head: Head, flags: number, raw: ReadonlyArray<string>): void {
    this[carried]?.onHead(head, flags, raw)
  },
  trailers(this: CarriedStream, _: IncomingHttpHeaders, __: number, fields: ReadonlyArray<string>): void {
    this[carried]?.onTrailers(fields)
  },
  end(this: CarriedStream): void {
    this[carried]?.onEnd()
  },
  close(this: CarriedStream): void {
    const carrier = this[carried]
    this[carried] = undefined
    carrier?.onClose()
  }
}

/** RFC 9113 §8.3.2: there is one pseudo-header field, and it comes first. */
const withoutStatus = (raw: ReadonlyArray<string>): ReadonlyArray<string> => raw.slice(2)

// RFC 9113 §6.5.2: what a field counts besides its name and its value.
export const fieldOverhead = 32

const sizeOf = (raw: ReadonlyArray<string>): number => {
  let size = (raw.length / 2) * fieldOverhead
  for (const each of raw) size += each.length
  return size
}

/** Apart from the listeners of the stream, which would keep the bytes for as long as it is open. */
const sendBytes = (exchange: WireExchange, bytes: Uint8Array): void =>
  exchange.whenBodyWanted((carrier) => carrier.write(bytes, () => carrier.finishRequest()))
