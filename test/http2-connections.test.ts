/** How many streams a connection takes, when it takes no more, and what becomes of those that it has. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { type ClientHttp2Session, connect, type ServerHttp2Stream } from "node:http2"
import { atRest, connected, failsWith } from "./support/failing.js"
import * as h2 from "./support/h2frames.js"
import type { ScriptedServer } from "./support/scripted.js"
import { h2Server } from "./support/h2server.js"

const priorKnowledge = { http1: false } as const

const answer = (stream: ServerHttp2Stream, body = "x") => {
  stream.respond({ ":status": 200 })
  stream.end(body)
}

const all = <A, E, R>(count: number, call: (n: number) => Effect.Effect<A, E, R>) =>
  Effect.all(
    Array.from({ length: count }, (_, n) => call(n)),
    { concurrency: "unbounded" }
  )

describe("the streams of a connection", () => {
  it.scopedLive("are as many as a burst of 50 to a new origin has", () =>
    Effect.gen(function* () {
      const waiting: Array<ServerHttp2Stream> = []
      const server = yield* h2Server((stream) => {
        if (waiting.push(stream) === 50) for (const each of waiting) answer(each)
      })
      const { client, stats } = yield* connected(priorKnowledge)
      yield* all(50, () => client.get(server.url()))
      expect(server.sessions.length).toBe(1)
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("are no more than MAX_CONCURRENT_STREAMS; for the rest there are further connections", () =>
    Effect.gen(function* () {
      const waiting: Array<ServerHttp2Stream> = []
      const onStream = (stream: ServerHttp2Stream) => {
        if (waiting.push(stream) === 23) for (const each of waiting) answer(each)
      }
      const server = yield* h2Server(onStream, { settings: { maxConcurrentStreams: 5 } })
      const { client, stats } = yield* connected(priorKnowledge)
      yield* all(23, () => client.get(server.url()))
      expect(server.sessions.length).toBe(5)
      expect(server.peak).toBe(5)
      expect(yield* stats).toEqual(atRest(5))
    })
  )

  it.scopedLive("wait for their turn when there may be no further connection", () =>
    Effect.gen(function* () {
      const server = yield* h2Server((stream) => answer(stream), { settings: { maxConcurrentStreams: 3 } })
      const { client } = yield* connected({ ...priorKnowledge, limits: { connectionsPerOrigin: 1 } })
      yield* all(40, () => client.get(server.url()))
      expect(server.sessions.length).toBe(1)
      expect(server.peak).toBeLessThanOrEqual(3)
    })
  )

  it.scopedLive("are no more than `streamsPerConnection`", () =>
    Effect.gen(function* () {
      const server = yield* h2Server((stream) => setImmediate(() => answer(stream)))
      const { client } = yield* connected({
        ...priorKnowledge,
        limits: { connectionsPerOrigin: 1, streamsPerConnection: 4 }
      })
      yield* all(40, () => client.get(server.url()))
      expect(server.peak).toBe(4)
    })
  )

  it.scopedLive("is one until the server has said how many it takes", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) =>
        Effect.gen(function* () {
          const first = yield* peer.request
          yield* peer.send(h2.settings())
          // The client says that it has read the settings in a frame that comes after all that it sent before them.
          yield* peer.take(h2.types.settings)
          expect(peer.frames.filter(({ type }) => type === h2.types.headers).length).toBe(1)
          yield* peer.send(h2.ok(first, "x"))
          yield* h2.always((id) => [h2.ok(id, "x")])(peer)
        })
      )
      const { client } = yield* connected(priorKnowledge)
      yield* all(3, () => client.get(server.url()))
      expect(server.connections.length).toBe(1)
    })
  )

  it.scopedLive("follow SETTINGS that shrink and grow", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) =>
        Effect.gen(function* () {
          yield* peer.send(h2.maxStreams(1))
          const first = yield* peer.request
          yield* peer.send(h2.maxStreams(2))
          const second = yield* peer.request
          yield* peer.send(h2.maxStreams(1), h2.ok(first, "1"))
          // There is no room yet: this is the one stream. So the next comes after its end alone.
          yield* peer.send(h2.ok(second, "2"))
          yield* peer.send(h2.ok(yield* peer.request, "3"))
        })
      )
      const { client } = yield* connected({ ...priorKnowledge, limits: { connectionsPerOrigin: 1 } })
      const bodies = yield* all(3, () => Effect.flatMap(client.get(server.url()), (response) => response.text))
      expect(bodies.sort()).toEqual(["1", "2", "3"])
    })
  )

  it.scopedLive("that the server takes none of leave others waiting for a place, and not for ever", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) => Effect.zipRight(peer.send(h2.maxStreams(0)), peer.request))
      const { client, stats } = yield* connected({
        ...priorKnowledge,
        limits: { connectionsPerOrigin: 1 },
        timeout: { pool: "300 millis", read: "600 millis" }
      })
      const first = yield* Effect.fork(failsWith(client.get(server.url()), "ReadTimeout"))
      yield* server.connection(0)
      yield* failsWith(client.get(server.url()), "PoolTimeout")
      yield* Fiber.join(first)
      yield* server.untilOpen(0)
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive("make no warning about listeners when there are 300", () =>
    Effect.gen(function* () {
      const warnings: Array<Error> = []
      const onWarning = (warning: Error) => warnings.push(warning)
      process.on("warning", onWarning)
      yield* Effect.addFinalizer(() => Effect.sync(() => process.off("warning", onWarning)))
      const waiting: Array<ServerHttp2Stream> = []
      const server = yield* h2Server((stream) => {
        if (waiting.push(stream) === 300) for (const each of waiting) answer(each)
      })
      const { client } = yield* connected({ ...priorKnowledge, limits: { streamsPerConnection: 1000 } })
      yield* all(300, () => client.get(server.url()))
      expect(server.sessions.length).toBe(1)
      expect(warnings).toEqual([])
    })
  )
})

describe("a connection that is told to go away", () => {
  it.scopedLive("serves to their end the streams that were looked at; the others go over another", () =>
    Effect.gen(function* () {
      const server: ScriptedServer = yield* h2.scriptedH2(
        (peer) =>
          Effect.gen(function* () {
            yield* peer.send(h2.settings())
            const first = yield* peer.request
            const second = yield* peer.request
            yield* peer.send(h2.goaway(first, 0))
            yield* server.connection(1)
            yield* peer.send(h2.ok(first, "old"))
            expect(second).toBe(3)
          }),
        h2.always((id) => [h2.ok(id, "new")])
      )
      const { client, stats } = yield* connected(priorKnowledge)
      const bodies = yield* all(2, () => Effect.flatMap(client.post(server.url()), (response) => response.text))
      expect(bodies.sort()).toEqual(["new", "old"])
      expect(yield* stats).toEqual(atRest(1))
      yield* server.untilOpen(1)
      expect(server.connections.length).toBe(2)
    })
  )

  it.scopedLive("in two steps loses nothing", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2(
        (peer) =>
          Effect.gen(function* () {
            yield* peer.send(h2.settings())
            const first = yield* peer.request
            yield* peer.request
            yield* peer.send(h2.goaway(2 ** 31 - 1, 0))
            yield* peer.take(h2.types.goaway)
            yield* peer.send(h2.goaway(first, 0))
            yield* peer.send(h2.ok(first, "old"))
          }),
        h2.always((id) => [h2.ok(id, "new")])
      )
      const { client, stats } = yield* connected(priorKnowledge)
      const bodies = yield* all(2, () => Effect.flatMap(client.post(server.url()), (response) => response.text))
      expect(bodies.sort()).toEqual(["new", "old"])
      expect(yield* stats).toEqual(atRest(1))
      yield* server.untilOpen(1)
    })
  )

  it.scopedLive("while it serves nothing is closed", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) =>
        Effect.gen(function* () {
          yield* h2.once((id) => [h2.ok(id, "x")])(peer)
          yield* peer.send(h2.goaway(1, 0))
        })
      )
      const { client, stats } = yield* connected(priorKnowledge)
      yield* client.get(server.url())
      yield* server.untilOpen(0)
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive("with an error fails what was looked at, naming it, and sends the rest again", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2(
        (peer) =>
          Effect.gen(function* () {
            yield* peer.send(h2.settings())
            const first = yield* peer.request
            yield* peer.request
            yield* peer.send(h2.goaway(first, 11, `too_many_pings\u0000${"!".repeat(200)}`))
          }),
        h2.always((id) => [h2.ok(id, "new")])
      )
      const { client, stats } = yield* connected(priorKnowledge)
      const failing = yield* Effect.fork(failsWith(client.get(server.url()), "RemoteProtocolError"))
      yield* server.connection(0)
      const response = yield* client.post(server.url())
      expect(yield* response.text).toBe("new")
      const error = yield* Fiber.join(failing)
      expect(error).toMatchObject({ code: "ENHANCE_YOUR_CALM", phase: "wait", delivery: "unknown" })
      expect(error.message.split(": ").at(-1)).toBe(`ENHANCE_YOUR_CALM (too_many_pings?${"!".repeat(85)})`)
      expect(yield* stats).toEqual(atRest(1))
    })
  )
})

describe("a connection in doubt", () => {
  const resetOrPing = (peer: h2.Peer) =>
    Effect.repeat(peer.next, { until: ({ type }) => type === h2.types.reset || type === h2.types.ping })

  const oneSilent = (peer: h2.Peer) =>
    Effect.gen(function* () {
      yield* peer.send(h2.settings())
      const silent = yield* peer.request
      // They come in one order or the other.
      const frames = [yield* resetOrPing(peer), yield* resetOrPing(peer)]
      const reset = frames.find(({ type }) => type === h2.types.reset)
      expect(reset).toMatchObject({ id: silent, payload: h2.uint32(8) })
      return frames.find(({ type }) => type === h2.types.ping)!
    })

  it.scopedLive("after a ReadTimeout is reset for that stream alone, and used again when it answers a PING", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) =>
        Effect.gen(function* () {
          const ping = yield* oneSilent(peer)
          yield* peer.send(h2.pingAck(ping.payload))
          yield* h2.always((id) => [h2.ok(id, "alive")])(peer)
        })
      )
      const { client, stats } = yield* connected({ ...priorKnowledge, limits: { connections: 1 } })
      const error = yield* failsWith(client.get(server.url(), { timeout: { read: "50 millis" } }), "ReadTimeout")
      expect(error).toMatchObject({ limit: 50, phase: "wait", delivery: "unknown" })
      expect(yield* (yield* client.get(server.url())).text).toBe("alive")
      expect(server.connections.length).toBe(1)
      expect(yield* stats).toEqual(atRest(1))
    })
  )

  it.scopedLive("takes no stream before the answer: others go over another", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2(
        oneSilent,
        h2.always((id) => [h2.ok(id, "other")])
      )
      const { client } = yield* connected(priorKnowledge)
      yield* failsWith(client.get(server.url(), { timeout: { read: "50 millis" } }), "ReadTimeout")
      expect(yield* (yield* client.get(server.url())).text).toBe("other")
      expect(server.connections.length).toBe(2)
    })
  )

  it.scopedLive("that does not answer is given up, with all that it serves", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) => Effect.zipRight(peer.send(h2.settings()), peer.take(h2.types.ping)))
      const { client, stats } = yield* connected({ ...priorKnowledge, http2: { pingTimeout: "100 millis" } })
      const sibling = yield* Effect.fork(failsWith(client.get(server.url()), "ReadError"))
      yield* server.connection(0)
      yield* failsWith(client.get(server.url(), { timeout: { read: "50 millis" } }), "ReadTimeout")
      const error = yield* Fiber.join(sibling)
      expect(error.message).toContain("the peer does not answer pings")
      expect(error).toMatchObject({ phase: "wait", delivery: "unknown" })
      expect(yield* stats).toEqual(atRest(0))
      yield* server.untilOpen(0)
    })
  )

  it.scopedLive("is asked when it has been silent for `pingAfter`, again and again", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2((peer) =>
        Effect.gen(function* () {
          yield* peer.send(h2.settings(), h2.settingsAck)
          const id = yield* peer.request
          for (let i = 0; i < 3; i++) {
            const ping = yield* peer.take(h2.types.ping)
            yield* peer.send(h2.pingAck(ping.payload))
          }
          yield* peer.send(h2.ok(id, "patience"))
        })
      )
      const { client } = yield* connected({
        ...priorKnowledge,
        http2: { pingAfter: "50 millis", pingTimeout: "1 second" },
        timeout: { read: Infinity }
      })
      expect(yield* (yield* client.get(server.url())).text).toBe("patience")
    })
  )

  it.scopedLive("because of its silence is given up when it does not answer", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2(h2.once((id) => [h2.headers(id, [h2.status(200)]), h2.data(id, "a part")]))
      const { client, stats } = yield* connected({
        ...priorKnowledge,
        http2: { pingAfter: "50 millis", pingTimeout: "50 millis" },
        timeout: { read: Infinity }
      })
      const error = yield* failsWith(client.get(server.url()), "ReadError")
      expect(error.message).toContain("the peer does not answer pings")
      expect(error).toMatchObject({ phase: "read", delivery: "answered" })
      expect(yield* stats).toEqual(atRest(0))
    })
  )

  it.scopedLive("is not asked while it serves nothing", () =>
    Effect.gen(function* () {
      const server = yield* h2.scriptedH2(h2.always((id) => [h2.ok(id, "x")]))
      const { client } = yield* connected({
        ...priorKnowledge,
        http2: { pingAfter: "10 millis", pingTimeout: "10 millis" }
      })
      yield* client.get(server.url())
      yield* Effect.sleep("200 millis")
      yield* client.get(server.url())
      expect(server.connections.length).toBe(1)
    })
  )
})

describe("a connection whose numbers of streams are used up", () => {
  it.scopedLive("is followed by another", () =>
    Effect.gen(function* () {
      const server = yield* h2Server((stream) => answer(stream, String(stream.id)))
      const { prototype, restore } = yield* clientSessions(server.port)
      const { request } = prototype
      let calls = 0
      prototype.request = function (this: Session, ...args) {
        if (++calls === 2) this.setNextStreamID(2 ** 31 - 1)
        return request.apply(this, args)
      }
      yield* Effect.addFinalizer(() => restore)
      const { client, stats } = yield* connected(priorKnowledge)
      const ids: Array<string> = []
      for (let i = 0; i < 3; i++) ids.push(yield* (yield* client.get(server.url())).text)
      expect(ids).toEqual(["1", String(2 ** 31 - 1), "1"])
      expect(yield* stats).toEqual(atRest(1))
    })
  )
})

// Its type lacks the method.
type Session = ClientHttp2Session & { readonly setNextStreamID: (id: number) => void }

/** What all sessions of clients have in common. */
const clientSessions = (port: number) =>
  Effect.async<{ readonly prototype: Session; readonly restore: Effect.Effect<void> }>((resume) => {
    const session = connect(`http://localhost:${port}`)
    session.on("connect", () => {
      const prototype: Session = Object.getPrototypeOf(session)
      const { request } = prototype
      const restore = Effect.sync(() => {
        prototype.request = request
      })
      session.close(() => resume(Effect.succeed({ prototype, restore })))
    })
  })
