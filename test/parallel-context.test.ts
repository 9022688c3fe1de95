// What a request takes over from who submits it, and streamed answers. The numbers are those of the questions in
// test/parallel.test.ts.
import { describe, expect, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, FiberId, FiberRef, Option, Scope, Stream, TestClock } from "effect"
import { clientOf, gated, gatedOnSocket, started, told } from "./support/gatedServer.js"
import { restless } from "./support/restless.js"

const language = FiberRef.unsafeMake("none")

class Name extends Context.Tag("test/Name")<Name, string>() {}

/** What a server function, which runs in the request's own fiber, finds around it. */
const around = clientOf(() =>
  Effect.gen(function* () {
    const name = Context.getOption(yield* Effect.context<never>(), Name)
    const span = yield* Effect.option(Effect.currentSpan)
    const parent = Option.flatMap(span, (client) => client.parent)
    const parentName = Option.map(parent, (span) => (span._tag === "Span" ? span.name : span.spanId))
    const none = () => "none"
    const found = [yield* FiberRef.get(language), Option.getOrElse(name, none), Option.getOrElse(parentName, none)]
    return { body: found.join(" ") }
  })
)

describe("a request", () => {
  it.scoped("32. runs with the references, the services and the parent span of who submits it", () =>
    Effect.gen(function* () {
      const parallel = yield* (yield* around).parallel({ concurrency: 1 })
      const submit = parallel.get("/")
      const pendings = [
        yield* Effect.locally(submit, language, "fr"),
        yield* submit,
        yield* Effect.provideService(submit, Name, "ada"),
        yield* Effect.withSpan(submit, "search"),
        yield* Effect.locally(submit, language, "de"),
        yield* submit
      ]
      const found = yield* Effect.forEach(pendings, (pending) => told(pending.getResponse))
      expect(found).toEqual([
        "fr none none",
        "none none none",
        "none ada none",
        "none none search",
        "de none none",
        "none none none"
      ])
    })
  )

  it.scoped("32. keeps what it sets to itself", () =>
    Effect.gen(function* () {
      const client = yield* clientOf(() => Effect.as(FiberRef.set(language, "set by another"), {}))
      const parallel = yield* client.parallel({ concurrency: 1 })
      yield* parallel.get("/")
      const first = yield* parallel.fork(FiberRef.getAndSet(language, "set by the first"))
      const second = yield* parallel.fork(FiberRef.get(language))
      expect([yield* first.getResponse, yield* second.getResponse]).toEqual(["none", "none"])
      expect(yield* FiberRef.get(language)).toBe("none")
    })
  )

  it.scoped("32. lives as long as the block: the end of who submitted it is nothing to it", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 1 })
      const submitter = yield* started(
        Effect.zipRight(Effect.zipRight(parallel.get("/a"), parallel.get("/b")), Effect.never)
      )
      yield* server.arrived("/a")
      yield* Fiber.interrupt(submitter)
      yield* server.answer("/a")
      yield* server.answer("/b")
      expect([yield* told(parallel.nextResponse), yield* told(parallel.nextResponse)]).toEqual(["/a", "/b"])
    })
  )

  it.scoped("32. is not bounded by a timeout around its submission", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      const pending = yield* Effect.timeout(parallel.get("/a"), "1 second")
      yield* server.arrived("/a")
      yield* TestClock.adjust("1 hour")
      yield* server.answer("/a")
      expect(yield* told(pending.getResponse)).toBe("/a")
    })
  )

  it.scoped("32. runs even if who submits it is being interrupted", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 1 })
      yield* parallel.get("/now/before")
      const submitter = yield* started(
        Effect.onInterrupt(Effect.never, () => Effect.zipRight(parallel.post("/bye"), parallel.post("/bye/again")))
      )
      yield* Fiber.interrupt(submitter)
      expect(yield* told(parallel.nextResponse)).toBe("/now/before")
      yield* server.answer("/bye")
      yield* server.answer("/bye/again")
      expect(yield* told(parallel.nextResponse)).toBe("/bye")
      expect(yield* told(parallel.nextResponse)).toBe("/bye/again")
    })
  )

  it.effect("32. is served or was never submitted, whenever who submits it is interrupted", () =>
    Effect.forEach(
      Array.from({ length: 300 }, (_, seed) => seed),
      (seed) =>
        Effect.gen(function* () {
          const client = yield* clientOf(() => Effect.fail("broken off"))
          const parallel = yield* client.parallel({ concurrency: 1 })
          const submitter = yield* Effect.fork(restless(seed)(parallel.get("/")))
          for (let i = 0; i < seed % 5; i++) yield* Effect.yieldNow()
          submitter.unsafeInterruptAsFork(FiberId.none)
          yield* Fiber.await(submitter)
          const submitted = yield* parallel.hasPendingResponses
          expect(yield* told(parallel.nextResponse)).toBe(submitted ? "ReadError" : "NoPendingResponses")
        }).pipe(Effect.scoped),
      { discard: true }
    )
  )

  it.scoped("32. takes the context of its own body from who submits it", () =>
    Effect.gen(function* () {
      const client = yield* clientOf(({ body }) => Effect.map(body, (bytes) => ({ body: bytes })))
      const parallel = yield* client.parallel()
      const content = Stream.fromEffect(Effect.map(Name, (name) => new TextEncoder().encode(name)))
      const pending = yield* Effect.provideService(parallel.post("/", { content }), Name, "grace")
      expect(yield* told(pending.getResponse)).toBe("grace")
    })
  )

  it.scoped("9. whose own body fails has that failure, with its type", () =>
    Effect.gen(function* () {
      const client = yield* clientOf(({ body }) => Effect.as(body, {}))
      const parallel = yield* client.parallel()
      const pending = yield* parallel.post("/", { content: Stream.fail("own" as const) })
      const error = yield* Effect.flip(pending.getResponse)
      expect(error).toMatchObject({ _tag: "BodyError", error: "own", request: { method: "POST" } })
    })
  )
})

const piece = new TextEncoder().encode("piece")

/** A body that never ends. */
const endless = { body: Stream.concat(Stream.make(piece), Stream.never) }

describe("a streamed request", () => {
  it.scoped("13. is complete at the head of its answer, which is open", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      yield* parallel.stream("GET", "/a")
      yield* server.answer("/a", endless)
      const response = yield* parallel.nextResponse
      expect(response.isClosed).toBe(false)
      const first = yield* Stream.runHead(response.stream)
      expect(first).toMatchObject({ value: piece })
      expect(response.isClosed).toBe(true)
    })
  )

  it.scoped.each(["close", "read"] as const)("14. keeps its place until its answer is closed (%s)", (how) =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 1 })
      const streamed = yield* parallel.stream("GET", "/a")
      const next = yield* parallel.get("/b")
      yield* server.answer("/a", { body: Stream.make(piece, piece) })
      const response = yield* streamed.getResponse
      yield* Effect.yieldNow()
      expect(server.seen).toEqual(["/a"])
      yield* how === "close" ? response.close : response.read
      yield* server.answer("/b")
      expect(yield* told(next.getResponse)).toBe("/b")
    })
  )

  it.effect("14. is closed at the latest with the block; what was read stays readable", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const [open, read] = yield* Effect.scoped(
        Effect.gen(function* () {
          const parallel = yield* client.parallel()
          const [open, read] = [yield* parallel.stream("GET", "/open"), yield* parallel.stream("GET", "/read")]
          yield* server.answer("/open", endless)
          yield* server.answer("/read")
          yield* Effect.flatMap(read.getResponse, (response) => response.read)
          yield* open.getResponse
          return [open, read]
        })
      )
      expect((yield* open!.getResponse).isClosed).toBe(true)
      expect(yield* told(open!.getResponse)).toBe("StreamClosed")
      expect(yield* told(read!.getResponse)).toBe("/read")
    })
  )

  it.scopedLive("14. that nobody reads gives its connection up with the block", () =>
    Effect.gen(function* () {
      const { client, server, transport } = yield* gatedOnSocket()
      const scope = yield* Scope.make()
      const parallel = yield* Scope.extend(client.parallel(), scope)
      const pending = yield* parallel.stream("GET", "/a")
      yield* server.answer("/a", endless)
      const response = yield* pending.getResponse
      expect(yield* transport.stats).toMatchObject({ active: 1 })
      yield* Scope.close(scope, Exit.void)
      expect(yield* transport.stats).toMatchObject({ active: 0, idle: 0 })
      expect(yield* told(Effect.succeed(response))).toBe("StreamClosed")
    })
  )

  it.scoped("15. gives its place to those that wait as its answers are drained in their order", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 2 })
      const paths = Array.from({ length: 10 }, (_, i) => `/now/${i}`)
      for (const path of paths) yield* parallel.stream("GET", path)
      const bodies: Array<string> = []
      yield* Stream.runForEach(parallel.responses, (response) => Effect.map(response.text, (text) => bodies.push(text)))
      expect(bodies).toEqual(paths)
      expect(server.peak).toBe(1)
    })
  )

  it.scoped("20. is closed by cancel, before and after its answer was taken", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel({ concurrency: 1 })
      const [one, two] = [yield* parallel.stream("GET", "/one"), yield* parallel.stream("GET", "/two")]
      yield* server.answer("/one", endless)
      const response = yield* one.getResponse
      yield* one.cancel
      expect(yield* told(Effect.succeed(response))).toBe("StreamClosed")
      expect(yield* one.getResponse).toBe(response)
      yield* server.answer("/two", endless)
      yield* two.cancel
      expect(yield* told(two.getResponse)).toBe("RequestCancelled")
      expect(yield* parallel.hasPendingResponses).toBe(false)
      const last = yield* parallel.get("/now/last")
      expect(yield* told(last.getResponse)).toBe("/now/last")
    })
  )

  it.scoped("20. waits, when cancelled, for what its server held", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const parallel = yield* client.parallel()
      const release = yield* Deferred.make<void>()
      const pending = yield* parallel.stream("GET", "/a")
      yield* server.answer("/a", {
        body: Stream.ensuring(Stream.concat(Stream.make(piece), Stream.never), Deferred.await(release))
      })
      const response = yield* pending.getResponse
      const reader = yield* started(Stream.runDrain(response.stream))
      const cancelling = yield* started(pending.cancel)
      expect(cancelling.unsafePoll()).toBeNull()
      yield* Deferred.succeed(release, undefined)
      yield* Fiber.join(cancelling)
      yield* Fiber.interrupt(reader)
    })
  )
})
