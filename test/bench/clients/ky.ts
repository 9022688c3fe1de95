/** ky over the `fetch` of Node. */
import ky from "ky"
import { promiseLoops, type Open } from "./client.js"

export const open: Open = async () => ({
  loops: promiseLoops((url) => ky.get(url).text()),
  close: async () => {}
})
