/** Our transport where an application of @effect/platform expects an `HttpClient`. */
import { Transport } from "effect-httpx/node"
import type { Open } from "./client.js"
import { openPlatform } from "./platform.js"

export const open: Open = (options) =>
  openPlatform(Transport.layer({ limits: { connections: options.connections } }), options)
