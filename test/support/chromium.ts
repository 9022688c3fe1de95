/** Chromium without a window, for pages that are files; it has no network. */
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { onTestFinished } from "vitest"

const found = spawnSync("chromium", ["--version"], { encoding: "utf8" })

/** E.g. `Chromium 120.0.6099.224`; `undefined` where it is not installed. */
export const chromiumVersion: string | undefined =
  found.status === 0 ? /Chromium [\d.]+/.exec(found.stdout)?.[0] : undefined

const always = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"],
  "--host-resolver-rules=MAP * ~NOTFOUND"
]

/** Opens a file with these options, and gives what was written to standard output. It ends with the test. */
export const chromium = async (file: string, ...options: ReadonlyArray<string>): Promise<string> => {
  const profile = await mkdtemp(join(tmpdir(), "effect-httpx-chromium-"))
  const args = [...always, `--user-data-dir=${profile}`, ...options, pathToFileURL(file).href]
  // In a group of its own, with which all its processes can be ended.
  const child = spawn("chromium", args, { detached: true, stdio: ["ignore", "pipe", "ignore"] })
  const closed = once(child, "close")
  onTestFinished(async () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL")
    await closed
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  })
  let output = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text))
  const [code] = await closed
  if (code !== 0) throw new Error(`chromium ended with ${code}`)
  return output
}
