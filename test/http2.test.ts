/** Requests and answers over HTTP/2: what reaches the server, and what comes back. */
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Deferred, Effect, Fiber, Option, Stream } from "effect"
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2"
import { authority } from "./support/certificates.js"
import { atRest, connected, eventually, failsWith } from "./support/failing.js"
import * as h2 from "./support/h2frames.js"
import { h2Server, h2TlsServer, type OnStream } from "./support/h2server.js"

const priorKnowledge = { http1: false } as const

const answer = (stream: ServerHttp2Stream, body = "x") => {
  stream.respond({ ":status": 200 })
  stream.end(body)
}

/** Answers with what it was asked. */
const echo: OnStream = (stream, headers) => {
  let body = ""
  stream.setEncoding("latin1")
  stream.on("data", (text: string) => (body += text))
  stream.on("end", () => {
    stream.respond({ ":status": 200 })
    stream.end(JSON.stringify({ headers, body }))
  })
}

interface Echoed {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const echoed = (text: string): Echoed => JSON.parse(text)

describe("a request", () => {
  it.scopedLive("over TLS is sent by HTTP/2 when the server agrees (ALPN)", () =>
    Effect.gen(function* () {
      const server = yield* h2TlsServer(echo)
      const { client, stats } = yield* connected({ tls: { ca: authority } })
      const response = yield* client.get(server.url("/a?b=c"))
      expect(response.httpVersion).toBe("HTTP/2")
      expect(response.reasonPhrase).toBe("")
      const { headers } = echoed(yield* response.text)
      expect(headers).toMatchObject({
        ":method": "GET",
        ":scheme": "https",
        ":authority": `localhost:${server.port}`,
        ":path": "/a?b=c"
      })
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("without TLS is sent by HTTP/2 when nothing else is spoken", () =>
    Effect.gen(function* () {
      const server = yield* h2Server(echo)
      const { client } = yield* connected(priorKnowledge)
      const response = yield* client.post(server.url(), { content: "hello" })
      const { body, headers } = echoed(yield* response.text)
      expect(body).toBe("hello")
      expect(headers).toMatchObject({ ":method": "POST", ":scheme": "http", ":path": "/", "content-length": "5" })
      expect(headers).not.toHaveProperty("host")
    })
  )

  it.scopedLive("has its fields in lower case, repeated ones in their order, and none that are for a connection", () =>
    Effect.gen(function* () {
      const server = yield* h2Server(echo)
      const { client } = yield* connected(priorKnowledge)
      const response = yield* client.get(server.url(), {
        headers: [
          ["Host", "example.com:8080"],
          ["X-Many", "one"],
          ["X-MANY", "two"],
          ["x-many", "three"],
          ["X-Padded", "  \u00e4 \t"],
          ["X-Nominated", "away"],
          ["Connection", "close, X-Nominated"],
          ["Keep-Alive", "timeout=5"],
          ["Proxy-Connection", "keep-alive"],
          ["Upgrade", "h2c"],
          ["HTTP2-Settings", "AAMAAABkAAQAAP__"],
          ["TE", "gzip, trailers"]
        ]
      })
      const { headers } = echoed(yield* response.text)
      expect(headers).toMatchObject({
        ":authority": "example.com:8080",
        "x-many": "one, two, three",
        "x-padded": "\u00e4",
        te: "trailers"
      })
      for (const name of ["host", "connection", "keep-alive", "proxy-connection", "upgrade", "x-nominated"]) {
        expect(headers).not.toHaveProperty(name)
      }
    })
  )

  it.scopedLive("to a target of its own is sent to that", () =>
    Effect.gen(function* () {
      const server = yield* h2Server(echo)
      const { client } = yield* connected(priorKnowledge)
      const response = yield* client.request("OPTIONS", server.url(), { target: "*" })
      expect(echoed(yield* response.text).headers[":path"]).toBe("*")
    })
  )

  it.scopedLive("without a body says so where one could be, as over HTTP/1.1", () =>
    Effect.gen(function* () {
      const server = yield* h2Server(echo)
      const { client } = yield* connected(priorKnowledge)
      const response = yield* client.post(server.url())
      expect(echoed(yield* response.text).headers["content-length"]).toBe("0")
    })
  )

  it.scopedLive("that HTTP/2 cannot carry is LocalProtocolError, and the connection serves on", () =>
    Effect.gen(function* () {
      const server = yield* h2Server(echo)
      const { client, stats } = yield* connected(priorKnowledge)
      yield* client.get(server.url())
      const twice = [
        ["Content-Type", "text/plain"],
        ["Content-Type", "text/html"]
      ] as const
      const error = yield* failsWith(client.get(server.url(), { headers: twice }), "LocalProtocolError")
      expect(error).toMatchObject({ phase: "prepare", delivery: "unsent" })
      expect(error.message).toContain("content-type")
      expect(yield* stats).toEqual(atRest(1))
      yield* client.get(server.url())
      expect(server.sessions.length).toBe(1)
    })
  )

  const large = { headers: { "X-Large": "v".repeat(500_000) } }

  it.scopedLive("with a head of 500 kB is sent to a server that sets no limit", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2(h2.always((id) => [h2.ok(id, "x")]))
      const { client } = yield* connected(priorKnowledge)
      yield* client.get(server.url())
      yield* client.get(server.url(), large)
      yield* client.get(server.url())
      expect(server.connections.length).toBe(1)
    })
  )

  it.scopedLive.each([
    ["the server takes", 65_536, large],
    ["can be sent at all", 2 ** 31, { headers: { "X-Large": "v".repeat(1_100_000) } }]
  ] as const)("with a larger head than %s is LocalProtocolError, and its siblings go on", ([, limit, options]) =>
    Effect.gen(function* () {
      const waiting: Array<ServerHttp2Stream> = []
      const server = yield* h2Server(
        (stream, headers) => (headers[":path"] === "/sibling" ? waiting.push(stream) : answer(stream)),
        { settings: { maxHeaderListSize: limit } }
      )
      const { client, stats } = yield* connected(priorKnowledge)
      yield* client.get(server.url())
      const sibling = yield* Effect.fork(client.get(server.url("/sibling")))
      yield* eventually(() => waiting.length === 1)
      const error = yield* failsWith(client.get(server.url(), options), "LocalProtocolError")
      expect(error).toMatchObject({ phase: "prepare", delivery: "unsent" })
      for (const stream of waiting) answer(stream, "fine")
      expect(yield* (yield* Fiber.join(sibling)).text).toBe("fine")
      expect(server.sessions.length).toBe(1)
      expect(yield* stats).toEqual(atRest(1))
    })
  )
})

describe("an answer", () => {
  it.scopedLive("has its fields as they came, in their order, repeated ones and all", () =>
    Effect.gen(function* () {
      const fields = [
        ["set-cookie", "a=1"],
        ["x-one", "1"],
        ["set-cookie", "b=2"],
        ["x-one", "2"],
        ["content-type", "text/plain"]
      ] as const
      const server = yield* h2.scriptedH2(
        h2.once((id) => [
          h2.headers(id, [h2.status(200), ...fields]),
          h2.data(id, "body"),
          h2.lastHeaders(id, [
            ["x-sum", "1"],
            ["x-sum", "2"]
          ])
        ])
      )
      const { client } = yield* connected(priorKnowledge)
      const response = yield* client.get(server.url())
      expect(response.rawHeaders).toEqual(fields)
      expect(yield* response.text).toBe("body")
      expect(response.trailers).toEqual([
        ["x-sum", "1"],
        ["x-sum", "2"]
      ])
    })
  )

  it.scopedLive("may be announced by any number of others", () =>
    Effect.gen(function* () {
      const seen: Array<number> = []
      const server = yield* h2.scriptedH2(
        h2.once((id) => [
          h2.headers(id, [h2.status(103), ["link", "</a>"]]),
          h2.headers(id, [h2.status(102)]),
          h2.headers(id, [h2.status(103)]),
          h2.ok(id, "x")
        ])
      )
      const { client } = yield* connected(priorKnowledge)
      yield* client.get(server.url(), { onInformational: ({ status }) => seen.push(status) })
      expect(seen).toEqual([103, 102, 103])
    })
  )

  it.scopedLive.each([
    ["HEAD", 200],
    ["GET", 204],
    ["GET", 304]
  ] as const)("to %s with %i has no body, whatever its Content-Length", ([method, status]) =>
    Effect.gen(function* () {
      const fields = status === 204 ? [] : ([["content-length", "10"]] as const)
      const server = yield* h2.scriptedH2(h2.always((id) => [h2.lastHeaders(id, [h2.status(status), ...fields])]))
      const { client, stats } = yield* connected(priorKnowledge)
      const response = yield* client.request(method, server.url())
      expect(response.status).toBe(status)
      expect((yield* response.read).length).toBe(0)
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("that comes before the upload is complete ends the upload", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) =>
        Effect.gen(function* () {
          yield* peer.send(h2.settings())
          const id = yield* peer.request
          yield* peer.take(h2.types.data)
          yield* peer.send(h2.ok(id, "enough"))
          expect(yield* peer.reset).toEqual([id, 8])
          yield* peer.send(h2.ok(yield* peer.request, "next"))
        })
      )
      const { client, stats } = yield* connected(priorKnowledge)
      const ended = yield* Deferred.make<void>()
      const endless = Stream.forever(Stream.make(new Uint8Array(1000))).pipe(
        Stream.ensuring(Deferred.succeed(ended, undefined))
      )
      const response = yield* client.post(server.url(), { content: endless })
      expect(yield* response.text).toBe("enough")
      yield* Deferred.await(ended)
      expect(yield* (yield* client.get(server.url())).text).toBe("next")
      expect(yield* stats).toEqual(atRest(1))
    })
  )
})

describe("a body that is expected to be wanted", () => {
  const expecting = { Expect: "100-continue" }

  it.scopedLive("is sent after 100", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) =>
        Effect.gen(function* () {
          yield* peer.send(h2.settings(), h2.settingsAck)
          const id = yield* peer.request
          yield* peer.take(h2.types.settings)
          expect(peer.frames.some(({ type }) => type === h2.types.data)).toBe(false)
          yield* peer.send(h2.headers(id, [h2.status(100)]))
          const { payload } = yield* peer.take(h2.types.data)
          yield* peer.send(h2.ok(id, String(payload)))
        })
      )
      const { client } = yield* connected({ ...priorKnowledge, expectContinue: "1 minute" })
      const response = yield* client.post(server.url(), { content: "the body", headers: expecting })
      expect(yield* response.text).toBe("the body")
    })
  )

  it.scopedLive("is not sent after a final answer, and the connection serves on", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) =>
        Effect.gen(function* () {
          yield* peer.send(h2.settings())
          const id = yield* peer.request
          yield* peer.send(h2.lastHeaders(id, [h2.status(417)]))
          yield* peer.send(h2.ok(yield* peer.request, "next"))
          expect(peer.frames.some(({ type }) => type === h2.types.data)).toBe(false)
        })
      )
      const { client, stats } = yield* connected({ ...priorKnowledge, expectContinue: "1 minute" })
      const response = yield* client.post(server.url(), { content: "the body", headers: expecting })
      expect(response.status).toBe(417)
      expect(yield* (yield* client.get(server.url())).text).toBe("next")
      expect(yield* stats).toEqual(atRest(1))
    })
  )
})

describe("CONNECT", () => {
  it.scopedLive("opens a tunnel in both directions", () =>
    Effect.gen(function* () {
      let asked: IncomingHttpHeaders = {}
      const server = yield* h2Server((stream, headers) => {
        asked = headers
        stream.respond({ ":status": 200 })
        stream.on("data", (bytes: Buffer) => stream.write(`<${bytes.toString()}>`))
        stream.on("end", () => stream.end("bye"))
      })
      const { client, stats } = yield* connected(priorKnowledge)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const response = yield* client.stream("CONNECT", server.url(), { target: "example.com:443" })
          const { end, write } = Option.getOrThrow(response.upgraded)
          yield* write(new TextEncoder().encode("one"))
          const pieces = yield* Stream.runCollect(
            Stream.tap(Stream.decodeText(response.raw), (text) => (text === "<one>" ? end : Effect.void))
          )
          expect(Chunk.join(pieces, "")).toBe("<one>bye")
        })
      )
      expect(asked).toMatchObject({ ":method": "CONNECT", ":authority": "example.com:443" })
      expect(asked).not.toHaveProperty(":path")
      expect(asked).not.toHaveProperty(":scheme")
      expect(yield* stats).toEqual(atRest(1))
      expect(server.openStreams).toBe(0)
    })
  )

  it.scopedLive("that is refused is an answer as any other", () =>
    Effect.gen(function* () {
      const server = yield* h2Server((stream) => {
        stream.respond({ ":status": 403 })
        stream.end("no")
      })
      const { client, stats } = yield* connected(priorKnowledge)
      const response = yield* client.request("CONNECT", server.url(), { target: "example.com:443" })
      expect(response.status).toBe(403)
      expect(yield* response.text).toBe("no")
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("fails where nobody is there to use the tunnel", () =>
    Effect.gen(function* () {
      const server = yield* h2Server((stream) => stream.respond({ ":status": 200 }))
      const { client, stats } = yield* connected(priorKnowledge)
      const error = yield* failsWith(
        client.request("CONNECT", server.url(), { target: "example.com:443" }),
        "RemoteProtocolError"
      )
      expect(error.code).toBe("UNEXPECTED_UPGRADE")
      expect(yield* stats).toEqual(atRest(1))
    })
  )
})
