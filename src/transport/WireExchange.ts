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
import type { Decoders } from "../content/ContentEncoding.js"
import type { Call } from "../Exchange.js"
import * as HttpxError from "../HttpxError.js"
import type { SerializedRequest } from "../protocol/http1/RequestSerializer.js"
import type { ResponseSink } from "../protocol/http1/ResponseParser.js"
import type { Target } from "../protocol/target.js"
import type { Request } from "../Request.js"
import type { Limits } from "../request/Timeouts.js"
import { Response, type ResponseInit, type Source } from "../Response.js"
import { pairsOf } from "../response/ResponseInit.js"
import type { Upgraded } from "../response/Upgraded.js"
import { Arrival } from "./Arrival.js"
import type { Carrier } from "./Carrier.js"
import type { Route } from "./connect/Route.js"
import type { Fifo, Link } from "./Fifo.js"
import type { Attempt } from "./pool/Attempt.js"
import { startTimer } from "./Timer.js"
import { upgradedBy } from "./upgraded.js"

export type { Carrier } from "./Carrier.js"

/** Who admits exchanges to carriers. */
export interface Admission {
  readonly submit: (exchange: WireExchange) => void
  /** Takes an exchange that has no carrier yet out of the queue; calls back when what it held is released. */
  readonly withdraw: (exchange: WireExchange, released: () => void) => void
}

/** What all exchanges of a transport have in common. */
export interface Wiring {
  readonly admission: Admission
  readonly decoders: Decoders | undefined
  /** Milliseconds that a body waits for 100 Continue, where its request expects one. */
  readonly expectContinue: number
}

/** Tells the fiber how its request was answered. The error is `HttpxError`, or that of the request's own body stream. */
export type Outcome = (exit: Exit.Exit<Response, unknown>) => void

export class WireExchange extends Arrival implements ResponseSink, Source, Link<WireExchange> {
  // ── the queue of an origin, owned by the pool
  next: WireExchange | undefined = undefined
  previous: WireExchange | undefined = undefined
  queue: Fifo<WireExchange> | undefined = undefined
  /** Its place among all exchanges of the pool. */
  order = 0
  /** Since when it waits for a place, by the pool's clock. */
  queuedAt = 0
  /** The connection attempt that it waits for, while that is under way. */
  attempt: Attempt | undefined = undefined
  /** How often it was sent again because nothing of it had been processed. */
  resent = 0

  upgraded: Upgraded | undefined = undefined
  /** Whether the body may be sent: a carrier has taken the head, and nothing is waited for before the rest. */
  isBodyWanted = false
  /** Whether it has ended because nobody wants its answer. */
  isUnwanted = false
  private outcome: Outcome | undefined = undefined
  /** The answer, while its body is expected to be complete before long, and the fiber would only wait for that. */
  private held: Response | undefined = undefined
  private stopDeadline: (() => void) | undefined = undefined
  private stopWaiting: (() => void) | undefined = undefined
  private onBodyWanted: ((carrier: Carrier) => void) | undefined = undefined
  private carrier: Carrier | undefined = undefined
  /** Milliseconds from the start of the call until the carrier took it. */
  private carriedAfter = 0
  /** A head that ends HTTP on its connection, until that is handed over. */
  private switching: ResponseInit | undefined = undefined

  constructor(
    public request: Request<unknown>,
    readonly target: Target,
    readonly route: Route,
    readonly serialized: SerializedRequest,
    readonly limits: Limits,
    readonly call: Call,
    private readonly wiring: Wiring
  ) {
    super()
  }

  // ── the fiber's side

  /** Submits the exchange and waits for the answer's head. */
  start(outcome: Outcome): void {
    this.outcome = outcome
    this.call.opened(this)
    const { total } = this.limits
    if (total !== undefined) {
      const left = Math.max(0, total - this.call.elapsed)
      this.stopDeadline = startTimer(this.call.clock, left, () => this.timeOut(total))
    }
    this.wiring.admission.submit(this)
  }

  get abort(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.over) return Effect.void
      return Effect.async<void>((resume) => {
        const { delivery } = this
        const what = "the response was closed before its body had arrived"
        this.discard()
        this.isUnwanted = true
        // Whoever waited for the answer has been interrupted.
        this.outcome = undefined
        // An error costs more than all the rest, and hardly anybody looks at this one.
        const closed = () => Cause.fail(new HttpxError.StreamClosed(this.details("read", delivery, what)))
        this.end(closed, () => resume(Exit.void))
      })
    })
  }

  // ── the carrier's side

  /** The exchange goes out on this carrier. */
  carriedBy(carrier: Carrier): void {
    this.carrier = carrier
    this.carriedAfter = this.call.elapsed
    if (!this.expectsContinue) return this.wantBody(carrier)
    // RFC 9110 §10.1.1: a client does not wait for ever, because the server may not know the expectation.
    this.stopWaiting = startTimer(this.call.clock, this.wiring.expectContinue, () => this.wantBody(carrier))
  }

  /** Calls back each time that a carrier has taken the head and the body is to follow; at once if that is so. */
  whenBodyWanted(onBodyWanted: (carrier: Carrier) => void): void {
    this.onBodyWanted = onBodyWanted
    if (this.isBodyWanted && this.carrier !== undefined) onBodyWanted(this.carrier)
  }

  /** Whether the body waits for 100 Continue (RFC 9110 §10.1.1). */
  get expectsContinue(): boolean {
    const { body, headers } = this.request
    // There is nothing to hold back of a body without bytes.
    if (body._tag === "Empty" || (body._tag === "Bytes" && body.bytes.length === 0)) return false
    return headers.has("expect") && /^100-continue$/i.test(headers.get("expect") ?? "")
  }

  /** Whether the request asks for another protocol on its connection. */
  get asksForUpgrade(): boolean {
    const { headers, method } = this.request
    return method === "CONNECT" || headers.hasUpgrade
  }

  /** The same, and someone is there to speak it. */
  get expectsUpgrade(): boolean {
    return !this.call.buffered && this.asksForUpgrade
  }

  /** Whether sending the request a second time does what sending it once does (RFC 9110 §9.2.2), and can be done. */
  get canGoAgain(): boolean {
    return this.resent === 0 && idempotentMethods.has(this.request.method) && this.request.isRepeatable
  }

  /** Whether the request can be sent again, given that nobody has acted upon it. */
  get canBeReplayed(): boolean {
    return this.resent < maxReplays && (this.request.isRepeatable || !this.isBodyWanted)
  }

  /** Takes the exchange off its carrier, to be queued again. */
  recall(): void {
    this.resent++
    this.carrier = undefined
    this.isBodyWanted = false
    this.stopWaiting?.()
  }

  /** Whether the answer's head has been given to the fiber. */
  get answered(): boolean {
    return this.outcome === undefined || this.held !== undefined
  }

  /** What is being done for the exchange now. */
  get phase(): HttpxError.Phase {
    if (this.carrier === undefined) return this.attempt?.phase ?? "queue"
    return this.answered ? "read" : "wait"
  }

  get delivery(): HttpxError.Delivery {
    if (this.answered) return "answered"
    return this.carrier === undefined ? "unsent" : "unknown"
  }

  /** A 1xx other than 101. */
  onInformational(head: ResponseInit): void {
    if (this.over) return
    if (head.status === 100 && this.carrier !== undefined) this.wantBody(this.carrier)
    const { onInformational } = this.request.settings
    if (onInformational === undefined) return
    try {
      onInformational({ status: head.status, reasonPhrase: head.reasonPhrase, rawHeaders: pairsOf(head.fields) })
    } catch (defect) {
      this.breakOff(Cause.die(defect))
    }
  }

  /** `apart` says that the body comes later than in this turn of the event loop, though it may be soon. */
  onHead(head: ResponseInit, apart = false): void {
    // Whether it is an answer at all is for the carrier to say, which hands the connection over or fails the exchange.
    if (endsHttp(this.request.method, head.status) && this.upgraded === undefined) this.switching = head
    else this.answer(head, apart && this.call.buffered && !this.call.wantsHead)
  }

  override onData(bytes: Uint8Array): void {
    super.onData(bytes)
    if (this.held !== undefined && this.received > mostHeld) this.giveOut(this.held)
  }

  /** After a head that ended HTTP on this connection: what follows is the other protocol's, in both directions. */
  onUpgraded(carrier: Carrier): void {
    const { switching } = this
    if (this.over) return
    this.carrier = carrier
    this.upgraded = upgradedBy(this, carrier)
    if (switching === undefined) return
    this.switching = undefined
    this.answer(switching, false)
  }

  onEnd(trailers: ReadonlyArray<string>): void {
    if (this.over) return
    const { held, outcome } = this
    this.trailers = trailers
    this.arrivedWhole()
    this.settle()
    if (held !== undefined) outcome?.(Exit.succeed(held))
    this.wakeAll()
  }

  /** Ends the exchange with an error; the carrier looks after itself. */
  fail(error: HttpxError.HttpxError): void {
    const cause = Cause.fail(error)
    this.failWith(() => cause)
  }

  /** Ends the exchange, and what carries it or keeps a place for it; calls back when that is released. */
  breakOff(cause: Cause.Cause<unknown>, released: () => void = () => {}): void {
    this.end(() => cause, released)
  }

  private end(cause: () => Cause.Cause<unknown>, released: () => void): void {
    if (this.over) return released()
    const { carrier } = this
    this.failWith(cause)
    if (carrier === undefined) this.wiring.admission.withdraw(this, released)
    else carrier.cancel(released)
  }

  /** What an error of this exchange says. */
  details(phase: HttpxError.Phase, delivery: HttpxError.Delivery, what: string, cause?: unknown): HttpxError.Details {
    const request = this.request.summary
    const message = `${request.method} ${request.url}: ${what}`
    return { request, phase, delivery, elapsed: this.endedAfter ?? this.call.elapsed, message, cause }
  }

  protected pauseFlow(): void {
    this.carrier?.pause()
  }

  protected resumeFlow(): void {
    this.carrier?.resume()
  }

  protected get isReadWhole(): boolean {
    return this.call.buffered
  }

  // ── inside

  private answer(head: ResponseInit, isHeld: boolean): void {
    if (this.answered) return
    this.stopWaiting?.()
    const { carriedAfter, carrier } = this
    const { decoders } = this.wiring
    const response = new Response(this.request, head, this, decoders, carrier?.info, carriedAfter, carrier?.opening)
    this.request = response.request
    // An answered request is not sent again: with its body this lets go of who would send that.
    this.onBodyWanted = undefined
    if (isHeld) this.held = response
    else this.giveOut(response)
  }

  private giveOut(response: Response): void {
    const { outcome } = this
    this.outcome = undefined
    this.held = undefined
    outcome?.(Exit.succeed(response))
  }

  private wantBody(carrier: Carrier): void {
    this.stopWaiting?.()
    this.stopWaiting = undefined
    if (this.isBodyWanted || this.answered) return
    this.isBodyWanted = true
    const { onBodyWanted } = this
    onBodyWanted?.(carrier)
  }

  private timeOut(limit: number): void {
    const details = this.details(this.phase, this.delivery, `the call took longer than its timeout of ${limit} ms`)
    this.breakOff(Cause.fail(new HttpxError.TotalTimeout({ ...details, limit })))
  }

  private failWith(cause: () => Cause.Cause<unknown>): void {
    if (this.over) return
    const { held, outcome } = this
    this.failure = cause
    this.settle()
    outcome?.(held === undefined ? Exit.failCause(cause()) : Exit.succeed(held))
    this.wakeAll()
  }

  /** Lets go of all that would keep this exchange, or through it others, alive. */
  private settle(): void {
    this.endedAfter = this.call.elapsed
    this.call.ended(this)
    this.stopDeadline?.()
    this.stopDeadline = undefined
    this.stopWaiting?.()
    this.stopWaiting = undefined
    this.onBodyWanted = undefined
    this.outcome = undefined
    this.carrier = undefined
    this.switching = undefined
    this.held = undefined
    this.tellWatchers()
  }
}

// RFC 9110 §15.2.2 and §9.3.6
const endsHttp = (method: string, status: number): boolean =>
  status === 101 || (method === "CONNECT" && status >= 200 && status < 300)

// Bytes of a body with which an answer is not held back any longer: a policy may have no use for it.
const mostHeld = 64 * 1024

// A server that refuses a stream twice may do so for ever.
const maxReplays = 3

// RFC 9110 §9.2.2
const idempotentMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"])
