/** Has one client measured in one scenario, in a process of its own. */
import { fork } from "node:child_process"
import { join } from "node:path"
import type { Client, Scenario } from "./catalog.js"
import type { Answer } from "./child.js"
import type { Job } from "./measure.js"
import type { Server } from "./server.js"
import type { Timing } from "./settings.js"
import { own } from "./workspace.js"

const limitMillis = 60_000

export const run = (
  built: string,
  server: Server,
  timing: Timing,
  client: Client,
  scenario: Scenario
): Promise<Answer> => {
  const job: Job = {
    module: client.module,
    traced: client.traced,
    kind: scenario.kind,
    concurrency: scenario.concurrency,
    requests: scenario.requests,
    timing,
    origin: scenario.http2 ? server.secureOrigin : server.origin,
    ca: scenario.http2 ? server.ca : undefined
  }
  return new Promise((resolve) => {
    const child = own(
      fork(join(built, "child.js"), [JSON.stringify(job)], { execArgv: [], stdio: ["ignore", "ignore", "pipe", "ipc"] })
    )
    let answer: Answer | undefined
    let errors = ""
    const failed = (error: string): void => {
      answer ??= { ok: false, error }
    }
    const limit = setTimeout(() => {
      failed(`no result after ${limitMillis / 1000} s`)
      child.kill("SIGKILL")
    }, limitMillis)
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-4_000)))
    child.once("message", (message) => (answer ??= message as Answer))
    child.once("error", (error) => failed(error.message))
    child.once("close", (code, signal) => {
      clearTimeout(limit)
      failed(`ended with ${signal ?? code} before a result; ${errors.trim()}`)
      if (answer !== undefined) resolve(answer)
    })
  })
}
