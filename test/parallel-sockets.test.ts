// Random uses of parallel blocks by several consumers at once, over real sockets and a server that breaks its promises.
// More of them: MODEL_RUNS=10000. The same again: MODEL_SEED=… with the seed that a failure prints.
import { HttpClient } from "@effect/platform"
import { Cause, Effect, Exit, FastCheck as fc, Fiber, Scope } from "effect"
import { Client, type Parallel } from "effect-httpx"
import { Transport } from "effect-httpx/node"
import type { AddressInfo } from "node:net"
import * as net from "node:net"
import { gzipSync } from "node:zlib"
import { describe, expect, test } from "vitest"
import { eventually } from "./support/failing.js"
import { told } from "./support/gatedServer.js"

const seed = process.env.MODEL_SEED
const parameters = {
  numRuns: Number(process.env.MODEL_RUNS ?? 75),
  ...(seed === undefined ? {} : { seed: Number(seed) })
}
const timeout = 30_000 + parameters.numRuns * 400

const head = (fields: string) => `HTTP/1.1 200 OK\r\n${fields}\r\n\r\n`
const squeezed = gzipSync("squeezed").toString("latin1")

/** What the server does with a request, by its path, and what is to come of that. */
const faults = {
  fine: { expected: "fine", answer: (socket: net.Socket) => void socket.write(`${head("Content-Length: 4")}fine`) },
  late: {
    expected: "late",
    answer: (socket: net.Socket) =>
      void setImmediate(() => {
        socket.write(head("Transfer-Encoding: chunked"))
        setImmediate(() => socket.write("4\r\nlate\r\n0\r\n\r\n"))
      })
  },
  squeezed: {
    expected: "squeezed",
    answer: (socket: net.Socket) =>
      void socket.write(`${head(`Content-Encoding: gzip\r\nContent-Length: ${squeezed.length}`)}${squeezed}`, "latin1")
  },
  closing: {
    expected: "closing",
    answer: (socket: net.Socket) => void socket.end(`${head("Connection: close\r\nContent-Length: 7")}closing`)
  },
  broken: { expected: "ReadError", answer: (socket: net.Socket) => void socket.destroy() },
  reset: { expected: "ReadError", answer: (socket: net.Socket) => void socket.resetAndDestroy() },
  truncated: {
    expected: "ReadError",
    answer: (socket: net.Socket) => void socket.end(`${head("Content-Length: 9")}trunc`)
  },
  garbage: {
    expected: "RemoteProtocolError",
    answer: (socket: net.Socket) => void socket.write("SSH-2.0-OpenSSH\r\n")
  },
  spoiled: {
    expected: "DecodingError",
    answer: (socket: net.Socket) => void socket.write(`${head("Content-Encoding: gzip\r\nContent-Length: 4")}nope`)
  },
  stuck: { expected: "ReadTimeout", answer: () => undefined },
  invalid: { expected: "InvalidUrl", answer: () => undefined }
} as const

type Fault = keyof typeof faults

const listen = Effect.acquireRelease(
  Effect.async<{ readonly server: net.Server; readonly sockets: Set<net.Socket> }>((resume) => {
    const sockets = new Set<net.Socket>()
    const server = net.createServer((socket) => {
      sockets.add(socket)
      socket.on("close", () => sockets.delete(socket)).on("error", () => undefined)
      socket.on("data", (bytes) => {
        const fault = /^\w+ \/(\w+)/.exec(bytes.toString("latin1"))?.[1]
        if (fault !== undefined && fault in faults) faults[fault as Fault].answer(socket)
      })
    })
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed({ server, sockets })))
  }),
  ({ server, sockets }) =>
    Effect.async<void>((resume) => {
      for (const socket of sockets) socket.destroy()
      server.close(() => resume(Effect.void))
    })
)

/** What of this process holds sockets or timers. */
const held = () =>
  process.getActiveResourcesInfo().filter((name) => /^(Timeout|TCPSocketWrap|TCPConnectWrap)$/.test(name))

/** The fibers of this process that nobody else ends. */
const running = () => Effect.runSync(Fiber.roots).length

const which = fc.nat(1000)
const command = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      _tag: fc.constant("Submit" as const),
      fault: fc.constantFrom(...(Object.keys(faults) as Array<Fault>))
    })
  },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("Cancel" as const), which }) },
  { weight: 3, arbitrary: fc.record({ _tag: fc.constant("Ask" as const), which }) },
  { weight: 4, arbitrary: fc.record({ _tag: fc.constant("Next" as const) }) },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("Interrupt" as const), which }) },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("Pause" as const) }) }
)
const history = fc.record({
  concurrency: fc.integer({ min: 1, max: 4 }),
  perOrigin: fc.constantFrom(1, 3, Infinity),
  drain: fc.boolean(),
  /** Whether requests run without fibers, or in those of the block. */
  traced: fc.boolean(),
  commands: fc.array(command, { maxLength: 30, size: "max" })
})
type History = typeof history extends fc.Arbitrary<infer H> ? H : never

const pick = <A>(list: ReadonlyArray<A>, which: number): A | undefined => list[which % Math.max(1, list.length)]

const scenario = (url: string, { commands, concurrency, drain, perOrigin }: History) =>
  Effect.gen(function* () {
    const transport = yield* Transport.make({ timeout: { pool: Infinity }, limits: { connections: 3 } })
    const client = yield* Effect.provideService(
      Client.make({ baseUrl: url }),
      HttpClient.HttpClient,
      transport.httpClient
    )
    const scope = yield* Scope.make()
    const parallel = yield* Scope.extend(client.parallel({ concurrency, perOrigin }), scope)
    const pendings: Array<{
      readonly fault: Fault
      readonly pending: Parallel.Pending<never, { readonly _tag: string }>
    }> = []
    const consumers: Array<Fiber.RuntimeFiber<unknown>> = []
    /** Those that were asked for or cancelled: leaving the block may come before their answers. */
    const claimed = new Set<unknown>()
    const given: Array<unknown> = []
    const next = Effect.matchEffect(parallel.nextOutcome, {
      onFailure: () => Effect.succeed(false),
      onSuccess: ({ exit, pending }) =>
        Effect.map(told(exit), (what) => {
          given.push(pending.tag)
          const fault = pendings[Number(pending.tag)]?.fault ?? "fine"
          expect(what, fault).toBe(faults[fault].expected)
          return true
        })
    })
    for (const command of commands) {
      switch (command._tag) {
        case "Submit": {
          const tag = pendings.length
          const path = command.fault === "invalid" ? "http://[" : `/${command.fault}`
          const timeout = command.fault === "stuck" ? { read: 30 } : undefined
          const pending = yield* parallel.get(path, { tag, timeout })
          pendings.push({ fault: command.fault, pending: pending as never })
          break
        }
        case "Cancel": {
          const chosen = pick(pendings, command.which)
          if (chosen === undefined) break
          claimed.add(chosen.pending.tag)
          consumers.push(yield* Effect.fork(chosen.pending.cancel))
          break
        }
        case "Ask": {
          const chosen = pick(pendings, command.which)
          if (chosen === undefined) break
          claimed.add(chosen.pending.tag)
          consumers.push(yield* Effect.fork(told(chosen.pending.getResponse)))
          break
        }
        case "Next":
          consumers.push(yield* Effect.fork(next))
          break
        case "Interrupt": {
          const fiber = pick(consumers, command.which)
          if (fiber !== undefined) yield* Fiber.interrupt(fiber)
          break
        }
        case "Pause":
          yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      }
    }
    if (drain) yield* Effect.repeat(next, { while: (more) => more })
    yield* Scope.close(scope, Exit.void)
    for (const fiber of consumers) {
      const exit = yield* Fiber.await(fiber)
      if (Exit.isFailure(exit) && !Cause.isInterruptedOnly(exit.cause)) yield* exit
    }
    for (const { fault, pending } of pendings) {
      const what = yield* told(pending.getResponse)
      const possible: Array<string> = [faults[fault].expected]
      if (!drain || claimed.has(pending.tag)) possible.push("RequestCancelled")
      expect(possible, fault).toContain(what)
    }
    expect(given.length).toBe(new Set(given).size)
    expect(yield* parallel.pendingCount).toBe(0)
    expect(yield* transport.stats).toMatchObject({ queued: 0, active: 0, exchanges: 0 })
    // Where another connection came to serve the last request, the one that was being opened for it is a spare.
    yield* Effect.repeat(Effect.delay(transport.stats, 1), { until: ({ connecting }) => connecting === 0 })
  })

describe("a parallel block over real sockets", () => {
  test(
    "loses no answer, gives none out twice, tells each failure, and leaves no socket, no timer and no fiber",
    () =>
      Effect.gen(function* () {
        const { server, sockets } = yield* listen
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(history, (history) =>
              Effect.gen(function* () {
                const before = held().length
                const fibers = running()
                const run = Effect.scoped(scenario(url, history))
                yield* history.traced ? Effect.withSpan(run, "a parent") : run
                yield* eventually(() => sockets.size === 0 && held().length <= before && running() <= fibers)
              }).pipe(Effect.runPromise)
            ),
            parameters
          )
        )
      }).pipe(Effect.scoped, Effect.runPromise),
    timeout
  )
})
