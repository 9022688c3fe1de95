/** Where the command writes. */
import * as Effect from "effect/Effect"
import { styleText } from "node:util"

export const write = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

export const print = (text = ""): Effect.Effect<void> => Effect.sync(() => write(text))

export const printError = (text: string): Effect.Effect<void> =>
  Effect.sync(() => {
    process.stderr.write(`${text}\n`)
  })

// Of a stream that is no terminal, Node's types say that it has this; it has not.
const colourful = process.stdout.isTTY && process.stdout.hasColors()

const painted =
  (format: Parameters<typeof styleText>[0]) =>
  (text: string): string =>
    colourful ? styleText(format, text) : text

export const blue = painted("blue")
export const bold = painted("bold")
export const dim = painted("dim")
export const cyan = painted("cyan")
export const green = painted("green")
export const magenta = painted("magenta")
export const red = painted("red")
export const yellow = painted("yellow")

/** Whether lines can be drawn anew on it. */
export const isLive = (stream: NodeJS.WriteStream): boolean => stream.isTTY && process.env.TERM !== "dumb"

/** The size of a terminal; of one that does not know it, as it once was. */
export const terminalSize = ({ columns, rows }: NodeJS.WriteStream) => ({ columns: columns || 80, rows: rows || 24 })
