/**
 * A server that is a function: requests reach it without a socket.
 *
 * When to use: in tests of code that calls HTTP. All of `Client` works over it; nothing is listened on.
 *
 * What to know: the function is given the request as it would be sent, and answers with a reply. What it fails with is
 * for the client a connection that broke.
 *
 * @example
 * ```ts
 * import { Client } from "effect-httpx"
 * import { InProcess } from "effect-httpx/testing"
 * import { Effect } from "effect"
 *
 * const server = InProcess.layer((request) =>
 *   Effect.succeed(request.path === "/users/1" ? InProcess.json({ id: 1 }) : { status: 404 })
 * )
 * const test = Client.get("https://api.example.com/users/1").pipe(
 *   Effect.flatMap((response) => response.json),
 *   Effect.provide(Client.layer()),
 *   Effect.provide(server)
 * )
 * ```
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { join, sizeOf } from "../content/bytes.js"
import type { Exchange } from "../Exchange.js"
import * as HttpxError from "../HttpxError.js"
import { withSpan } from "../policy/Trace.js"
import { Fields, type FieldsInput } from "../protocol/Fields.js"
import type { Body, Request } from "../Request.js"
import { initOf, Response } from "../Response.js"
import { streamExchange } from "./streamExchange.js"
import type { StreamSource } from "./StreamSource.js"
import { toHttpClient } from "./platform/ToPlatform.js"

/**
 * A request as the server function sees it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Incoming {
  readonly method: string
  /** As it would be sent: the query as written, without user, password and fragment. */
  readonly url: string
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Fields
  /** The whole body; fails with what the client's body stream fails with. */
  readonly body: Effect.Effect<Uint8Array, unknown>
}

/**
 * What the server function answers.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reply {
  /** Default: 200. */
  readonly status?: number | undefined
  /** Default: empty. */
  readonly reasonPhrase?: string | undefined
  /** Default: none. */
  readonly headers?: FieldsInput | undefined
  /** Default: empty. A stream that fails is for the client a connection that broke. */
  readonly body?: string | Uint8Array | Stream.Stream<Uint8Array, unknown> | undefined
}

/**
 * A server function.
 *
 * @since 0.1.0
 * @category models
 */
export type Handler = (request: Incoming) => Effect.Effect<Reply, unknown>

/**
 * A reply of JSON.
 *
 * @since 0.1.0
 * @category constructors
 */
export const json = (value: unknown, init?: Omit<Reply, "body"> | undefined): Reply => ({
  ...init,
  headers: new Fields(["content-type", "application/json"]).merge(Fields.from(init?.headers)),
  body: JSON.stringify(value)
})

/**
 * The platform's `HttpClient`, served by a function.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (handler: Handler): HttpClient.HttpClient =>
  toHttpClient({ exchange: withSpan(served(handler)), decoders: undefined, connections: 100 })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (handler: Handler): Layer.Layer<HttpClient.HttpClient> =>
  Layer.succeed(HttpClient.HttpClient, make(handler))

const served = (handler: Handler): Exchange =>
  streamExchange(<E>(request: Request<E>, source: StreamSource) => {
    let bodyError: { readonly error: E | HttpxError.HttpxError } | undefined
    const body = Effect.tapError(bytesOf(request.body), (error) => Effect.sync(() => (bodyError = { error })))
    return Effect.suspend(() => handler(incoming(request, body))).pipe(
      Effect.map((reply) => answer(reply, request, source)),
      Effect.catchAllCause((cause): Effect.Effect<never, HttpxError.HttpxError | E> =>
        // The handler passes on what the request's own body failed with, or it fails by itself.
        bodyError === undefined ? Effect.fail(source.lost(cause)) : Effect.fail(bodyError.error)
      )
    )
  })

const incoming = (request: Request<unknown>, body: Incoming["body"]): Incoming => {
  const { headers, method, target } = request
  const url = target instanceof Error ? request.url : target.origin + target.pathAndQuery
  const { pathname, searchParams } = new URL(url)
  return { method, url, path: pathname, query: searchParams, headers, body }
}

const bytesOf = <E>(body: Body<E>): Effect.Effect<Uint8Array, E | HttpxError.HttpxError> => {
  switch (body._tag) {
    case "Empty":
      return Effect.succeed(new Uint8Array(0))
    case "Bytes":
      return Effect.succeed(body.bytes)
    case "Stream":
      return Effect.map(Stream.runCollect(body.stream), (chunks) => {
        const pieces = Chunk.toReadonlyArray(chunks)
        return join(pieces, sizeOf(pieces))
      })
  }
}

const answer = (reply: Reply, request: Request<unknown>, source: StreamSource): Response => {
  const { body = "", headers, reasonPhrase = "", status = 200 } = reply
  // RFC 9110 §6.4.1: these have no content, whatever the function gave.
  const empty = request.method === "HEAD" || status === 204 || status === 304
  source.begin(empty ? Stream.empty : streamOf(body), (_, details) => new HttpxError.ReadError(details))
  const init = initOf(status, reasonPhrase, "HTTP/1.1", Fields.from(headers).flat)
  return new Response(request, init, source, undefined, undefined)
}

const streamOf = (body: NonNullable<Reply["body"]>): Stream.Stream<Uint8Array, unknown> => {
  if (typeof body === "string") return Stream.make(new TextEncoder().encode(body))
  return body instanceof Uint8Array ? Stream.make(body) : body
}
