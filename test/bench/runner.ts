/** What measurements need: the built programs, the servers, and the Pythons that have the libraries of clients. */
import { build } from "./build.js"
import { pythonWith, type Python } from "./python.js"
import { startServer } from "./server.js"
import type { Runner } from "./run.js"
import type { Timing } from "./timing.js"
import { folder } from "./workspace.js"

export const startRunner = async (timing: Timing): Promise<Runner> => {
  const built = build(folder)
  const server = await startServer(folder, built, timing)
  return { built, server, timing, pythons: findPythons() }
}

const findPythons = (): ReadonlyMap<string, Python> => {
  const pythons = new Map<string, Python>()
  for (const library of ["httpx", "aiohttp"]) {
    const python = pythonWith(library)
    if (python === undefined) console.error(`no python3 has ${library}: its rows are skipped`)
    else pythons.set(`python_${library}`, python)
  }
  return pythons
}
