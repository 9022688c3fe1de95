// Many requests as one: all of their answers, the first, or a stream of outcomes from an input of any length.
import { describe, expect, it } from "@effect/vitest"
import { Cause, Chunk, Effect, Either, Exit, Fiber, Stream } from "effect"
import { Client } from "effect-httpx"
import { clientOf, gated, gatedOnSocket, started, told } from "./support/gatedServer.js"

const texts = (
  outcomes: Iterable<{ readonly exit: Exit.Exit<Parameters<typeof text>[0], { readonly _tag: string }> }>
) => Effect.forEach(outcomes, ({ exit }) => told(exit))

const text = (response: { readonly text: Effect.Effect<string, { readonly _tag: string }> }) => response.text

/** Lets what has been answered come to its reader. */
const turn = Effect.repeatN(Effect.yieldNow(), 40)

describe("client.all", () => {
  it.effect("gives the answers of a list at their places, whatever order they come in", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const all = yield* started(client.all(["/a", "/b", { method: "PUT", url: "/c", content: "x" }]))
      for (const path of ["/c", "/a", "/b"]) yield* server.answer(path)
      expect(yield* Effect.forEach(yield* Fiber.join(all), text)).toEqual(["/a", "/b", "/c"])
    })
  )

  it.effect("gives the answers of a record by its names", () =>
    Effect.gen(function* () {
      const { client } = yield* gated
      const { user, posts } = yield* client.all({ user: "/now/user", posts: "/now/posts" })
      expect([yield* user.text, yield* posts.text]).toEqual(["/now/user", "/now/posts"])
    })
  )

  it.effect("fails with the first failure, at once, and ends the others", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const all = yield* started(client.all(["/slow", "/broken"]))
      yield* server.breakOff("/broken")
      expect(yield* Effect.flip(Fiber.join(all))).toMatchObject({
        _tag: "ReadError",
        request: { url: expect.stringContaining("/broken") }
      })
      expect(server.serving.size).toBe(0)
    })
  )

  it.effect('with mode "either" waits for all, and gives failures as values', () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const all = yield* started(client.all(["/broken", "/fine"], { mode: "either" }))
      yield* server.breakOff("/broken")
      yield* server.answer("/fine")
      const [broken, fine] = yield* Fiber.join(all)
      expect(Either.isLeft(broken) && broken.left._tag).toBe("ReadError")
      expect(Either.isRight(fine) && (yield* fine.right.text)).toBe("/fine")
    })
  )

  it.effect("of nothing is nothing", () =>
    Effect.gen(function* () {
      const { client } = yield* gated
      expect(yield* client.all([])).toEqual([])
      expect(yield* client.all({})).toEqual({})
    })
  )

  it.effect("interrupted, ends all of them and waits", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const all = yield* started(client.all(["/a", "/b"]))
      yield* server.arrived("/b")
      yield* Fiber.interrupt(all)
      expect(server.serving.size).toBe(0)
    })
  )

  it.effect("is there for the application's client too", () =>
    Effect.gen(function* () {
      const { client } = yield* gated
      const [one] = yield* Effect.provideService(Client.all(["/now/1"]), Client.Client, client)
      expect(yield* one.text).toBe("/now/1")
    })
  )
})

describe("client.race", () => {
  it.effect("gives the first answer, and ends the others", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const race = yield* started(client.race(["/a", "/b", "/c"]))
      yield* server.breakOff("/a")
      yield* server.answer("/c")
      expect(yield* (yield* Fiber.join(race)).text).toBe("/c")
      expect(server.serving.size).toBe(0)
    })
  )

  it.effect("fails with all failures when there is no answer, the first one first", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const race = yield* started(client.race(["/a", "/b"]))
      yield* server.breakOff("/b")
      yield* server.breakOff("/a")
      const exit = yield* Fiber.await(race)
      const urls = Exit.isFailure(exit)
        ? [...Cause.failures(exit.cause)].map((error) => "request" in error && error.request?.url)
        : []
      expect(urls).toEqual(["http://server.test/b", "http://server.test/a"])
    })
  )

  it.effect("of nothing fails with NoPendingResponses", () =>
    Effect.gen(function* () {
      const { client } = yield* gated
      expect((yield* Effect.flip(client.race([])))._tag).toBe("NoPendingResponses")
    })
  )
})

describe("client.parallel.over", () => {
  it.effect("24. makes requests of an input, and gives their outcomes in the order of completion", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const outcomes = client.parallel.over(["a", "b", "c"], (name) => `/${name}`)
      const taking = yield* started(Stream.runCollect(outcomes))
      for (const path of ["/c", "/a"]) yield* Effect.zipRight(server.answer(path), turn)
      yield* server.breakOff("/b")
      const taken = Chunk.toReadonlyArray(yield* Fiber.join(taking))
      expect(taken.map(({ index, input }) => [index, input])).toEqual([
        [2, "c"],
        [0, "a"],
        [1, "b"]
      ])
      expect(yield* texts(taken)).toEqual(["/c", "/a", "ReadError"])
    })
  )

  it.effect("24. gives them in the order of the input when asked to", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const outcomes = client.parallel.over(["/a", "/b", "/c"], (path) => path, { ordered: true })
      const taking = yield* started(Stream.runCollect(outcomes))
      for (const path of ["/c", "/a"]) yield* server.answer(path)
      yield* server.breakOff("/b")
      expect(yield* texts(yield* Fiber.join(taking))).toEqual(["/a", "ReadError", "/c"])
    })
  )

  it.effect.each(["iterable", "stream"] as const)(
    "24. takes an infinite %s, no more of it than there is room for",
    (kind) =>
      Effect.gen(function* () {
        const { client, server } = yield* gated
        let taken = 0
        let left = false
        const numbers = function* () {
          try {
            for (;;) yield taken++
          } finally {
            left = true
          }
        }
        const options = { concurrency: 2, buffer: 1 }
        const make = (n: number) => `/now/${n}`
        const outcomes =
          kind === "iterable"
            ? client.parallel.over(numbers(), make, options)
            : client.parallel.over(
                Stream.ensuring(
                  Stream.repeatEffect(Effect.sync(() => taken++)),
                  Effect.sync(() => (left = true))
                ),
                make,
                options
              )
        const some = yield* Stream.runCollect(Stream.take(outcomes, 50))
        expect(yield* texts(some)).toHaveLength(50)
        expect(taken).toBeLessThan(60)
        expect(left).toBe(true)
        expect(server.peak).toBeLessThanOrEqual(2)
        expect(server.serving.size).toBe(0)
      })
  )

  it.effect("24. a reader who is slow slows the input", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const paths = Stream.map(Stream.range(1, 100), (n) => `/now/${n}`)
      const outcomes = client.parallel.over(paths, (path) => path, { concurrency: 2, buffer: 1 })
      const stopped = yield* started(Stream.runForEach(outcomes, () => Effect.never))
      yield* Effect.repeatN(Effect.yieldNow(), 500)
      expect(server.seen.length).toBeLessThanOrEqual(7)
      yield* Fiber.interrupt(stopped)
    })
  )

  it.effect("24. fails with what the input fails with, after all outcomes", () =>
    Effect.gen(function* () {
      const { client } = yield* gated
      const input = Stream.concat(Stream.make("/now/1", "/now/2"), Stream.fail("the input broke"))
      const seen: Array<string> = []
      const exit = yield* client.parallel
        .over(input, (path) => path)
        .pipe(
          Stream.runForEach(({ input }) => Effect.sync(() => seen.push(input))),
          Effect.exit
        )
      expect(exit).toEqual(Exit.fail("the input broke"))
      expect(seen.sort()).toEqual(["/now/1", "/now/2"])
    })
  )

  it.effect("24. leaving the stream ends what runs", () =>
    Effect.gen(function* () {
      const { client, server } = yield* gated
      const taking = yield* started(Stream.runDrain(client.parallel.over(["/a", "/b"], (path) => path)))
      yield* server.arrived("/b")
      yield* Fiber.interrupt(taking)
      expect(server.serving.size).toBe(0)
    })
  )

  it.effect("24. of nothing is nothing", () =>
    Effect.gen(function* () {
      const { client } = yield* gated
      expect(yield* Stream.runCount(client.parallel.over([], () => "/"))).toBe(0)
      expect(yield* Stream.runCount(client.parallel.over(Stream.empty, () => "/"))).toBe(0)
    })
  )

  it.scopedLive("24. keeps a thousand requests apart on real sockets", () =>
    Effect.gen(function* () {
      const { client, server, transport } = yield* gatedOnSocket()
      const numbers = Array.from({ length: 1000 }, (_, n) => n)
      const outcomes = client.parallel.over(numbers, (n) => `/now/${n}`, { concurrency: 7 })
      const right = yield* Stream.runFold(
        Stream.mapEffect(outcomes, ({ exit, input }) => Effect.map(told(exit), (path) => path === `/now/${input}`)),
        0,
        (sum, isRight) => sum + (isRight ? 1 : 0)
      )
      expect(right).toBe(1000)
      expect(server.peak).toBeLessThanOrEqual(7)
      const { active, idle } = yield* transport.stats
      expect(active).toBe(0)
      expect(idle).toBeLessThanOrEqual(7)
    })
  )

  it.scoped("is there for the application's client too", () =>
    Effect.gen(function* () {
      const client = yield* clientOf(({ path }) => Effect.succeed({ body: path }))
      const outcomes = Client.parallel.over(["/a"], (path) => path)
      const taken = yield* Effect.provideService(Stream.runCollect(outcomes), Client.Client, client)
      expect(yield* texts(taken)).toEqual(["/a"])
    })
  )
})
