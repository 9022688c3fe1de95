/** A thousand calls that are interrupted at any moment, whatever they are in the midst of, leave nothing behind. */
import { expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Option, Stream } from "effect"
import type { Client } from "effect-httpx"
import { atRest, connected, eventually } from "./support/failing.js"
import { ok, type Connection, type Script, scripted } from "./support/scripted.js"
import { clientSockets } from "./support/sockets.js"

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
const randomNumbers = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

const oneTurn = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))

/** Sends this in many pieces, with turns between them. */
const slowly = (c: Connection, text: string, pieces = 6) =>
  Effect.forEach(
    Array.from({ length: pieces }, (_, i) =>
      text.slice(Math.floor((i * text.length) / pieces), Math.floor(((i + 1) * text.length) / pieces))
    ),
    (piece) => Effect.zipRight(c.send(piece), oneTurn),
    { discard: true }
  )

const chunks = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${"5\r\n12345\r\n".repeat(50)}0\r\nTrailer: x\r\n\r\n`
const switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\nhello"

/** What the server does with a request, by its path. */
const serving: Record<string, (c: Connection) => Effect.Effect<unknown>> = {
  "/head": (c) => slowly(c, ok("x".repeat(100)), 20),
  "/silent": () => Effect.never,
  "/chunks": (c) => slowly(c, chunks),
  "/large": (c) => c.send(ok("x".repeat(600_000))),
  "/short": (c) => slowly(c, ok("x".repeat(20_000)), 8),
  "/stalled": (c) => Effect.zipRight(c.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1"), Effect.never),
  "/taken": (c) => Effect.zipRight(c.take("end!"), c.send(ok("taken"))),
  "/refused": (c) => Effect.zipRight(oneTurn, c.send(ok("enough", "Connection: close"))),
  "/continued": (c) =>
    Effect.zipRight(
      Effect.zipRight(oneTurn, c.send("HTTP/1.1 100 Continue\r\n\r\n")),
      Effect.zipRight(c.take("end!"), c.send(ok("taken")))
    ),
  "/upgraded": (c) => Effect.zipRight(slowly(c, switching, 3), Effect.forever(c.send("y".repeat(10_000)))),
  "/lost": (c) => Effect.zipRight(slowly(c, chunks.slice(0, -20)), c.close),
  "/reset": (c) => Effect.zipRight(oneTurn, c.reset)
}

const script: Script = (c) =>
  Effect.forever(Effect.flatMap(c.request, (asked) => Effect.zipRight(oneTurn, serving[asked.split(" ")[1]!]!(c))))

type Way = (client: Client.Client, url: (path: string) => string) => Effect.Effect<unknown, unknown>

const piece = new Uint8Array(30_000)
const last = new TextEncoder().encode("end!")
const large = Buffer.concat([new Uint8Array(400_000), last])
const headers = { expect: "100-continue" }

const stream = Stream.concat(Stream.repeatEffect(Effect.as(oneTurn, piece)).pipe(Stream.take(20)), Stream.succeed(last))

const closedEarly =
  (path: string): Way =>
  (client, url) =>
    Effect.scoped(Effect.zipRight(client.stream("GET", url(path)), oneTurn))

const upgraded: Way = (client, url) =>
  Effect.scoped(
    Effect.gen(function* () {
      const response = yield* client.stream("GET", url("/upgraded"), { headers: { upgrade: "echo" } })
      const { end, write } = Option.getOrThrow(response.upgraded)
      yield* Effect.fork(Effect.zipRight(Effect.repeatN(write(piece), 20), end))
      yield* Stream.runDrain(response.raw)
    })
  )

const ways: ReadonlyArray<Way> = [
  (client, url) => client.get(url("/head")),
  (client, url) => client.get(url("/silent")),
  (client, url) => client.get(url("/chunks")),
  (client, url) => client.get(url("/lost")),
  (client, url) => client.get(url("/reset")),
  (client, url) => Effect.scoped(Effect.flatMap(client.stream("GET", url("/large")), (r) => Stream.runDrain(r.stream))),
  (client, url) => client.put(url("/taken"), { content: large }),
  (client, url) => client.post(url("/taken"), { content: stream }),
  (client, url) => client.post(url("/refused"), { content: stream }),
  (client, url) => client.put(url("/continued"), { content: large, headers }),
  (client, url) => client.post(url("/continued"), { content: stream, headers }),
  closedEarly("/short"),
  closedEarly("/chunks"),
  closedEarly("/stalled"),
  upgraded
]

/** What is open in this process, of the kinds that a connection can leave behind. */
const open = () =>
  process.getActiveResourcesInfo().filter((name) => /^(Timeout|Immediate|TCP\w*|TLS\w*|GetAddrInfo\w*)$/.test(name))

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)

it.live(`a thousand interrupted calls leave nothing open (SEED=${seed})`, () =>
  Effect.gen(function* () {
    const before = open().length
    yield* Effect.scoped(
      Effect.gen(function* () {
        const random = randomNumbers(seed)
        const upTo = (count: number) => Math.floor(random() * count)
        const server = yield* scripted(script)
        const sockets = yield* clientSockets
        // Fewer connections than calls: some are interrupted in the queue.
        const { client, stats } = yield* connected({ limits: { connections: 6 } })
        let ended = 0
        const oneLoop = Effect.gen(function* () {
          for (let i = 0; i < 100; i++) {
            const call = ways[upTo(ways.length)]!(client, (path) => server.url(path))
            const fiber = yield* Effect.fork(call)
            if (upTo(4) === 0) yield* Effect.repeatN(Effect.yieldNow(), upTo(20))
            else for (let turns = upTo(25); turns > 0; turns--) yield* oneTurn
            const exit = yield* Fiber.interrupt(fiber)
            if (Exit.isFailure(exit)) expect(Cause.isDie(exit.cause), Cause.pretty(exit.cause)).toBe(false)
            ended++
          }
        })
        yield* Effect.all(
          Array.from({ length: 10 }, () => oneLoop),
          { concurrency: "unbounded" }
        )

        expect(ended).toBe(1000)
        const { idle } = yield* stats
        expect(yield* stats).toEqual(atRest(idle))
        const openSockets = () => sockets.filter((socket) => !socket.closed).length
        yield* eventually(() => server.open === idle && openSockets() === idle)
        const response = yield* client.get(server.url("/chunks"))
        expect([response.status, response.numBytesDownloaded, response.trailers]).toEqual([
          200,
          250,
          [["Trailer", "x"]]
        ])
      })
    )
    yield* eventually(() => open().length <= before)
  })
)
