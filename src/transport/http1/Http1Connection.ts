/**
 * One HTTP/1.1 connection: a socket, a parser, and the one exchange that it serves at a time.
 *
 * Bytes that arrive when no answer is due, before the request or after the answer, belong to nobody: the connection is
 * closed and they are given to no later request.
 */
import type { Socket } from "node:net"
import * as HttpxError from "../../HttpxError.js"
import { chunkHead, lastChunk } from "../../protocol/http1/RequestSerializer.js"
import { ResponseParser } from "../../protocol/http1/ResponseParser.js"
import { bufferStrings } from "./bufferStrings.js"
import { type Connected, lateProblem } from "../connect/Connector.js"
import type { ConnectionInfo } from "../../response/ConnectionInfo.js"
import type { Connection, ConnectionOwner } from "../pool/Connection.js"
import { Inactivity } from "../Inactivity.js"
import type { Origin } from "../pool/Origin.js"
import type { SocketReader } from "../connect/SocketReader.js"
import type { Carrier, WireExchange } from "../WireExchange.js"

// A body that is not larger goes out in one write with its head.
const smallBody = 16 * 1024

// A larger body goes out piece by piece, so that a server that is slow can be told from one that takes nothing. Of 50 MB,
// 1.4 GB/s are taken in pieces of this size as in one, 1.1 in pieces of 64 kB.
const piece = 256 * 1024

const crlf = Buffer.from("\r\n", "latin1")

export class Http1Connection implements Connection, Carrier {
  readonly protocol = "http/1.1"
  readonly isSettling = false
  readonly info: ConnectionInfo
  isListed = false
  idleSince = -1

  /** How many exchanges it has begun. */
  private served = 0
  /** Whether it has been without an exchange before the present one. */
  private wasKept = false

  private readonly parser = new ResponseParser(bufferStrings)
  private readonly inactivity: Inactivity
  private exchange: WireExchange | undefined = undefined
  /** Whether all of the present request has been handed to the socket. */
  private sent = true
  private chunked = false
  private paused = false
  private closeAfter = false
  private gone = false
  private lingers = false
  private drained: (() => void) | undefined = undefined
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
    reader.receiver = (bytes) => this.onBytes(bytes)
    socket.on("drain", () => this.onDrain())
    socket.on("end", () => this.onEnd())
    socket.on("error", (cause) => (this.lastCause = cause))
    socket.on("close", () => this.onEnd())
    const { destroy } = socket
    socket.destroy = (cause) => {
      // A write that fails destroys the socket, and with it an early answer that has arrived and has not been read.
      if (isWriteFailure(cause) && !this.sent && this.exchange !== undefined)
        this.linger(() => destroy.call(socket, cause))
      else destroy.call(socket, cause)
      return socket
    }
  }

  /** False from the moment at which the socket has failed, before it says that it is closed. */
  get isUsable(): boolean {
    return !this.gone && !this.socket.destroyed
  }

  get active(): number {
    return this.exchange === undefined ? 0 : 1
  }

  get room(): number {
    return this.exchange === undefined && !this.gone ? 1 : 0
  }

  /** Sends an exchange's request. A body that is a stream follows by `write` and `finishRequest`. */
  send(exchange: WireExchange): void {
    const { serialized: request } = exchange
    const { body, headers, method } = exchange.request
    this.wasKept = this.served++ > 0 || this.idleSince >= 0
    this.exchange = exchange
    this.chunked = request.chunked
    this.sent = !request.chunked && (body._tag === "Empty" || (body._tag === "Bytes" && body.bytes.length <= smallBody))
    this.closeAfter = headers.has("connection") && /\bclose\b/i.test(headers.get("connection") ?? "")
    this.parser.begin(exchange, method)
    exchange.carriedBy(this)
    if (this.sent) this.watchRead()
    if (body._tag !== "Bytes") {
      this.socket.write(request.head, "latin1")
    } else if (this.sent) {
      this.socket.write(oneBuffer(request.head, body.bytes))
    } else {
      this.socket.cork()
      this.socket.write(request.head, "latin1")
      this.write(body.bytes, () => this.finishRequest())
      this.socket.uncork()
    }
  }

  write(bytes: Uint8Array, room: () => void): void {
    if (this.gone) return
    // An empty chunk would be the last one.
    if (bytes.length === 0) return room()
    if (bytes.length > piece) {
      return this.write(bytes.subarray(0, piece), () => this.write(bytes.subarray(piece), room))
    }
    if (this.chunked) {
      this.socket.cork()
      this.socket.write(chunkHead(bytes.length), "latin1")
      this.socket.write(bytes)
      this.socket.write(crlf)
      process.nextTick(uncork, this.socket)
    } else this.socket.write(bytes)
    if (!this.socket.writableNeedDrain) return room()
    this.drained = room
    // Only now is it the server that is waited for, and not the caller's stream.
    this.inactivity.watch(this.exchange?.limits.write)
  }

  finishRequest(): void {
    if (this.gone) return
    if (this.chunked) this.socket.write(lastChunk, "latin1")
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
    this.exchange = undefined
    this.destroy(released)
  }

  /** Closes the connection; calls back when the socket is closed. */
  destroy(released?: () => void): void {
    if (this.socket.closed) released?.()
    else if (released !== undefined) this.socket.once("close", released)
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

  private watchRead(): void {
    this.inactivity.watch(this.exchange?.limits.read)
  }

  private onBytes(bytes: Uint8Array): void {
    const { exchange } = this
    if (exchange === undefined) return this.destroy()
    const used = this.parser.push(bytes)
    if (this.parser.done) return this.onAnswered(used < bytes.length)
    if (used < 0) return this.onViolation(exchange)
    if (this.parser.upgraded) return this.onUpgraded(exchange)
    this.inactivity.touch()
  }

  private onAnswered(excess: boolean): void {
    this.exchange = undefined
    const reusable = this.parser.keepAlive && this.sent && !excess && !this.closeAfter && !this.gone
    this.parser.release()
    if (!reusable) return this.destroy()
    this.inactivity.rest()
    // The bytes that stopped the flow can be the last ones.
    if (this.paused) this.resume()
    this.owner.onRoom(this)
  }

  private onViolation(exchange: WireExchange): void {
    const { code, message } = this.parser.violation!
    this.fail(
      new HttpxError.RemoteProtocolError({
        ...this.readDetails(exchange, `the server broke HTTP/1.1: ${message}`),
        code
      })
    )
  }

  private onUpgraded(exchange: WireExchange): void {
    const what = "the server switched to a protocol that was not asked for"
    this.fail(new HttpxError.RemoteProtocolError({ ...this.readDetails(exchange, what), code: "UNEXPECTED_UPGRADE" }))
  }

  private onInactive(limit: number): void {
    const { exchange } = this
    if (exchange === undefined) return
    // After the head of the answer, all that can fail is to read it.
    if (this.sent || exchange.answered) {
      const what = `nothing arrived for ${limit} ms`
      this.fail(new HttpxError.ReadTimeout({ ...this.readDetails(exchange, what), limit }))
    } else {
      const what = `the server took nothing of the request's body for ${limit} ms`
      this.fail(new HttpxError.WriteTimeout({ ...exchange.details("send", "unknown", what), limit }))
    }
  }

  /** The peer has closed, or the socket has. */
  private onEnd(): void {
    const { exchange } = this
    if (exchange !== undefined) {
      // A body that ends with its connection has not ended when that broke.
      if (this.lastCause === undefined && this.parser.finish()) this.exchange = undefined
      else if (!this.parser.started && this.owner.onStale(this, exchange, this.wasKept)) this.exchange = undefined
      else return this.fail(this.lost(exchange))
    }
    this.destroy()
  }

  private lost(exchange: WireExchange): HttpxError.HttpxError {
    const cause = this.lastCause
    const late = cause !== undefined && this.served === 1 && !this.parser.started
    const problem = late ? lateProblem(cause, this.origin.destination.target) : undefined
    if (problem !== undefined) {
      const details = exchange.details("connect", "unsent", problem.message, cause)
      return new HttpxError.TlsError({ ...details, code: problem.code })
    }
    const why = this.parser.violation?.message ?? "the connection was lost"
    const what = cause === undefined ? why : `${why} (${cause.message})`
    return this.sent || exchange.answered
      ? new HttpxError.ReadError(this.readDetails(exchange, what, cause))
      : new HttpxError.WriteError(
          exchange.details("send", "unknown", `the connection broke while the body was being sent: ${what}`, cause)
        )
  }

  private readDetails(exchange: WireExchange, what: string, cause?: unknown): HttpxError.Details {
    return exchange.answered
      ? exchange.details("read", "answered", what, cause)
      : exchange.details("wait", this.parser.started ? "answered" : "unknown", what, cause)
  }

  private fail(error: HttpxError.HttpxError): void {
    const { exchange } = this
    this.exchange = undefined
    this.destroy()
    exchange?.fail(error)
  }

  /** Reads what has arrived, until turns of the event loop bring nothing more. */
  private linger(end: () => void): void {
    if (this.lingers) return
    this.lingers = true
    let quiet = 0
    this.reader.receiver = (bytes) => {
      quiet = 0
      this.onBytes(bytes)
    }
    const turn = () => {
      if (this.gone) return
      if (++quiet > 2) end()
      else setImmediate(turn)
    }
    setImmediate(turn)
  }

  private onDrain(): void {
    if (this.sent) this.inactivity.touch()
    else this.inactivity.rest()
    const room = this.drained
    this.drained = undefined
    room?.()
  }

  private leave(): void {
    if (this.gone) return
    this.gone = true
    this.drained = undefined
    this.inactivity.clear()
    this.parser.release()
    this.owner.onGone(this)
  }
}

const isWriteFailure = (cause: Error | undefined): boolean =>
  cause !== undefined && "syscall" in cause && cause.syscall === "write"

const uncork = (socket: Socket): void => socket.uncork()

const oneBuffer = (head: string, body: Uint8Array): Buffer => {
  const whole = Buffer.allocUnsafe(head.length + body.length)
  whole.write(head, 0, "latin1")
  whole.set(body, head.length)
  return whole
}
