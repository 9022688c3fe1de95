/** The `fetch` of Node itself. Its connections are bounded only by the number of loops. */
import { promiseLoops, type Open } from "./client.js"

export const open: Open = async () => ({
  loops: promiseLoops(async (url) => (await fetch(url)).text()),
  download: async (url) => {
    const response = await fetch(url)
    if (response.body === null) return 0
    const reader = response.body.getReader()
    let bytes = 0
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return bytes
      bytes += value.length
    }
  },
  close: async () => {}
})
