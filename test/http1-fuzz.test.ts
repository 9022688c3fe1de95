/**
 * The response parser beside llhttp, as node:http and undici drive it. `FUZZ_RUNS` and `FUZZ_SEED` make it longer and other.
 */
import { FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import { disagreement } from "./support/http1-differences.js"
import { response } from "./support/http1-generators.js"
import { nodeHttp, undici } from "./support/http1-oracles.js"
import { latin1, record } from "./support/http1-recorder.js"

const seed = Number(process.env["FUZZ_SEED"] ?? 1)
const numRuns = Number(process.env["FUZZ_RUNS"] ?? 2000)

describe("against llhttp", () => {
  for (const oracle of [nodeHttp, undici]) {
    it(`reads a response as ${oracle.name} does, or the RFC says why not`, { timeout: 30_000 + numRuns * 20 }, () =>
      // What fast-check throws has the seed, and the shortest case that it found.
      fc.assert(
        fc.asyncProperty(response, async ({ method, text }) => {
          const ours = record(text, { method })
          // What comes after a message is not of it (RFC 9112 §6.3); a parser of pipelined messages would go on to read it.
          const used = text.slice(0, text.length - ours.rest.length)
          const theirs = await oracle.ask([latin1(used)], method)
          expect(disagreement(oracle.name, { text, method }, ours, theirs)).toBeUndefined()
        }),
        { seed, numRuns }
      )
    )
  }
})
