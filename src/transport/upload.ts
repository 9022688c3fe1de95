/**
 * Sends a body that is a stream, beside the wait for the answer: a server may answer before it has read everything.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as HttpxError from "../HttpxError.js"
import type { StreamBody } from "../Request.js"
import type { Carrier, WireExchange } from "./WireExchange.js"

/**
 * Starts to run the stream, in the caller's context, as soon as a carrier has taken the exchange; ends it with the
 * exchange. What the stream fails with ends the exchange.
 */
export const upload = <E>(exchange: WireExchange, body: StreamBody<E>): Effect.Effect<void> =>
  Effect.flatMap(Effect.forkDaemon(Effect.interruptible(uploading(exchange, body))), (fiber) =>
    Effect.sync(() => {
      exchange.onOver(() => fiber.unsafeInterruptAsFork(fiber.id()))
    })
  )

const uploading = <E>(exchange: WireExchange, { isRepeatable, stream }: StreamBody<E>): Effect.Effect<void> =>
  isRepeatable
    ? sendToEach(exchange, stream)
    : Effect.flatMap(carried(exchange), (carrier) => sendBody(exchange, stream, carrier))

/** To one carrier after the other, as often as the exchange goes out; what was begun has ended before it begins anew. */
const sendToEach = <E>(exchange: WireExchange, stream: Stream.Stream<Uint8Array, E>): Effect.Effect<void> =>
  Effect.gen(function* () {
    const carriers = yield* Queue.sliding<Carrier>(1)
    exchange.wheneverBodyWanted((carrier) => carriers.unsafeOffer(carrier))
    let carrier: Carrier | void = yield* Queue.take(carriers)
    while (carrier !== undefined) {
      const sent: Effect.Effect<void> = Effect.zipRight(sendBody(exchange, stream, carrier), answered(exchange))
      carrier = yield* Effect.raceFirst(sent, Queue.take(carriers))
    }
  })

const answered = (exchange: WireExchange): Effect.Effect<void> =>
  Effect.async<void>((resume) => exchange.whenAnswered(() => resume(Exit.void)))

const sendBody = <E>(
  exchange: WireExchange,
  stream: Stream.Stream<Uint8Array, E>,
  carrier: Carrier
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { contentLength } = exchange.serialized
    let sent = 0
    yield* Stream.runForEach(stream, (bytes) => {
      // The length of anything else is not that of what would go on the wire.
      if (!(bytes instanceof Uint8Array)) return refused(exchange, "the body stream has a piece that is not bytes")
      sent += bytes.length
      if (contentLength !== undefined && sent > contentLength) return mismatch(exchange, sent, contentLength)
      // An empty chunk would be the last one.
      return bytes.length === 0 ? Effect.void : write(carrier, bytes)
    })
    if (contentLength !== undefined && sent < contentLength) yield* mismatch(exchange, sent, contentLength)
    carrier.finishRequest()
  }).pipe(Effect.catchAllCause((cause) => Effect.sync(() => stop(exchange, cause))))

const carried = (exchange: WireExchange): Effect.Effect<Carrier> =>
  Effect.async<Carrier>((resume) => exchange.whenBodyWanted((carrier) => resume(Exit.succeed(carrier))))

const write = (carrier: Carrier, bytes: Uint8Array): Effect.Effect<void> =>
  Effect.async<void>((resume) => carrier.write(bytes, () => resume(Exit.void)))

const mismatch = (
  exchange: WireExchange,
  sent: number,
  announced: number
): Effect.Effect<never, HttpxError.LocalProtocolError> => {
  const what = `the body stream has ${sent > announced ? "more" : "fewer"} bytes than its Content-Length of ${announced}`
  return refused(exchange, what)
}

const refused = (exchange: WireExchange, what: string): Effect.Effect<never, HttpxError.LocalProtocolError> =>
  Effect.fail(new HttpxError.LocalProtocolError(exchange.details("send", "unknown", what)))

const stop = (exchange: WireExchange, cause: Cause.Cause<unknown>): void => {
  if (Cause.isInterruptedOnly(cause)) return
  if (!exchange.answered) return exchange.breakOff(cause)
  const what = "the request's body stream failed after the answer had begun"
  exchange.breakOff(
    Cause.fail(new HttpxError.ReadError(exchange.details("read", "answered", what, Cause.squash(cause))))
  )
}
