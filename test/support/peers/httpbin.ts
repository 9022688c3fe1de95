/** httpbin, a server for testing clients, run by Python's Werkzeug: HTTP/1.1, and a connection for each request. */
import { Context, Effect, Layer } from "effect"
import { existsSync } from "node:fs"
import { type Program, running } from "./Peer.js"

/** Its URL, without a slash at its end. */
export class Httpbin extends Context.Tag("test/Httpbin")<Httpbin, { readonly url: string }>() {}

// A package of the system's Python, which need not be the one that PATH finds.
const python = "/usr/bin/python3"
const installed = [python, "/usr/lib/python3/dist-packages/httpbin"].every(existsSync)

export const httpbin: Program = { name: "httpbin", path: installed ? python : undefined }

// Else it would answer with HTTP/1.0, which knows no chunks.
const program = `
import sys
from httpbin import app
from werkzeug.serving import WSGIRequestHandler
WSGIRequestHandler.protocol_version = "HTTP/1.1"
app.run("127.0.0.1", int(sys.argv[1]), threaded=True)
`

export const layer: Layer.Layer<Httpbin> = Layer.scoped(
  Httpbin,
  Effect.map(
    running(httpbin, {
      ports: 1,
      // Neither folders nor packages of the user's.
      args: ({ port }) => ["-I", "-c", program, String(port(0))]
    }),
    ({ ports }) => ({ url: `http://127.0.0.1:${ports[0]}` })
  )
)
