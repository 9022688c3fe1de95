/**
 * One HTTP/2 connection: a session of `node:http2` over a socket that is open, and the streams that it carries.
 *
 * What becomes of a stream is decided here and nowhere else. When the connection is lost, each of its streams is given
 * to the pool again or fails, before `node:http2` tells them; what that tells them later reaches nobody.
 */
import * as http2 from "node:http2"
import type { Socket } from "node:net"
import * as HttpxError from "../../HttpxError.js"
import type { ConnectionInfo } from "../../response/ConnectionInfo.js"
import type { Connected } from "../connect/Dialing.js"
import { lateProblem } from "../connect/secure.js"
import * as failures from "../failures.js"
import type { Connection, ConnectionOwner } from "../pool/Connection.js"
import type { Origin } from "../pool/Origin.js"
import type { WireExchange } from "../WireExchange.js"
import { noError, refusedStream } from "./errorCodes.js"
import { broke, type Failure, refused, wasReset, wentAway } from "./failures.js"
import { Liveness, type LivenessOptions, type LivenessOwner } from "./Liveness.js"
import { Quiet } from "./Quiet.js"
import { requestHead } from "./requestHead.js"
import { fieldOverhead, StreamCarrier, type StreamOwner } from "./StreamCarrier.js"

/** Durations in milliseconds. */
export interface Http2Options extends LivenessOptions {
  /** Streams at once; the peer may allow fewer. */
  readonly streamsPerConnection: number
  /** The largest field section that is accepted, in bytes, as RFC 9113 §6.5.2 counts them. */
  readonly headerListSize: number
}

// What an unread stream can hold back, and what may be on its way for all streams together.
const streamWindow = 2 * 1024 * 1024
const connectionWindow = 16 * 1024 * 1024

// RFC 9113 §5.1.1
const lastStreamId = 2 ** 31 - 1

const withBody = { endStream: false }
const withoutBody = { endStream: true }
// Of these, `node:http2` knows by itself that there is no body; to check an option costs it 5 µs.
const asUsual = {}
const bodyless: ReadonlySet<string> = new Set(["GET", "HEAD"])

export class Http2Connection implements Connection, StreamOwner, LivenessOwner {
  readonly protocol = "h2"
  readonly info: ConnectionInfo
  readonly quiet: Quiet
  isListed = false
  isDoubtful = false
  idleSince = -1

  /** Those that carry an exchange, in the order in which they began. */
  private readonly streams = new Set<StreamCarrier>()
  private readonly socket: Socket
  private readonly session: http2.ClientHttp2Session | undefined
  private readonly liveness: Liveness | undefined
  /** How many streams the peer takes at once, once it has said so. */
  private most: number | undefined = undefined
  /** The largest head that it takes, in bytes. */
  private largestHead = maxHead
  /** How many streams have ended. */
  private served = 0
  private draining = false
  private clogged = false
  /** Failed, though its streams may not know yet. */
  private dead = false
  private gone = false
  private lastCause: Error | undefined = undefined

  constructor(
    { info, reader, socket }: Connected,
    readonly origin: Origin,
    private readonly owner: ConnectionOwner,
    private readonly options: Http2Options
  ) {
    this.info = info
    this.socket = socket
    this.quiet = new Quiet(owner.clock, this.streams)
    socket.on("error", (cause) => (this.lastCause = cause))
    socket.on("end", () => this.onPeerEnded())
    socket.on("close", () => this.onLost())
    reader.handOver(socket)
    // It may have broken between its opening and now; who is sent by it is told so.
    this.session = socket.destroyed ? undefined : this.begin(socket)
    this.liveness = this.session && new Liveness(this.session, socket, options, this)
  }

  get clock(): ConnectionOwner["clock"] {
    return this.owner.clock
  }

  get isUsable(): boolean {
    return !this.dead && !this.socket.destroyed && this.session !== undefined && !this.session.destroyed
  }

  get isSettling(): boolean {
    return this.most === undefined && !this.dead
  }

  get headerListSize(): number {
    return this.options.headerListSize
  }

  get isClogged(): boolean {
    return this.clogged
  }

  get active(): number {
    return this.streams.size
  }

  get room(): number {
    if (this.dead || this.draining || this.liveness?.isDoubted === true) return 0
    // Before the peer has said how many it takes, one is safe to be taken.
    return Math.max(0, Math.min(this.options.streamsPerConnection, this.most ?? 1) - this.streams.size)
  }

  send(exchange: WireExchange): void {
    const { session } = this
    if (session === undefined || !this.isUsable || session.closed) return this.sendNothing(exchange)
    const { body, method } = exchange.request
    const hasBody = body._tag === "Stream" || (body._tag === "Bytes" && body.bytes.length > 0)
    // RFC 9113 §10.5.1: a peer may answer a larger one by the end of the connection, for all that it serves.
    if (sizeOfHead(exchange) > this.largestHead) {
      return this.unsendable(exchange, `the server takes no head of more than ${this.largestHead} bytes`)
    }
    let stream: http2.ClientHttp2Stream
    try {
      stream = session.request(requestHead(exchange), optionsFor(method, hasBody))
    } catch (cause) {
      return this.unsendable(exchange, cause instanceof Error ? cause.message : String(cause), cause)
    }
    const carrier = new StreamCarrier(this, exchange, stream, this.served > 0 || this.idleSince >= 0)
    this.streams.add(carrier)
    this.liveness?.expect()
    if (stream.id === lastStreamId) this.drain()
    carrier.begin(exchange, hasBody)
  }

  destroy(released?: () => void): void {
    if (this.socket.closed) released?.()
    else if (released !== undefined) this.socket.once("close", released)
    for (const stream of this.streams) stream.letGo()
    this.streams.clear()
    this.leave()
  }

  shutDown(error: (exchange: WireExchange) => HttpxError.HttpxError, released: () => void): void {
    const exchanges = [...this.streams].map((stream) => stream.letGo())
    this.destroy(released)
    for (const exchange of exchanges) exchange?.fail(error(exchange))
  }

  // ── from streams

  onActivity(): void {
    this.liveness?.sign()
  }

  onFinished(stream: StreamCarrier, cut: boolean): void {
    this.clogged ||= cut
    if (!this.streams.delete(stream)) return
    this.served++
    if (this.streams.size === 0) {
      this.liveness?.rest()
      // A connection that takes nothing any more, or nothing at all, has no use.
      if (this.draining || this.most === 0 || this.session?.closed === true) return this.destroy()
    }
    if (!this.dead) this.owner.onRoom(this)
  }

  onBroken(stream: StreamCarrier, code: number, cause: Error | undefined): void {
    // It is not about this stream.
    if (this.session?.destroyed === true || this.socket.destroyed) return this.onSessionLost(cause)
    const exchange = stream.letGo()
    if (exchange !== undefined) {
      if (code === refusedStream && !stream.started) this.unprocessed(exchange)
      else exchange.fail(wasReset(stream, exchange, code, this.headerListSize))
    }
    this.onFinished(stream, false)
  }

  onTimeout(stream: StreamCarrier, limit: number): void {
    const exchange = stream.letGo()
    if (exchange === undefined) return
    this.liveness?.doubt()
    this.owner.onFull(this)
    stream.reset()
    exchange.fail(failures.inactive(exchange, stream, limit))
  }

  // ── from the session

  onAlive(): void {
    if (!this.dead && !this.draining) this.owner.onRoom(this)
  }

  onDead(): void {
    const what = `the peer does not answer pings: no answer within ${this.options.pingTimeout} ms`
    this.lose((stream, exchange) => new HttpxError.ReadError(stream.details(exchange, what)))
  }

  onEnded(): void {
    this.lose(broke("a frame that is malformed, or that may not come here"))
  }

  private begin(socket: Socket): http2.ClientHttp2Session {
    const { headerListSize } = this.options
    const session = http2.connect(this.origin.destination.target.origin, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: streamWindow, maxHeaderListSize: headerListSize },
      maxHeaderListPairs: Math.max(1, Math.floor(headerListSize / fieldOverhead)),
      maxSendHeaderBlockLength: maxHead,
      maxSessionMemory
    })
    session.setLocalWindowSize(connectionWindow)
    session.on("remoteSettings", (settings) => this.onSettings(settings))
    session.on("localSettings", () => this.onActivity())
    session.on("goaway", (code, lastId, data: Uint8Array | undefined) => this.onGoaway(code, lastId, data))
    session.on("error", (cause) => this.onSessionLost(cause))
    session.on("close", () => this.onLost())
    // RFC 9113 §8.4: what was pushed before our SETTINGS came.
    session.on("stream", (pushed) => pushed.on("error", ignore).close(refusedStream))
    return session
  }

  private onSettings({ maxConcurrentStreams = Infinity, maxHeaderListSize = Infinity }: http2.Settings): void {
    if (this.dead) return
    this.most = maxConcurrentStreams
    this.largestHead = Math.min(maxHead, maxHeaderListSize)
    this.liveness?.sign()
    if (this.room > 0) this.owner.onRoom(this)
    else if (this.streams.size === 0) this.destroy()
    else this.owner.onFull(this)
  }

  /** RFC 9113 §6.8: streams above the last one were not looked at; the others go on, unless it says why they do not. */
  private onGoaway(code: number, lastId: number, data: Uint8Array | undefined): void {
    if (this.dead) return
    // The last one first, as they stand before all others when they wait again.
    for (const stream of [...this.streams].reverse()) {
      if (stream.started || (stream.id ?? Infinity) <= lastId) continue
      this.streams.delete(stream)
      const exchange = stream.letGo()
      if (exchange !== undefined) this.unprocessed(exchange)
    }
    if (code === noError) return this.drain()
    this.lose(wentAway(code, data))
  }

  /** It takes no more streams, and ends with the last one that it has. */
  private drain(): void {
    if (this.streams.size === 0) return this.destroy()
    if (this.draining) return
    this.draining = true
    this.owner.onFull(this)
  }

  private onSessionLost(cause: Error | undefined): void {
    if (cause !== undefined && "code" in cause && cause.code === "ERR_HTTP2_ERROR")
      this.lose(broke(cause.message, cause))
    else this.onLost(cause)
  }

  /** While a write is under way, nghttp2 does not look at what it has read: that comes in the turns after this. */
  private onPeerEnded(): void {
    if (this.dead) return
    this.drain()
    let turns = 0
    const turn = () => {
      if (this.dead) return
      if (this.streams.size === 0 || ++turns > mostTurns) this.onLost()
      else setImmediate(turn)
    }
    turn()
  }

  /** The peer has closed, or the socket has. */
  private onLost(cause = this.lastCause): void {
    if (this.dead) return
    this.lose(
      (stream, exchange) => this.lost(stream, exchange, cause),
      (stream, exchange) => !stream.started && this.owner.onStale(this, exchange, stream.wasKept)
    )
  }

  // ── inside

  /** Ends the connection: its exchanges are given back to the pool, or fail. */
  private lose(
    failure: Failure,
    isTakenBack: (stream: StreamCarrier, exchange: WireExchange) => boolean = never
  ): void {
    if (this.dead) return
    this.dead = true
    const failed: Array<() => void> = []
    // The last one first, as they stand before all others when they wait again.
    for (const stream of [...this.streams].reverse()) {
      if (stream.deliver()) continue
      const exchange = stream.letGo()
      if (exchange === undefined || isTakenBack(stream, exchange)) continue
      failed.push(() => exchange.fail(failure(stream, exchange)))
    }
    // Not sooner: the pool closes connections that serve nothing when others prove to be stale.
    this.streams.clear()
    this.leave()
    for (const fail of failed.reverse()) fail()
  }

  private leave(): void {
    if (this.gone) return
    this.gone = true
    this.dead = true
    this.quiet.clear()
    this.liveness?.clear()
    this.session?.destroy()
    // A peer that takes nothing would keep the socket open for ever; but GOAWAY leaves in this turn of the event loop.
    if (this.session === undefined) this.socket.destroy()
    else setImmediate(() => this.socket.destroy())
    this.owner.onGone(this)
  }

  /** The connection was lost before anything of the request went out. */
  private sendNothing(exchange: WireExchange): void {
    if (!this.owner.onUnprocessed(this, exchange)) {
      const details = exchange.details("wait", "unsent", "the connection was lost before the request was sent")
      exchange.fail(new HttpxError.ReadError({ ...details, cause: this.lastCause }))
    }
    this.leave()
  }

  private unsendable(exchange: WireExchange, why: string, cause?: unknown): void {
    const what = `HTTP/2 cannot carry the request: ${why}`
    // Not at once: the pool is about to count the connection as one that serves something.
    queueMicrotask(() => {
      if (!this.dead) this.owner.onRoom(this)
      exchange.fail(new HttpxError.LocalProtocolError(exchange.details("prepare", "unsent", what, cause)))
    })
  }

  private unprocessed(exchange: WireExchange): void {
    if (!this.owner.onUnprocessed(this, exchange)) exchange.fail(refused(exchange))
  }

  private lost(stream: StreamCarrier, exchange: WireExchange, cause: Error | undefined): HttpxError.HttpxError {
    // A session that never spoke: the handshake may have failed after its end.
    const late = cause !== undefined && this.most === undefined
    const problem = late ? lateProblem(cause, this.origin.destination.target) : undefined
    if (problem !== undefined) {
      const details = exchange.details(problem.phase, "unsent", problem.message, cause)
      return new HttpxError.TlsError({ ...details, code: problem.code })
    }
    return failures.lost(exchange, stream, undefined, cause)
  }
}

const optionsFor = (method: string, hasBody: boolean): http2.ClientSessionRequestOptions => {
  if (hasBody || method === "CONNECT") return withBody
  return bodyless.has(method) ? asUsual : withoutBody
}

// Of the event loop, that a peer's last frames may take.
const mostTurns = 10

// One that is larger would end the whole session.
const maxHead = 1024 * 1024

/** At least what RFC 9113 §6.5.2 counts. */
const sizeOfHead = ({ request, serialized }: WireExchange): number =>
  serialized.head.length + (request.headers.size + pseudoFields) * fieldOverhead

const pseudoFields = 4

// Megabytes. The default, 10, would refuse streams while others have much to send.
const maxSessionMemory = 1_000

const ignore = (): void => undefined

const never = (): boolean => false
