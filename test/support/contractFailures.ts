/** Calls that do not succeed, are left early, or run beside others. */
import { HttpIncomingMessage } from "@effect/platform"
import { expect } from "@effect/vitest"
import { Chunk, Duration, Effect, Exit, Fiber, Schema, Stream } from "effect"
import { Client } from "effect-httpx"
import { createServer } from "node:net"
import type { AddressInfo } from "node:net"
import type { Cases } from "./contract.js"
import { Server } from "./routes.js"

/** A port at which nobody listens. */
const closedPort = Effect.async<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo
    server.close(() => resume(Effect.succeed(port)))
  })
})

export const failureCases: Cases = (it, can) => {
  it.effect("a status is no failure until raiseForStatus, and the body is readable after it", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const response = yield* client.get("/status/503?secret=s3cret")
      expect(response.status).toBe(503)
      if (can.reasonPhrase) expect(response.reasonPhrase).toBe("As Asked")
      const error = yield* Effect.flip(response.raiseForStatus)
      expect(error).toMatchObject({ _tag: "StatusError", status: 503 })
      expect(yield* error.response.text).toBe("status 503")
      const ok = yield* client.get("/status/201")
      expect(yield* ok.raiseForStatus).toBe(ok)
      expect((yield* Effect.flip((yield* client.get("/not-modified")).raiseForStatus)).status).toBe(304)
    })
  )

  it.scoped("raiseForStatus leaves an open body open", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const response = yield* client.stream("GET", "/status/404")
      const error = yield* Effect.flip(response.raiseForStatus)
      expect(yield* error.response.text).toBe("status 404")
    })
  )

  it.effect("the total timeout ends a call that nobody answers", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const server = yield* Server
      const error = yield* Effect.flip(client.get("/wait?id=total", { timeout: 30 }))
      expect(error).toMatchObject({ _tag: "TotalTimeout", limit: 30 })
      yield* server.left("total")
    })
  )

  it.effect("the total timeout covers the body", () =>
    Effect.gen(function* () {
      const server = yield* Server
      const client = yield* Client.make({ baseUrl: server.url, timeout: "40 millis" })
      const error = yield* Effect.flip(client.get("/gated?id=total-read"))
      expect(error).toMatchObject({ _tag: "TotalTimeout", limit: 40, phase: "read", delivery: "answered" })
      yield* server.left("total-read")
    })
  )

  it.scoped("the total timeout covers a streamed body, and ends it", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const server = yield* Server
      const response = yield* client.stream("GET", "/gated?id=total-stream", { timeout: 40 })
      const error = yield* Effect.flip(Stream.runDrain(response.stream))
      expect(error).toMatchObject({ _tag: "TotalTimeout", limit: 40 })
      yield* server.left("total-stream")
      expect(response.isClosed).toBe(true)
    })
  )

  it.effect("a call's own timeout replaces the client's", () =>
    Effect.gen(function* () {
      const server = yield* Server
      const client = yield* Client.make({ baseUrl: server.url, timeout: 1 })
      expect((yield* client.get("/echo", { timeout: Duration.infinity })).status).toBe(200)
    })
  )

  it.effect("a call that is interrupted leaves the server", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const server = yield* Server
      const fiber = yield* Effect.fork(client.get("/wait?id=interrupted"))
      yield* server.arrived("interrupted")
      yield* Fiber.interrupt(fiber)
      yield* server.left("interrupted")
    })
  )

  it.effect("a call that is interrupted while it reads leaves the server", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const server = yield* Server
      const fiber = yield* Effect.fork(client.get("/gated?id=interrupted-read"))
      yield* server.arrived("interrupted-read")
      yield* Fiber.interrupt(fiber)
      yield* server.left("interrupted-read")
    })
  )

  it.effect("a server that breaks off before the head is a ReadError of unknown delivery", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const error = yield* Effect.flip(client.post("/broken-head", { json: 1 }))
      expect(error).toMatchObject({ _tag: "ReadError", delivery: "unknown" })
    })
  )

  it.effect.each(["/broken-length", "/broken-chunked"])(
    "a body that breaks off fails, however it is read: %s",
    (path) =>
      Effect.gen(function* () {
        const client = yield* Client.Client
        const read = yield* Effect.flip(client.get(path))
        expect(read).toMatchObject({ _tag: "ReadError", delivery: "answered", phase: "read" })
        const streamed = yield* Effect.exit(
          Effect.scoped(Effect.flatMap(client.stream("GET", path), ({ stream }) => Stream.runDrain(stream)))
        )
        expect(streamed).toMatchObject(Exit.fail({ _tag: "ReadError", delivery: "answered" }))
      })
  )

  if (can.sockets) {
    it.effect("a refused connection is a ConnectError, and nothing was sent", () =>
      Effect.gen(function* () {
        const client = yield* Client.Client
        const port = yield* closedPort
        const error = yield* Effect.flip(client.post(`http://127.0.0.1:${port}/?token=s3cret`, { json: 1 }))
        expect(error).toMatchObject({ _tag: "ConnectError", delivery: "unsent", phase: "connect" })
        expect(error.message).not.toContain("s3cret")
      })
    )

    it.effect("an unknown host is a DnsError, and nothing was sent", () =>
      Effect.gen(function* () {
        const client = yield* Client.Client
        // A label of more than 63 letters is in no name, so that nobody needs to be asked.
        const error = yield* Effect.flip(client.get(`http://${"a".repeat(64)}.invalid/`))
        expect(error).toMatchObject({ _tag: "DnsError", delivery: "unsent", phase: "dns" })
      })
    )
  }

  it.effect("a body is decoded by a schema", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const User = Schema.Struct({ id: Schema.Number, name: Schema.String })
      const decode = HttpIncomingMessage.schemaBodyJson(User)
      expect(yield* decode(yield* client.get("/json"))).toEqual({ id: 7, name: "Ada" })
      expect(yield* Effect.flip(decode(yield* client.get("/lines")))).toMatchObject({ _tag: "DecodingError" })
      expect(yield* Effect.flip(decode(yield* client.get("/bom")))).toMatchObject({ _tag: "ParseError" })
    })
  )

  it.effect("requests of a block run at once and are had by handle or as they finish", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const client = yield* Client.Client
        const server = yield* Server
        const parallel = yield* client.parallel({ concurrency: 4 })
        const held = yield* parallel.get("/wait?id=block")
        yield* server.arrived("block")
        const one = yield* parallel.get("/status/201")
        const failing = yield* parallel.get("/broken-head")
        expect((yield* one.getResponse).status).toBe(201)
        expect((yield* Effect.flip(failing.getResponse))._tag).toBe("ReadError")
        yield* server.open("block")
        expect(yield* (yield* parallel.nextResponse).text).toBe("waited")
        expect(yield* (yield* held.getResponse).text).toBe("waited")
      })
    )
  )

  it.effect("leaving a block leaves the server", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const server = yield* Server
      yield* Effect.scoped(
        Effect.gen(function* () {
          const parallel = yield* client.parallel()
          yield* parallel.get("/wait?id=left-block")
          yield* parallel.stream("GET", "/gated?id=left-block-open")
          yield* server.arrived("left-block")
          yield* server.arrived("left-block-open")
        })
      )
      yield* server.left("left-block")
      if (can.sendsUnread) yield* server.left("left-block-open")
    })
  )

  it.effect("many calls at once get each its own answer", () =>
    Effect.gen(function* () {
      const client = yield* Client.Client
      const sizes = Chunk.range(1, 40)
      const bodies = yield* Effect.forEach(sizes, (n) => Effect.flatMap(client.get(`/bytes/${n}`), (r) => r.read), {
        concurrency: "unbounded"
      })
      expect(bodies.map((body) => body.length)).toEqual([...sizes])
    })
  )
}
