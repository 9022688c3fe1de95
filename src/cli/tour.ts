/** The tour: HTTPX's document of 2019, step by step, against a server of its own on the loopback interface. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { Client } from "../index.js"
import { Transport } from "../node.js"
import { bold, dim, green, print, printError } from "./terminal.js"
import * as TourServer from "./tourServer.js"
import { type Step, steps } from "./tourSteps.js"

const play = (client: Client.Client) => (step: Step, index: number) =>
  Effect.gen(function* () {
    yield* print(bold(`${index + 1}. ${step.title}`))
    yield* Effect.forEach(step.python, (line) => print(dim(`    py  ${line}`)), { discard: true })
    yield* Effect.forEach(step.typescript, (line) => print(`    ts  ${green(line)}`), { discard: true })
    yield* print()
    yield* Effect.scoped(step.run(client))
    yield* print()
  })

const steadily = Effect.gen(function* () {
  const { origin } = yield* TourServer.TourServer
  yield* print(`${bold("effect-httpx")}: what HTTPX sketched in 2019, as Effects`)
  yield* print(`The server is this program too, at ${origin}: every result below is a real one.\n`)
  const client = yield* Client.make({ baseUrl: origin })
  const [took] = yield* Effect.timed(Effect.forEach(steps, play(client), { discard: true }))
  yield* print(`${steps.length} steps in ${Math.round(Duration.toMillis(took))} ms. To fetch: npm start -- URL…`)
  return 0
})

/** Ends with the exit code: 1 if a step failed. */
export const tour: Effect.Effect<number> = steadily.pipe(
  Effect.catchAll((error) => Effect.as(printError(`${error._tag}: ${error.message}`), 1)),
  // The transport is closed before the server, which waits for its connections to end.
  Effect.provide(Transport.layer()),
  Effect.provide(TourServer.layer)
)
