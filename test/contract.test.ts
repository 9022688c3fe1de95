/** What `Client` promises, asked of every transport. */
import { describe, layer } from "@effect/vitest"
import { bodyCases } from "./support/contractBodies.js"
import { failureCases } from "./support/contractFailures.js"
import { requestCases } from "./support/contractRequests.js"
import { transports } from "./support/contract.js"

for (const transport of transports) {
  layer(transport.layer, { excludeTestServices: true })(transport.name, (it) => {
    describe("requests", () => requestCases(it, transport))
    describe("bodies", () => bodyCases(it, transport))
    describe("failures", () => failureCases(it, transport))
  })
}
