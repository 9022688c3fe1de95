/**
 * The server of uploads, in a process of its own: a socket that counts the bytes after a head and answers their number.
 * A server with a parser would be slower than its clients. One argument: the port.
 */
import { createServer, type Socket } from "node:net"

const serve = (socket: Socket): void => {
  let head = ""
  /** Bytes of the body that are still to come; undefined before the head is whole. */
  let left: number | undefined
  let length = 0
  socket.on("data", (chunk) => {
    let body = chunk.length
    if (left === undefined) {
      const before = head.length
      head += chunk.toString("latin1")
      const end = head.indexOf("\r\n\r\n")
      if (end < 0) return
      length = Number(/^content-length: *(\d+)/im.exec(head.slice(0, end))?.[1] ?? 0)
      left = length
      body = before + chunk.length - (end + 4)
    }
    left -= body
    if (left > 0) return
    const text = String(length - left)
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`)
    head = ""
    left = undefined
  })
  // a client ends as it likes
  socket.on("error", () => {})
}

createServer(serve).listen(Number(process.argv[2]), "127.0.0.1")
process.on("disconnect", () => process.exit())
