/** Where the command writes. */
import * as Effect from "effect/Effect"
import { styleText } from "node:util"

export const print = (text = ""): Effect.Effect<void> =>
  Effect.sync(() => {
    process.stdout.write(`${text}\n`)
  })

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

export const bold = painted("bold")
export const dim = painted("dim")
export const green = painted("green")
export const red = painted("red")
export const yellow = painted("yellow")

/** A number with its thousands apart. */
export const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, " ")

/** As text is read aloud: one byte, two bytes. */
export const counted = (n: number, thing: string): string => `${grouped(n)} ${thing}${n === 1 ? "" : "s"}`
