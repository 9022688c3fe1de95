/** Every wait has a limit with a name: connect, read, write, and `timeout` for the whole call. */
import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Queue, Stream, TestClock } from "effect"
import { atRest, connected, eventually, failsWith } from "./support/failing.js"
import { answering, ok, once, scripted, silent } from "./support/scripted.js"

// The library takes the clock of whoever calls it, so in these tests no time passes by itself.

const stillRuns = <A, E>(fiber: Fiber.RuntimeFiber<A, E>) => Effect.map(Fiber.status(fiber), (s) => s._tag !== "Done")
const withLength = (length: number) => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`

describe("timeout.read", () => {
  it.scoped("is the longest wait for an answer: 5 seconds, unless given", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client, stats } = yield* connected()
      const fiber = yield* Effect.fork(failsWith(client.get(server.url()), "ReadTimeout"))
      const connection = yield* server.connection(0)
      yield* connection.request
      yield* TestClock.adjust("4999 millis")
      expect(yield* stillRuns(fiber)).toBe(true)

      yield* TestClock.adjust("1 millis")
      const error = yield* Fiber.join(fiber)
      expect(error).toMatchObject({ limit: 5_000, elapsed: 5_000, phase: "wait", delivery: "unknown" })
      expect(error.message).toContain("nothing arrived for 5000 ms")
      expect(yield* stats).toEqual(atRest(0))
      yield* connection.closed
    })
  )

  it.scoped("is the longest silence inside a body, and starts again with each arrival", () =>
    Effect.gen(function* () {
      const server = yield* scripted(once(withLength(3)))
      const { client, stats } = yield* connected({ timeout: { read: "2 seconds" } })
      const response = yield* client.stream("GET", server.url())
      const fiber = yield* Effect.fork(failsWith(response.read, "ReadTimeout"))
      for (const received of [1, 2]) {
        yield* TestClock.adjust("1999 millis")
        yield* server.connections[0]!.send("x")
        yield* eventually(() => response.numBytesDownloaded === received)
      }
      yield* TestClock.adjust("1999 millis")
      expect(yield* stillRuns(fiber)).toBe(true)

      yield* TestClock.adjust("1 millis")
      expect(yield* Fiber.join(fiber)).toMatchObject({ limit: 2_000, phase: "read", delivery: "answered" })
      expect(yield* stats).toEqual(atRest(0))
      yield* server.untilOpen(0)
    })
  )

  it.scoped("fails a body that nobody waits for as well", () =>
    Effect.gen(function* () {
      const server = yield* scripted(once(`${withLength(10)}12345`))
      const { client } = yield* connected()
      const response = yield* client.stream("GET", server.url())
      yield* TestClock.adjust("5 seconds")
      yield* server.untilOpen(0)
      yield* failsWith(response.read, "ReadTimeout")
    })
  )

  it.scoped("does not count the time in which the reader itself is slow", () =>
    Effect.gen(function* () {
      const size = 8_000_000
      const server = yield* scripted(once(withLength(size) + "x".repeat(size)))
      const { client } = yield* connected()
      const response = yield* client.stream("GET", server.url())
      let received = 0
      yield* Stream.runForEach(response.stream, (bytes) => {
        received += bytes.length
        return TestClock.adjust("1 hour")
      })
      expect(received).toBe(size)
    })
  )

  it.scoped("is no limit when it is infinite", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client } = yield* connected({ timeout: { read: Duration.infinity } })
      const fiber = yield* Effect.fork(client.get(server.url()))
      const connection = yield* server.connection(0)
      yield* connection.request
      yield* TestClock.adjust("1000 days")
      expect(yield* stillRuns(fiber)).toBe(true)
      yield* connection.send(ok("at last"))
      expect((yield* Fiber.join(fiber)).status).toBe(200)
    })
  )

  it.scoped("counts from the end of the request, whatever the limit of writing is", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client } = yield* connected({ timeout: { write: "60 seconds", read: "1 seconds" } })
      const content = Stream.make(new TextEncoder().encode("body"))
      const fiber = yield* Effect.fork(failsWith(client.post(server.url(), { content }), "ReadTimeout"))
      yield* (yield* server.connection(0)).take("0\r\n\r\n")
      yield* TestClock.adjust("1 seconds")
      expect((yield* Fiber.join(fiber)).limit).toBe(1_000)
    })
  )

  it.scoped("holds for each exchange of a connection anew", () =>
    Effect.gen(function* () {
      const server = yield* scripted(once(ok("first")))
      const { client } = yield* connected()
      yield* client.get(server.url())
      yield* TestClock.adjust("3 seconds")
      const fiber = yield* Effect.fork(failsWith(client.post(server.url()), "ReadTimeout"))
      yield* server.connections[0]!.take("POST / HTTP/1.1")
      yield* TestClock.adjust("3 seconds")
      expect(yield* stillRuns(fiber)).toBe(true)
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(fiber)
    })
  )
})

describe("timeout.connect", () => {
  it.scoped("is the longest time that name, TCP and TLS may take together", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client, stats } = yield* connected({ timeout: { connect: "2 seconds" } })
      const handshake = server.url().replace("http:", "https:")
      const fiber = yield* Effect.fork(failsWith(client.post(handshake), "ConnectTimeout"))
      const connection = yield* server.connection(0)
      yield* TestClock.adjust("1999 millis")
      expect(yield* stillRuns(fiber)).toBe(true)

      yield* TestClock.adjust("1 millis")
      expect(yield* Fiber.join(fiber)).toMatchObject({ limit: 2_000, phase: "tls", delivery: "unsent" })
      expect(yield* stats).toEqual(atRest(0))
      yield* connection.closed
    })
  )

  it.scoped("is over once the connection is there", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("late")))
      const { client, stats } = yield* connected({
        timeout: { connect: "1 seconds" },
        limits: { keepAliveExpiry: "1 hour" }
      })
      yield* client.get(server.url())
      yield* TestClock.adjust("2 seconds")
      expect(yield* stats).toEqual(atRest(1))
    })
  )
})

describe("timeout.write", () => {
  const piece = new Uint8Array(64 * 1024)

  const bodies = {
    "a stream": Stream.repeatValue(piece),
    "a stream of one large piece": Stream.make(new Uint8Array(64_000_000)),
    bytes: new Uint8Array(64_000_000)
  }
  for (const [name, content] of Object.entries(bodies)) {
    it.scoped(`is the longest time in which the server takes nothing of a body: ${name}`, () =>
      Effect.gen(function* () {
        const server = yield* scripted((c) => c.pause)
        const { client, stats } = yield* connected({ timeout: { write: "2 seconds", read: "1 seconds" } })
        const fiber = yield* Effect.fork(failsWith(client.put(server.url(), { content }), "WriteTimeout"))
        yield* server.connection(0)
        // What the system takes without the server comes first; for how long is not known here.
        yield* Effect.repeat(Effect.zipRight(TestClock.adjust("1 seconds"), Effect.yieldNow()), {
          while: () => stillRuns(fiber)
        })
        const error = yield* Fiber.join(fiber)
        expect(error).toMatchObject({ limit: 2_000, phase: "send", delivery: "unknown" })
        expect(yield* stats).toEqual(atRest(0))
        yield* server.connections[0]!.resume
        yield* server.untilOpen(0)
      })
    )
  }

  it.scoped("does not count the time that the caller's own stream takes", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) => Effect.zipRight(c.take("0\r\n\r\n"), c.send(ok("thanks"))))
      const { client } = yield* connected()
      const pieces = yield* Queue.unbounded<Uint8Array>()
      const content = Stream.fromQueue(pieces)
      const fiber = yield* Effect.fork(client.post(server.url(), { content }))
      for (const text of ["one", "two", "three"]) {
        yield* TestClock.adjust("1 hour")
        yield* Queue.offer(pieces, new TextEncoder().encode(text))
        yield* eventually(() => server.connections[0]?.received.includes(text) === true)
      }
      yield* TestClock.adjust("1 hour")
      yield* Queue.shutdown(pieces)
      expect((yield* Fiber.join(fiber)).status).toBe(200)
    })
  )

  it.scoped("does not end a long upload that the server takes slowly", () =>
    Effect.gen(function* () {
      const size = 32_000_000
      const server = yield* scripted((c) =>
        Effect.gen(function* () {
          yield* c.request
          for (let taken = 0; taken < size; taken += 1_000_000) {
            yield* c.pause
            yield* TestClock.adjust("1 seconds")
            yield* c.resume
            yield* c.takeBytes(1_000_000)
          }
          yield* c.send(ok("all of it"))
        })
      )
      // What the system holds between the two may still be taken after the last byte was sent.
      const { client } = yield* connected({ timeout: { read: "20 seconds" } })
      // The script's clock is that of the test: it advances time between the pieces that it takes.
      const response = yield* client.post(server.url(), { content: new Uint8Array(size) })
      expect(response.status).toBe(200)
    })
  )
})

describe("the timeout of a call", () => {
  const timedOut = <A, E extends { readonly _tag: string; readonly message: string }, R>(
    call: Effect.Effect<A, E, R>,
    ready: Effect.Effect<unknown>
  ) =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(failsWith(call, "TotalTimeout" as E["_tag"]))
      yield* ready
      yield* TestClock.adjust("999 millis")
      expect(yield* stillRuns(fiber)).toBe(true)
      yield* TestClock.adjust("1 millis")
      const error = yield* Fiber.join(fiber)
      expect(error).toMatchObject({ _tag: "TotalTimeout", limit: 1_000, elapsed: 1_000 })
      return error
    })
  const timeout = "1 seconds"

  it.scoped("ends it in the queue", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client, stats } = yield* connected({ limits: { connections: 1 }, timeout: { read: "1 hour" } })
      yield* Effect.fork(client.get(server.url()))
      yield* (yield* server.connection(0)).request
      const error = yield* timedOut(client.get(server.url(), { timeout }), Effect.yieldNow())
      expect(error).toMatchObject({ phase: "queue", delivery: "unsent" })
      expect(yield* stats).toMatchObject({ queued: 0, connecting: 0, active: 1, idle: 0 })
    })
  )

  it.scoped("ends it while connecting", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client, stats } = yield* connected()
      const url = server.url().replace("http:", "https:")
      const error = yield* timedOut(client.get(url, { timeout }), server.connection(0))
      expect(error).toMatchObject({ phase: "tls", delivery: "unsent" })
      expect(yield* stats).toEqual(atRest(0))
      yield* server.untilOpen(0)
    })
  )

  it.scoped("ends it while the answer is awaited", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client, stats } = yield* connected({}, { timeout })
      const arrived = Effect.flatMap(server.connection(0), (c) => c.request)
      const error = yield* timedOut(client.get(server.url()), arrived)
      expect(error).toMatchObject({ phase: "wait", delivery: "unknown" })
      expect(yield* stats).toEqual(atRest(0))
      yield* server.untilOpen(0)
    })
  )

  it.scoped("ends it inside the body, however steadily that comes", () =>
    Effect.gen(function* () {
      const server = yield* scripted(once(`${withLength(10)}12345`))
      const { client, stats } = yield* connected()
      const arrived = Effect.flatMap(server.connection(0), (c) => c.seen("\r\n\r\n"))
      yield* timedOut(client.get(server.url(), { timeout }), arrived)
      expect(yield* stats).toEqual(atRest(0))
      yield* server.untilOpen(0)
    })
  )

  it.scoped("ends a body that is open, read or not", () =>
    Effect.gen(function* () {
      const server = yield* scripted(once(`${withLength(10)}12345`))
      const { client, stats } = yield* connected()
      const response = yield* client.stream("GET", server.url(), { timeout })
      yield* eventually(() => response.numBytesDownloaded === 5)
      yield* TestClock.adjust("1 seconds")
      expect(yield* stats).toEqual(atRest(0))
      yield* server.untilOpen(0)
      const error = yield* failsWith(Stream.runDrain(response.stream), "TotalTimeout")
      expect(error).toMatchObject({ phase: "read", delivery: "answered" })
    })
  )

  it.scoped("ends an upload, and interrupts its stream", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client, stats } = yield* connected()
      let interrupted = false
      const content = Stream.onDone(Stream.never, () => Effect.void).pipe(
        Stream.ensuring(Effect.sync(() => (interrupted = true)))
      )
      const arrived = Effect.flatMap(server.connection(0), (c) => c.request)
      yield* timedOut(client.post(server.url(), { content, timeout }), arrived)
      yield* eventually(() => interrupted)
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scoped("leaves nothing behind when it was not needed", () =>
    Effect.gen(function* () {
      const server = yield* scripted(answering(ok("in time")))
      const { client } = yield* connected({ limits: { keepAliveExpiry: Duration.infinity } }, { timeout })
      const response = yield* client.get(server.url())
      yield* TestClock.adjust("2 seconds")
      expect(yield* response.text).toBe("in time")
      expect(Exit.isSuccess(yield* Effect.exit(client.get(server.url())))).toBe(true)
      expect(server.connections.length).toBe(1)
    })
  )

  it.scoped("replaces the client's own, and can be longer", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client } = yield* connected({ timeout: { read: Duration.infinity } }, { timeout: "10 millis" })
      const arrived = Effect.flatMap(server.connection(0), (c) => c.request)
      yield* timedOut(client.get(server.url(), { timeout }), arrived)
    })
  )
})

describe("a phase's limit", () => {
  it.scoped("is that of the call, else of the client, else of the transport; none is not the same as not given", () =>
    Effect.gen(function* () {
      const server = yield* scripted(silent)
      const { client } = yield* connected({ timeout: { read: "4 seconds" } }, { timeout: { read: "3 seconds" } })
      const { client: plain } = yield* connected(
        { timeout: { read: "4 seconds" } },
        { timeout: { write: "1 seconds" } }
      )
      const calls = [
        client.get(server.url(), { timeout: { read: "2 seconds" } }),
        client.get(server.url(), { timeout: { connect: "1 seconds" } }),
        plain.get(server.url()),
        client.get(server.url(), { timeout: { read: Infinity } })
      ]
      const fibers = yield* Effect.forEach(calls, (call) => Effect.fork(Effect.exit(call)))
      yield* server.connection(3)
      yield* Effect.forEach(server.connections, (connection) => connection.request)
      for (const running of [
        [true, true, true, true],
        [false, true, true, true],
        [false, false, true, true],
        [false, false, false, true],
        [false, false, false, true]
      ]) {
        yield* TestClock.adjust("1 seconds")
        expect(yield* Effect.forEach(fibers, stillRuns)).toEqual(running)
      }
    })
  )
})
