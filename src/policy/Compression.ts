/**
 * Compresses the bodies of requests that ask for it. It comes before all other policies: what is signed, digested or sent
 * again is what goes on the wire.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { encodeAll, type Encoders, encodeStream } from "../content/Encoders.js"
import { webEncoders } from "../content/webEncoders.js"
import type { LocalProtocolError } from "../HttpxError.js"
import { givenFraming } from "../protocol/http1/RequestSerializer.js"
import { type Request, type StreamBody, unsendable } from "../Request.js"
import { brokenBody } from "../request/body.js"
import type { Compression } from "../request/compression.js"
import { exactly, framing } from "../request/framing.js"
import type { Policy } from "./Policy.js"

/** With the encoders of the wire; of one that has none, with those of the runtime. */
export const compression = (encoders: Encoders | undefined): Policy => ({
  exchange: (exchange) => (request) => {
    const wanted = wantedFor(request)
    return wanted === undefined ? exchange(request) : Effect.flatMap(compressed(request, wanted, encoders), exchange)
  },
  start: (start, exchange) => (request, call, answered) => {
    const wanted = wantedFor(request)
    if (wanted === undefined) start(request, call, answered)
    else answered(Effect.flatMap(compressed(request, wanted, encoders), exchange))
  }
})

const wantedFor = ({ body, headers, problem, settings }: Request<unknown>): Compression | undefined => {
  const { compression } = settings
  if (compression === undefined || compression === null || body._tag === "Empty" || problem !== undefined) return
  const length = body._tag === "Bytes" ? body.bytes.length : body.length
  if (length !== undefined && length < compression.threshold) return
  // Whoever names the coding has applied it.
  return headers.has("content-encoding") ? undefined : compression
}

const compressed = <E>(
  request: Request<E>,
  { coding }: Compression,
  given: Encoders | undefined
): Effect.Effect<Request<E>, LocalProtocolError> => {
  const encoders = given ?? webEncoders()
  if (encoders === undefined || !encoders.codings.includes(coding)) return missing(request, coding, encoders)
  const said = request.headers.hasFraming ? givenFraming(request.headers, framing(request.body)) : undefined
  if (typeof said === "object") return Effect.fail(unsendable(request, said.message))
  const failed = (cause: unknown) => brokenBody(request, `the body cannot be compressed by ${coding}`, cause)
  // Its length is another from now on: RFC 9110 §8.6.
  const headers = request.headers.remove("content-length").append("Content-Encoding", coding)
  const { body } = request
  switch (body._tag) {
    case "Empty":
      return Effect.succeed(request)
    case "Bytes": {
      const encoded = Effect.mapError(encodeAll(encoders, coding, body.bytes), failed)
      return Effect.map(encoded, (bytes) => request.withHeaders(headers).withBody({ _tag: "Bytes", bytes }))
    }
    case "Stream": {
      const stream = encodeStream(encoders, coding, checked(request, body, said), failed)
      return Effect.succeed(request.withHeaders(headers).withBody({ ...body, stream, length: undefined }))
    }
  }
}

const missing = (
  request: Request<unknown>,
  coding: string,
  encoders: Encoders | undefined
): Effect.Effect<never, LocalProtocolError> => {
  const there = encoders === undefined ? "none" : encoders.codings.join(", ")
  return Effect.fail(unsendable(request, `nothing here compresses by ${JSON.stringify(coding)}; there is ${there}`))
}

/** The stream before it is compressed: bytes, and as many as were announced. Afterwards nobody can see either. */
const checked = <E>(
  request: Request<unknown>,
  { length: known, stream }: StreamBody<E>,
  /** By the caller's own Content-Length. */
  said: number | undefined
): StreamBody<E>["stream"] => {
  const length = known ?? said
  const bytes = Stream.mapEffect(stream, (piece) =>
    piece instanceof Uint8Array
      ? Effect.succeed(piece)
      : Effect.fail(brokenBody(request, "the body stream has a piece that is not bytes"))
  )
  if (length === undefined) return bytes
  const mismatch = (what: string) =>
    brokenBody(request, `the body stream has ${what} bytes than its length of ${length}`)
  return exactly(bytes, length, mismatch)
}
