/**
 * One HTTP/1.1 connection: a socket, a parser, and the one exchange that it serves at a time.
 *
 * Bytes that arrive when no answer is due, before the request or after the answer, belong to nobody: the connection is
 * closed and they are given to no later request.
 */
import type { Socket } from "node:net"
import * as HttpxError from "../../HttpxError.js"
import { ResponseParser } from "../../protocol/http1/ResponseParser.js"
import type { ConnectionInfo, ConnectTimings } from "../../response/ConnectionInfo.js"
import type { Connected } from "../connect/Dialing.js"
import { lateProblem } from "../connect/secure.js"
import type { SocketReader } from "../connect/SocketReader.js"
import { Inactivity } from "../Inactivity.js"
import type { Connection, ConnectionOwner } from "../pool/Connection.js"
import type { Origin } from "../pool/Origin.js"
import type { Carrier, WireExchange } from "../WireExchange.js"
import { bufferStrings } from "./bufferStrings.js"
import { Drain, longestDrain, longestFlush, mostDrained } from "./Drain.js"
import * as failures from "../failures.js"
import { SocketWriter } from "./SocketWriter.js"
import { UpgradedSocket } from "./UpgradedSocket.js"
import { whenQuiet } from "./whenQuiet.js"

// A body that is not larger goes out in one write with its head.
const smallBody = 16 * 1024

export class Http1Connection implements Connection, Carrier {
  readonly protocol = "http/1.1"
  readonly isSettling = false
  readonly info: ConnectionInfo
  isListed = false
  isDoubtful = false
  idleSince = -1

  /** How many exchanges it has begun. */
  private served = 0
  /** Whether it has been without an exchange before the present one. */
  private wasKept = false

  private readonly parser = new ResponseParser(bufferStrings)
  private readonly inactivity: Inactivity
  private readonly writer: SocketWriter
  private exchange: WireExchange | undefined = undefined
  /** Whether all of the present request has been handed to the socket. */
  private sent = true
  private paused = false
  private closeAfter = false
  private gone = false
  private lingers = false
  private upgraded = false
  /** While what is left of an exchange that has ended is waited for. */
  private drain: Drain | undefined = undefined
  private lastCause: Error | undefined = undefined

  private readonly socket: Socket
  private readonly reader: SocketReader

  constructor(
    { info, reader, socket }: Connected,
    readonly origin: Origin,
    private readonly owner: ConnectionOwner
  ) {
    this.info = info
    this.socket = socket
    this.reader = reader
    this.inactivity = new Inactivity(owner.clock, (limit) => this.onInactive(limit))
    this.writer = new SocketWriter(socket, () => this.onBlocked())
    reader.receiver = (bytes) => this.onBytes(bytes)
    socket.on("drain", () => this.onDrain())
    socket.on("end", () => this.onEnd())
    socket.on("error", (cause) => (this.lastCause = cause))
    socket.on("close", () => this.onEnd())
    this.keepEarlyAnswer()
  }

  /** False from the moment at which the socket has failed, before it says that it is closed. */
  get isUsable(): boolean {
    return !this.gone && !this.socket.destroyed
  }

  get opening(): ConnectTimings | undefined {
    return this.wasKept ? undefined : this.info.timings
  }

  get active(): number {
    return this.exchange === undefined ? 0 : 1
  }

  get room(): number {
    return this.exchange === undefined && this.drain === undefined && !this.gone ? 1 : 0
  }

  // ── from the pool

  /** Sends an exchange's request. A body that is a stream follows by `write` and `finishRequest`. */
  send(exchange: WireExchange): void {
    const { serialized: request } = exchange
    const { body, headers, method } = exchange.request
    this.wasKept = this.served++ > 0 || this.idleSince >= 0
    this.exchange = exchange
    this.writer.chunked = request.chunked
    this.closeAfter = headers.hasConnection && /\bclose\b/i.test(headers.get("connection") ?? "")
    this.parser.begin(exchange, method)
    exchange.carriedBy(this)
    const isShort =
      body._tag === "Empty" || (body._tag === "Bytes" && body.bytes.length <= smallBody && exchange.isBodyWanted)
    this.sent = isShort && !request.chunked
    if (this.sent) this.watchRead()
    if (body._tag !== "Bytes") {
      this.socket.write(request.head, "latin1")
    } else if (this.sent) {
      this.socket.write(oneBuffer(request.head, body.bytes))
    } else {
      this.socket.cork()
      this.socket.write(request.head, "latin1")
      exchange.whenBodyWanted(() => this.write(body.bytes, () => this.finishRequest()))
      this.socket.uncork()
    }
  }

  /** Closes the connection; calls back when the socket is closed. */
  destroy(released?: () => void): void {
    if (released !== undefined) this.whenClosed(released)
    this.leave()
    this.socket.destroy()
  }

  /** Closes the connection because its transport closes. */
  shutDown(error: (exchange: WireExchange) => HttpxError.HttpxError, released: () => void): void {
    const { exchange } = this
    this.exchange = undefined
    this.destroy(released)
    exchange?.fail(error(exchange))
  }

  // ── from the exchange

  write(bytes: Uint8Array, room: () => void): void {
    this.writer.write(bytes, room)
  }

  finishRequest(): void {
    if (this.gone) return
    this.writer.finish()
    this.sent = true
    if (!this.paused) this.watchRead()
  }

  pause(): void {
    this.paused = true
    this.inactivity.rest()
    this.socket.pause()
  }

  resume(): void {
    this.paused = false
    if (this.exchange !== undefined && this.sent) this.watchRead()
    // Not at once: the reader that made room is still running, and may make more.
    queueMicrotask(() => {
      if (!this.paused) this.socket.resume()
    })
  }

  cancel(released: () => void): void {
    const { exchange } = this
    this.exchange = undefined
    if (exchange?.isUnwanted === true && this.isSoonFree) this.drainFor(released)
    else this.destroy(released)
  }

  // ── from the socket

  private onBytes(bytes: Uint8Array): void {
    const { drain, exchange } = this
    if (exchange === undefined && drain === undefined) return this.destroy()
    const used = this.parser.push(bytes)
    if (this.parser.done) this.onAnswered(used < bytes.length)
    else if (exchange === undefined) this.onDrained(used, bytes.length)
    else if (used < 0) this.onViolation(exchange)
    else if (this.parser.upgraded) this.onUpgraded(exchange, bytes.subarray(used))
    else if (this.sent || exchange.isBodyWanted) this.inactivity.touch()
    // A body that was held back until now is not sent any more, so all that is waited for is the answer.
    else if (exchange.answered) this.watchRead()
  }

  private onAnswered(excess: boolean): void {
    const { drain } = this
    this.exchange = undefined
    const reusable = this.parser.keepAlive && this.sent && !excess && !this.closeAfter && !this.gone
    this.parser.release()
    if (!reusable) return this.destroy()
    this.inactivity.rest()
    // The bytes that stopped the flow can be the last ones.
    if (this.paused) this.resume()
    drain?.stop()
    this.drain = undefined
    this.owner.onRoom(this)
    drain?.released()
  }

  /** Bytes of an answer that nobody wants, and that has not ended. */
  private onDrained(used: number, length: number): void {
    if (used < 0 || this.drain?.take(length) !== true) this.destroy()
  }

  private onViolation(exchange: WireExchange): void {
    const { violation } = this.parser
    if (violation !== undefined) this.fail(failures.violated(exchange, this.progress, violation))
  }

  private onUpgraded(exchange: WireExchange, bytes: Uint8Array): void {
    if (!exchange.expectsUpgrade || !this.sent) {
      return this.fail(failures.unexpectedUpgrade(exchange, this.progress))
    }
    this.upgraded = true
    this.parser.release()
    this.inactivity.clear()
    const socket = new UpgradedSocket(this, this.socket, this.writer, (released) => this.cancel(released))
    socket.begin(exchange, this.reader, bytes)
  }

  private onBlocked(): void {
    // Only now is it the server that is waited for, and not the caller's stream.
    if (!this.upgraded) this.inactivity.watch(this.exchange?.limits.write)
  }

  private onDrain(): void {
    if (this.sent) this.inactivity.touch()
    else this.inactivity.rest()
    this.writer.drained()
  }

  /** The peer has closed, or the socket has. */
  private onEnd(): void {
    const { exchange } = this
    if (exchange === undefined) {
      // What was sent last over an upgraded connection may still be on its way.
      if (this.drain === undefined || !this.upgraded || this.socket.closed) this.destroy()
    } else if (this.upgraded) this.onUpgradedEnd(exchange)
    // A body that ends with its connection has not ended when that broke.
    else if (this.lastCause === undefined && this.parser.finish()) this.endExchange()
    else if (!this.parser.started && this.owner.onStale(this, exchange, this.wasKept)) this.endExchange()
    else this.fail(this.lost(exchange))
  }

  private onUpgradedEnd(exchange: WireExchange): void {
    if (this.lastCause !== undefined || this.socket.closed) {
      return this.fail(failures.lost(exchange, this.progress, undefined, this.lastCause))
    }
    exchange.onEnd([])
    if (this.socket.writableLength === 0) return this.endExchange()
    this.exchange = undefined
    this.writer.stop()
    this.drain = new Drain(
      longestFlush,
      () => {},
      () => this.destroy()
    )
    this.socket.end()
  }

  private onInactive(limit: number): void {
    const { exchange } = this
    if (exchange !== undefined) this.fail(failures.inactive(exchange, this.progress, limit))
  }

  // ── inside

  private get progress(): failures.Progress {
    return { sent: this.sent, started: this.parser.started }
  }

  private watchRead(): void {
    this.inactivity.watch(this.exchange?.limits.read)
  }

  /** Whether so little of the answer is to come that reading it costs less than another connection. */
  private get isSoonFree(): boolean {
    return this.sent && !this.closeAfter && this.isUsable && this.parser.leastToCome <= mostDrained
  }

  private drainFor(released: () => void): void {
    this.inactivity.rest()
    this.drain = new Drain(longestDrain, released, () => this.destroy())
    if (this.paused) this.resume()
  }

  private lost(exchange: WireExchange): HttpxError.HttpxError {
    const cause = this.lastCause
    const late = cause !== undefined && this.served === 1 && !this.parser.started
    const problem = late ? lateProblem(cause, this.origin.destination.target) : undefined
    if (problem !== undefined) {
      const details = exchange.details(problem.phase, "unsent", problem.message, cause)
      return new HttpxError.TlsError({ ...details, code: problem.code })
    }
    this.parser.breakOff()
    return failures.lost(exchange, this.progress, this.parser.violation?.message, cause)
  }

  private endExchange(): void {
    this.exchange = undefined
    this.destroy()
  }

  private fail(error: HttpxError.HttpxError): void {
    const { exchange } = this
    this.endExchange()
    exchange?.fail(error)
  }

  /** A write that fails destroys the socket, and with it an early answer that has arrived and has not been read. */
  private keepEarlyAnswer(): void {
    const { reader, socket } = this
    const { destroy } = socket
    socket.destroy = (cause) => {
      if (!isWriteFailure(cause) || this.sent || this.exchange === undefined) destroy.call(socket, cause)
      else if (!this.lingers) {
        this.lingers = true
        whenQuiet(reader, () => destroy.call(socket, cause))
      }
      return socket
    }
  }

  private whenClosed(released: () => void): void {
    if (this.socket.closed) released()
    else this.socket.once("close", released)
  }

  private leave(): void {
    if (this.gone) return
    this.gone = true
    const { drain } = this
    if (drain !== undefined) {
      drain.stop()
      this.whenClosed(drain.released)
    }
    this.writer.stop()
    this.inactivity.clear()
    this.parser.release()
    this.owner.onGone(this)
  }
}

const isWriteFailure = (cause: Error | undefined): boolean =>
  cause !== undefined && "syscall" in cause && cause.syscall === "write"

const oneBuffer = (head: string, body: Uint8Array): Buffer => {
  const whole = Buffer.allocUnsafe(head.length + body.length)
  whole.write(head, 0, "latin1")
  whole.set(body, head.length)
  return whole
}
