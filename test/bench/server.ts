/** The server of a run, in a process of its own: nginx when it is installed and starts, else node:http. */
import { fork, type ChildProcess } from "node:child_process"
import { get } from "node:http"
import { connect, createServer } from "node:net"
import { join } from "node:path"
import { jsonLength } from "./clients/client.js"
import { nginxVersion, spawnNginx } from "./nginx.js"
import type { Timing } from "./settings.js"
import { own } from "./workspace.js"

export interface Server {
  /** For the report. */
  readonly name: string
  readonly origin: string
  readonly stop: () => Promise<void>
}

export const startServer = async (folder: string, built: string, timing: Timing): Promise<Server> => {
  const sizes = { "/download": timing.downloadBytes, "/warm-up": timing.warmUpBytes }
  const node = () =>
    start(`node:http ${process.version}`, (port) =>
      fork(join(built, "node-server.js"), [String(port), json, JSON.stringify(sizes)], { execArgv: [] })
    )
  const nginx = nginxVersion()
  if (nginx === undefined) return node()
  try {
    const server = await start(nginx, (port) => spawnNginx(folder, port, json, sizes))
    for (const path of Object.keys(sizes)) await readOnce(server.origin + path)
    return server
  } catch (error) {
    console.error(`nginx did not start, node:http serves instead: ${String(error)}`)
    return node()
  }
}

const data = {
  id: 4711,
  name: "benchmark",
  active: true,
  tags: ["alpha", "beta", "gamma", "delta"],
  address: { street: "12 Example Street", city: "Exampleville", country: "XY" },
  note: ""
}

const json = JSON.stringify({ ...data, note: "x".repeat(jsonLength - JSON.stringify(data).length) })

const start = async (name: string, spawnOn: (port: number) => ChildProcess): Promise<Server> => {
  const port = await freePort()
  const child = own(spawnOn(port))
  let ended: string | undefined
  let errors = ""
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors += text))
  child.once("error", (error) => (ended = error.message))
  const exited = new Promise<void>((resolve) => {
    child.once("exit", (code, signal) => {
      ended ??= `ended with ${signal ?? code} ${errors.trim()}`
      resolve()
    })
  })
  for (let attempt = 0; ended === undefined; attempt++) {
    if (await accepts(port)) {
      const stop = () => {
        child.kill("SIGTERM")
        return exited
      }
      return { name, origin: `http://127.0.0.1:${port}`, stop }
    }
    if (attempt === 100) {
      child.kill("SIGKILL")
      ended = "does not accept connections"
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${name} ${ended}`)
}

/** So that no client is the first to read a file, which takes several times as long as reading it again. */
const readOnce = (url: string) =>
  new Promise<void>((resolve, reject) => {
    const request = get(url, { agent: false }, (response) =>
      response.once("end", resolve).once("error", reject).resume()
    )
    request.once("error", reject)
  })

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

const accepts = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, "127.0.0.1")
    socket.once("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })
