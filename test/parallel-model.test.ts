// Random uses of a parallel block, by several fibers at once, against a model of what it is to do.
// More of them: MODEL_RUNS=10000. The same again: MODEL_SEED=… with the seed that a failure prints.
import { Effect, Exit, FastCheck as fc, Fiber, FiberId, Scheduler, Scope } from "effect"
import { describe, expect, test } from "vitest"
import { clientOf, gated, GatedServer, told } from "./support/gatedServer.js"
import { type Command, Model } from "./support/parallelModel.js"
import { restless } from "./support/restless.js"

const seed = process.env.MODEL_SEED
const parameters = {
  numRuns: Number(process.env.MODEL_RUNS ?? 300),
  ...(seed === undefined ? {} : { seed: Number(seed) })
}
const timeout = 15_000 + parameters.numRuns * 100

const which = fc.nat(1000)

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ _tag: fc.constant("Submit" as const) }) },
  { weight: 6, arbitrary: fc.record({ _tag: fc.constant("Finish" as const), which, well: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("Cancel" as const), which }) },
  { weight: 3, arbitrary: fc.record({ _tag: fc.constant("Ask" as const), which }) },
  { weight: 4, arbitrary: fc.record({ _tag: fc.constant("Next" as const) }) },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("Interrupt" as const), which }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("Leave" as const) }) }
)

const history = fc.record({
  // With many in flight, who waits is woken for several answers at once.
  concurrency: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 9, max: 20 })),
  commands: fc.array(command, { maxLength: 60, size: "max" })
})

/** One of a list, by a number that knows nothing of the list. */
const pick = <A>(list: ReadonlyArray<A>, which: number): A | undefined =>
  list.length === 0 ? undefined : list[which % list.length]

const turns = Effect.repeatN(Effect.yieldNow(), 40)
const eventLoop = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))

/** Lets all fibers go on until none can: each round is one turn of each. */
const settled = turns.pipe(Effect.zipRight(eventLoop), Effect.zipRight(turns))

describe("a parallel block", () => {
  test(
    "does what the model does, step by step",
    () =>
      fc.assert(
        fc.asyncProperty(history, ({ commands, concurrency }) =>
          Effect.gen(function* () {
            const { client, server } = yield* gated
            const scope = yield* Scope.make()
            const parallel = yield* Scope.extend(client.parallel({ concurrency }), scope)
            const model = new Model(concurrency)
            const pendings: Array<Effect.Effect.Success<ReturnType<typeof parallel.get>>> = []
            const consumers: Array<Fiber.RuntimeFiber<string>> = []
            const next = Effect.matchEffect(parallel.nextOutcome, {
              onFailure: (error) => Effect.succeed(error._tag),
              onSuccess: ({ exit, pending }) => Effect.map(told(exit), (what) => `${String(pending.tag)} ${what}`)
            })

            const run = (command: Command) =>
              Effect.gen(function* () {
                switch (command._tag) {
                  case "Submit": {
                    const path = `/${pendings.length}`
                    pendings.push(yield* parallel.get(path, { tag: path }))
                    return model.submit(path)
                  }
                  case "Finish": {
                    const path = pick(model.running, command.which)
                    if (path === undefined) return
                    yield* command.well ? server.answer(path) : server.breakOff(path)
                    return model.finish(Number(path.slice(1)), command.well ? path : "ReadError")
                  }
                  case "Cancel": {
                    const i = pick([...pendings.keys()], command.which)
                    if (i === undefined) return
                    yield* pendings[i]!.cancel
                    return model.cancel(i)
                  }
                  case "Ask": {
                    const i = pick([...pendings.keys()], command.which)
                    if (i === undefined) return
                    consumers.push(yield* Effect.fork(told(pendings[i]!.getResponse)))
                    return model.ask(i)
                  }
                  case "Next":
                    consumers.push(yield* Effect.fork(next))
                    return model.next()
                  case "Interrupt": {
                    const i = pick(model.waiting, command.which)
                    if (i === undefined) return
                    yield* Fiber.interrupt(consumers[i]!)
                    return model.interrupt(i)
                  }
                  case "Leave":
                    yield* Scope.close(scope, Exit.void)
                    return model.leave()
                }
              })

            for (const command of commands) {
              yield* run(command)
              yield* settled
              expect(yield* parallel.pendingCount).toBe(model.pendingCount)
              expect(yield* parallel.hasPendingResponses).toBe(model.pendingCount > 0)
              expect([...server.serving].sort()).toEqual([...model.running].sort())
              const seen = consumers.map((fiber) => fiber.unsafePoll())
              const expected = model.consumers.map(({ interrupted, told }) =>
                interrupted ? "interrupted" : (told ?? "waits")
              )
              expect(seen.map((exit) => (exit === null ? "waits" : Exit.getOrElse(exit, () => "interrupted")))).toEqual(
                expected
              )
            }
            expect(server.peak).toBeLessThanOrEqual(concurrency)
            yield* Scope.close(scope, Exit.void)
            yield* Fiber.interruptAll(consumers)
          }).pipe(Effect.runPromise)
        ),
        parameters
      ),
    timeout
  )

  test(
    "loses no answer and gives none out twice, whatever falls together",
    () =>
      fc.assert(
        fc.asyncProperty(history, fc.nat(), ({ commands, concurrency }, seed) =>
          racing(commands, concurrency).pipe(restless(seed), Effect.runPromise)
        ),
        parameters
      ),
    timeout
  )
})

/** Runs commands without waiting for what they cause, and looks at the end whether all answers have come to somebody. */
const racing = (commands: ReadonlyArray<Command>, concurrency: number) =>
  Effect.gen(function* () {
    const server = new GatedServer()
    const client = yield* clientOf(server.handler)
    const scope = yield* Scope.make()
    const parallel = yield* Scope.extend(client.parallel({ concurrency }), scope)
    const pendings: Array<Effect.Effect.Success<ReturnType<typeof parallel.get>>> = []
    const asked = new Set<number>()
    const cancelled = new Set<number>()
    let left = false
    const given: Array<unknown> = []
    const waiting: Array<Fiber.RuntimeFiber<unknown>> = []
    const all: Array<Fiber.RuntimeFiber<unknown>> = []

    const next = Effect.matchEffect(parallel.nextOutcome, {
      onFailure: () => Effect.succeed(false),
      onSuccess: ({ pending }) => Effect.sync(() => given.push(pending.tag) > 0)
    })
    // Between its answer and the next step of who is interrupted nobody can tell whether it had the answer: so those who
    // are interrupted give way to nobody there.
    const steady = Effect.withScheduler(Scheduler.defaultScheduler)
    const consume = (effect: Effect.Effect<unknown>, interruptible: boolean) =>
      Effect.map(Effect.fork(interruptible ? steady(effect) : effect), (fiber) => {
        all.push(fiber)
        if (interruptible) waiting.push(fiber)
      })

    for (const [n, command] of commands.entries()) {
      switch (command._tag) {
        case "Submit": {
          const tag = pendings.length
          pendings.push(yield* parallel.get(`/${tag}`, { tag }))
          break
        }
        case "Finish": {
          const path = pick([...server.serving], command.which)
          if (path !== undefined) server.breakOffNow(path)
          break
        }
        case "Cancel": {
          const i = pick([...pendings.keys()], command.which)
          if (i === undefined) break
          cancelled.add(i)
          all.push(yield* Effect.fork(pendings[i]!.cancel))
          break
        }
        case "Ask": {
          const i = pick([...pendings.keys()], command.which)
          if (i === undefined) break
          asked.add(i)
          yield* consume(told(pendings[i]!.getResponse), n % 2 === 0)
          break
        }
        case "Next":
          yield* consume(next, n % 2 === 0)
          break
        case "Interrupt":
          pick(waiting, command.which)?.unsafeInterruptAsFork(FiberId.none)
          break
        case "Leave":
          left = true
          all.push(yield* Effect.fork(Scope.close(scope, Exit.void)))
      }
      if (n % 3 === 0) yield* Effect.yieldNow()
    }

    all.push(yield* Effect.fork(Effect.repeat(next, { while: (more) => more })))
    for (let turns = 0; all.some((fiber) => fiber.unsafePoll() === null); turns++) {
      expect(turns, "somebody waits for what does not come").toBeLessThan(10_000)
      for (const path of server.serving) server.breakOffNow(path)
      yield* Effect.yieldNow()
    }

    for (const [i, pending] of pendings.entries()) {
      const known = yield* told(pending.getResponse)
      if (!left && !cancelled.has(i)) expect(known).toBe("ReadError")
      else expect(["ReadError", "RequestCancelled"]).toContain(known)
    }
    expect(given.length).toBe(new Set(given).size)
    const free = [...pendings.keys()].filter((i) => !asked.has(i) && !cancelled.has(i))
    if (!left) expect(free.filter((i) => !given.includes(i))).toEqual([])
    expect(yield* parallel.pendingCount).toBe(0)
    expect(server.peak).toBeLessThanOrEqual(concurrency)
    yield* Scope.close(scope, Exit.void)
    expect(server.serving.size).toBe(0)
  })
