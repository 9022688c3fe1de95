/** What a run leaves behind if nobody cleans up: a temporary folder and child processes. Both go when this process does. */
import type { ChildProcess } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export const folder = mkdtempSync(join(tmpdir(), "effect-httpx-bench-"))

const running = new Set<ChildProcess>()

/** Have the child killed at the end, however the end comes. */
export const own = <A extends ChildProcess>(child: A): A => {
  running.add(child)
  child.once("exit", () => running.delete(child))
  child.once("error", () => running.delete(child))
  return child
}

process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL")
  // again while a dying server still makes its folders
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
})

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130))
