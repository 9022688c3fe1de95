/**
 * Programs that others wrote, started for a test: each in a folder of its own, on free ports of the loopback, with a
 * configuration made for it, and ended with its scope.
 */
import { Effect, type Scope } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import { delimiter, join } from "node:path"
import { setTimeout } from "node:timers/promises"

/** A program that may be installed or not. */
export interface Program {
  readonly name: string
  /** Undefined where it is not installed. */
  readonly path: string | undefined
}

/** A program that runs. */
export interface Peer {
  /** Its configuration and files; removed with it. */
  readonly folder: string
  /** As many as its plan asked for. */
  readonly ports: ReadonlyArray<number>
  /** What it has said so far, on its outputs and in logs in its folder. */
  readonly output: () => string
  /** Sends a signal to the program itself, not to its children. */
  readonly signal: (name: NodeJS.Signals) => Effect.Effect<void>
}

/** Where a program finds itself. */
export interface Place {
  readonly folder: string
  readonly port: (index: number) => number
}

/** How a program is started. */
export interface Plan {
  /** How many ports it listens on. It runs when all of them are answered. */
  readonly ports: number
  /** What its folder holds before it starts, by name. */
  readonly files?: ((place: Place) => Readonly<Record<string, string | Uint8Array>>) | undefined
  readonly args: (place: Place) => ReadonlyArray<string>
  /** Ends it at once, and its children with it. Default: SIGTERM. */
  readonly endedBy?: NodeJS.Signals | undefined
}

/** Whether what is started here is started by the superuser: most servers then want to be told to be somebody else. */
export const isRoot = process.getuid?.() === 0

/** Looks for a program, where distributions put what only the superuser's PATH has too; and for files it is of no use without. */
export const program = (name: string, needs: ReadonlyArray<string> = []): Program => {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"]
  const path = needs.every(fs.existsSync) ? folders.map((folder) => join(folder, name)).find(isExecutable) : undefined
  return { name, path }
}

/** For `describe.skipIf`: says which tests are skipped. */
export const isMissing = ({ name, path }: Program): boolean => {
  if (path === undefined) console.warn(`no ${name}: its tests are skipped`)
  return path === undefined
}

/** Starts a program, and waits until it takes connections. */
export const running = (program: Program, plan: Plan): Effect.Effect<Peer, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(() => start(program, plan)),
      (started) => Effect.promise(() => end(started))
    ),
    (started) => ({
      folder: started.folder,
      ports: started.ports,
      output: () => outputOf(started.folder),
      signal: (name) => Effect.sync(() => void started.child.kill(name))
    })
  )

interface Started {
  readonly child: ChildProcess
  readonly folder: string
  readonly ports: ReadonlyArray<number>
  readonly endedBy: NodeJS.Signals
  readonly kill: () => void
}

const limits = { start: 10_000, end: 3_000, attempts: 3, look: 10 }

const start = async (program: Program, plan: Plan): Promise<Started> => {
  for (let attempt = 1; ; attempt++) {
    const started = await launch(program, plan)
    const problem = await untilReady(started)
    if (problem === undefined) return started
    const output = outputOf(started.folder)
    await end(started)
    // Somebody else may have taken a port between the moment it was found to be free and this one.
    const again = attempt < limits.attempts && /in use|bind/i.test(output)
    if (!again) throw new Error(`${program.name} ${problem}:\n${output}`)
  }
}

const launch = async ({ name, path }: Program, plan: Plan): Promise<Started> => {
  if (path === undefined) throw new Error(`${name} is not installed`)
  const ports = await freePorts(plan.ports)
  const folder = fs.mkdtempSync(join(os.tmpdir(), `${name}-`))
  // Servers that give up being the superuser read and write here all the same.
  if (isRoot) fs.chmodSync(folder, 0o777)
  const place: Place = { folder, port: (index) => ports[index] ?? 0 }
  for (const [file, content] of Object.entries(plan.files?.(place) ?? {})) fs.writeFileSync(join(folder, file), content)
  const output = fs.openSync(join(folder, "output.log"), "a")
  // A group of its own, so that it can be ended together with its children.
  const child = spawn(path, plan.args(place), { cwd: folder, detached: true, stdio: ["ignore", output, output] })
  fs.closeSync(output)
  child.on("error", () => undefined)
  const kill = () => killGroup(child)
  process.once("exit", kill)
  return { child, folder, ports, endedBy: plan.endedBy ?? "SIGTERM", kill }
}

/** What is wrong with it, if it does not come to be ready. */
const untilReady = async ({ child, ports }: Started): Promise<string | undefined> => {
  const until = performance.now() + limits.start
  for (const port of ports) {
    while (!(await accepts(port))) {
      if (hasEnded(child)) return "has ended at once"
      if (performance.now() > until) return `does not listen on port ${port}`
      await setTimeout(limits.look)
    }
  }
  return hasEnded(child) ? "has ended at once" : undefined
}

const end = async ({ child, endedBy, folder, kill }: Started): Promise<void> => {
  child.kill(endedBy)
  const until = performance.now() + limits.end
  while (!hasEnded(child) && performance.now() < until) await setTimeout(limits.look)
  kill()
  process.off("exit", kill)
  await removed(folder)
}

/** Children that are about to end may still write into it. */
const removed = (folder: string): Promise<void> =>
  fs.promises.rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: limits.look })

const hasEnded = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null

/** Whoever is left of it and its children. */
const killGroup = ({ pid }: ChildProcess): void => {
  if (pid === undefined) return
  try {
    process.kill(-pid, "SIGKILL")
  } catch {
    // There is nobody left in the group.
  }
}

const outputOf = (folder: string): string =>
  fs
    .readdirSync(folder)
    .filter((file) => file.endsWith(".log"))
    .map((file) => fs.readFileSync(join(folder, file), "utf8"))
    .join("\n")

const isExecutable = (path: string): boolean => {
  try {
    fs.accessSync(path, fs.constants.X_OK)
    return true
  } catch {
    return false
  }
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1")
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false))
    socket.on("connect", () => socket.destroy())
  })

/** All are held until the last one is found, so that no two are the same. */
const freePorts = async (count: number): Promise<ReadonlyArray<number>> => {
  const servers = await Promise.all(Array.from({ length: count }, listening))
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

const listening = (): Promise<net.Server> =>
  new Promise((resolve, reject) => {
    const server = net.createServer().on("error", reject)
    server.listen(0, "127.0.0.1", () => resolve(server))
  })
