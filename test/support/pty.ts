/** Programs on a terminal: a pseudo-terminal by Python's `pty`, where there is a python3, and what it shows. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { onTestFinished } from "vitest"
import { Screen } from "./screen.js"

/** Why there are no terminals here, if there are none. */
export const noPty: string | undefined =
  spawnSync("python3", ["-c", "import pty, termios"]).status === 0 ? undefined : "there is no python3 with pty"

// Its arguments: rows, columns and the command. On its standard input: what is typed, or other sizes, as lines of JSON.
const relay = `
import fcntl, json, os, pty, select, struct, sys, termios
def resize(fd, rows, columns): fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
pid, terminal = pty.fork()
if pid == 0:
    resize(0, int(sys.argv[1]), int(sys.argv[2]))
    os.execvp(sys.argv[3], sys.argv[3:])
inputs, rest = [terminal, 0], b""
while True:
    ready, _, _ = select.select(inputs, [], [])
    if 0 in ready:
        more = os.read(0, 65536)
        if not more: inputs.remove(0)
        *lines, rest = (rest + more).split(b"\\n")
        for line in map(json.loads, lines):
            if "type" in line: os.write(terminal, line["type"].encode())
            else: resize(terminal, *line["resize"])
    if terminal in ready:
        try: output = os.read(terminal, 65536)
        except OSError: break
        if not output: break
        os.write(1, output)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 255)
`

export class Terminal {
  /** All that was written to it. */
  output = ""
  private readonly ended: Promise<number | null>

  constructor(
    private readonly child: ChildProcess,
    readonly screen: Screen
  ) {
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.output += text
      screen.write(text)
    })
    this.ended = once(child, "close").then(([code]) => code)
  }

  /** The exit code of the program, when it has ended. */
  get code(): Promise<number | null> {
    return this.ended
  }

  /** As from a keyboard. */
  type(text: string): void {
    this.child.stdin?.write(`${JSON.stringify({ type: text })}\n`)
  }

  /** Takes the terminal away from the program. */
  hangUp(): void {
    this.child.kill("SIGKILL")
  }

  resize(rows: number, columns: number): void {
    this.screen.resize(rows, columns)
    this.child.stdin?.write(`${JSON.stringify({ resize: [rows, columns] })}\n`)
  }
}

/** Starts a program on a terminal of its own; it ends with the test. */
export const startOnTerminal = (
  command: ReadonlyArray<string>,
  options: { readonly rows: number; readonly columns: number; readonly cwd: string; readonly env: NodeJS.ProcessEnv }
): Terminal => {
  const { columns, cwd, env, rows } = options
  const child = spawn("python3", ["-c", relay, String(rows), String(columns), ...command], { cwd, env })
  const terminal = new Terminal(child, new Screen(rows, columns))
  onTestFinished(() => terminal.hangUp())
  return terminal
}
