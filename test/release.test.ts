/** However a call ends, its connection is free again or closed, and whoever ended it has waited for that. */
import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Stream } from "effect"
import type { Client } from "effect-httpx"
import { atRest, connected, eventually } from "./support/failing.js"
import { ok, once, type Script, scripted, type ScriptedServer, silent } from "./support/scripted.js"
import { clientSockets } from "./support/sockets.js"

type Way = (client: Client.Client, url: string) => Effect.Effect<unknown, unknown>

/** All ways to send a request and read its answer to the end. */
const ways: Record<string, Way> = {
  get: (client, url) => Effect.flatMap(client.get(url), (response) => response.text),
  "post with a stream": (client, url) => client.post(url, { content: endlessly(1) }),
  stream: (client, url) =>
    Effect.scoped(Effect.flatMap(client.stream("GET", url), (response) => Stream.runDrain(response.stream))),
  "stream and read": (client, url) =>
    Effect.scoped(Effect.flatMap(client.stream("GET", url), (response) => response.read)),
  "parallel.get": (client, url) =>
    Effect.scoped(
      Effect.gen(function* () {
        const parallel = yield* client.parallel()
        const pending = yield* parallel.get(url)
        return yield* pending.getResponse
      })
    ),
  "parallel.nextResponse": (client, url) =>
    Effect.scoped(
      Effect.gen(function* () {
        const parallel = yield* client.parallel({ concurrency: 1 })
        yield* parallel.get(url)
        yield* parallel.get(url)
        yield* parallel.nextResponse
        return yield* parallel.nextResponse
      })
    ),
  "parallel.stream": (client, url) =>
    Effect.scoped(
      Effect.gen(function* () {
        const parallel = yield* client.parallel()
        const pending = yield* parallel.stream("GET", url)
        const response = yield* pending.getResponse
        yield* Stream.runDrain(response.stream)
      })
    )
}

/** So many pieces of a body, or pieces without end. */
const endlessly = (count = Infinity) => Stream.take(Stream.repeatValue(new Uint8Array(64 * 1024)), count)

const eachWay = Object.entries(ways)

/** Lets what is under way in this process arrive. */
const aFewTurns = Effect.repeatN(
  Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void))),
  8
)

const head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"

describe("a call that succeeds", () => {
  it.scopedLive.each(eachWay)("leaves its connection to the next: %s", ([, run]) =>
    Effect.gen(function* () {
      const server = yield* scripted((c) =>
        Effect.forever(
          Effect.gen(function* () {
            const request = yield* c.request
            if (request.startsWith("POST")) yield* c.take("\r\n0\r\n\r\n")
            yield* c.send(ok("x".repeat(100_000)))
          })
        )
      )
      const { client, stats } = yield* connected()
      yield* run(client, server.url())
      expect(yield* stats).toEqual(atRest(1))
      yield* run(client, server.url())
      expect(yield* stats).toEqual(atRest(1))
      expect(server.connections.length).toBe(1)
    })
  )
})

describe("a call that fails", () => {
  const faults: ReadonlyArray<readonly [string, Script]> = [
    ["before its answer", (c) => Effect.zipRight(c.request, c.reset)],
    ["inside its answer", (c) => Effect.zipRight(once(`${head}12345`)(c), c.reset)],
    ["by what is not HTTP", once("nonsense")]
  ]
  for (const [name, run] of eachWay) {
    it.scopedLive.each(faults)(`leaves nothing open: ${name}, %s`, ([, script]) =>
      Effect.gen(function* () {
        const server = yield* scripted(script)
        const { client, stats } = yield* connected()
        expect(Exit.isFailure(yield* Effect.exit(run(client, server.url())))).toBe(true)
        expect(yield* stats).toEqual(atRest(0))
        yield* server.untilOpen(0)
      })
    )
  }
})

describe("a response that is not read to its end", () => {
  /** How a reader may leave a response early, without and with a scope's help. */
  const leaving = {
    "by `close`": (client: Client.Client, url: string) =>
      Effect.flatMap(client.stream("GET", url), (response) => response.close),
    "by leaving its scope": (client: Client.Client, url: string) => Effect.scoped(client.stream("GET", url)),
    "by taking a part of its stream": (client: Client.Client, url: string) =>
      Effect.flatMap(client.stream("GET", url), (response) => Stream.runDrain(Stream.take(response.stream, 1))),
    "by a reader that fails": (client: Client.Client, url: string) =>
      Effect.flatMap(client.stream("GET", url), (response) =>
        Effect.flip(Stream.runForEach(response.stream, () => Effect.fail("enough")))
      ),
    "by `close` in a parallel block": (client: Client.Client, url: string) =>
      Effect.gen(function* () {
        const parallel = yield* client.parallel()
        const response = yield* (yield* parallel.stream("GET", url)).getResponse
        yield* response.close
      }),
    "by leaving its parallel block": (client: Client.Client, url: string) =>
      Effect.scoped(
        Effect.gen(function* () {
          const parallel = yield* client.parallel()
          yield* parallel.stream("GET", url)
          yield* parallel.nextResponse
        })
      )
  }

  it.scopedLive.each(Object.entries(leaving))("closes its connection %s, and waits for that", ([, leave]) =>
    Effect.gen(function* () {
      const server = yield* scripted(once(`${head}12345`))
      const sockets = yield* clientSockets
      const { client, stats } = yield* connected()
      yield* leave(client, server.url())
      expect(yield* stats).toEqual(atRest(0))
      expect(sockets.map((socket) => socket.closed)).toEqual([true])
      yield* server.untilOpen(0)
    })
  )
})

/** A moment in the life of a call, at which it can be interrupted. */
interface Moment {
  readonly script: Script
  /** Whether the call is to a server that is asked for TLS. */
  readonly secure?: boolean
  /** Whether another call has the only connection. */
  readonly busy?: boolean
  /** Waits until the moment has come. */
  readonly reached: (server: ScriptedServer) => Effect.Effect<unknown>
}

const moments: Record<string, Moment> = {
  "in the queue": { script: silent, busy: true, reached: () => aFewTurns },
  "while connecting": { script: silent, secure: true, reached: (server) => server.connection(0) },
  "while waiting for the head": {
    script: silent,
    reached: (server) => Effect.flatMap(server.connection(0), (c) => c.request)
  },
  "inside the head": {
    script: once("HTTP/1.1 200 OK\r\nA: "),
    reached: (server) => Effect.zipRight(server.connection(0), aFewTurns)
  },
  "inside the body": {
    script: once(`${head}12345`),
    reached: (server) => Effect.zipRight(server.connection(0), aFewTurns)
  }
}

describe("a call that is interrupted", () => {
  for (const [name, run] of eachWay) {
    it.scopedLive.each(Object.entries(moments))(
      `has closed its connection when the interruption is done: ${name}, %s`,
      ([, moment]) =>
        Effect.gen(function* () {
          const server = yield* scripted(moment.script)
          const { client, stats } = yield* connected({ limits: { connections: 1 } })
          if (moment.busy === true) {
            yield* Effect.fork(client.get(server.url("/busy")))
            yield* Effect.flatMap(server.connection(0), (c) => c.seen("/busy"))
          }
          const sockets = yield* clientSockets
          const url = moment.secure === true ? server.url().replace("http:", "https:") : server.url()
          const fiber = yield* Effect.fork(run(client, url))
          yield* moment.reached(server)

          const exit = yield* Fiber.interrupt(fiber)
          expect(Exit.isInterrupted(exit)).toBe(true)
          const busy = moment.busy === true ? 1 : 0
          expect(yield* stats).toEqual({ ...atRest(0), active: busy, exchanges: busy })
          expect(sockets.filter((socket) => !socket.closed)).toEqual([])
          yield* server.untilOpen(busy)
          expect(server.connections.length).toBe(1)
        })
    )
  }

  it.scopedLive.each([
    ["a stream", endlessly()],
    ["bytes", new Uint8Array(64_000_000)]
  ] as const)("has closed its connection in the midst of an upload: %s", ([, content]) =>
    Effect.gen(function* () {
      const server = yield* scripted((c) => c.pause)
      const sockets = yield* clientSockets
      const { client, stats } = yield* connected()
      let finalized = false
      const body =
        content instanceof Uint8Array
          ? content
          : Stream.ensuring(
              content,
              Effect.sync(() => (finalized = true))
            )
      const fiber = yield* Effect.fork(client.post(server.url(), { content: body }))
      yield* server.connection(0)
      yield* aFewTurns
      yield* Fiber.interrupt(fiber)
      expect(yield* stats).toEqual(atRest(0))
      expect(sockets.map((socket) => socket.closed)).toEqual([true])
      expect(finalized).toBe(!(content instanceof Uint8Array))
      yield* server.connections[0]!.resume
      yield* server.untilOpen(0)
      expect(server.connections[0]!.received.endsWith("0\r\n\r\n")).toBe(false)
    })
  )

  it.scopedLive("leaves the others their connections", () =>
    Effect.gen(function* () {
      const server = yield* scripted((c) =>
        Effect.flatMap(c.request, (asked) =>
          asked.includes("/never") ? Effect.never : Effect.zipRight(aFewTurns, c.send(ok("ok")))
        )
      )
      const { client, stats } = yield* connected()
      const never = yield* Effect.forEach([1, 2, 3], () => Effect.fork(client.get(server.url("/never"))))
      const soon = yield* Effect.forEach([1, 2, 3], () => Effect.fork(client.get(server.url("/soon"))))
      yield* server.connection(5)
      yield* Fiber.interruptAll(never)
      for (const fiber of soon) expect((yield* Fiber.join(fiber)).status).toBe(200)
      expect(yield* stats).toEqual(atRest(3))
      yield* server.untilOpen(3)
    })
  )
})

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
const randomNumbers = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

describe("calls that are interrupted at any moment", () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)

  it.scopedLive(`leak nothing (SEED=${seed})`, () =>
    Effect.gen(function* () {
      const random = randomNumbers(seed)
      const upTo = (count: number) => Math.floor(random() * count)
      const chunked = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${"5\r\n12345\r\n".repeat(20)}0\r\n\r\n`
      const answers: Script = (c) =>
        Effect.forever(
          Effect.gen(function* () {
            yield* c.request
            const answer = [ok("x"), ok("x".repeat(100_000)), chunked, ok("x", "Connection: close")][upTo(4)]!
            const cut = upTo(answer.length)
            yield* c.send(answer.slice(0, cut))
            if (upTo(2) === 0) yield* Effect.yieldNow()
            yield* c.send(answer.slice(cut))
          })
        )
      const server = yield* scripted(answers)
      const sockets = yield* clientSockets
      const { client, stats } = yield* connected({ limits: { connections: 3 } })
      const readable = eachWay.filter(([name]) => !name.startsWith("post"))
      const oneLoop = Effect.gen(function* () {
        for (let i = 0; i < 100; i++) {
          const run = readable[upTo(readable.length)]![1]
          const fiber = yield* Effect.fork(run(client, server.url()))
          if (upTo(2) === 0) yield* Effect.repeatN(Effect.yieldNow(), upTo(20))
          else for (let turns = upTo(8); turns > 0; turns--) yield* Effect.promise(() => new Promise(setImmediate))
          const exit = yield* Fiber.interrupt(fiber)
          if (Exit.isFailure(exit)) expect(Cause.isInterrupted(exit.cause), Cause.pretty(exit.cause)).toBe(true)
        }
      })
      yield* Effect.all([oneLoop, oneLoop, oneLoop, oneLoop], { concurrency: "unbounded" })

      const { idle } = yield* stats
      expect(yield* stats).toEqual(atRest(idle))
      expect(idle).toBeLessThanOrEqual(3)
      yield* eventually(() => server.open === idle && sockets.filter((socket) => !socket.closed).length === idle)
      expect((yield* client.get(server.url())).status).toBe(200)
    })
  )
})
