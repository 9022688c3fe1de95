/** A server that breaks HTTP/2, or a stream, or the connection, makes an error with a type for whom it concerns. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import type { HttpxError } from "effect-httpx"
import { atRest, connected, failsWith } from "./support/failing.js"
import { h2Server } from "./support/h2server.js"
import * as h2 from "./support/h2frames.js"

const priorKnowledge = { http1: false, timeout: { read: "2 seconds" } } as const

const head200 = h2.status(200)

/** The call fails, and nothing of it stays open but `idle` connections. */
const fails = <Tag extends HttpxError.HttpxError["_tag"]>(
  frames: (id: number) => ReadonlyArray<Uint8Array>,
  tag: Tag,
  idle: number,
  method = "GET"
) =>
  Effect.gen(function* () {
    const server = yield* h2.scriptedH2(h2.once(frames))
    const { client, stats } = yield* connected(priorKnowledge)
    const error = yield* failsWith(client.request(method, server.url("/path?key=value")), tag)
    expect(error.request).toEqual({ method, url: server.url("/path?key=<redacted>") })
    expect(yield* stats).toEqual(atRest(idle))
    yield* server.untilOpen(idle)
    return { error, server }
  })

describe("a stream that is reset", () => {
  const codes: ReadonlyArray<readonly [code: number, name: string]> = [
    [0, "NO_ERROR"],
    [1, "PROTOCOL_ERROR"],
    [2, "INTERNAL_ERROR"],
    [3, "FLOW_CONTROL_ERROR"],
    [4, "SETTINGS_TIMEOUT"],
    [5, "STREAM_CLOSED"],
    [6, "FRAME_SIZE_ERROR"],
    [8, "CANCEL"],
    [9, "COMPRESSION_ERROR"],
    [10, "CONNECT_ERROR"],
    [11, "ENHANCE_YOUR_CALM"],
    [12, "INADEQUATE_SECURITY"],
    [13, "HTTP_1_1_REQUIRED"],
    [0xbeef, "0xbeef"]
  ]

  it.scopedLive.each(codes)("before the head, with code %i, is RemoteProtocolError %s", ([code, name]) =>
    Effect.gen(function* () {
      const { error } = yield* fails((id) => [h2.reset(id, code)], "RemoteProtocolError", 1)
      expect(error).toMatchObject({ code: name, phase: "wait", delivery: "unknown" })
      expect(error.message).toContain(name)
    })
  )

  it.scopedLive.each([...codes, [7, "REFUSED_STREAM"] as const])(
    "after the head, with code %i, is RemoteProtocolError %s, and never a short success",
    ([code, name]) =>
      Effect.gen(function* () {
        const frames = (id: number) => [h2.headers(id, [head200]), h2.data(id, "12345"), h2.reset(id, code)]
        const { error } = yield* fails(frames, "RemoteProtocolError", 1)
        expect(error).toMatchObject({ code: name, phase: "read", delivery: "answered" })
      })
  )

  it.scopedLive.each([0, 2, 8])("leaves its siblings alone, with code %i", (code) =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) =>
        Effect.gen(function* () {
          yield* peer.send(h2.settings())
          const first = yield* peer.request
          const second = yield* peer.request
          yield* peer.send(h2.headers(second, [head200]), h2.data(second, "one "), h2.reset(first, code))
          yield* peer.send(h2.lastData(second, "two"))
          const third = yield* peer.request
          yield* peer.send(h2.ok(third, "three"))
        })
      )
      const { client, stats } = yield* connected(priorKnowledge)
      const failing = yield* Effect.fork(failsWith(client.get(server.url("/1")), "RemoteProtocolError"))
      yield* server.connection(0)
      const response = yield* client.get(server.url("/2"))
      expect(yield* response.text).toBe("one two")
      yield* Fiber.join(failing)
      expect(yield* (yield* client.get(server.url("/3"))).text).toBe("three")
      expect(server.connections.length).toBe(1)
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("with NO_ERROR after a complete answer is a success, and the rest of the upload is not sent", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2(
        h2.once((id) => [h2.headers(id, [h2.status(413)]), h2.lastData(id, "too large"), h2.reset(id, 0)])
      )
      const { client, stats } = yield* connected(priorKnowledge)
      const endless = Stream.forever(Stream.make(new Uint8Array(1000)))
      const response = yield* client.post(server.url(), { content: endless })
      expect(response.status).toBe(413)
      expect(yield* response.text).toBe("too large")
      expect(yield* stats).toEqual(atRest(1))
    })
  )
})

describe("a stream that is refused", () => {
  it.scopedLive("is sent again", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) =>
        Effect.gen(function* () {
          yield* peer.send(h2.settings())
          yield* peer.send(h2.reset(yield* peer.request, 7))
          yield* peer.send(h2.reset(yield* peer.request, 7))
          yield* peer.send(h2.ok(yield* peer.request, "at last"))
        })
      )
      const { client } = yield* connected(priorKnowledge)
      const response = yield* client.post(server.url(), { content: "once" })
      expect(yield* response.text).toBe("at last")
    })
  )

  it.scopedLive("is sent again, with a body that can be made again", () =>
    Effect.gen(function* () {
      let refused = 0
      const server = yield* h2Server((stream) => {
        if (refused++ < 2) return stream.close(7)
        let body = ""
        stream.setEncoding("latin1").on("data", (text: string) => (body += text))
        stream.on("end", () => stream.end(body))
      })
      const { client, stats } = yield* connected(priorKnowledge)
      const content = () => Stream.make(new TextEncoder().encode("at "), new TextEncoder().encode("last"))
      const response = yield* client.post(server.url(), { content })
      expect(yield* response.text).toBe("at last")
      expect(refused).toBe(3)
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("is sent again three times, and then fails as unsent", () =>
    Effect.gen(function* () {
      let requests = 0
      const server = yield* h2.scriptedH2(
        h2.always((id) => {
          requests++
          return [h2.reset(id, 7)]
        })
      )
      const { client, stats } = yield* connected(priorKnowledge)
      const error = yield* failsWith(client.post(server.url(), { content: "never" }), "RemoteProtocolError")
      expect(error).toMatchObject({ code: "REFUSED_STREAM", phase: "wait", delivery: "unsent" })
      expect(requests).toBe(4)
      expect(yield* stats).toEqual(atRest(1))
    })
  )
})

describe("a server that breaks HTTP/2", () => {
  const many = Array.from({ length: 700 }, (_, i) => [`x-${i}`, "v".repeat(100)] as const)
  const large = h2.block([head200, ...many])
  const pieces = Array.from({ length: Math.ceil(large.length / 16_000) }, (_, i) =>
    large.subarray(i * 16_000, (i + 1) * 16_000)
  )

  const fieldsOf = (id: number) =>
    pieces.map((piece, i) => {
      const flags = (i === pieces.length - 1 ? 4 : 0) | (i === 0 ? 1 : 0)
      return h2.frame(i === 0 ? h2.types.headers : h2.types.continuation, flags, id, piece)
    })

  const ofConnections: ReadonlyArray<readonly [what: string, frames: (id: number) => ReadonlyArray<Uint8Array>]> = [
    ["a frame that is too large", (id) => [h2.frame(h2.types.data, 0, id, new Uint8Array(20_000))]],
    ["a PING of a wrong size", () => [h2.frame(h2.types.ping, 0, 0, new Uint8Array(7))]],
    ["a SETTINGS of a wrong size", () => [h2.frame(h2.types.settings, 0, 0, new Uint8Array(5))]],
    ["a GOAWAY of a wrong size", () => [h2.frame(h2.types.goaway, 0, 0, new Uint8Array(3))]],
    [
      "a field block that is none",
      (id) => [h2.frame(h2.types.headers, 5, id, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 15))]
    ],
    ["an index that is not in the table", (id) => [h2.frame(h2.types.headers, 5, id, Uint8Array.of(0xfe))]],
    ["DATA before HEADERS", (id) => [h2.data(id, "x")]],
    ["DATA on a stream that is not open", (id) => [h2.data(id + 2, "x")]],
    ["a field block that is interrupted", (id) => [h2.frame(h2.types.headers, 0, id, Uint8Array.of(0x88)), h2.ping]],
    ["a WINDOW_UPDATE of nothing", () => [h2.windowUpdate(0, 0)]],
    ["a window that overflows", () => [h2.windowUpdate(0, 2 ** 31 - 1)]],
    [
      "a push, which was refused",
      (id) => [
        h2.settingsAck,
        h2.frame(h2.types.pushPromise, 4, id, Buffer.concat([h2.uint32(2), Uint8Array.of(0x82)]))
      ]
    ]
  ]

  it.scopedLive.each(ofConnections)("by %s fails all that it serves, and ends the connection", ([, frames]) =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) =>
        Effect.gen(function* () {
          yield* peer.send(h2.settings())
          const first = yield* peer.request
          yield* peer.take(h2.types.settings)
          yield* peer.request
          yield* peer.send(...frames(first))
        })
      )
      const { client, stats } = yield* connected(priorKnowledge)
      const errors = yield* Effect.all(
        [1, 2].map((n) => failsWith(client.get(server.url(`/${n}`)), "RemoteProtocolError")),
        {
          concurrency: 2
        }
      )
      for (const error of errors) {
        expect(error.message).toContain("the server broke HTTP/2: ")
        expect(error).toMatchObject({ phase: "wait", delivery: "unknown" })
      }
      expect(yield* stats).toEqual(atRest(0))
      yield* server.untilOpen(0)
      expect(server.connections.length).toBe(1)
    })
  )

  it.scopedLive.each<readonly [string, string | Uint8Array]>([
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["HTTP/1.1", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"],
    ["an answer before its settings", h2.ok(1, "x")]
  ])("by %s is RemoteProtocolError", ([, bytes]) =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) => Effect.zipRight(peer.request, peer.connection.send(bytes)))
      const { client, stats } = yield* connected(priorKnowledge)
      const error = yield* failsWith(client.get(server.url()), "RemoteProtocolError")
      expect(error.message).toContain("the server broke HTTP/2: ")
      expect(error).toMatchObject({ code: "PROTOCOL_ERROR", phase: "wait", delivery: "unknown" })
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive.each<readonly [string, (id: number) => ReadonlyArray<Uint8Array>, string]>([
    ["no status", (id) => [h2.lastHeaders(id, [["a", "b"]])], "PROTOCOL_ERROR"],
    ["a name in upper case", (id) => [h2.lastHeaders(id, [head200, ["Abc", "d"]])], "PROTOCOL_ERROR"],
    ["a field of the connection", (id) => [h2.lastHeaders(id, [head200, ["connection", "close"]])], "PROTOCOL_ERROR"],
    ["101", (id) => [h2.headers(id, [h2.status(101)])], "PROTOCOL_ERROR"],
    ["a pseudo-header field that is none", (id) => [h2.lastHeaders(id, [head200, [":x", "y"]])], "PROTOCOL_ERROR"],
    ["more fields than are accepted", fieldsOf, "ENHANCE_YOUR_CALM"]
  ])("by an answer with %s loses that answer, and not the connection", ([, frames, code]) =>
    Effect.gen(function* () {
      const { error } = yield* fails(frames, "RemoteProtocolError", 1)
      expect(error).toMatchObject({ code, phase: "wait", delivery: "unknown" })
    })
  )

  it.scopedLive("by too many fields loses that answer also when the server has accepted the limit", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) =>
        Effect.gen(function* () {
          yield* peer.send(h2.settings(), h2.settingsAck)
          yield* peer.send(h2.ok(yield* peer.request, "small"))
          yield* peer.send(...fieldsOf(yield* peer.request))
          yield* peer.send(h2.ok(yield* peer.request, "small again"))
        })
      )
      const { client } = yield* connected(priorKnowledge)
      yield* client.get(server.url())
      const error = yield* failsWith(client.get(server.url()), "RemoteProtocolError")
      expect(error).toMatchObject({ code: "ENHANCE_YOUR_CALM", phase: "wait", delivery: "unknown" })
      expect(error.message).toContain("more than 65536 bytes")
      expect(yield* (yield* client.get(server.url())).text).toBe("small again")
      expect(server.connections.length).toBe(1)
    })
  )

  it.scopedLive.each<readonly [string, string, string]>([
    ["shorter", "5", "10"],
    ["longer", "12345", "3"]
  ])("by a body that is %s than its Content-Length is RemoteProtocolError", ([, body, length]) =>
    Effect.gen(function* () {
      const frames = (id: number) => [h2.headers(id, [head200, ["content-length", length]]), h2.lastData(id, body)]
      const { error } = yield* fails(frames, "RemoteProtocolError", 1)
      expect(error.message).toContain(`Content-Length of ${length}`)
      expect(error).toMatchObject({ code: "PROTOCOL_ERROR", phase: "read", delivery: "answered" })
    })
  )
})

describe("a push that came before it was refused", () => {
  const pushed = (id: number) =>
    h2.frame(
      h2.types.pushPromise,
      4,
      id,
      Buffer.concat([
        h2.uint32(2),
        h2.block([
          [":method", "GET"],
          [":scheme", "http"],
          [":authority", "localhost"],
          [":path", "/pushed"]
        ])
      ])
    )

  it.scopedLive("is reset, and everything goes on", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) =>
        Effect.gen(function* () {
          yield* peer.send(h2.settings())
          const id = yield* peer.request
          yield* peer.send(pushed(id), h2.headers(2, [head200]), h2.data(2, "unasked"))
          expect((yield* peer.reset)[0]).toBe(2)
          yield* peer.send(h2.ok(id, "asked"))
        })
      )
      const { client, stats } = yield* connected(priorKnowledge)
      expect(yield* (yield* client.get(server.url())).text).toBe("asked")
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("harms nobody when the connection breaks", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) =>
        Effect.gen(function* () {
          yield* peer.send(h2.settings())
          const id = yield* peer.request
          yield* peer.send(pushed(id), h2.headers(2, [head200]), h2.windowUpdate(0, 0))
        })
      )
      const { client, stats } = yield* connected(priorKnowledge)
      yield* failsWith(client.get(server.url()), "RemoteProtocolError")
      expect(yield* stats).toEqual(atRest(0))
    })
  )
})
