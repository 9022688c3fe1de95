/** The server of the contract: one function, behind a real socket or called in process. */
import { Context, Deferred, Effect, FiberId, FiberSet, Runtime, Schema, Stream } from "effect"
import { Request } from "effect-httpx"
import type { InProcess } from "effect-httpx/testing"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { gzipSync } from "node:zlib"

/** An exchange that a test steers: what waits at its gate goes on when that is opened. */
interface Steered {
  readonly gate: Deferred.Deferred<void>
  readonly arrived: Deferred.Deferred<void>
  readonly left: Deferred.Deferred<void>
}

/** The server as a test sees it. */
export interface Steering {
  /** Without a slash at its end. */
  readonly url: string
  /** Lets the exchange with this id go on. */
  readonly open: (id: string) => Effect.Effect<void>
  /** Waits until the request with this id has arrived. */
  readonly arrived: (id: string) => Effect.Effect<void>
  /** Waits until the server is done with the exchange, because it is complete or because the client has left it. */
  readonly left: (id: string) => Effect.Effect<void>
}

export class Server extends Context.Tag("test/Server")<Server, Steering>() {}

/** What `/echo` tells of a request. */
const Echo = Schema.Struct({
  method: Schema.String,
  /** Path and query as they reached the server. */
  target: Schema.String,
  headers: Schema.Array(Schema.Tuple(Schema.String, Schema.String)),
  body: Schema.String
})

export type Echo = typeof Echo.Type

/** What the server saw of a call to `/echo`. */
export const echoed = <E, E2, R>(call: Effect.Effect<{ readonly json: Effect.Effect<unknown, E2> }, E, R>) =>
  call.pipe(
    Effect.flatMap((response) => response.json),
    Effect.flatMap(Schema.decodeUnknown(Echo))
  )

/** The values of a field, by its lower-case name. */
export const fieldsOf = (echo: Echo, name: string): ReadonlyArray<string> =>
  echo.headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value)

export const bytesOf = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i * 7) % 251)

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** Bytes in pieces, and then the connection breaks. */
const breaking = (...pieces: ReadonlyArray<string>): Stream.Stream<Uint8Array, string> =>
  Stream.concat(Stream.fromIterable(pieces.map(text)), Stream.fail("the connection breaks here"))

const echo = (request: InProcess.Incoming): Effect.Effect<InProcess.Reply, unknown> =>
  Effect.map(request.body, (body) => {
    const target = request.url.replace(/^https?:\/\/[^/?#]*/, "")
    const headers = [...request.headers]
    const seen: Echo = { method: request.method, target, headers, body: new TextDecoder().decode(body) }
    return { headers: { "content-type": "application/json" }, body: JSON.stringify(seen) }
  })

const inPieces = (bytes: Uint8Array, size: number): Stream.Stream<Uint8Array> =>
  Stream.map(Stream.range(0, Math.ceil(bytes.length / size) - 1), (i) => bytes.subarray(i * size, (i + 1) * size))

/** The routes, and how a test steers them. */
export const makeRoutes = () => {
  const all = new Map<string, Steered>()
  const steered = (id: string): Steered => {
    const known = all.get(id)
    if (known !== undefined) return known
    const signal = () => Deferred.unsafeMake<void>(FiberId.none)
    const made: Steered = { gate: signal(), arrived: signal(), left: signal() }
    all.set(id, made)
    return made
  }

  const routes: Record<string, (request: InProcess.Incoming) => Effect.Effect<InProcess.Reply, unknown>> = {
    "/fields": () =>
      Effect.succeed({
        headers: [
          ["X-Two", "a"],
          ["x-ONE", "b"],
          ["x-two", "c"],
          ["Set-Cookie", "sid=1; Path=/; HttpOnly"],
          ["Set-Cookie", "theme=dark; Max-Age=60"]
        ],
        body: "fields"
      }),
    "/lines": () =>
      Effect.succeed({ body: Stream.make(text("one\ntw"), text("o\r"), text("\nthr\u2028ee\n\n"), text("five")) }),
    "/latin1": () =>
      Effect.succeed({
        headers: { "content-type": "text/plain; charset=iso-8859-1" },
        body: Uint8Array.of(0x63, 0x61, 0x66, 0xe9)
      }),
    "/json": () => Effect.succeed({ headers: { "content-type": "application/json" }, body: '{"id":7,"name":"Ada"}' }),
    "/bom": () => Effect.succeed({ headers: { "content-type": "application/json" }, body: '\ufeff{"id":7}' }),
    "/form": () => Effect.succeed({ body: "a=1&b=x+y" }),
    "/empty": () => Effect.succeed({}),
    "/no-content": () => Effect.succeed({ status: 204 }),
    "/not-modified": () => Effect.succeed({ status: 304, headers: { etag: '"1"' } }),
    "/gzip": () => Effect.succeed({ headers: { "content-encoding": "gzip" }, body: gzipSync("unzipped") }),
    "/broken-length": () => Effect.succeed({ headers: { "content-length": "100" }, body: breaking("only", "this") }),
    "/broken-chunked": () => Effect.succeed({ body: breaking("only", "this") }),
    "/broken-head": () => Effect.fail("the connection breaks before the head"),
    "/wait": ({ query }) => {
      const { arrived, gate, left } = steered(query.get("id") ?? "")
      return Deferred.succeed(arrived, undefined).pipe(
        Effect.zipRight(Deferred.await(gate)),
        Effect.as({ body: "waited" }),
        Effect.ensuring(Deferred.succeed(left, undefined))
      )
    },
    "/gated": ({ query }) => {
      const { arrived, gate, left } = steered(query.get("id") ?? "")
      const rest = Stream.drain(Stream.fromEffect(Deferred.await(gate)))
      return Effect.as(Deferred.succeed(arrived, undefined), {
        body: Stream.make(text("one ")).pipe(
          Stream.concat(rest),
          Stream.concat(Stream.make(text("two"))),
          Stream.ensuring(Deferred.succeed(left, undefined))
        )
      })
    },
    "/endless": ({ query }) => {
      const { left } = steered(query.get("id") ?? "")
      const piece = bytesOf(16_384)
      return Effect.succeed({ body: Stream.ensuring(Stream.repeatValue(piece), Deferred.succeed(left, undefined)) })
    }
  }

  const handler: InProcess.Handler = (request) => {
    const route = routes[request.path]
    if (route !== undefined) return route(request)
    const numbered = /^\/(status|bytes)\/(\d+)$/.exec(request.path)
    const n = Number(numbered?.[2])
    if (numbered?.[1] === "status") {
      return Effect.succeed({ status: n, reasonPhrase: "As Asked", body: `status ${n}` })
    }
    if (numbered?.[1] === "bytes") {
      return Effect.succeed({ headers: { "content-length": String(n) }, body: inPieces(bytesOf(n), 16_384) })
    }
    return echo(request)
  }

  const steering = (url: string): Steering => ({
    url,
    open: (id) => Effect.asVoid(Deferred.succeed(steered(id).gate, undefined)),
    arrived: (id) => Deferred.await(steered(id).arrived),
    left: (id) => Deferred.await(steered(id).left)
  })

  return { handler, steering }
}

/** A server function behind a loopback socket, until the scope ends; its URL. */
export const listen = (handler: InProcess.Handler) =>
  Effect.gen(function* () {
    const fork = Runtime.runFork(yield* Effect.runtime())
    const fibers = yield* FiberSet.make<void, unknown>()
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      const fiber = fork(respond(handler, request, response))
      FiberSet.unsafeAdd(fibers, fiber)
      response.on("close", () => fiber.unsafeInterruptAsFork(fiber.id()))
    })
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () =>
        Effect.async<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    )
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })

const respond = (handler: InProcess.Handler, request: IncomingMessage, response: ServerResponse) => {
  const url = `http://${request.headers.host ?? "localhost"}${request.url ?? "/"}`
  const { pathname, searchParams } = new URL(url)
  const { rawHeaders } = request
  return handler({
    method: request.method ?? "GET",
    url,
    path: pathname,
    query: searchParams,
    headers: new Request.Fields(rawHeaders),
    body: bodyOf(request)
  }).pipe(
    Effect.flatMap((reply) => write(reply, response)),
    Effect.catchAllCause(() => Effect.sync(() => void response.destroy()))
  )
}

const bodyOf = (request: IncomingMessage): Effect.Effect<Uint8Array> =>
  Effect.async((resume) => {
    const pieces: Array<Uint8Array> = []
    request.on("data", (piece: Buffer) => pieces.push(piece))
    request.on("end", () => resume(Effect.succeed(Buffer.concat(pieces))))
  })

const write = (reply: InProcess.Reply, response: ServerResponse): Effect.Effect<void, unknown> => {
  const { body = "", headers, reasonPhrase, status = 200 } = reply
  const fields = Request.Fields.from(headers)
  const whole = typeof body === "string" ? text(body) : body
  const framed = whole instanceof Uint8Array && status !== 204 && status !== 304
  const { flat } = framed ? fields.append("Content-Length", String(whole.length)) : fields
  response.writeHead(status, reasonPhrase, [...flat])
  if (whole instanceof Uint8Array) return Effect.sync(() => void response.end(whole))
  return Effect.zipRight(
    Stream.runForEach(whole, (bytes) =>
      // Each piece leaves before the next is made: a connection that then breaks has carried it.
      Effect.async<void>((resume) => void response.write(bytes, () => resume(Effect.void)))
    ),
    Effect.sync(() => void response.end())
  )
}
