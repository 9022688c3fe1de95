/** Exchanges as a transport makes them, and a connection that answers them without a wire. */
import { Exit } from "effect"
import { Request } from "effect-httpx"
import { Call } from "../../../src/Exchange.js"
import { limitsOf, notGiven } from "../../../src/request/Timeouts.js"
import type { ConnectionInfo } from "../../../src/response/ConnectionInfo.js"
import { initOf } from "../../../src/response/ResponseInit.js"
import { type Destination, direct } from "../../../src/transport/connect/Route.js"
import type { Connection, ConnectionOwner } from "../../../src/transport/pool/Connection.js"
import type { Origin } from "../../../src/transport/pool/Origin.js"
import { type Admission, type Carrier, WireExchange } from "../../../src/transport/WireExchange.js"

const request = Request.make("GET", "http://127.0.0.1/json")
const { target } = request
if (target instanceof Error) throw target
const serialized = { head: "GET /json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", chunked: false, contentLength: undefined }
const limits = limitsOf({ ...notGiven, connect: 5_000, read: 5_000, write: 5_000, pool: 5_000 })
const head = initOf(200, "OK", "HTTP/1.1", [])

export const destination: Destination = { key: target.origin, target, route: direct }

export const info: ConnectionInfo = {
  protocol: "http/1.1",
  remoteAddress: undefined,
  remotePort: undefined,
  localAddress: undefined,
  localPort: undefined,
  proxy: undefined,
  tls: undefined,
  timings: { dns: undefined, connect: undefined, proxy: undefined, tls: undefined }
}

export class Exchanges {
  private answered = 0

  constructor(private readonly admission: Admission) {}

  start(): void {
    const call = new Call(undefined, true, false)
    const wiring = { admission: this.admission, decoders: undefined, expectContinue: 1_000 }
    const exchange = new WireExchange(request.as(call), destination.target, direct, serialized, limits, call, wiring)
    exchange.start((exit) => {
      if (Exit.isSuccess(exit)) this.answered++
    })
  }

  /** One begins, and one is answered: the same one, unless others began before. */
  async repeat(connection: Answering, times: number): Promise<void> {
    const before = this.answered
    for (let i = 0; i < times; i++) {
      this.start()
      connection.answer()
    }
    if (this.answered - before !== times) throw new Error(`${this.answered - before} answers of ${times}`)
  }
}

/** A connection of one exchange at a time, which answers it when it is told to, as the events of a socket would. */
export class Answering implements Connection, Carrier {
  readonly protocol = "http/1.1"
  readonly info = info
  readonly opening = undefined
  readonly isSettling = false
  readonly isUsable = true
  isListed = false
  isDoubtful = false
  idleSince = -1
  private exchange: WireExchange | undefined = undefined

  constructor(
    readonly origin: Origin,
    private readonly owner: Pick<ConnectionOwner, "onRoom">
  ) {}

  get active(): number {
    return this.exchange === undefined ? 0 : 1
  }

  get room(): number {
    return 1 - this.active
  }

  send(exchange: WireExchange): void {
    this.exchange = exchange
    exchange.carriedBy(this)
  }

  answer(): void {
    const { exchange } = this
    if (exchange === undefined) throw new Error("there is nothing to answer")
    exchange.onHead(head)
    exchange.onEnd([])
    this.exchange = undefined
    this.owner.onRoom(this)
  }

  destroy(released?: () => void): void {
    released?.()
  }

  shutDown(_: unknown, released: () => void): void {
    released()
  }

  cancel(released: () => void): void {
    released()
  }

  pause(): void {}

  resume(): void {}

  write(): void {}

  finishRequest(): void {}
}
