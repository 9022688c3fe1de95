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
        ({ fetchAll }) => fetchAll(command)
      )
    case "Tour":
      return Effect.flatMap(
        Effect.promise(() => import("./tour.js")),
        ({ tour }) => tour
      )
  }
}

interface Stop {
  readonly code: number
  /** What is said when everything has ended. */
  readonly why?: string | undefined
}

/** Ends when the command is told to stop, with the code that a shell gives for that. */
const stopped = Effect.async<Stop>((resume) => {
  const stop = (end: Stop) => () => resume(Effect.succeed(end))
  // Listeners stay: npm passes the signal of a terminal on, so that it comes twice.
  process.on("SIGINT", stop({ code: 130, why: "interrupted" }))
  process.on("SIGTERM", stop({ code: 143, why: "terminated" }))
  // Whoever read our output has seen enough.
  process.stdout.on("error", stop({ code: 0 }))
  process.stderr.on("error", () => undefined)
})

const ended = Effect.map(run(parse(process.argv.slice(2))), (code): Stop => ({ code }))
const code = await Effect.runPromiseExit(
  Effect.flatMap(Effect.raceFirst(ended, stopped), ({ code, why }) =>
    why === undefined ? Effect.succeed(code) : Effect.as(printError(why), code)
  )
)
if (Exit.isSuccess(code)) {
  process.exitCode = code.value
} else {
  process.stderr.write(`${Cause.pretty(code.cause, { renderErrorCause: true })}\n`)
  process.exitCode = 1
}
// The listeners of signals do not keep the process alive, and nothing else is open: it ends by itself.
