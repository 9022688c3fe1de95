/**
 * The sending side of an exchange whose connection speaks another protocol now.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpxError from "../HttpxError.js"
import type { Upgraded } from "../response/Upgraded.js"
import type { Carrier } from "./Carrier.js"
import type { WireExchange } from "./WireExchange.js"

export const upgradedBy = (exchange: WireExchange, carrier: Carrier): Upgraded => {
  const writers = new Set<() => void>()
  // Whoever waits for room when the connection ends waits no longer.
  exchange.onOver(() => {
    for (const writer of writers) writer()
  })
  return {
    write: (bytes) =>
      Effect.async<void, HttpxError.SendFailure>((resume) => {
        if (exchange.over) return resume(Exit.fail(closed(exchange)))
        const done = () => {
          writers.delete(done)
          resume(exchange.over ? Exit.fail(closed(exchange)) : Exit.void)
        }
        writers.add(done)
        carrier.write(bytes, done)
      }),
    end: Effect.sync(() => {
      if (!exchange.over) carrier.finishRequest()
    })
  }
}

const closed = (exchange: WireExchange): HttpxError.WriteError =>
  new HttpxError.WriteError(exchange.details("send", "answered", "the upgraded connection is closed"))
