/**
 * The command: `npm start` for the tour, `npm start -- URL…` to fetch.
 *
 * What it does is one effect that ends with the exit code. ^C, and a reader that goes away (`| head -1`), race it: the
 * loser is interrupted, which aborts what is in flight and runs all finalizers before the process ends.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { type Command, parse, usage } from "./arguments.js"
import { print, printError } from "./terminal.js"

const run = (command: Command): Effect.Effect<number> => {
  switch (command._tag) {
    case "Help":
      return Effect.as(print(usage.trimEnd()), 0)
    case "Refused":
      return Effect.as(printError(`effect-httpx: ${command.why}. Try: npm start -- --help`), 2)
    case "Fetch":
      return Effect.flatMap(
        Effect.promise(() => import("./fetchAll.js")),
        ({ fetchAll }) => fetchAll(command.urls, command.concurrency)
      )
    case "Tour":
      return Effect.flatMap(
        Effect.promise(() => import("./tour.js")),
        ({ tour }) => tour
      )
  }
}

/** Ends when the command is told to stop, with the code that a shell gives for that. */
const stopped = Effect.async<number>((resume) => {
  // Listeners stay: npm passes the signal of a terminal on, so that it comes twice.
  process.on("SIGINT", () => resume(Effect.as(printError("interrupted"), 130)))
  process.on("SIGTERM", () => resume(Effect.as(printError("terminated"), 143)))
  // Whoever read our output has seen enough.
  process.stdout.on("error", () => resume(Effect.succeed(0)))
  process.stderr.on("error", () => undefined)
})

const code = await Effect.runPromiseExit(Effect.raceFirst(run(parse(process.argv.slice(2))), stopped))
if (Exit.isSuccess(code)) {
  process.exitCode = code.value
} else {
  process.stderr.write(`${Cause.pretty(code.cause, { renderErrorCause: true })}\n`)
  process.exitCode = 1
}
// The listeners of signals do not keep the process alive, and nothing else is open: it ends by itself.
