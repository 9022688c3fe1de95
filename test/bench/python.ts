/** The Python that has a client's library, where there is one. */
import { spawnSync } from "node:child_process"

export interface Python {
  readonly command: string
  readonly version: string
  /** Of the library. */
  readonly libraryVersion: string
}

/** The first of the PATH, and the one of the system, which may have libraries that the other has not. */
const commands = ["python3", "/usr/bin/python3"]

/** `library` is such as `httpx`. */
export const pythonWith = (library: string): Python | undefined => {
  const program = `import platform, ${library}; print(platform.python_version(), ${library}.__version__)`
  for (const command of commands) {
    const { status, stdout } = spawnSync(command, ["-c", program], { encoding: "utf8", timeout: 20_000 })
    const [version, libraryVersion] = (stdout ?? "").trim().split(" ")
    if (status === 0 && version !== undefined && libraryVersion !== undefined) {
      return { command, version, libraryVersion }
    }
  }
  return undefined
}
