/**
 * The live view: lines of what is over scroll by as without it, and below them is what is in flight. Here is what has
 * effects of it: when it draws, and how the terminal is left.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { widthOf } from "../observe/cells.js"
import { frame, type Paint, shownFlights, type Size, statusLine } from "./frame.js"
import * as Progress from "./progress.js"
import { blue, cyan, dim, green, terminalSize, yellow } from "./terminal.js"

export interface LiveView {
  readonly tell: (event: Progress.Event) => void
  /** A line above what is in flight, with the next drawing. */
  readonly print: (line: string) => void
}

export interface LiveOptions {
  readonly total: number
  /** What a request is doing that has no answer yet. */
  readonly stageOf: (index: number) => Progress.Stage
  /** Milliseconds since the beginning of the run. */
  readonly now: () => number
  /** A terminal, to which all of this is written. */
  readonly terminal: NodeJS.WriteStream
}

const hideCursor = "\u001b[?25l"
const showCursor = "\u001b[?25h"
const clearBelow = "\u001b[J"
// A character that is wider than it was thought to be costs the end of its line, and not a line.
const [noWrap, wrap] = ["\u001b[?7l", "\u001b[?7h"]

const pace = Schedule.spaced("70 millis")

/** The view draws until its scope is closed, and leaves the terminal as it was: after an interruption, with the last counts. */
export const liveView = (options: LiveOptions): Effect.Effect<LiveView, never, Scope.Scope> =>
  Effect.gen(function* () {
    const drawing = yield* Effect.acquireRelease(
      Effect.sync(() => new Drawing(options)),
      (drawing, exit) => Effect.sync(() => drawing.end(Exit.isInterrupted(exit)))
    )
    yield* Effect.forkScoped(Effect.repeat(Effect.sync(drawing.draw), pace))
    return { tell: drawing.tell, print: drawing.print }
  })

class Drawing {
  private progress: Progress.Progress
  private printed: Array<string> = []
  /** The area as it stands on the terminal, with the cursor at its end. */
  private area: ReadonlyArray<string> = []

  constructor(private readonly options: LiveOptions) {
    const { terminal, total } = options
    this.progress = Progress.beginning(total)
    terminal.on("resize", this.draw)
    // If the process ends in a way that runs no finalizers.
    process.on("exit", this.restore)
    terminal.write(hideCursor)
  }

  readonly tell = (event: Progress.Event): void => {
    this.progress = Progress.next(this.progress, event)
  }

  readonly print = (line: string): void => {
    this.printed.push(line)
  }

  readonly draw = (): void => {
    const at = this.options.now()
    const size = this.size
    const stages = Progress.firstFlights(this.progress, shownFlights(this.progress, size))
      .filter(({ stage }) => stage !== "receiving")
      .map(({ index }) => [index, this.options.stageOf(index)] as const)
    this.tell({ _tag: "Looked", at, stages })
    this.replace(frame(this.progress, size, at, paint), frame(this.progress, size, at))
  }

  end(interrupted: boolean): void {
    const { options, progress } = this
    options.terminal.off("resize", this.draw)
    this.replace([], [])
    if (interrupted) options.terminal.write(`${statusLine(progress, this.size.columns, options.now())}\n`)
    process.off("exit", this.restore)
    this.restore()
  }

  private readonly restore = (): void => {
    this.options.terminal.write(showCursor)
  }

  private get size(): Size {
    return terminalSize(this.options.terminal)
  }

  /** Puts other lines in the place of the area, and those that were printed above them: in one write, so that nothing flickers. */
  private replace(painted: ReadonlyArray<string>, plain: ReadonlyArray<string>): void {
    const { columns } = this.size
    // A terminal that has become narrower has wrapped the lines.
    const rows = this.area.reduce((rows, line) => rows + Math.max(1, Math.ceil(widthOf(line) / columns)), 0)
    const up = rows > 1 ? `\u001b[${rows - 1}A` : ""
    const above = this.printed.map((line) => `${line}\n`).join("")
    this.printed = []
    this.area = plain
    this.options.terminal.write(`\r${up}${clearBelow}${above}${noWrap}${painted.join("\n")}${wrap}`)
  }
}

const paints = { queued: dim, connecting: yellow, waiting: cyan, receiving: green, status: blue }

const paint: Paint = (stage, text) => paints[stage](text)
