/** One measurement in a process of its own. */
import { fork, spawn, type ChildProcess } from "node:child_process"
import { join } from "node:path"
import { source } from "./build.js"
import type { Client, Scenario } from "./catalog.js"
import type { Answer } from "./child.js"
import { gzipLength, jsonLength } from "./clients/client.js"
import { importFile } from "./imports.js"
import type { Job } from "./measure.js"
import type { Python } from "./python.js"
import type { Server } from "./server.js"
import type { Timing } from "./timing.js"
import { own } from "./workspace.js"

const limitMillis = 150_000

export interface Runner {
  readonly built: string
  readonly server: Server
  readonly timing: Timing
  /** By the module of the client. */
  readonly pythons: ReadonlyMap<string, Python>
}

export const run = (runner: Runner, client: Client, scenario: Scenario): Promise<Answer> => {
  const job = JSON.stringify(jobOf(runner, client, scenario))
  const python = runner.pythons.get(client.module)
  if (client.program === "node") return runNode(runner, job)
  return python === undefined
    ? Promise.resolve({ ok: false, error: "no Python has it" })
    : runPython(python, client, job)
}

const jobOf = ({ built, server, timing }: Runner, client: Client, scenario: Scenario): Job => ({
  module: client.module,
  mode: scenario.kind === "import" ? importFile(built, scenario, client) : client.mode,
  traced: client.traced,
  kind: scenario.kind,
  concurrency: scenario.concurrency,
  requests: scenario.requests,
  timing,
  url: originOf(server, scenario) + scenario.path,
  length: scenario.path === "/gzip" ? gzipLength : jsonLength,
  ca: scenario.http2 ? server.ca : undefined
})

const originOf = (server: Server, { http2, kind }: Scenario): string =>
  kind === "upload" ? server.sink : http2 ? server.secureOrigin : server.origin

/** Its answer comes as a message. */
const runNode = ({ built }: Runner, job: string): Promise<Answer> => {
  const child = fork(join(built, "child.js"), [job], { execArgv: [], stdio: ["ignore", "ignore", "pipe", "ipc"] })
  let answer: Answer | undefined
  child.once("message", (message) => (answer ??= message as Answer))
  return ended(child, () => answer)
}

/** Its answer is what it prints. */
const runPython = (python: Python, client: Client, job: string): Promise<Answer> => {
  const script = join(source, "clients", `${client.module}.py`)
  const child = spawn(python.command, ["-B", script, job], { stdio: ["ignore", "pipe", "pipe"] })
  let output = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text))
  return ended(child, () => (output === "" ? undefined : (JSON.parse(output) as Answer)))
}

const ended = (child: ChildProcess, answer: () => Answer | undefined): Promise<Answer> =>
  new Promise((resolve) => {
    own(child)
    let errors = ""
    let failure: string | undefined
    const limit = setTimeout(() => {
      failure = `no result after ${limitMillis / 1000} s`
      child.kill("SIGKILL")
    }, limitMillis)
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-4_000)))
    child.once("error", (error) => (failure = error.message))
    child.once("close", (code, signal) => {
      clearTimeout(limit)
      const error = failure ?? `ended with ${signal ?? code} before a result; ${errors.trim()}`
      resolve(answer() ?? { ok: false, error })
    })
  })
