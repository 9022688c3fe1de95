/** The server where nginx is not installed: node:http in a process of its own. Arguments: the port, the JSON, the sizes by path. */
import { createServer, type ServerResponse } from "node:http"

const [port = "0", json = "", sizes = "{}"] = process.argv.slice(2)
const sizeOf = new Map(Object.entries(JSON.parse(sizes) as Record<string, number>))
const jsonHeaders = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(json) }
const piece = Buffer.alloc(256 * 1024)

const server = createServer((request, response) => {
  const size = sizeOf.get(request.url ?? "")
  if (request.url === "/json") {
    response.writeHead(200, jsonHeaders)
    response.end(json)
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

server.keepAliveTimeout = 3_600_000
server.listen(Number(port), "127.0.0.1")
process.on("disconnect", () => process.exit())
