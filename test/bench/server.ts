/** The servers of a run, each in a process of its own: nginx when it is installed and starts, else node:http; and a sink. */
import { fork, type ChildProcess } from "node:child_process"
import { get } from "node:http"
import { connect, createServer, type Server as Listening } from "node:net"
import { join } from "node:path"
import { authority, localhost } from "../support/certificates.js"
import { bodies } from "./bodies.js"
import { nginxVersion, spawnNginx } from "./nginx.js"
import type { Served } from "./node-server.js"
import type { Timing } from "./timing.js"
import { own } from "./workspace.js"

export interface Server {
  /** For the report. */
  readonly name: string
  /** HTTP/1.1 without TLS. */
  readonly origin: string
  /** HTTP/2 with TLS. */
  readonly secureOrigin: string
  /** The authority of its certificate. */
  readonly ca: string
  /** The origin that takes uploads. */
  readonly sink: string
  readonly stop: () => Promise<void>
}

export const startServer = async (folder: string, built: string, timing: Timing): Promise<Server> => {
  const served = await startServing(folder, built, timing)
  const [port] = await freePorts()
  const sink = await start("the sink", [port], () =>
    fork(join(built, "sink.js"), [String(port)], { execArgv: [], stdio: ["ignore", "ignore", "pipe", "ipc"] })
  )
  return {
    ...served,
    sink: `http://127.0.0.1:${port}`,
    stop: async () => {
      await Promise.all([served.stop(), sink()])
    }
  }
}

const startServing = async (folder: string, built: string, timing: Timing): Promise<Omit<Server, "sink">> => {
  const sizes = { "/download": timing.downloadBytes, "/warm-up": timing.warmUpBytes }
  const serve = async (name: string, spawnServer: (served: Served) => ChildProcess) => {
    const [port, securePort] = await freePorts()
    const served = { port, securePort, ...bodies, sizes, certificate: localhost }
    const stop = await start(name, [port, securePort], () => spawnServer(served))
    const origins = { origin: `http://127.0.0.1:${port}`, secureOrigin: `https://127.0.0.1:${securePort}` }
    return { name, ...origins, ca: authority, stop }
  }
  const node = () =>
    serve(`node:http ${process.version}`, (served) =>
      fork(join(built, "node-server.js"), [JSON.stringify(served)], { execArgv: [] })
    )
  const nginx = nginxVersion()
  if (nginx === undefined) return node()
  try {
    const server = await serve(nginx, (served) => spawnNginx(folder, served))
    for (const path of Object.keys(sizes)) await readOnce(server.origin + path)
    return server
  } catch (error) {
    console.error(`nginx did not start, node:http serves instead: ${String(error)}`)
    return node()
  }
}

/** Returns what stops it, once it accepts connections on all these ports. */
const start = async (
  name: string,
  ports: ReadonlyArray<number>,
  spawnServer: () => ChildProcess
): Promise<() => Promise<void>> => {
  const child = own(spawnServer())
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
    const accepting = await Promise.all(ports.map(accepts))
    if (accepting.every(Boolean)) {
      return () => {
        child.kill("SIGTERM")
        return exited
      }
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

/** Two at once, so that they differ. */
const freePorts = async (): Promise<readonly [number, number]> => {
  const [one, other] = await Promise.all([listening(), listening()])
  return [await portOf(one), await portOf(other)]
}

const listening = () =>
  new Promise<Listening>((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => resolve(server))
  })

const portOf = (server: Listening) =>
  new Promise<number>((resolve) => {
    const address = server.address()
    server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
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
