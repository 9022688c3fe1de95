/**
 * The sending side of an exchange whose connection speaks another protocol now.
 *
 * One piece goes out at a time, so those of several writers are never mixed.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpxError from "../HttpxError.js"
import type { Upgraded } from "../response/Upgraded.js"
import type { Carrier } from "./Carrier.js"
import type { WireExchange } from "./WireExchange.js"

export const upgradedBy = (exchange: WireExchange, carrier: Carrier): Upgraded => {
  const sending = new Sending(carrier)
  // Whoever waits for room when the connection ends waits no longer.
  exchange.onOver(() => sending.stop())
  return {
    write: (bytes) =>
      Effect.async<void, HttpxError.SendFailure>((resume) => {
        const piece: Piece = { bytes, settled: (isSent) => resume(isSent ? Exit.void : Exit.fail(closed(exchange))) }
        sending.push(piece)
        return Effect.sync(() => sending.withdraw(piece))
      }),
    end: Effect.sync(() => sending.end())
  }
}

interface Piece {
  readonly bytes: Uint8Array
  readonly settled: (isSent: boolean) => void
}

class Sending {
  private readonly waiting: Array<Piece> = []
  /** The piece that the carrier has no room after. */
  private current: Piece | undefined = undefined
  private flushing = false
  private ended = false

  constructor(private carrier: Carrier | undefined) {}

  push(piece: Piece): void {
    if (this.ended || this.carrier === undefined) return piece.settled(false)
    this.waiting.push(piece)
    this.flush()
  }

  /** Takes a piece back, if nothing of it has been sent. */
  withdraw(piece: Piece): void {
    const at = this.waiting.indexOf(piece)
    if (at >= 0) this.waiting.splice(at, 1)
  }

  /** After what waits nothing more is sent. */
  end(): void {
    if (this.ended) return
    this.ended = true
    this.flush()
  }

  /** The connection has ended. */
  stop(): void {
    const { current } = this
    this.carrier = undefined
    this.current = undefined
    current?.settled(false)
    for (const piece of this.waiting.splice(0)) piece.settled(false)
  }

  private flush(): void {
    const { carrier } = this
    // A carrier with room says so at once: its call comes from inside the loop, which goes on by itself.
    if (this.flushing || this.current !== undefined || carrier === undefined) return
    this.flushing = true
    for (let piece = this.waiting.shift(); piece !== undefined; piece = this.waiting.shift()) {
      this.send(piece, carrier)
      if (this.current !== undefined) break
    }
    this.flushing = false
    if (this.current === undefined && this.ended) carrier.finishRequest()
  }

  private send(piece: Piece, carrier: Carrier): void {
    this.current = piece
    carrier.write(piece.bytes, () => {
      if (this.current !== piece) return
      this.current = undefined
      piece.settled(true)
      this.flush()
    })
  }
}

const closed = (exchange: WireExchange): HttpxError.WriteError => {
  const what = exchange.over ? "the upgraded connection is closed" : "nothing can be written after `end`"
  return new HttpxError.WriteError(exchange.details("send", "answered", what))
}
