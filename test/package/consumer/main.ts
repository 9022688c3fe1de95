/** What an application on Node does: everything of the portable one, and a request over our own transport. */
import * as Effect from "effect/Effect"
import { Client } from "effect-httpx"
import { Transport } from "effect-httpx/node"
import assert from "node:assert/strict"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { modules, testing, text, textOverFetch } from "./portable.js"

for (const [fromEntry, fromPath] of modules) assert.equal(fromEntry, fromPath)
assert.notDeepEqual(Object.keys(testing), [])

const server = createServer((_, response) => response.end("hello"))
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

assert.equal(await Effect.runPromise(textOverFetch(url)), "hello")
assert.equal(
  await Effect.runPromise(text(url).pipe(Effect.provide(Client.layer()), Effect.provide(Transport.layer()))),
  "hello"
)

server.closeAllConnections()
server.close()
console.log("the consumer works")
