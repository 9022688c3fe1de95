/**
 * A site of Node's own servers, behind the peers that pass requests on: `http` speaks HTTP/1.1, `https` speaks HTTP/2
 * and HTTP/1.1.
 */
import { Effect, type Scope } from "effect"
import * as http from "node:http"
import * as http2 from "node:http2"
import * as Certificates from "../certificates.js"
import { listening } from "../listening.js"
import { large, small } from "./contents.js"

export interface Origin {
  readonly http: string
  readonly https: string
  readonly port: number
}

/** What `/seen` answers with, as JSON. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

export const origin: Effect.Effect<Origin, never, Scope.Scope> = Effect.gen(function* () {
  const { port } = yield* listening(http.createServer(serve))
  // Requests and responses of node:http2 are compatible with those of node:http in all that is used here.
  const serveBoth = serve as unknown as (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void
  const secure = yield* listening(http2.createSecureServer({ ...Certificates.localhost, allowHTTP1: true }, serveBoth))
  return { http: `http://127.0.0.1:${port}`, https: `https://127.0.0.1:${secure.port}`, port }
})

const modified = "Wed, 01 Jan 2020 00:00:00 GMT"

const serve = (request: http.IncomingMessage, response: http.ServerResponse): void => {
  const answer = (status: number, headers: Readonly<Record<string, string>>, body?: string | Uint8Array) => {
    response.writeHead(status, headers)
    response.end(request.method === "HEAD" ? undefined : body)
  }
  const file = (body: string | Uint8Array) =>
    request.headers["if-modified-since"] === modified
      ? answer(304, {})
      : answer(200, { "content-length": String(body.length), "last-modified": modified }, body)
  switch (request.url) {
    case "/small":
      return file(small)
    case "/large":
      return file(large)
    case "/empty":
      return answer(204, {})
    case "/echo": {
      // Whole, as not every proxy takes an answer that comes while it still sends the request.
      const parts: Array<Uint8Array> = []
      request.on("data", (part: Uint8Array) => parts.push(part))
      request.on("end", () => answer(200, {}, Buffer.concat(parts)))
      return
    }
    case "/trailers":
      response.writeHead(200, { trailer: "x-sum" })
      response.write("with ")
      response.addTrailers({ "x-sum": "42" })
      response.end("trailers")
      return
    case "/seen": {
      const { headers, method, url } = request
      return answer(200, { "content-type": "application/json" }, JSON.stringify({ method, url, headers }))
    }
    default:
      return answer(404, {})
  }
}
