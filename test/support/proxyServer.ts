/** An HTTP proxy that works: it forwards, opens tunnels, and can want credentials. */
import { Effect, type Scope } from "effect"
import { createHash } from "node:crypto"
import * as http from "node:http"
import * as net from "node:net"

export interface ProxyServerOptions {
  /** What it wants: nothing, or these credentials in this way. */
  readonly wants?: { readonly scheme: "basic" | "digest"; readonly username: string; readonly password: string }
}

export interface ProxyServer {
  readonly port: number
  readonly url: string
  /** Requests as it got them: method, target and fields in lower case. */
  readonly seen: Array<{ readonly method: string; readonly target: string; readonly headers: http.IncomingHttpHeaders }>
  /** How many sockets are open, on both sides. */
  readonly open: () => number
}

const md5 = (text: string): string => createHash("md5").update(text).digest("hex")

const nonces = ["first-nonce", "second-nonce"]

const isAllowed = (request: http.IncomingMessage, wants: NonNullable<ProxyServerOptions["wants"]>): boolean => {
  const given = request.headers["proxy-authorization"] ?? ""
  if (wants.scheme === "basic") {
    return given === `Basic ${Buffer.from(`${wants.username}:${wants.password}`).toString("base64")}`
  }
  if (!given.startsWith("Digest ")) return false
  const params = Object.fromEntries(
    [...given.matchAll(/(\w+)=(?:"([^"]*)"|([^,\s]*))/g)].map(([, name, quoted, bare]) => [name, quoted ?? bare])
  )
  const { cnonce, nc, nonce, qop, response, uri, username } = params
  const expected = md5(
    [md5(`${wants.username}:proxy:${wants.password}`), nonce, nc, cnonce, qop, md5(`${request.method}:${uri}`)].join(
      ":"
    )
  )
  return username === wants.username && uri === request.url && nonces.includes(nonce ?? "") && response === expected
}

const challenge = (scheme: "basic" | "digest"): string =>
  scheme === "basic" ? 'Basic realm="proxy"' : `Digest realm="proxy", nonce="${nonces[0]}", qop="auth", algorithm=MD5`

/** Starts it on a port of its own; the scope's end closes all that is open. */
export const proxyServer = ({ wants }: ProxyServerOptions = {}): Effect.Effect<ProxyServer, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<{ readonly proxy: ProxyServer; readonly close: Effect.Effect<void> }>((resume) => {
      const sockets = new Set<net.Socket>()
      const keep = <S extends net.Socket>(socket: S): S => {
        sockets.add(socket)
        socket.on("error", () => socket.destroy()).once("close", () => sockets.delete(socket))
        return socket
      }
      const seen: Array<ProxyServer["seen"][number]> = []
      const refuses = (request: http.IncomingMessage) => {
        seen.push({ method: request.method ?? "", target: request.url ?? "", headers: request.headers })
        return wants !== undefined && !isAllowed(request, wants) ? challenge(wants.scheme) : undefined
      }
      const server = http.createServer((request, response) => {
        const wanted = refuses(request)
        if (wanted !== undefined) {
          response.writeHead(407, { "proxy-authenticate": wanted, "content-length": "6" }).end("denied")
          return
        }
        const { "proxy-authorization": _, ...headers } = request.headers
        const onward = http.request(request.url ?? "", { method: request.method ?? "GET", headers }, (answer) => {
          const info = wants?.scheme === "digest" ? { "proxy-authentication-info": `nextnonce="${nonces[1]}"` } : {}
          response.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...info })
          answer.pipe(response)
        })
        onward.on("error", () => response.destroy())
        request.pipe(onward)
      })
      server.on("connection", keep)
      server.on("connect", (request, client: net.Socket, first) => {
        const wanted = refuses(request)
        if (wanted !== undefined) {
          client.write(`HTTP/1.1 407 Denied\r\nProxy-Authenticate: ${wanted}\r\nContent-Length: 6\r\n\r\ndenied`)
          // node:http lets go of the socket after CONNECT; who is refused comes again on another one.
          client.end()
          return
        }
        const { hostname, port } = new URL(`http://${request.url}`)
        const onward = keep(net.connect(Number(port), hostname.replace(/^\[|\]$/g, "")))
        onward.once("connect", () => {
          client.write("HTTP/1.1 200 Connection established\r\n\r\n")
          onward.write(first)
          client.pipe(onward).pipe(client)
        })
        onward.on("close", () => client.destroy())
        client.on("close", () => onward.destroy())
      })
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as net.AddressInfo
        const proxy = { port, url: `http://127.0.0.1:${port}`, seen, open: () => sockets.size }
        const close = Effect.async<void>((done) => {
          server.close(() => done(Effect.void))
          for (const socket of sockets) socket.destroy()
        })
        resume(Effect.succeed({ proxy, close }))
      })
    }),
    ({ close }) => close
  ).pipe(Effect.map(({ proxy }) => proxy))
