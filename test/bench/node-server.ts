/** The server where nginx is not installed: node:http and node:http2 in a process of its own. One argument: what it serves. */
import { createServer, type ServerResponse } from "node:http"
import { createSecureServer } from "node:http2"

export interface Served {
  readonly port: number
  /** For HTTP/2 with TLS. */
  readonly securePort: number
  readonly json: string
  /** What `/gzip` is answered with, compressed, as base64. Default: nothing is there. */
  readonly gzip?: string
  /** Lengths of bodies by path. */
  readonly sizes: Readonly<Record<string, number>>
  readonly certificate: { readonly cert: string; readonly key: string }
}

const { certificate, gzip, json, port, securePort, sizes } = JSON.parse(process.argv[2] ?? "{}") as Served
const sizeOf = new Map(Object.entries(sizes))
const jsonHeaders = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(json) }
const gzipped = gzip === undefined ? undefined : Buffer.from(gzip, "base64")
const piece = Buffer.alloc(256 * 1024)

const server = createServer((request, response) => {
  const size = sizeOf.get(request.url ?? "")
  if (request.url === "/json") {
    response.writeHead(200, jsonHeaders)
    response.end(json)
  } else if (request.url === "/gzip" && gzipped !== undefined) {
    response.writeHead(200, {
      "Content-Type": "application/json",
      "Content-Encoding": "gzip",
      "Content-Length": gzipped.length
    })
    response.end(gzipped)
  } else if (size !== undefined) {
    response.writeHead(200, { "Content-Type": "application/octet-stream", "Content-Length": size })
    send(response, size)
  } else {
    response.writeHead(404)
    response.end()
  }
})

const send = (response: ServerResponse, size: number): void => {
  let left = size
  while (left > 0) {
    const next = left < piece.length ? piece.subarray(0, left) : piece
    left -= next.length
    if (!response.write(next) && left > 0) {
      response.once("drain", () => send(response, left))
      return
    }
  }
  response.end()
}

const secure = createSecureServer({ ...certificate, settings: { maxConcurrentStreams: 256 } })

secure.on("stream", (stream, headers) => {
  const found = headers[":path"] === "/json"
  stream.respond({ ":status": found ? 200 : 404, ...(found ? jsonHeaders : {}) }, { endStream: !found })
  if (found) stream.end(json)
})

server.keepAliveTimeout = 3_600_000
server.listen(port, "127.0.0.1")
secure.listen(securePort, "127.0.0.1")
process.on("disconnect", () => process.exit())
