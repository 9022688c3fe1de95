/** A module that a process imports for the first time; its file is the mode. */
import { pathToFileURL } from "node:url"
import type { Open } from "./client.js"

export const open: Open = async ({ mode }) => ({
  once: async () => {
    await import(pathToFileURL(mode ?? "").href)
  },
  close: async () => {}
})
