/** The command as a program of its own, and servers for it to fetch from. */
import { execFile, spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { onTestFinished } from "vitest"
import { startOnTerminal, type Terminal } from "./pty.js"

export const root = fileURLToPath(new URL("../../", import.meta.url))
const command = ["--import", "tsx", "src/cli/main.ts"]
const env = { ...process.env, NO_COLOR: "1", NODE_OPTIONS: "" }

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command to its end. */
export const cli = (...args: ReadonlyArray<string>): Promise<Ended> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, [...command, ...args], { cwd: root, env }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr })
    )
  })

export const start = (...args: ReadonlyArray<string>): ChildProcess => {
  const child = spawn(process.execPath, [...command, ...args], { cwd: root, env })
  onTestFinished(() => void child.kill("SIGKILL"))
  return child
}

export const textOf = (stream: NodeJS.ReadableStream | null): (() => string) => {
  let text = ""
  stream?.setEncoding("utf8").on("data", (more: string) => (text += more))
  return () => text
}

export const lines = (text: string): ReadonlyArray<string> => text.trimEnd().split("\n")

export const sorted = (texts: ReadonlyArray<string>): ReadonlyArray<string> => [...texts].sort()

/** A server on the loopback interface; its address without a scheme. */
export const serve = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener).listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  await new Promise((closed) => server.close(closed))
  return port
}

/** Starts the command on a terminal of this size. */
export const onTerminal = (
  { columns, more, rows }: { readonly rows: number; readonly columns: number; readonly more?: NodeJS.ProcessEnv },
  ...args: ReadonlyArray<string>
): Terminal => {
  const all = { ...env, TERM: "xterm-256color", ...more }
  return startOnTerminal([process.execPath, ...command, ...args], { rows, columns, cwd: root, env: all })
}
