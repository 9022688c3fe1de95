/** As much of a terminal as the command needs: what stands on it after what was written. */
import { widthOf } from "../../src/observe/cells.js"

const token = /\u001b\[(\??[\d;]*)([A-Za-z])|\r|\n|[^\u001b\r\n]/gu

export class Screen {
  /** Every line there has been. */
  readonly lines: Array<string> = [""]
  cursorShown = true
  /** What this terminal does not know, and the command is not to send. */
  readonly unknown: Array<string> = []
  private wraps = true
  /** The first line that can be seen. */
  private top = 0
  private row = 0
  private column = 0
  private rest = ""

  constructor(
    public rows: number,
    public columns: number
  ) {}

  get text(): string {
    return this.lines.map((line) => line.trimEnd()).join("\n")
  }

  /** What can be seen. */
  get visible(): string {
    return this.text.split("\n").slice(this.top).join("\n")
  }

  /** What is wider than the screen then is wrapped, as terminals of today do. */
  resize(rows: number, columns: number): void {
    this.rows = rows
    this.columns = columns
    const wrapped = this.lines.map((line) => line.trimEnd().match(new RegExp(`.{1,${columns}}`, "gu")) ?? [""])
    const before = wrapped.slice(0, this.row).flat().length
    const own = wrapped[this.row]!
    this.lines.splice(0, Infinity, ...wrapped.flat())
    this.row = before + own.length - 1
    this.top = Math.max(0, this.row - rows + 1)
    this.column = Math.min(this.column, own.at(-1)!.length)
  }

  write(text: string): void {
    // What is not whole yet comes with the next piece.
    const whole = this.rest + text
    const cut = /\u001b(?:\[[\d;?]*)?$/.exec(whole)?.index ?? whole.length
    this.rest = whole.slice(cut)
    for (const [all, parameters = "", final] of whole.slice(0, cut).matchAll(token)) {
      if (final !== undefined) this.control(parameters, final)
      else if (all === "\r") this.column = 0
      else if (all === "\n") this.down()
      else this.put(all)
    }
  }

  private put(character: string): void {
    const width = widthOf(character)
    if (this.column + width > this.columns) {
      if (!this.wraps) return
      this.column = 0
      this.down()
    }
    const line = this.lines[this.row]!.padEnd(this.column)
    this.lines[this.row] = line.slice(0, this.column) + character + line.slice(this.column + 1)
    this.column += width
  }

  private down(): void {
    this.row++
    this.top = Math.max(this.top, this.row - this.rows + 1)
    if (this.row === this.lines.length) this.lines.push("")
  }

  private control(parameters: string, final: string): void {
    const sequence = parameters + final
    if (sequence === "?25l" || sequence === "?25h") this.cursorShown = final === "h"
    else if (sequence === "?7l" || sequence === "?7h") this.wraps = final === "h"
    else if (final === "A") this.row = Math.max(this.top, this.row - Number(parameters || 1))
    else if (sequence === "J") {
      this.lines.length = this.row + 1
      this.lines[this.row] = this.lines[this.row]!.slice(0, this.column)
    } else if (final !== "m") this.unknown.push(sequence)
  }
}
