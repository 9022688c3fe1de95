/** The file that a waterfall is written to as a page. */
import * as Effect from "effect/Effect"
import { open, rm, stat, writeFile } from "node:fs/promises"
import type { Entry } from "../observe/Waterfall.js"
import { waterfallPage } from "../observe/waterfallPage.js"

/** Fails with the reason if it is known already that the file cannot be written. What it holds stays as it is. */
export const check = (path: string): Effect.Effect<void, string> =>
  attempt(async () => {
    const before = await stat(path).catch(() => undefined)
    // To open a pipe would be to wait for who reads from it.
    if (before !== undefined && !before.isFile() && !before.isDirectory()) return
    await (await open(path, before === undefined ? "wx" : "r+")).close()
    if (before === undefined) await rm(path)
  })

/** Writes the page; fails with the reason if that cannot be done. */
export const write = (path: string, entries: ReadonlyArray<Entry>, at: Date): Effect.Effect<void, string> =>
  attempt(() => writeFile(path, waterfallPage(entries, { subtitle: `Sent ${dateOf(at)}` })))

const attempt = (run: () => Promise<void>): Effect.Effect<void, string> =>
  Effect.tryPromise({ try: run, catch: (error) => (error instanceof Error ? error.message : String(error)) })

/** E.g. `2025-11-25 21:10:03 UTC`. */
const dateOf = (at: Date): string => `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`
