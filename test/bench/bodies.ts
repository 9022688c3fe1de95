/** What the server answers with: JSON of an exact length, and more of it, compressed. */
import { gzipSync } from "node:zlib"
import { gzipLength, jsonLength } from "./clients/client.js"

/** The text, with a note that fills it up. */
const filled = (length: number, data: object): string => {
  const note = "x".repeat(length - JSON.stringify({ ...data, note: "" }).length)
  return JSON.stringify({ ...data, note })
}

const address = { street: "12 Example Street", city: "Exampleville", country: "XY" }
const tags = ["alpha", "beta", "gamma", "delta"]

/** Records of which no two are the same, so that they compress as an answer of an API does. */
const records = Array.from({ length: 55 }, (_, i) => ({
  id: (i * 2_654_435_761) % 4_294_967_296,
  name: `record ${i}`,
  score: ((i * 7919) % 1009) / 1000,
  active: i % 3 === 0,
  tags: tags.slice(i % 4),
  address
}))

export const bodies = {
  json: filled(jsonLength, { id: 4711, name: "benchmark", active: true, tags, address }),
  gzip: gzipSync(filled(gzipLength, { records })).toString("base64")
}
